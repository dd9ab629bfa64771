"""A ledger that was exported is brought back: before the rows that it names, and after them; bad lines are told."""

from collections.abc import Mapping
from typing import cast

import pytest

from graph_model.records.verdicts import Judgement
from graph_model.values.equality import JsonValue
from services.ingestion.ingest import Ingest
from services.stewardship.verdict_documents import verdict_document
from services.stewardship.verdict_import import (
    BroughtBack,
    OneRow,
    UnreadableVerdict,
    bring_back,
    read_exported_verdict,
)
from services.stewardship.verdict_look_up import Contradiction
from tests.unit.services.people import CATALOGUE, Company

SAME, DIFFERENT = Judgement.SAME, Judgement.DIFFERENT

LINE: Mapping[str, JsonValue] = {
    "verdict_id": "v1",
    "judgement": "different",
    "records": [{"source": "crm", "key": [1]}, {"source": "shop", "key": [1]}],
    "groups": [[{"source": "crm", "key": [1]}], [{"source": "shop", "key": [1]}]],
    "together": False,
    "reason": "asked",
    "author": "kim",
    "given_at": "2026-11-20T10:00:00.000Z",
    "withdrawn_by": None,
    "withdrawn_at": None,
}


async def brought_back(company: Company, **other: object) -> BroughtBack:
    ingest = Ingest(company.store, CATALOGUE, company.outbox, metrics=company.metrics)
    line = cast("dict[str, JsonValue]", {**LINE, **other})
    return await bring_back(company.store, ingest, read_exported_verdict(line, CATALOGUE))


def reference(name: str) -> dict[str, JsonValue]:
    return {"source": name.rstrip("0123456789"), "key": [int(name.lstrip("abcdefghijklmnopqrstuvwxyz"))]}


async def test_what_is_exported_is_read_back_as_it_was(company: Company) -> None:
    for name in ("crm1", "crm2", "shop1"):
        await company.put(name, email_1="x")
    entry = await company.decide(DIFFERENT, "crm1", "shop1")
    assert read_exported_verdict(verdict_document(entry), CATALOGUE) == entry


@pytest.mark.parametrize("loaded", [(), ("crm1",), ("crm1", "shop1")], ids=["none", "one", "both"])
async def test_a_verdict_holds_once_its_records_come(company: Company, loaded: tuple[str, ...]) -> None:
    for name in loaded:
        await company.put(name, email_1="x")
    assert await brought_back(company) is (BroughtBack.IN_FORCE if len(loaded) == 2 else BroughtBack.WAITING)
    for name in ("crm1", "shop1"):
        await company.put(name, email_1="x", name=name)
    assert await company.profiles() == [["crm1"], ["shop1"]]
    assert await company.is_sound()


async def test_records_that_are_waited_for_are_unknown_to_everybody_else(company: Company) -> None:
    await brought_back(company)
    assert await company.profiles() == []
    assert await company.is_sound()


async def test_a_line_of_an_earlier_export_names_two_records_only(company: Company) -> None:
    await company.put("crm1", name="Ann")
    await company.put("shop1", name="Anne")
    assert await brought_back(company, judgement="same", groups=None, together=None) is BroughtBack.IN_FORCE
    assert await company.profiles() == [["crm1", "shop1"]]


async def test_a_verdict_on_groups_comes_back_whole(company: Company) -> None:
    groups = [[reference("crm1"), reference("crm2")], [reference("shop1"), reference("shop2")]]
    await brought_back(company, groups=groups, together=True, records=[each for group in groups for each in group])
    for name in ("crm1", "shop1", "crm2", "shop2"):
        await company.put(name, email_1="x" if name.endswith("1") else "y")
    assert await company.profiles() == [["crm1", "crm2"], ["shop1", "shop2"]]
    assert await company.is_sound()


async def test_doing_it_again_changes_nothing(company: Company) -> None:
    await brought_back(company)
    assert await brought_back(company) is BroughtBack.UNCHANGED


