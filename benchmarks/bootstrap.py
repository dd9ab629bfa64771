"""The first load of a store: rows in a spool, durable profiles out, beside the same bytes written without our logic."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.figures import ROUNDS, Figure
from benchmarks.raw_writer import RawBatch, RawWriter, RecordingStore
from benchmarks.workload import catalogue, rows
from cli.main import collect_rarely
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.positions import Position
from services.bootstrap.filling import Filling
from services.bootstrap.load import Manner, load_store
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
        seconds = await load_rows(ours, rules, count, plans)
        batches = [RawBatch.of(plan) for plan in plans]
        with closing(RawWriter(Path(folder) / "raw.sqlite")) as raw:
            started = time.perf_counter()
            for batch in batches:
                raw.write(batch)
            raw_seconds = time.perf_counter() - started
        return count / seconds, count / raw_seconds, ours.stat().st_size / count


async def load_rows(path: Path, rules: Catalogue, count: int, plans: list[Plan]) -> float:
    """How many seconds it takes to load so many rows into a new file; keeps the plans of few rows."""

    @asynccontextmanager
    async def opened(migrator: str | None) -> AsyncIterator[Store]:
        store: Store
        if count > ROWS:
            store = await SqliteStore.open(path, rules.fingerprint, migrator=migrator)
        else:
            recording = await RecordingStore.open(path, rules.fingerprint, migrator=migrator)
            recording.plans = plans
            store = recording
        try:
            yield store
        finally:
            await store.close()

    async def fill(filling: Filling) -> None:
        for batch in _batches(count, rules):
            filling.take(batch)

    manner = Manner(announce=False, apart=count > ROWS)
    marking = SqliteMigration(path)
    started = time.perf_counter()
    try:
        await load_store(marking, opened, rules, path.with_suffix(".load"), fill, no_progress, manner)
    finally:
        await marking.close()
    return time.perf_counter() - started


def _batches(count: int, rules: Catalogue) -> Iterator[list[Change]]:
    batch: list[Change] = []
    for offset, (source, row) in enumerate(rows(count)):
        origin = Origin(position=Position(1, offset), observed_at=1_700_000_000_000 + offset)
        batch.append(row_change(rules.sources[source], row, origin))
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch
