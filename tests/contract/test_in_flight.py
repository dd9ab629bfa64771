"""What is read over a plan in flight is what the store says once the plan is in force."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from random import Random
from typing import Any, cast

import pytest
from msgspec import structs

from graph_model.records.record import RecordAddress
from graph_model.resolution.hubs import BUCKETS
from graph_model.values.identifiers import Identifier
from services.clock import new_id
from services.ingestion.batches import Batch, gather
from services.ingestion.in_flight import InFlight
from services.ingestion.loading import Loaded, load
from services.ingestion.planning import Commit, make_plan
from services.stores.port.plan import Plan
from services.stores.port.protocols import Store, SurroundingsReader
from services.stores.port.stored import BucketsNeeded, StoredIdentifier, StoredRecord, SufficientBuckets
from tests.contract.conftest import Reopen
from tests.contract.interleaving import ROWS, InterleavedLife
from tests.unit.services.people import Company

STEPS = 12

LIVES = [
    *(("sqlite", seed) for seed in range(25)),
    *(pytest.param("gremlin", seed, marks=pytest.mark.gremlin) for seed in range(2)),
]


class MustWaitError(Exception):
    """The reader cannot tell before the plan is in force."""


class InFlightLife(InterleavedLife):
    """Random things happen; every batch of rows is read over before it is in force."""

    waited = 0  #: reads that had to wait for the plan
    told = 0  #: reads that need not

    async def step(self) -> None:
        """Some rows change, and then something else happens."""
        await self._rows_change(self.slow)
        await self._something(self.quick)

    async def _rows_change(self, company: Company) -> None:
        names = self.random.sample(ROWS, self.random.choice((1, 1, 2, 4, 8)))
        changes = [self._change(company, name, is_gone=self.random.random() < 0.3) for name in names]
        await self.fly(company, Batch(changes=gather(changes)))

    async def _key_changes(self, company: Company) -> None:
        old, new = self.random.sample(ROWS[:8], 2)
        changes = [
            self._change(company, old, is_gone=True, moved_to=new),
            self._change(company, new, is_gone=False, moved_from=old),
        ]
        await self.fly(company, Batch(changes=gather(changes)))

    async def fly(self, company: Company, batch: Batch) -> None:
        """Plan a batch, read everything over the plan, bring it into force, and read everything again."""
        store, outbox = company.store, company.outbox
        loaded = await load(store, company.catalogue, batch)
        plan = make_plan(loaded, company.catalogue, Commit(commit_id=new_id(), now=5_000, new_profile_id=new_id))
        reads = self._reads(await everything(store, loaded, plan))
        before = [await self._read(read, InFlight(store, loaded, plan, must_wait)) for read in reads]
        torn = cast("SurroundingsReader", TornReader(store, loaded, plan))
        amid = [await self._read(read, InFlight(torn, loaded, plan, must_wait)) for read in reads]
        await store.commit(plan, outbox)
        await outbox.acknowledge(plan.commit_id)
        for read, *found in zip(reads, before, amid, strict=True):
            expected = await read(store)
            found.append(await self._read(read, InFlight(store, loaded, plan, must_wait)))
            assert all(each in (expected, None) for each in found)

    async def _read(self, read: "Read", reader: SurroundingsReader) -> object:
        try:
            found = await read(reader)
        except MustWaitError:
            self.waited += 1
            return None
        self.told += 1
        return found

    def _reads(self, known: "Known") -> "list[Read]":
        """Every record, identifier and profile by itself, and all of a kind together."""
        up_to = {identifier: self.random.choice((0, 1, 2, 3, 6)) for identifier in known.identifiers}
        records = [[address] for address in known.records]
        profiles = [[profile_id] for profile_id in known.profiles]
        return [
            *(records_of(each) for each in (*records, known.records)),
            *(components_of(each) for each in (*profiles, known.profiles)),
            *(identifiers_of({each: up_to[each]}, self._needed()) for each in up_to),
            identifiers_of(up_to, lambda _: None),
        ]

    def _needed(self) -> BucketsNeeded:
        numbers = frozenset(self.random.sample(range(BUCKETS), self.random.choice((1, 1, 2))))
        sufficient = SufficientBuckets(numbers=numbers, above=self.random.choice((0, 0, 1)))
        return self.random.choice((lambda _: None, lambda _: sufficient))


class TornReader:
    """A store in the midst of a commit: the records of profiles that this writes hang on none."""

    def __init__(self, store: Store, loaded: Loaded, plan: Plan) -> None:
        self._store = store
        self._profiles = {write.profile_id for write in plan.profiles}
        self._carried = {identifier for mapped in loaded.mapped.values() for identifier in mapped.identifiers}

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        return getattr(self._store, name)

    async def read_records(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, StoredRecord]:
        return {
            address: structs.replace(stored, profile_id=None, component=())
            if stored.profile_id in self._profiles and not stored.record.is_tombstone
            else stored
            for address, stored in (await self._store.read_records(addresses)).items()
        }

    async def read_identifiers(
        self, wanted: Mapping[Identifier, int], needed: BucketsNeeded
    ) -> Mapping[Identifier, StoredIdentifier]:
        return {
            identifier: structs.replace(stored, component=tuple(sorted({*stored.component} - self._profiles)))
            if identifier in self._carried
            else stored
            for identifier, stored in (await self._store.read_identifiers(wanted, needed)).items()
        }


class Known:
    """Everything that can be asked for."""

    def __init__(self) -> None:
        self.records: set[RecordAddress] = set()
        self.identifiers: set[Identifier] = set()
        self.profiles: set[str] = set()


async def everything(store: Store, loaded: Loaded, plan: Plan) -> Known:
    known = Known()
    known.records = {stored.record.address async for stored in store.scan_records()} | loaded.changes.keys()
    known.identifiers = {identifier async for identifier, _ in store.scan_identifiers()}
    known.identifiers |= {write.identifier for write in plan.identifiers}
    known.profiles = {stored.profile_id async for stored in store.scan_profiles()}
    known.profiles |= {write.profile_id for write in plan.profiles} | {"of nobody"}
    return known


Read = Callable[[SurroundingsReader], Awaitable[object]]


def records_of(addresses: Collection[RecordAddress]) -> Read:
    return lambda reader: reader.read_records(addresses)


def components_of(profile_ids: Collection[str]) -> Read:
    return lambda reader: reader.read_components(profile_ids)


def identifiers_of(wanted: Mapping[Identifier, int], needed: BucketsNeeded) -> Read:
    return lambda reader: reader.read_identifiers(wanted, needed)


async def must_wait() -> None:
    raise MustWaitError


@pytest.mark.parametrize(("reopen", "seed"), LIVES, indirect=["reopen"])
async def test_what_is_read_over_a_plan_is_what_the_store_says_afterwards(reopen: Reopen, seed: int) -> None:
    life = await InFlightLife.over(reopen, Random(seed))  # noqa: S311 - a life that can be repeated
    for _ in range(STEPS):
        await life.step()
        assert await life.problems() == ()
    assert life.told > life.waited
