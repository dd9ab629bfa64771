"""A steward gives verdicts, takes them back, and splits profiles."""

import asyncio
from unittest.mock import patch

import pytest

from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Judgement, VerdictEntry
from services.ingestion.batches import UnknownRecord
from services.ingestion.writer import Writer
from services.metrics import Metrics
from services.stewardship.decisions import (
    OneRecord,
    Signature,
    Stewardship,
    UnknownVerdict,
    Unsigned,
    VerdictWithdrawn,
    WrongGroups,
)
from services.stewardship.verdict_look_up import Contradiction
from services.stores.port.errors import CommitTooLarge
from services.stores.port.plan import Plan
from services.stores.port.protocols import Outbox
from tests.unit.services.people import CATALOGUE, Company

SAME, DIFFERENT = Judgement.SAME, Judgement.DIFFERENT
KIM = Signature(author="kim", reason="called them")


@pytest.fixture
def steward(company: Company) -> Stewardship:
    writer = Writer(company.store, CATALOGUE, "steward", metrics=Metrics(), publish=None)
    return Stewardship(company.store, CATALOGUE, writer, clock=lambda: 7_000)


def address(name: str) -> RecordAddress:
    return Company.address(name)


def group(*names: str) -> list[RecordAddress]:
    return [address(name) for name in names]


async def given_by(
    steward: Stewardship, judgement: Judgement, one: RecordAddress, other: RecordAddress, signature: Signature
) -> VerdictEntry:
    return (await steward.give(judgement, one, other, signature)).entry


