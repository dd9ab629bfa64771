"""The first load of a store: rows in a spool, durable profiles out, beside the same bytes written without our logic."""

import resource
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.figures import ROUNDS, Figure, Goal, Sense
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
from services.stores.port.protocols import Outbox, Store
from services.stores.sqlite.connection import connect
from services.stores.sqlite.migration import SqliteMigration
from services.stores.sqlite.store import SqliteStore
from services.stores.sqlite.writes import write_rows

ROWS: Final = 50_000
LARGE: Final = 1_000_000
_MEGABYTE: Final = 1024  #: in the unit of `ru_maxrss`, kilobytes


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
            raw_limit="the same commits written without our logic",
        ),
        Figure(what="Disk after a first load", unit="bytes", ours=tuple(size for _, _, size in rounds), at=ROWS),
    ]


async def measure_large() -> list[Figure]:
    """Seconds and memory of a million rows."""
    collect_rarely()
    rules = catalogue()
    with TemporaryDirectory() as folder:
        seconds = await _load(Path(folder) / "ours.sqlite", rules, LARGE, [])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MEGABYTE
    return [
        Figure(what="First load", unit="s", ours=(seconds,), at=LARGE, goal=Goal(Sense.AT_MOST, 120)),
        Figure(what="Memory of a first load", unit="MiB", ours=(memory,), at=LARGE, goal=Goal(Sense.AT_MOST, 1536)),
    ]


async def _round(count: int) -> tuple[float, float, float]:
    rules = catalogue()
    with TemporaryDirectory() as folder:
        plans: list[Plan] = []
        ours = Path(folder) / "ours.sqlite"
        seconds = await _load(ours, rules, count, plans)
        raw = Path(folder) / "raw.sqlite"
        await (await SqliteStore.open(raw, rules.fingerprint)).close()
        with closing(connect(raw)) as connection:
            started = time.perf_counter()
            for plan in plans:
                connection.execute("BEGIN IMMEDIATE")
                write_rows(connection, plan, "benchmark")
                connection.execute("COMMIT")
            raw_seconds = time.perf_counter() - started
        return count / seconds, count / raw_seconds, ours.stat().st_size / count


async def _load(path: Path, rules: Catalogue, count: int, plans: list[Plan]) -> float:
    class Recording(SqliteStore):
        """Keeps the plans of a small load, so that they can be written again."""

        async def commit(self, plan: Plan, outbox: Outbox) -> None:
            await super().commit(plan, outbox)
            if count <= ROWS:
                plans.append(plan)

    @asynccontextmanager
    async def opened(migrator: str | None) -> AsyncIterator[Store]:
        store = await Recording.open(path, rules.fingerprint, migrator=migrator)
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
