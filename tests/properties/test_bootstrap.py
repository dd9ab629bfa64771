"""Whatever changes come, a first load leaves what the stream leaves that carries the same changes."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.document import ProfileStatus
from graph_model.records.record import Change
from services.bootstrap.load import load_store
from services.bootstrap.spool import LoadSpool
from services.ingestion.ingest import Ingest
from services.maintenance.verification.verify import verify
from services.metrics import Metrics
from services.stores.port.protocols import Store
from services.stores.sqlite.migration import SqliteMigration
from services.stores.sqlite.store import SqliteStore
from tests.dump import Dump, dump
from tests.properties import worlds
from tests.properties.histories import FAST_FOLDER, Move, Truth, batches
from tests.properties.worlds import Step

pytestmark = pytest.mark.timeout(3_600)


def in_batches(changes: Sequence[Change], at_once: int) -> Iterator[Sequence[Change]]:
    return (changes[start : start + at_once] for start in range(0, len(changes), at_once))


async def streamed(path: Path, catalogue: Catalogue, changes: Sequence[Change], at_once: int) -> Dump:
    store = await SqliteStore.open(path, catalogue.fingerprint)
    ingest = Ingest(store, catalogue, await store.claim_outbox("test"), metrics=Metrics())
    for batch in in_batches(changes, at_once):
        await ingest.apply(batch)
    found = await dump(store)
    await store.close()
    return found


async def loaded(path: Path, catalogue: Catalogue, changes: Sequence[Change], at_once: int) -> Dump:
    @asynccontextmanager
    async def opened(migrator: str | None) -> AsyncIterator[Store]:
        store = await SqliteStore.open(path, catalogue.fingerprint, migrator=migrator)
        yield store
        await store.close()

    async def fill(spool: LoadSpool, generation: int) -> None:
        for batch in in_batches(changes, at_once):
            spool.take(batch, catalogue, generation)

    marking = SqliteMigration(path)
    try:
        await load_store(
            marking, opened, catalogue, path.with_suffix(".load"), fill, lambda _what, _done: None, portion=at_once
        )
    finally:
        await marking.close()
    store = await SqliteStore.open(path, catalogue.fingerprint)
    found = await dump(store)
    heads = [(each.status, each.version) async for each in store.scan_profiles()]
    assert set(heads) <= {(ProfileStatus.LIVE, 1)}
    assert (await verify(store, catalogue)).problems == ()
    await store.close()
    return found


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds.catalogues, st.lists(batches, max_size=6), st.integers(1, 7), st.integers(1, 7))
def test_a_first_load_leaves_what_the_stream_leaves(
    catalogue: Catalogue, acts: Sequence[Sequence[Step | Move]], by_stream: int, by_load: int
) -> None:
    truth = Truth(catalogue)
    for batch in acts:
        truth.take(truth.write(batch))
    with tempfile.TemporaryDirectory(dir=FAST_FOLDER) as folder:
        one = asyncio.run(streamed(Path(folder) / "streamed.sqlite", catalogue, truth.log, by_stream))
        other = asyncio.run(loaded(Path(folder) / "loaded.sqlite", catalogue, truth.log, by_load))
    assert one == other