async def test_what_was_withdrawn_in_either_ledger_stays_withdrawn(company: Company) -> None:
    withdrawn = {"withdrawn_by": "lou", "withdrawn_at": "2026-11-21T10:00:00Z"}
    for name in ("crm1", "shop1"):
        await company.put(name, email_1="x")
    await brought_back(company)
    assert await brought_back(company, **withdrawn) is BroughtBack.WITHDRAWN
    assert await company.profiles() == [["crm1", "shop1"]]
    assert await brought_back(company) is BroughtBack.UNCHANGED
    assert await company.profiles() == [["crm1", "shop1"]]


async def test_a_withdrawn_verdict_waits_for_nobody(company: Company) -> None:
    outcome = await brought_back(company, withdrawn_by="lou", withdrawn_at="2026-11-21T10:00:00Z")
    assert outcome is BroughtBack.IN_FORCE
    assert [stored async for stored in company.store.scan_records()] == []


async def test_what_is_withdrawn_while_it_waits_does_not_hold_when_its_rows_come(company: Company) -> None:
    await brought_back(company)
    withdrawn = {"withdrawn_by": "lou", "withdrawn_at": "2026-11-21T10:00:00Z"}
    assert await brought_back(company, **withdrawn) is BroughtBack.WITHDRAWN
    for name in ("crm1", "shop1"):
        await company.put(name, email_1="x")
    assert await company.profiles() == [["crm1", "shop1"]]
    assert await company.is_sound()


async def test_two_keys_of_one_row_are_not_kept_apart(company: Company) -> None:
    await company.put("crm1", email_1="x")
    await company.apply(company.change("crm1", moved_to="crm2"), company.change("crm2", "crm1", email_1="x"))
    two_keys = [reference("crm1"), reference("crm2")]
    with pytest.raises(OneRow):
        await brought_back(company, records=two_keys, groups=[[each] for each in two_keys])


async def test_a_row_that_has_another_key_by_now_is_followed(company: Company) -> None:
    await company.put("crm1", email_1="x")
    await company.put("shop1", email_1="x")
    await company.apply(company.change("crm1", moved_to="crm2"), company.change("crm2", "crm1", email_1="x"))
    await brought_back(company)
    assert await company.profiles() == [["crm2"], ["shop1"]]


async def test_what_contradicts_verdicts_in_force_is_refused(company: Company) -> None:
    await company.put("crm1", name="Ann")
    await company.put("shop1", name="Anne")
    given = await company.decide(SAME, "crm1", "shop1")
    with pytest.raises(Contradiction, match=given.verdict_id):
        await brought_back(company)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"judgement": "maybe"}, "judgement"),
        ({"given_at": "yesterday"}, "given_at"),
        ({"given_at": "2026-11-20T10:00:00"}, "given_at"),
        ({"reason": ""}, "reason"),
        ({"verdict_id": "a b"}, "verdict_id"),
        ({"withdrawn_by": "lou"}, "withdrawn_by and withdrawn_at go together"),
        ({"groups": [[reference("crm1")], [reference("crm1")]]}, "named twice"),
        ({"groups": [[{"source": "crm", "key": []}]]}, "key"),
        ({"groups": [[{"source": "crm", "key": [True]}], [reference("crm1")]]}, "key"),
        ({"groups": None, "records": [reference("crm1")]}, "two records"),
        ({"groups": []}, "two records"),
        ({"groups": [[]]}, "two records"),
        ({"reason": "  "}, "blank"),
        ({"judgement": "same"}, "the judgement says"),
        ({"groups": [[reference("crm1"), reference("shop1")]]}, "the judgement says"),
        ({"records": [reference("crm1"), reference("crm2")]}, "not those of the groups"),
        ({"records": [{"source": "crm", "key": [1, 2]}, reference("shop1")], "groups": None}, "has the parts id"),
        ({"groups": None, "records": [{"source": "till", "key": [1]}, reference("crm1")]}, "no source 'till'"),
    ],
)
def test_a_line_that_is_no_verdict_is_refused_with_the_place(other: dict[str, JsonValue], reason: str) -> None:
    with pytest.raises(UnreadableVerdict, match=reason):
        read_exported_verdict({**LINE, **other}, CATALOGUE)
