"""What a worker has read may change before it has read the rest, or commits: nothing of that may be lost."""

import asyncio
from functools import partial
from random import Random

import pytest

from graph_model.profile.document import ProfileStatus
from graph_model.records.verdicts import Judgement, Verdict, VerdictEntry
from services.ingestion.ingest import Ingest
from services.stewardship.verdict_import import BroughtBack, bring_back
from services.stewardship.verdict_look_up import Contradiction
from tests.contract.conftest import Reopen
from tests.contract.interleaving import InterleavedLife, pair, recompute
from tests.unit.services.people import CATALOGUE, Company

STEPS = 30

#: A step that takes so many seconds would go on for ever.
LONGEST_STEP = 30

LIVES = [
    *(("sqlite", seed) for seed in range(40)),
    *(pytest.param("gremlin", seed, marks=pytest.mark.gremlin) for seed in range(5)),
]


@pytest.mark.parametrize(("reopen", "seed"), LIVES, indirect=["reopen"])
async def test_what_another_worker_commits_in_between_is_not_lost(reopen: Reopen, seed: int) -> None:
    life = await InterleavedLife.over(reopen, Random(seed))  # noqa: S311 - a life that can be repeated
    for _ in range(STEPS):
        async with asyncio.timeout(LONGEST_STEP):
            await life.step()
        assert await life.problems() == ()


async def test_a_row_joins_its_partner_by_verdict_where_that_has_moved_meanwhile(reopen: Reopen) -> None:
    slow, quick, between = await pair(reopen, CATALOGUE)
    await quick.put("crm1", email_1="a", phone_1="b")
    await quick.put("crm2", email_1="a")
    await quick.put("crm3", phone_1="b")
    await quick.put("crm4", phone_1="c")
    await quick.decide(Judgement.SAME, "crm2", "crm4")
    await quick.put("crm4")
    slow.offset = quick.offset
    between.meanwhile(lambda: quick.put("crm1", phone_1="b"), lambda request: request == "read_components")
    await slow.put("crm4", phone_1="c")
    assert not between.is_waiting
    assert await quick.profiles() == [["crm1", "crm3"], ["crm2", "crm4"]]
    assert await quick.is_sound()


async def test_a_verdict_joins_a_row_that_has_left_its_profile_meanwhile(reopen: Reopen) -> None:
    slow, quick, between = await pair(reopen, CATALOGUE)
    await quick.put("crm1", email_1="a")
    await quick.put("crm2", phone_1="b")
    await quick.put("crm3", email_1="a", phone_1="b")
    between.meanwhile(lambda: quick.put("crm3", email_1="a"), lambda request: request == "read_components")
    await slow.decide(Judgement.SAME, "crm1", "crm2")
    assert not between.is_waiting
    assert await quick.live_id("crm1") == await quick.live_id("crm2")
    assert await quick.is_sound()


async def test_a_verdict_that_is_brought_back_agrees_with_one_given_meanwhile(reopen: Reopen) -> None:
    slow, quick, between = await pair(reopen, CATALOGUE)
    await quick.put("crm1", email_1="a")
    await quick.put("crm2", email_1="a")
    act = partial(quick.decide, Judgement.DIFFERENT, "crm1", "crm2")
    between.meanwhile(act, lambda request: request == "read_components")
    with pytest.raises(Contradiction):
        await bring_back_a(Judgement.SAME, slow, "crm1", "crm2")
    assert not between.is_waiting


async def test_a_verdict_that_is_brought_back_finds_a_row_whose_key_changes_meanwhile(reopen: Reopen) -> None:
    slow, quick, between = await pair(reopen, CATALOGUE)
    await quick.put("crm1", email_1="a")
    await quick.put("shop1", email_1="a")
    halves = quick.change("crm1", moved_to="crm2"), quick.change("crm2", "crm1", email_1="a")
    between.meanwhile(partial(quick.apply, *halves), lambda request: request == "read_components")
    assert await bring_back_a(Judgement.DIFFERENT, slow, "crm1", "shop1") is BroughtBack.IN_FORCE
    assert not between.is_waiting
    assert await quick.profiles() == [["crm2"], ["shop1"]]
    assert await quick.is_sound()


async def test_a_verdict_that_two_bring_back_at_once_is_known_to_the_slower_one(reopen: Reopen) -> None:
    slow, quick, between = await pair(reopen, CATALOGUE)
    act = partial(bring_back_a, Judgement.SAME, quick, "crm1", "crm2")
    between.meanwhile(act, lambda request: request == "commit")
    assert await bring_back_a(Judgement.SAME, slow, "crm1", "crm2") is BroughtBack.UNCHANGED


async def bring_back_a(judgement: Judgement, company: Company, one: str, other: str) -> BroughtBack:
    """Read back an entry of a ledger that was exported."""
    verdict = Verdict.pair(judgement, company.address(one), company.address(other), "exported")
    ingest = Ingest(company.store, company.catalogue, company.outbox, metrics=company.metrics)
    entry = VerdictEntry(verdict=verdict, reason="asked", author="kim", given_at=1)
    return await bring_back(company.store, ingest, entry)


async def test_a_row_that_changes_while_it_is_read_anew_keeps_what_is_new(reopen: Reopen) -> None:
    slow, quick, between = await pair(reopen, CATALOGUE)
    await quick.put("crm1", name="old")
    between.meanwhile(lambda: quick.put("crm1", name="new"), lambda request: request == "read_components")
    await recompute(slow, "crm1")
    assert not between.is_waiting
    [document] = await quick.documents(ProfileStatus.LIVE)
    assert document["traits"]["name"]["value"] == "new"
    assert await quick.is_sound()


async def test_a_row_that_moves_to_another_profile_while_it_is_read_anew_leaves_none_empty(reopen: Reopen) -> None:
    slow, quick, between = await pair(reopen, CATALOGUE)
    for name in ("crm1", "crm2"):
        await quick.put(name, email_1="a")
    crowd = [quick.change(f"crm{key}", email_1="a") for key in range(3, 8)]  # more than may share a value
    between.meanwhile(lambda: quick.apply(*crowd), lambda request: request == "read_links")
    await recompute(slow, "crm2")
    assert not between.is_waiting
    assert await quick.profiles() == [[f"crm{key}"] for key in range(1, 8)]
    assert await quick.is_sound()


async def test_a_row_deleted_twice_stays_so_where_its_partner_by_verdict_changes_in_the_same_batch(
    reopen: Reopen,
) -> None:
    company = await Company.over(await reopen(CATALOGUE.fingerprint))
    await company.put("crm1", email_1="a")
    await company.put("crm2", email_1="b")
    await company.decide(Judgement.SAME, "crm1", "crm2")
    await company.put("crm2")
    late = company.change("crm2", email_1="c")
    await company.apply(company.change("crm2"), company.change("crm1", email_1="d"))
    await company.apply(late)
    assert await company.profiles() == [["crm1"]]
