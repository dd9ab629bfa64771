"""The first load of a store, as `ingest` does one of large files, beside the raw writer of the same rows.

One process reads the rows, another one resolves them, and the first one writes. The raw writer is given what a load of
the same rows wrote before, in commits of its own size.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.figures import ROUNDS, Figure, Goal, Sense
from benchmarks.raw_writer import RAW_BATCH, RawBatch, RawWriter, RecordingStore
from benchmarks.workload import catalogue, changes, rows
from cli.main import collect_rarely
from graph_model.catalogue.rules import Catalogue
from services.bootstrap.filling import Filling
from services.bootstrap.load import FirstLoad, load_store
from services.bootstrap.loaded import Manner
from services.bootstrap.spool import BATCH
from services.maintenance.verification.verify import no_progress
from services.stores.port.plan import Plan
from services.stores.port.protocols import Store
from services.stores.sqlite.migration import SqliteMigration
from services.stores.sqlite.store import SqliteStore

ROWS: Final = 100_000


async def measure() -> list[Figure]:
    """Rows per second and the disk that they take, ours and raw, each round into new files."""
    collect_rarely()
    rules = catalogue()
    with TemporaryDirectory() as folder:
        raw = await _raw_batches(Path(folder) / "recorded.sqlite", rules)
        rounds = [await _round(Path(folder), number, rules, raw) for number in range(ROUNDS)]
    return [
        Figure(
            what="First load, durable",
            unit="rows/s",
            ours=tuple(ours for ours, _, _ in rounds),
            raw=tuple(raw for _, raw, _ in rounds),
            raw_limit="writes the same rows of records, links and profiles, as durably, without resolving anything",
            goal=Goal(Sense.RATIO_AT_LEAST, must=0.45, aim=0.6),
        ),
        Figure(what="Disk after a first load", unit="bytes", ours=tuple(size for _, _, size in rounds), at=ROWS),
    ]


async def _raw_batches(path: Path, rules: Catalogue) -> list[RawBatch]:
    """What the raw writer is to write."""
    plans: list[Plan] = []

    async def recording(migrator: str | None) -> SqliteStore:
        store = await RecordingStore.open(path, rules.fingerprint, migrator=migrator)
        store.plans = plans
        return store

    await load_rows(path, rules, ROWS, recording, apart=False, portion=RAW_BATCH)
    return [RawBatch.of(plan) for plan in plans]


async def _round(folder: Path, number: int, rules: Catalogue, raw: Sequence[RawBatch]) -> tuple[float, float, float]:
    """Rows per second of ours and of the raw writer, and the bytes that a row takes."""
    path = folder / f"ours{number}.sqlite"

    async def open_store(migrator: str | None) -> SqliteStore:
        return await SqliteStore.open(path, rules.fingerprint, migrator=migrator)

    seconds = await load_rows(path, rules, ROWS, open_store, apart=True)
    with closing(RawWriter(folder / f"raw{number}.sqlite")) as writer:
        started = time.perf_counter()
        for batch in raw:
            writer.write(batch)
        raw_seconds = time.perf_counter() - started
    return ROWS / seconds, ROWS / raw_seconds, path.stat().st_size / ROWS


async def load_rows(
    path: Path,
    rules: Catalogue,
    count: int,
    open_store: Callable[[str | None], Awaitable[SqliteStore]],
    *,
    apart: bool,
    portion: int | None = None,
) -> float:
    """How many seconds it takes to load so many rows into a new file.

    Args:
        path: the file.
        rules: what the rows mean.
        count: how many there are.
        open_store: opens the store there, for who works with it by this id.
        apart: see `Manner`.
        portion: see `Manner`.
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

    marking = SqliteMigration(path)
    load = FirstLoad(
        marking=marking,
        opened=opened,
        catalogue=rules,
        path=path.with_suffix(".load"),
        progress=no_progress,
        manner=Manner(announce=False, apart=apart, portion=portion),
    )
    started = time.perf_counter()
    try:
        await load_store(load, fill)
    finally:
        await marking.close()
    return time.perf_counter() - started
