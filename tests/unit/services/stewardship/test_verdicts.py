"""What verdicts do to the profiles of a small company."""

import pytest

from graph_model.profile.document import ProfileStatus
from graph_model.records.record import Outcome
from graph_model.records.verdicts import Judgement
from services.ingestion.batches import UnknownRecord
from services.stores.port.errors import CommitConflict
from services.stores.port.plan import VerdictWrite
from tests.unit.services.people import Company

SAME, DIFFERENT = Judgement.SAME, Judgement.DIFFERENT


async def test_a_verdict_joins_records_that_share_nothing(company: Company) -> None:
    await company.put("crm1", name="Ann")
    await company.put("shop1", name="Anne")
    await company.decide(SAME, "crm1", "shop1")
    assert await company.profiles() == [["crm1", "shop1"]]
    assert await company.is_sound()


async def test_a_verdict_overrules_two_passports(company: Company) -> None:
    await company.put("crm1", passport_1="old")
    await company.put("shop1", passport_1="new")
    await company.decide(SAME, "crm1", "shop1")
    assert await company.profiles() == [["crm1", "shop1"]]


async def test_a_record_with_one_of_two_passports_joined_by_verdict_joins_them(company: Company) -> None:
    await company.put("crm1", passport_1="old")
    await company.put("shop1", passport_1="new")
    await company.decide(SAME, "crm1", "shop1")
    await company.put("shop2", passport_1="new")
    assert await company.profiles() == [["crm1", "shop1", "shop2"]]


async def test_different_separates_what_evidence_joins(company: Company) -> None:
    await company.put("crm1", email_1="x")
    await company.put("shop1", email_1="x")
    await company.decide(DIFFERENT, "crm1", "shop1")
    assert await company.profiles() == [["crm1"], ["shop1"]]
    conflicts = [document["conflicts"] for document in await company.documents(ProfileStatus.LIVE)]
    assert all(len(found) == 1 for found in conflicts)
    assert conflicts[0][0]["constraint"] == "verdict"
    assert conflicts[0][0]["refused"] == "email:x"
    assert await company.is_sound()


async def test_different_holds_against_evidence_that_comes_later(company: Company) -> None:
    await company.put("crm1", email_1="x")
    await company.put("shop1", phone_1="5")
    await company.decide(DIFFERENT, "crm1", "shop1")
    await company.put("shop2", email_1="x", phone_1="5")
    assert await company.profiles() == [["crm1", "shop2"], ["shop1"]]
    assert await company.is_sound()


async def test_a_withdrawn_verdict_leaves_what_the_evidence_says(company: Company) -> None:
    await company.put("crm1", email_1="x")
    await company.put("shop1", email_1="x")
    before = await company.profile_of("crm1")
    verdict = await company.decide(DIFFERENT, "crm1", "shop1")
    await company.withdraw(verdict)
    assert await company.profiles() == [["crm1", "shop1"]]
    assert await company.profile_of("shop1") == before
    assert await company.is_sound()


@pytest.mark.parametrize("first", ["crm1", "shop1"])
async def test_a_verdict_outlives_deletion(company: Company, first: str) -> None:
    await company.put("crm1", name="Ann")
    await company.put("shop1", name="Anne")
    await company.decide(SAME, "crm1", "shop1")
    await company.put("crm1")
    await company.put("shop1")
    second = "shop1" if first == "crm1" else "crm1"
    await company.put(first, name="Ann")
    assert await company.profiles() == [[first]]
    await company.put(second, name="Anne")
    assert await company.profiles() == [["crm1", "shop1"]]
    assert await company.is_sound()


async def test_a_chain_of_verdicts_holds_only_while_its_middle_is_there(company: Company) -> None:
    for name in ("crm1", "crm2", "crm3"):
        await company.put(name, name=name)
    await company.decide(SAME, "crm1", "crm2")
    await company.decide(SAME, "crm2", "crm3")
    assert await company.profiles() == [["crm1", "crm2", "crm3"]]
    await company.put("crm2")
    assert await company.profiles() == [["crm1"], ["crm3"]]
    await company.put("crm2", name="back")
    assert await company.profiles() == [["crm1", "crm2", "crm3"]]


async def test_the_event_names_the_verdict_as_its_cause(company: Company) -> None:
    await company.put("crm1", name="Ann")
    await company.put("shop1", name="Anne")
    verdict = await company.decide(SAME, "crm1", "shop1")
    causes = company.data(company.events[-1])["causes"]
    assert {cause["verdict"] for cause in causes} == {verdict.verdict_id}


async def test_a_verdict_about_an_unknown_record_is_refused(company: Company) -> None:
    await company.put("crm1", name="Ann")
    with pytest.raises(UnknownRecord, match="shop"):
        await company.decide(SAME, "crm1", "shop1")


async def test_a_verdict_that_somebody_else_has_withdrawn_is_not_written_again(company: Company) -> None:
    await company.put("crm1", name="Ann")
    await company.put("shop1", name="Anne")
    verdict = await company.decide(SAME, "crm1", "shop1")
    with pytest.raises(CommitConflict):
        await company.write_verdict(VerdictWrite(entry=verdict, expected="another"))


async def test_a_row_that_is_sent_again_keeps_its_verdicts(company: Company) -> None:
    await company.put("crm1", name="Ann")
    await company.put("shop1", name="Anne")
    await company.decide(SAME, "crm1", "shop1")
    result = await company.apply(company.change("crm1", name="Ann, moved"), company.change("shop1", name="Anne"))
    assert result.outcomes == {("crm", Outcome.APPLIED): 1, ("shop", Outcome.UNCHANGED): 1}
    assert await company.profiles() == [["crm1", "shop1"]]
