"""What a decision has led to: the profiles before and afterwards, and the rows side by side."""

from functools import partial

import pytest

from graph_model.explain.comparison import NOTHING_COMPARED
from graph_model.explain.masking import Visibility
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Judgement
from services.ingestion.batches import UnknownRecord
from services.ingestion.writer import Writer
from services.metrics import Metrics
from services.stewardship.consequences import (
    Consequences,
    ProfileMembers,
    consequences_document,
    observed,
    records_of_verdict,
)
from services.stewardship.decisions import Signature, Stewardship
from tests.unit.services.people import CATALOGUE, Company

KIM = Signature(author="kim", reason="called them")


@pytest.fixture
def steward(company: Company) -> Stewardship:
    writer = Writer(company.store, CATALOGUE, "steward", metrics=Metrics(), publish=None)
    return Stewardship(company.store, CATALOGUE, writer)


async def given(company: Company, steward: Stewardship, judgement: Judgement, one: str, other: str) -> Consequences:
    named = (company.address(one), company.address(other))
    decision = partial(steward.give, judgement, *named, KIM)
    _, consequences = await observed(company.store, CATALOGUE, named, decision, lambda done: done.entry)
    return consequences


def names(profiles: tuple[ProfileMembers, ...]) -> list[list[RecordAddress]]:
    return [list(profile.records) for profile in profiles]


async def test_what_was_one_profile_is_two(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", email_1="a", name="Ann")
    await company.put("shop1", email_1="a", name="Bob")
    await company.put("crm2", phone_1="1", email_1="b")
    await company.put("crm1", email_1="a", phone_1="1", name="Ann")
    one, two, three = (company.address(name) for name in ("crm1", "crm2", "shop1"))
    found = await given(company, steward, Judgement.DIFFERENT, "crm1", "shop1")
    assert names(found.before) == [[one, two, three]]
    assert names(found.after) == [[one, two], [three]]
    assert found.sentence == "1 profile became 2"
    assert [profile.profile_id for profile in found.after] == [
        await company.live_id("crm1"),
        await company.live_id("shop1"),
    ]
    assert [row.address for row in found.comparison.rows] == [one, three]
    assert [line.field for line in found.comparison.lines if line.differs] == ["name"]


async def test_what_were_two_profiles_is_one(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", email_1="a")
    await company.put("shop1", email_1="b")
    found = await given(company, steward, Judgement.SAME, "crm1", "shop1")
    assert (len(found.before), len(found.after)) == (2, 1)
    assert found.sentence == "2 profiles became 1"


async def test_a_decision_that_moves_nobody_says_so(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", email_1="a")
    await company.put("shop1", email_1="b")
    assert (await given(company, steward, Judgement.DIFFERENT, "crm1", "shop1")).sentence == "2 profiles, as before"


async def test_a_third_profile_that_a_row_joins_afterwards_is_told(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", email_1="a", passport_1="1")
    await company.put("shop1", phone_1="1", passport_1="2")
    await company.put("crm2", email_1="a", phone_1="1")
    one, two = company.address("crm1"), company.address("crm2")
    found = await given(company, steward, Judgement.DIFFERENT, "crm1", "crm2")
    assert names(found.before) == [[one, two]]
    assert names(found.after) == [[two, company.address("shop1")], [one]]


async def test_a_refused_decision_has_no_consequences(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", email_1="a")
    with pytest.raises(UnknownRecord):
        await given(company, steward, Judgement.SAME, "crm1", "crm9")


async def test_the_records_of_an_unknown_verdict_are_none(company: Company) -> None:
    assert await records_of_verdict(company.store, "unknown") == ()


def test_many_records_are_counted_and_some_are_named() -> None:
    records = tuple(sorted(RecordAddress.of("crm", [number]) for number in range(25)))
    whole = (ProfileMembers(profile_id="p", records=records),)
    told = Consequences(before=whole, after=whole, comparison=NOTHING_COMPARED)
    (profile,) = consequences_document(told, Visibility.of(CATALOGUE, may_see_values=True))["profiles"]
    assert (len(profile["records"]), profile["records_total"]) == (10, 25)
