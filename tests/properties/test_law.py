"""The law holds after any history: what the store has is what its records say, and nothing else."""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph_model.catalogue import Catalogue
from graph_model.events import ProfileEvent
from graph_model.mapping import map_record
from graph_model.records import Change, Outcome, Record, RecordAddress, succeed
from graph_model.resolve import resolve
from services.ingest import Ingest
from services.metrics import Metrics
from services.stores.sqlite import SqliteStore
from services.verify import verify
from tests.properties import worlds
from tests.properties.worlds import Step

Partition = frozenset[frozenset[tuple[str, str]]]
_store_settings = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _final_records(changes: Sequence[Change], catalogue: Catalogue) -> dict[RecordAddress, Record]:
    records: dict[RecordAddress, Record] = {}
    for change in changes:
        columns = catalogue.sources[change.address.source].columns
        succession = succeed(records.get(change.address), change, columns)
        if succession.record is not None:
            records[change.address] = succession.record
    return {address: record for address, record in records.items() if not record.is_grave}


def _resolved(records: dict[RecordAddress, Record], catalogue: Catalogue) -> Partition:
    mapped = {address: map_record(record, catalogue) for address, record in records.items()}
    carried = [i for m in mapped.values() for i in m.identifiers]
    generic = frozenset(i for i in carried if catalogue.kinds[i.kind].is_generic(carried.count(i)))
    return frozenset(
        frozenset((a.source, a.key) for a in cluster.members)
        for component in resolve(mapped, generic, catalogue)
        for cluster in component.clusters
    )


class _Told:
    """A subscriber that applies every event from the start, and checks that the story has no gap."""

    def __init__(self) -> None:
        self.versions: dict[str, int] = {}
        self.profiles: dict[str, dict[str, object]] = {}

    def hear(self, events: Sequence[ProfileEvent]) -> None:
        known = set(self.versions)
        for event in events:
            data = orjson.loads(event.data)
            assert event.version == self.versions.get(event.profile_id, 0) + 1
            assert event.profile_id in {*data["ids_before"], *data["ids_after"]}
            assert known.issuperset(data["ids_before"])
            self.versions[event.profile_id] = event.version
            self.profiles[event.profile_id] = data["profile"]


async def _run(catalogue: Catalogue, batches: Sequence[Sequence[Change]]) -> tuple[Partition, list[str]]:
    """Ingest batches into a new store; answers the partition, and what verify and the subscriber found wrong."""
    with tempfile.TemporaryDirectory() as folder:
        store = await SqliteStore.open(Path(folder) / "law.sqlite", catalogue.fingerprint)
        try:
            ingest = Ingest(store, catalogue, await store.claim_outbox("law"), metrics=Metrics())
            told = _Told()
            for batch in batches:
                result = await ingest.apply(batch)
                assert sum(result.outcomes.values()) == len(batch)
                for committed in result.committed:
                    told.hear(committed.events)
            problems = list((await verify(store, catalogue)).problems)
            held = {p.profile_id: orjson.loads(p.document) async for p in store.scan_profiles()}
            if held != told.profiles:
                problems.append("a subscriber holds other profiles than the store")
            members: dict[str, set[tuple[str, str]]] = {}
            async for stored in store.scan_records():
                if not stored.record.is_grave:
                    address = stored.record.address
                    members.setdefault(str(stored.profile_id), set()).add((address.source, address.key))
            return frozenset(frozenset(found) for found in members.values()), problems
        finally:
            await store.close()


def _cut(changes: Sequence[Change], sizes: Sequence[int]) -> list[list[Change]]:
    batches, start, turn = [], 0, 0
    while start < len(changes):
        size = sizes[turn % len(sizes)]
        batches.append(list(changes[start : start + size]))
        start, turn = start + size, turn + 1
    return batches


@given(worlds.catalogues, worlds.histories)
@settings(max_examples=1_000, deadline=None)
def test_resolve_gives_the_partition_that_a_naive_reading_of_the_law_gives(
    catalogue: Catalogue, history: list[Step]
) -> None:
    records = _final_records(worlds.changes(history, catalogue), catalogue)
    assert _resolved(records, catalogue) == worlds.expected_partition(history, catalogue)


@given(worlds.catalogues, worlds.histories, st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_the_order_of_records_changes_nothing(
    catalogue: Catalogue, history: list[Step], shuffler: random.Random
) -> None:
    records = list(_final_records(worlds.changes(history, catalogue), catalogue).items())
    shuffled = list(records)
    shuffler.shuffle(shuffled)
    assert _resolved(dict(shuffled), catalogue) == _resolved(dict(records), catalogue)


@given(worlds.catalogues, worlds.histories, st.lists(st.integers(1, 6), min_size=1, max_size=5))
@_store_settings
def test_after_any_history_in_any_batches_the_store_is_what_the_law_says(
    catalogue: Catalogue, history: list[Step], sizes: list[int]
) -> None:
    batches = _cut(worlds.changes(history, catalogue), sizes)
    partition, problems = asyncio.run(_run(catalogue, batches))
    assert problems == []
    assert partition == worlds.expected_partition(history, catalogue)


@given(worlds.catalogues, worlds.histories, st.integers(0, 24))
@_store_settings
def test_a_replay_of_what_was_read_changes_nothing(
    catalogue: Catalogue, history: list[Step], replayed_from: int
) -> None:
    changes = worlds.changes(history, catalogue)
    partition, problems = asyncio.run(_run(catalogue, [changes, changes[replayed_from:], changes]))
    assert problems == []
    assert partition == worlds.expected_partition(history, catalogue)


@given(worlds.catalogues, worlds.histories)
@_store_settings
def test_a_deleted_row_stays_deleted_when_its_past_is_replayed(catalogue: Catalogue, history: list[Step]) -> None:
    changes = worlds.changes(history, catalogue)
    gone = [Step(step.source, step.key, None) for step in history]
    deletions = worlds.changes(gone, catalogue, first_offset=len(changes) + 1)
    partition, problems = asyncio.run(_run(catalogue, [changes, deletions, changes]))
    assert problems == []
    assert partition == frozenset()


def test_every_outcome_is_counted_once() -> None:
    catalogue = worlds.catalogue((2, 2, 2), (1, 2, 3), (False, False, True))
    changes = worlds.changes([Step("crm", 1, {"email_1": "a"}), Step("crm", 1, {"email_1": "a"})], catalogue)
    columns = catalogue.sources["crm"].columns
    first = succeed(None, changes[0], columns)
    assert first.outcome is Outcome.APPLIED
    assert succeed(first.record, changes[1], columns).outcome is Outcome.UNCHANGED
    assert succeed(first.record, changes[0], columns).outcome is Outcome.STALE
