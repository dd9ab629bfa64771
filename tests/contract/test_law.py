"""Whatever happens to rows, what is stored is what the records say; on every store, and with several workers."""

import asyncio
from random import Random

import pytest

from graph_model.records import Change
from services.batches import gather
from services.clock import new_id
from services.loading import load
from services.planning import Commit, make_plan
from services.stores.port import Store
from tests.contract.conftest import Reopen
from tests.unit.services.people import CATALOGUE, Company

ROWS = [f"{source}{key}" for source in ("crm", "shop") for key in range(1, 7)]


@pytest.fixture
async def store(reopen: Reopen) -> Store:
    return await reopen(CATALOGUE.fingerprint)


def random_change(company: Company, random: Random, rows: list[str]) -> Change:
    """A row gets values that few others have, or is deleted."""
    if random.random() < 0.25:
        return company.change(random.choice(rows))
    values = {column: random.choice("abcd") for column in ("email_1", "phone_1") if random.random() < 0.6}
    return company.change(random.choice(rows), None, **(values or {"email_2": random.choice("abcd")}))


@pytest.mark.parametrize("seed", range(3))
async def test_after_any_history_the_store_is_what_its_records_say(store: Store, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a history that can be repeated
    company = await Company.over(store)
    for size in (1, 2, 8, 1, 20, 3, 1, 8):
        await company.apply(*(random_change(company, random, ROWS) for _ in range(size)))
        assert await company.is_sound()


async def test_workers_that_share_people_leave_the_store_as_its_records_say(reopen: Reopen) -> None:
    stores = [await reopen(CATALOGUE.fingerprint) for _ in range(3)]
    companies = [Company(store, await store.claim_outbox(f"worker{number}")) for number, store in enumerate(stores)]

    async def work(number: int) -> None:
        random, rows = Random(number), ROWS[number :: len(companies)]  # noqa: S311 - a history that can be repeated
        for size in (1, 4, 2, 6, 1, 3, 1, 1):
            await companies[number].apply(*(random_change(companies[number], random, rows) for _ in range(size)))

    await asyncio.gather(*map(work, range(len(companies))))
    assert await companies[0].is_sound()
    told = {(event.profile_id, event.version) for company in companies for event in company.events}
    versions = {(profile.profile_id, profile.version) async for profile in stores[0].scan_profiles()}
    assert versions <= told


async def test_a_row_that_only_moved_on_leaves_a_merge_beside_it_in_force(reopen: Reopen) -> None:
    """One worker has read a row whose values stay the same, and commits after another has merged its profile."""
    slow, quick = [await Company.over(await reopen(CATALOGUE.fingerprint), writer=name) for name in ("slow", "quick")]
    await quick.put("crm1", email_1="a", phone_1="b")
    await quick.put("crm2", email_1="z")
    await quick.put("shop1", phone_1="c")
    slow.offset = quick.offset
    loaded = await load(slow.store, CATALOGUE, gather([slow.change("shop1", phone_1="c")]))
    await quick.put("crm2", email_1="a", phone_1="c")
    commit = Commit(commit_id="late", now=5_000, new_profile_id=new_id, progress=None)
    await slow.store.commit(make_plan(loaded, CATALOGUE, commit), slow.outbox)
    assert await quick.is_sound()
