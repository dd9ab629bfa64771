"""Embedded ingest: rows in, durable profiles out, beside the same bytes written without our logic."""

import sqlite3
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, Goal, Sense
from benchmarks.workload import catalogue, changes
from cli.main import collect_rarely
from services.ingestion.ingest import Ingest
from services.metrics import Metrics
from services.stores.port.plan import Plan
from services.stores.port.protocols import Outbox
from services.stores.sqlite.store import SqliteStore
from services.stores.sqlite.writes import write_rows

ROWS = 10_000
BATCH = 500


class _RecordingStore(SqliteStore):
    """Keeps the plans that it commits, so that they can be written again without our logic."""

    plans: list[Plan]

    async def commit(self, plan: Plan, outbox: Outbox) -> None:
        await super().commit(plan, outbox)
        self.plans.append(plan)


async def measure() -> list[Figure]:
    """Rows per second, ours and raw, each into a new file."""
    collect_rarely()
    rules = catalogue()
    work = changes(ROWS, rules)
    with TemporaryDirectory() as folder:
        store = await _RecordingStore.open(Path(folder) / "ours.sqlite", rules.fingerprint)
        store.plans = []
        ingest = Ingest(store, rules, await store.claim_outbox("benchmark"), metrics=Metrics())
        started = time.perf_counter()
        for start in range(0, ROWS, BATCH):
            await ingest.apply(work[start : start + BATCH])
        ours = ROWS / (time.perf_counter() - started)
        await store.close()
        bare = await SqliteStore.open(Path(folder) / "raw.sqlite", rules.fingerprint)
        await bare.close()
        with sqlite3.connect(Path(folder) / "raw.sqlite", isolation_level=None) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            started = time.perf_counter()
            for plan in store.plans:
                connection.execute("BEGIN IMMEDIATE")
                write_rows(connection, plan, "benchmark")
                connection.execute("COMMIT")
            raw = ROWS / (time.perf_counter() - started)
    return [
        Figure(
            what="Embedded ingest, first load, durable",
            unit="rows/s",
            ours=(ours,),
            raw=(raw,),
            raw_limit="the same commits written without our logic",
            goal=Goal(Sense.RATIO_AT_LEAST, 0.45, aim=0.60),
        )
    ]
