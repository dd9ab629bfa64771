"""Ids go back to whom they belonged, on every store."""

from itertools import product

import pytest

from graph_model.records.verdicts import Judgement
from tests.contract.conftest import Reopen
from tests.properties.towns import CATALOGUE, EVIDENCE, Story
from tests.unit.services.people import Company


@pytest.mark.parametrize(("evidence", "inner_first"), list(product(EVIDENCE, (True, False))))
async def test_all_have_their_ids_again_when_merges_are_corrected(
    reopen: Reopen, evidence: str, inner_first: bool
) -> None:
    story = Story(
        sizes=(2, 1, 3),
        evidence=(evidence, evidence),
        arrivals=((0, 1, 1), (2, 3)),
        inner_first=inner_first,
        turned=True,
    )
    await story.comes_true(await Company.over(await reopen(CATALOGUE.fingerprint), CATALOGUE))


@pytest.mark.parametrize("reloaded", [("crm1", "crm2"), ("crm11",), ("crm1", "crm2", "crm11")], ids=" ".join)
async def test_rows_that_were_all_deleted_and_loaded_again_while_merged_have_their_id_again(
    reopen: Reopen, reloaded: tuple[str, ...]
) -> None:
    company = await Company.over(await reopen(CATALOGUE.fingerprint), CATALOGUE)
    mail = {"crm1": "a", "crm2": "a", "crm11": "b"}
    for name, value in mail.items():
        await company.put(name, email_1=value)
    ids = {name: await company.live_id(name) for name in mail}
    wrong = await company.decide(Judgement.SAME, "crm1", "crm11")
    for name in reloaded:
        await company.put(name)
    for name in reloaded:
        await company.put(name, email_1=mail[name])
    await company.withdraw(wrong)
    assert {name: await company.live_id(name) for name in mail} == ids
    assert await company.is_sound()


async def test_whoever_holds_a_deleted_id_learns_where_its_row_has_come_back(reopen: Reopen) -> None:
    company = await Company.over(await reopen(CATALOGUE.fingerprint), CATALOGUE)
    await company.put("crm1", email_1="a")
    await company.put("crm2", email_1="b")
    deleted, host = await company.live_id("crm1"), await company.live_id("crm2")
    assert await company.put("crm1") == ["deleted"]
    assert await company.put("crm1", email_1="b") == ["merged", "updated"]
    told = [company.data(event) for event in company.events if event.profile_id == deleted]
    steps = [(event["change"], event["ids_before"], event["ids_after"], event["merged_into"]) for event in told[-2:]]
    assert steps == [("deleted", [deleted], [], None), ("merged", [], [host], host)]


async def test_what_stays_is_at_home_once_those_merged_into_its_id_have_gone(reopen: Reopen) -> None:
    company = await Company.over(await reopen(CATALOGUE.fingerprint), CATALOGUE)
    await company.put("shop1", email_1="a")
    for name in ("crm1", "crm2"):
        await company.put(name, email_1="b")
    host, merged = await company.live_id("shop1"), await company.live_id("crm2")
    await company.put("crm2")
    await company.put("crm1", email_1="a")
    assert await company.live_id("crm1") == host
    await company.put("crm2", email_1="c")
    assert await company.live_id("crm2") == merged
    await company.put("crm1", email_1="d")
    assert await company.live_id("crm1") == host, "of two records that are at home, the smaller keeps the id"
    assert await company.is_sound()


async def test_a_row_that_takes_a_key_that_another_has_left_is_somebody_new(reopen: Reopen) -> None:
    company = await Company.over(await reopen(CATALOGUE.fingerprint), CATALOGUE)
    await company.put("crm1", email_1="a")
    moving = await company.live_id("crm1")
    await company.apply(company.change("crm1", moved_to="crm2"), company.change("crm2", "crm1", email_1="a"))
    await company.put("crm1", email_1="b")
    assert await company.live_id("crm2") == moving
    await company.put("crm2")
    await company.put("crm1", email_1="c")
    assert await company.live_id("crm1") != moving
    await company.put("crm2", email_1="a")
    assert await company.live_id("crm2") == moving
    assert await company.is_sound()


async def test_the_key_that_a_merged_row_has_left_leads_nowhere(reopen: Reopen) -> None:
    company = await Company.over(await reopen(CATALOGUE.fingerprint), CATALOGUE)
    for name, value in {"crm1": "a", "shop1": "b"}.items():
        await company.put(name, email_1=value)
    host, merged = await company.live_id("crm1"), await company.live_id("shop1")
    await company.apply(company.change("shop1", moved_to="shop2"), company.change("shop2", "shop1", email_1="a"))
    await company.put("shop1", email_1="b")
    assert await company.live_id("shop1") not in {host, merged}
    await company.put("shop2", email_1="b2")
    assert await company.live_id("shop2") == merged


async def test_a_row_that_goes_in_the_batch_in_which_its_key_changed_has_its_id_again(reopen: Reopen) -> None:
    company = await Company.over(await reopen(CATALOGUE.fingerprint), CATALOGUE)
    await company.put("crm1", email_1="a")
    before = await company.live_id("crm1")
    leaves, comes = company.change("crm1", moved_to="crm2"), company.change("crm2", "crm1", email_1="a")
    await company.apply(leaves, comes, company.change("crm2"))
    await company.put("crm2", email_1="z")
    assert await company.live_id("crm2") == before


async def test_an_id_is_found_again_after_its_host_was_deleted_and_loaded_again(reopen: Reopen) -> None:
    company = await Company.over(await reopen(CATALOGUE.fingerprint), CATALOGUE)
    for name in ("crm1", "shop1"):
        await company.put(name, email_1=name)
    host, merged = await company.live_id("crm1"), await company.live_id("shop1")
    await company.put("shop1", email_1="crm1")
    for name in ("shop1", "crm1"):
        await company.put(name)
    await company.put("crm1", email_1="crm1")
    await company.put("shop1", email_1="shop1")
    assert [await company.live_id(name) for name in ("crm1", "shop1")] == [host, merged]
