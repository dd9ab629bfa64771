"""The first load of a store: rows in a spool, durable profiles out, beside the same bytes written without our logic."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.figures import ROUNDS, Figure
from benchmarks.raw_writer import RawBatch, RawWriter, RecordingStore
from benchmarks.workload import catalogue, changes, rows
from cli.main import collect_rarely
from graph_model.catalogue.rules import Catalogue
from services.bootstrap.filling import Filling
from services.bootstrap.load import load_store
from services.bootstrap.loaded import Manner
from services.bootstrap.spool import BATCH
from services.maintenance.verification.verify import no_progress
from services.stores.port.plan import Plan
from services.stores.port.protocols import Store
from services.stores.sqlite.migration import SqliteMigration
from services.stores.sqlite.store import SqliteStore

ROWS: Final = 50_000


async def measure() -> list[Figure]:
    """Rows per second and the disk that they take, ours and raw, each round into new files."""
    collect_rarely()
    rounds = [await _round(ROWS) for _ in range(ROUNDS)]
    return [
        Figure(
            what="First load, durable",
            unit="rows/s",
            ours=tuple(ours for ours, _, _ in rounds),
            raw=tuple(raw for _, raw, _ in rounds),
            raw_limit="writes the same rows of records, links and profiles, as durably, without resolving anything",
        ),
        Figure(what="Disk after a first load", unit="bytes", ours=tuple(size for _, _, size in rounds), at=ROWS),
    ]


async def _round(count: int) -> tuple[float, float, float]:
    rules = catalogue()
    with TemporaryDirectory() as folder:
        plans: list[Plan] = []
        ours = Path(folder) / "ours.sqlite"

        async def recording(migrator: str | None) -> SqliteStore:
            store = await RecordingStore.open(ours, rules.fingerprint, migrator=migrator)
            store.plans = plans
            return store

        seconds = await load_rows(ours, rules, count, recording, apart=False)
        batches = [RawBatch.of(plan) for plan in plans]
        with closing(RawWriter(Path(folder) / "raw.sqlite")) as raw:
            started = time.perf_counter()
            for batch in batches:
                raw.write(batch)
            raw_seconds = time.perf_counter() - started
        return count / seconds, count / raw_seconds, ours.stat().st_size / count


async def load_rows(
    path: Path, rules: Catalogue, count: int, open_store: Callable[[str | None], Awaitable[SqliteStore]], *, apart: bool
) -> float:
    """How many seconds it takes to load so many rows into a new file.

    Args:
        path: the file.
        rules: what the rows mean.
        count: how many there are.
        open_store: opens the store there, for who works with it by this id.
        apart: see `Manner`.
    """

    @asynccontextmanager
    async def opened(migrator: str | None) -> AsyncIterator[Store]:
        store = await open_store(migrator)
        try:
            yield store
        finally:
            await store.close()

    async def fill(filling: Filling) -> None:
        waiting = changes(rows(count), rules)
        while batch := list(islice(waiting, BATCH)):
            filling.take(batch)

    manner = Manner(announce=False, apart=apart)
    marking = SqliteMigration(path)
    started = time.perf_counter()
    try:
        await load_store(marking, opened, rules, path.with_suffix(".load"), fill, no_progress, manner)
    finally:
        await marking.close()
    return time.perf_counter() - started