async def test_a_verdict_is_in_force_when_the_answer_comes(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", name="Ann")
    await company.put("shop1", name="Anne")
    await steward.give(SAME, address("shop1"), address("crm1"), KIM)
    assert await company.profiles() == [["crm1", "shop1"]]


async def test_the_same_verdict_again_is_the_one_in_force(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", name="Ann")
    await company.put("shop1", name="Anne")
    first = await steward.give(SAME, address("shop1"), address("crm1"), KIM)
    again = await steward.give(SAME, address("crm1"), address("shop1"), KIM)
    assert (again.entry, again.is_new) == (first.entry, False)


async def test_the_ledger_keeps_who_decided_and_who_took_it_back(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", email_1="a")
    await company.put("shop1", email_1="a")
    given = await given_by(steward, DIFFERENT, address("crm1"), address("shop1"), KIM)
    await steward.withdraw(given.verdict_id, "lou")
    (entry,) = [entry async for entry in company.store.scan_verdicts()]
    assert (entry.author, entry.reason, entry.given_at) == ("kim", "called them", 7_000)
    assert entry.withdrawal is not None
    assert entry.withdrawal.author == "lou"
    assert await company.profiles() == [["crm1", "shop1"]]


async def test_a_verdict_is_withdrawn_once(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", email_1="a")
    await company.put("shop1", email_1="a")
    given = await given_by(steward, DIFFERENT, address("crm1"), address("shop1"), KIM)
    await steward.withdraw(given.verdict_id, "lou")
    with pytest.raises(VerdictWithdrawn, match="lou"):
        await steward.withdraw(given.verdict_id, "kim")
    with pytest.raises(UnknownVerdict):
        await steward.withdraw("0" * 32, "kim")


async def test_a_verdict_names_two_known_records(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", name="Ann")
    with pytest.raises(OneRecord):
        await steward.give(SAME, address("crm1"), address("crm1"), KIM)
    with pytest.raises(UnknownRecord, match=r"shop\[1\]"):
        await steward.give(SAME, address("crm1"), address("shop1"), KIM)


@pytest.mark.parametrize("judgement", [SAME, DIFFERENT])
async def test_a_contradiction_lists_the_verdicts_that_contradict(
    company: Company, steward: Stewardship, judgement: Judgement
) -> None:
    for name in ("crm1", "crm2", "crm3", "crm4"):
        await company.put(name, name=name)
    first = await given_by(steward, SAME, address("crm1"), address("crm2"), KIM)
    second = await given_by(steward, DIFFERENT if judgement is SAME else SAME, address("crm2"), address("crm3"), KIM)
    await steward.give(DIFFERENT, address("crm4"), address("crm1"), KIM)
    with pytest.raises(Contradiction) as refused:
        await steward.give(judgement, address("crm1"), address("crm3"), KIM)
    assert {verdict.verdict_id for verdict in refused.value.verdicts} == {first.verdict_id, second.verdict_id}


async def test_a_split_leaves_exactly_the_groups(company: Company, steward: Stewardship) -> None:
    for name in ("crm1", "crm2", "shop1"):
        await company.put(name, email_1="family")
    split = await steward.split(await company.live_id("crm1"), [group("crm1", "shop1"), group("crm2")], KIM)
    assert await company.profiles() == [["crm1", "shop1"], ["crm2"]]
    assert split.profile_ids == (await company.profile_of("crm1"), await company.profile_of("crm2"))
    assert [set(found) for found in split.verdict.verdict.groups] == [set(group("crm1", "shop1")), set(group("crm2"))]
    assert await company.is_sound()


async def test_a_group_held_together_by_another_group_stays_together(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", email_1="a")
    await company.put("crm2", email_1="a", phone_1="5")
    await company.put("crm3", phone_1="5")
    await steward.split(await company.live_id("crm1"), [group("crm1", "crm3"), group("crm2")], KIM)
    assert await company.profiles() == [["crm1", "crm3"], ["crm2"]]
    assert await company.is_sound()


async def test_a_profile_splits_into_single_records(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", email_1="a")
    await company.put("crm2", email_1="a")
    await company.put("crm3", email_1="a")
    await steward.split(await company.live_id("crm1"), [group("crm1"), group("crm2"), group("crm3")], KIM)
    assert await company.profiles() == [["crm1"], ["crm2"], ["crm3"]]


@pytest.mark.parametrize(
    ("groups", "fault"),
    [
        ([group("crm1"), group()], r"missing: crm\[2\]"),
        ([group("crm1", "crm2"), group("crm2")], r"repeated: crm\[2\]"),
        ([group("crm1", "crm2"), group("shop9")], r"not of this profile: shop\[9\]"),
        ([group("crm1", "crm2")], "at least two groups"),
    ],
)
async def test_groups_that_are_not_the_records_are_refused(
    company: Company, steward: Stewardship, groups: list[list[RecordAddress]], fault: str
) -> None:
    await company.put("crm1", email_1="a")
    await company.put("crm2", email_1="a")
    with pytest.raises(WrongGroups, match=fault):
        await steward.split(await company.live_id("crm1"), groups, KIM)
    assert await company.profiles() == [["crm1", "crm2"]]


async def test_a_split_against_a_verdict_in_force_names_it(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", name="Ann")
    await company.put("crm2", name="Anne")
    given = await given_by(steward, SAME, address("crm1"), address("crm2"), KIM)
    with pytest.raises(Contradiction, match=given.verdict_id):
        await steward.split(await company.live_id("crm1"), [group("crm1"), group("crm2")], KIM)


async def test_a_split_against_a_chain_through_a_deleted_record_names_it(
    company: Company, steward: Stewardship
) -> None:
    for name in ("crm1", "crm2", "crm3"):
        await company.put(name, email_1="a")
    chain = [
        await given_by(steward, SAME, address(one), address(other), KIM)
        for one, other in (("crm1", "crm2"), ("crm2", "crm3"))
    ]
    await company.put("crm2")
    with pytest.raises(Contradiction) as refused:
        await steward.split(await company.live_id("crm1"), [group("crm1"), group("crm3")], KIM)
    assert {verdict.verdict_id for verdict in refused.value.verdicts} == {entry.verdict_id for entry in chain}


async def test_of_two_stewards_who_contradict_each_other_at_once_one_is_refused(
    company: Company, steward: Stewardship
) -> None:
    await company.put("crm1", name="Ann")
    await company.put("crm2", name="Anne")
    writer = Writer(company.store, CATALOGUE, "another", metrics=Metrics(), publish=None)
    other = Stewardship(company.store, CATALOGUE, writer)
    answers = await asyncio.gather(
        steward.give(SAME, address("crm1"), address("crm2"), KIM),
        other.give(DIFFERENT, address("crm1"), address("crm2"), KIM),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers].count(Contradiction) == 1


async def test_the_same_verdict_of_two_stewards_at_once_is_one(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", name="Ann")
    await company.put("crm2", name="Anne")
    writer = Writer(company.store, CATALOGUE, "another", metrics=Metrics(), publish=None)
    other = Stewardship(company.store, CATALOGUE, writer)
    answers = await asyncio.gather(
        *(each.give(SAME, address("crm1"), address("crm2"), KIM) for each in (steward, other))
    )
    assert sorted(answer.is_new for answer in answers) == [False, True]
    assert answers[0].entry == answers[1].entry


@pytest.mark.parametrize(("author", "reason"), [("", "why"), ("  ", "why"), ("kim", ""), ("kim", " \n")])
def test_a_verdict_says_who_and_why(author: str, reason: str) -> None:
    with pytest.raises(Unsigned):
        Signature(author=author, reason=reason)


async def test_a_split_holds_when_the_records_are_deleted_that_the_groups_met_in(
    company: Company, steward: Stewardship
) -> None:
    for name in ("crm1", "crm2", "shop1"):
        await company.put(name, email_1="family")
    await steward.split(await company.live_id("crm1"), [group("crm1", "shop1"), group("crm2")], KIM)
    await company.put("crm1")
    assert await company.profiles() == [["crm2"], ["shop1"]]
    assert await company.is_sound()


async def test_a_split_is_one_entry_and_is_withdrawn_as_one(company: Company, steward: Stewardship) -> None:
    names = ("crm1", "crm2", "shop1")
    for name in names:
        await company.put(name, email_1="family")
    before = await company.profiles()
    split = await steward.split(await company.live_id("crm1"), [group(name) for name in names], KIM)
    assert len(await company.profiles()) == 3
    assert [entry.verdict_id async for entry in company.store.scan_verdicts()] == [split.verdict.verdict_id]
    await steward.withdraw(split.verdict.verdict_id, "kim")
    assert await company.profiles() == before


async def test_a_group_is_joined_by_the_verdict_only_where_it_would_fall_apart(
    company: Company, steward: Stewardship
) -> None:
    for name in ("crm1", "crm2", "shop1"):
        await company.put(name, email_1="family")
    by_evidence = await steward.split(await company.live_id("crm1"), [group("crm1", "shop1"), group("crm2")], KIM)
    await company.put("crm3", phone_1="5")
    await company.put("crm4", phone_1="5", email_2="z")
    await company.put("crm5", email_1="z")
    by_verdict = await steward.split(await company.live_id("crm3"), [group("crm3", "crm5"), group("crm4")], KIM)
    assert (by_evidence.verdict.verdict.together, by_verdict.verdict.verdict.together) == (False, True)


async def test_the_withdrawal_of_what_is_too_large_for_one_commit_ends(company: Company, steward: Stewardship) -> None:
    await company.put("crm1", email_1="x")
    await company.put("shop1", email_1="x")
    entry = await company.decide(DIFFERENT, "crm1", "shop1")

    async def commit(plan: Plan, outbox: Outbox) -> None:
        await asyncio.sleep(0)
        raise CommitTooLarge.of(2, 1)

    with patch.object(company.store, "commit", commit), pytest.raises(CommitTooLarge):
        async with asyncio.timeout(10):
            await steward.withdraw(entry.verdict_id, "kim")
