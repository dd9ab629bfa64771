"""What the store holds, explained: profiles, pairs of records, histories."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from graph_model.explain.explanation import Relation
from graph_model.explain.masking import Visibility
from graph_model.records.verdicts import Judgement
from graph_model.resolution.evidence_graph import Obstacle
from graph_model.values.equality import JsonObject
from services.ingestion.batches import UnknownRecord
from services.lookup.explain import evidence_of, explain_history, explain_pair, explain_profile
from services.lookup.explanation_documents import ExplanationWriter
from services.lookup.profiles import ProfileGone, UnknownProfile
from services.stores.port.errors import StoreDamaged
from tests.unit.services.people import CATALOGUE, Company


def writer(*, may_see_values: bool = True) -> ExplanationWriter:
    return ExplanationWriter(CATALOGUE, Visibility.of(CATALOGUE, may_see_values=may_see_values))


async def profile(company: Company, profile_id: str) -> JsonObject:
    return writer().profile(await explain_profile(company.store, CATALOGUE, profile_id))


async def pair(company: Company, one: str, other: str) -> JsonObject:
    return writer().pair(await explain_pair(company.store, CATALOGUE, Company.address(one), Company.address(other)))


async def history(company: Company, profile_id: str) -> JsonObject:
    return writer().history(await explain_history(company.store, profile_id))


def ends(step: JsonObject) -> list[str]:
    return [f"{record['source']}{record['key'][0]}" for record in step["records"]]


async def test_every_join_is_explained_by_the_strongest_identifier_shared(company: Company) -> None:
    await company.put("crm1", email_1="a", phone_1="b")
    await company.put("shop1", email_1="a", phone_1="b")
    await company.put("shop2", phone_1="b")
    explained = await profile(company, await company.live_id("crm1"))
    assert [(ends(step), step["kind"], step["strength"]) for step in explained["steps"]] == [
        (["crm1", "shop1"], "email", 9_000),
        (["crm1", "shop2"], "phone", 5_000),
    ]


async def test_a_join_by_verdict_names_its_reason_and_author(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.put("shop1", email_1="b")
    entry = await company.decide(Judgement.SAME, "crm1", "shop1")
    (step,) = (await profile(company, await company.live_id("crm1")))["steps"]
    assert step["kind"] is None
    assert (step["verdict"]["verdict_id"], step["verdict"]["author"], step["verdict"]["reason"]) == (
        entry.verdict_id,
        "kim",
        "asked them",
    )


async def test_a_generic_identifier_is_counted_over_all_profiles(company: Company) -> None:
    for name in ("crm1", "crm2", "crm3", "crm4"):
        await company.put(name, phone_1="till")
    explained = await profile(company, await company.live_id("crm1"))
    assert [(value["obstacle"], value["holders"]) for value in explained["unused"]] == [("generic", 4)]


async def test_what_keeps_others_apart_is_part_of_a_profiles_explanation(company: Company) -> None:
    await company.put("crm1", email_1="a", passport_1="1")
    await company.put("crm2", email_1="a", passport_1="2")
    (conflict,) = (await profile(company, await company.live_id("crm1")))["conflicts"]
    assert (conflict["constraint"], conflict["values"], conflict["refused"]) == ("values", ["1", "2"], "email:a")
    assert conflict["explanation"] == "crm[1] and crm[2] have different values of passport; a person may have 1"


async def test_an_absorbed_profile_says_where_its_records_are(company: Company) -> None:
    absorbed, survivor = await merged(company)
    explained = await profile(company, absorbed)
    assert (explained["status"], explained["merged_into"], explained["steps"]) == ("absorbed", survivor, [])
    assert [(share.profile_id, share.records) for share in explained["now"]] == [(survivor, 1)]


async def test_an_absorbed_profile_whose_records_went_apart_names_all_places(company: Company) -> None:
    await company.apply(*(company.change(name, email_1="old") for name in ("shop1", "shop2")))
    absorbed = await company.live_id("shop1")
    await company.apply(
        *(company.change(f"crm{key}", email_1="new", phone_1="p" if key == 1 else "") for key in (1, 2, 3))
    )
    await company.apply(*(company.change(name, phone_1="p") for name in ("shop1", "shop2")))
    await company.apply(*(company.change(name, email_1="other") for name in ("crm5", "crm6")))
    await company.put("shop2", email_1="other")
    explained = await profile(company, absorbed)
    assert explained["status"] == "absorbed"
    assert {(share.profile_id, share.share) for share in explained["now"]} == {
        (await company.live_id("crm1"), 0.5),
        (await company.live_id("crm5"), 0.5),
    }


async def test_a_profile_whose_records_are_deleted_is_told_to_be_deleted(company: Company) -> None:
    await company.put("crm1", email_1="a")
    profile_id = await company.live_id("crm1")
    await company.put("crm1")
    explained = await profile(company, profile_id)
    assert (explained["status"], explained["now"]) == ("deleted", ())


async def test_an_id_that_nobody_ever_had_is_refused(company: Company) -> None:
    with pytest.raises(UnknownProfile):
        await explain_profile(company.store, CATALOGUE, "unknown")


async def test_two_records_of_one_profile_are_joined_by_a_chain(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.put("shop1", email_1="a", phone_1="b")
    await company.put("shop2", phone_1="b")
    explained = await pair(company, "crm1", "shop2")
    assert explained["relation"] == Relation.JOINED.value
    assert [ends(step) for step in explained["steps"]] == [["crm1", "shop1"], ["shop1", "shop2"]]


async def test_a_verdict_that_keeps_two_records_apart_is_told_with_its_reason(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.put("shop1", email_1="a")
    await company.decide(Judgement.DIFFERENT, "crm1", "shop1")
    explained = await pair(company, "crm1", "shop1")
    assert explained["relation"] == Relation.KEPT_APART.value
    assert [verdict["reason"] for verdict in explained["verdicts"]] == ["asked them"]
    (refused,) = explained["steps"][0]["refused_by"]
    assert refused["explanation"] == "crm[1] and shop[1]: kim said on 1970-01-01: two people"


async def test_a_generic_value_that_two_records_share_is_told(company: Company) -> None:
    for name in ("crm1", "crm2", "crm3", "crm4"):
        await company.put(name, phone_1="till")
    (shared,) = (await pair(company, "crm1", "crm2"))["shared"]
    assert shared["obstacle"] == Obstacle.GENERIC.value
    assert shared["rule"] == "phone: joins up to 3 records; 4 carry it, so it is generic"


async def test_a_deleted_record_tells_when_it_was_deleted_and_where_it_was(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.put("shop1", email_1="a")
    profile_id = await company.live_id("crm1")
    await company.put("shop1")
    explained = await pair(company, "crm1", "shop1")
    assert explained["relation"] == Relation.DELETED.value
    assert [(r["profile_id"], r["deleted_at"]) for r in explained["records"]] == [
        (profile_id, None),
        (profile_id, "1970-01-01T00:00:03.000Z"),
    ]


async def test_a_record_that_was_never_there_is_named(company: Company) -> None:
    await company.put("crm1", email_1="a")
    with pytest.raises(UnknownRecord, match=r"shop\[7\]"):
        await pair(company, "crm1", "shop7")


@pytest.mark.parametrize("damage", ["UPDATE record SET profile_id = NULL", "DELETE FROM profile"])
async def test_a_live_record_without_a_profile_is_told_as_damage(company: Company, tmp_path: Path, damage: str) -> None:
    await company.put("crm1", email_1="a")
    await company.put("shop1", email_1="a")
    with closing(sqlite3.connect(tmp_path / "graph.sqlite")) as connection, connection:
        connection.execute(damage)
    with pytest.raises(StoreDamaged, match="identity-graph verify --repair"):
        await pair(company, "crm1", "shop1")


async def test_a_merge_is_part_of_both_histories(company: Company) -> None:
    absorbed, survivor = await merged(company)
    (step,) = (await history(company, survivor))["steps"]
    assert (step["ids_before"], step["ids_after"]) == (sorted([absorbed, survivor]), [survivor])
    assert step["explanation"] == f"it took in records of {absorbed}"
    (step,) = (await history(company, absorbed))["steps"]
    assert (step["change"], step["explanation"]) == ("merged", f"its records went to {survivor}")


async def test_a_split_and_its_cause_are_part_of_the_history(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.put("shop1", email_1="a")
    kept = await company.live_id("crm1")
    await company.decide(Judgement.DIFFERENT, "crm1", "shop1")
    steps = (await history(company, kept))["steps"]
    assert steps[-1]["change"] == "split"
    assert {cause["verdict"]["reason"] for cause in steps[-1]["causes"]} == {"asked them"}


async def test_the_evidence_graph_of_an_absorbed_profile_is_that_of_the_one_it_went_to(company: Company) -> None:
    absorbed, _ = await merged(company)
    graph = await evidence_of(company.store, CATALOGUE, absorbed)
    assert {Company.address("crm1"), Company.address("shop1")} <= set(graph)


async def test_a_profile_without_records_has_no_evidence_graph(company: Company) -> None:
    await company.put("crm1", email_1="a")
    profile_id = await company.live_id("crm1")
    await company.put("crm1")
    with pytest.raises(ProfileGone):
        await evidence_of(company.store, CATALOGUE, profile_id)


async def test_values_and_reasons_are_masked_for_readers_without_the_right(company: Company) -> None:
    await company.put("crm1", email_1="secret", passport_1="hidden1")
    await company.put("shop1", email_1="secret", passport_1="hidden2")
    await company.decide(Judgement.DIFFERENT, "crm1", "shop1")
    one, other = Company.address("crm1"), Company.address("shop1")
    masked = writer(may_see_values=False)
    shown = [
        masked.pair(await explain_pair(company.store, CATALOGUE, one, other)),
        masked.profile(await explain_profile(company.store, CATALOGUE, await company.live_id("crm1"))),
        masked.history(await explain_history(company.store, await company.live_id("crm1"))),
    ]
    assert not [word for word in ("secret", "hidden", "asked them") if word in str(shown)]
    assert "s***" in str(shown)


async def merged(company: Company) -> tuple[str, str]:
    """Two profiles of one record each become one; answers the absorbed id and the surviving one."""
    await company.put("crm1", email_1="a")
    await company.put("shop1", email_1="b")
    first, second = await company.live_id("crm1"), await company.live_id("shop1")
    await company.put("shop1", email_1="a")
    survivor = await company.live_id("crm1")
    return (second if survivor == first else first), survivor
