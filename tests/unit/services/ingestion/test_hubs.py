"""An identifier that very many records carry: counted in buckets, and back again."""

from collections.abc import Mapping
from itertools import count
from random import Random
from typing import Any, cast

import pytest

from graph_model.records.record import Change
from graph_model.resolution.hubs import BUCKETS, bucket_of, hub_from, hub_until
from graph_model.values.identifiers import Identifier
from services.ingestion.batches import Batch, gather
from services.ingestion.loading import load
from services.ingestion.planning import Commit, make_plan
from services.stores.port.plan import Plan
from services.stores.port.protocols import Store
from services.stores.port.stored import StoredIdentifier
from tests.unit.services.people import CATALOGUE, Company

TILL = Identifier("email", "till")
LIMIT = CATALOGUE.kinds["email"].holder_limit
#: Rows on two buckets only, and as many on any.
ROWS = [
    *[name for name in (f"crm{number}" for number in range(1_000)) if bucket_of(Company.address(name)) < 2],
    *[f"shop{number}" for number in range(30)],
]


class StoreWithAllBuckets:
    """Stands before a store, and reads all buckets of a hub, whichever are needed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        return getattr(self._store, name)

    async def read_identifiers(
        self, wanted: Mapping[Identifier, int], _needed: object
    ) -> Mapping[Identifier, StoredIdentifier]:
        """See `Store.read_identifiers`."""
        return await self._store.read_identifiers(wanted)


async def planned(company: Company, store: Store, changes: list[Change]) -> Plan:
    loaded = await load(store, company.catalogue, Batch(changes=gather(changes)))
    numbers = count()
    commit = Commit(commit_id="commit", now=5_000, new_profile_id=lambda: f"new{next(numbers)}")
    return make_plan(loaded, company.catalogue, commit)


async def till(company: Company) -> StoredIdentifier:
    return (await company.store.read_identifiers({TILL: 0}))[TILL]


async def grow(company: Company, first: int, last: int) -> None:
    await company.apply(*(company.change(f"crm{number}", email_1="till") for number in range(first, last + 1)))


async def shrink(company: Company, first: int, last: int) -> None:
    await company.apply(*(company.change(f"crm{number}") for number in range(first, last + 1)))


async def test_far_above_its_limit_an_identifier_gets_buckets(company: Company) -> None:
    await grow(company, 1, hub_from(LIMIT))
    assert not (await till(company)).is_hub
    await grow(company, 100, 100)
    assert len((await till(company)).buckets) == BUCKETS
    assert (await till(company)).holders == hub_from(LIMIT) + 1
    assert await company.is_sound()


async def test_the_count_of_a_hub_stays_exact(company: Company) -> None:
    await grow(company, 1, 60)
    await grow(company, 40, 90)
    await shrink(company, 1, 20)
    assert (await till(company)).holders == 70
    assert await company.is_sound()


@pytest.mark.parametrize("step", [1, 7, 60])
async def test_a_hub_that_shrinks_to_its_limit_joins_its_holders(company: Company, step: int) -> None:
    await grow(company, 1, 60)
    for first in range(1, 60 - LIMIT + 1, step):
        await shrink(company, first, min(first + step - 1, 60 - LIMIT))
        stored = await till(company)
        assert stored.is_hub == (stored.holders > hub_until(LIMIT))
        assert await company.is_sound()
    assert await company.profiles() == [["crm58", "crm59", "crm60"]]


async def test_a_hub_that_is_emptied_at_once_is_gone(company: Company) -> None:
    await grow(company, 1, 60)
    await shrink(company, 1, 60)
    assert await company.store.read_identifiers({TILL: 0}) == {}
    assert await company.is_sound()


async def test_a_new_holder_of_a_hub_asserts_one_bucket_only(company: Company) -> None:
    await grow(company, 1, 300)
    before = (await till(company)).buckets
    await grow(company, 301, 301)
    after = (await till(company)).buckets
    assert sum(before[number].revision != after[number].revision for number in before) == 1


async def test_rows_that_change_otherwise_leave_the_hub_alone(company: Company) -> None:
    await grow(company, 1, 60)
    before = await till(company)
    await company.put("crm1", email_1="till", phone_1="5")
    assert await till(company) == before
    assert await company.is_sound()


async def test_holders_of_a_hub_are_found_by_it(company: Company) -> None:
    await grow(company, 1, 60)
    assert len(await company.store.find_profiles(TILL, 100)) == 60
    assert len(await company.store.read_holders(TILL)) == 60


@pytest.mark.parametrize("seed", range(6))
async def test_a_plan_is_the_same_whether_all_buckets_are_read_or_those_that_are_needed(
    company: Company, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 - invented data
    reads_all = cast("Store", StoreWithAllBuckets(company.store))
    staying = 1.0
    for step in range(40):
        staying = random.choice((1.0, 0.8, 0.3, 0.0)) if step % 5 == 0 else staying
        changes = [
            company.change(name, **({"email_1": "till"} if random.random() < staying else {}))
            for name in random.sample(ROWS, random.choice((1, 1, 1, 2, 8)))
        ]
        assert await planned(company, company.store, changes) == await planned(company, reads_all, changes)
        await company.apply(*changes)
    assert await company.is_sound()
