"""A till e-mail: the time of one more record that carries it, beside one that carries an e-mail of its own."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import ROUNDS, Figure, Goal, Sense, percentile
from benchmarks.workload import catalogue, origin
from cli.main import collect_rarely
from graph_model.records.record import Change
from graph_model.resolution.row_changes import row_change
from graph_model.values.equality import JsonValue
from services.ingestion.ingest import Ingest
from services.metrics import Metrics
from services.stores.gremlin.store import GremlinStore
from services.stores.port.protocols import Store
from services.stores.sqlite.store import SqliteStore
from stack.gremlin_server import GremlinServer
from stack.settings import StackSettings

HOLDERS = (1_000, 10_000, 100_000)
BATCH = 500
TILL = "till@example.com"
SAMPLES = 100  #: pairs of a round
WARM_UP = 10  #: rounds before the first that counts: the server compiles what it has met some thousand times


async def measure() -> list[Figure]:
    """Median milliseconds of one commit at each number of holders, for both stores, of each round."""
    collect_rarely()
    figures = []
    with TemporaryDirectory() as name:
        async with _embedded(Path(name)) as store:
            figures += await _grow("embedded", store)
        with GremlinServer(Path(name) / "graph", StackSettings().cache) as server:
            store = await GremlinStore.open(server.url, catalogue().fingerprint)
            figures += await _grow("TinkerGraph", store)
            await store.close()
    return figures


@asynccontextmanager
async def _embedded(folder: Path) -> AsyncIterator[Store]:
    store = await SqliteStore.open(folder / "hub.sqlite", catalogue().fingerprint)
    yield store
    await store.close()


async def _grow(name: str, store: Store) -> list[Figure]:
    rows = _Rows()
    outbox = await store.claim_outbox("benchmark")
    ingest = Ingest(store, rows.catalogue, outbox, metrics=Metrics())

    async def apply(changes: list[Change]) -> float:
        started = time.perf_counter()
        result = await ingest.apply(changes)
        seconds = time.perf_counter() - started
        for committed in result.committed:
            await outbox.acknowledge(committed.commit_id)
        return seconds * 1_000

    async def sample(till: str = TILL) -> tuple[float, float]:
        # By turns, so that both feel the same noise.
        pairs = [(await apply([rows.of_a_till(till)]), await apply([rows.of_somebody()])) for _ in range(SAMPLES)]
        hub, single = (percentile(times, 0.5) for times in zip(*pairs, strict=True))
        return hub, single

    for _ in range(WARM_UP):
        await sample("former-till@example.com")
    figures: list[Figure] = []
    for holders in HOLDERS:
        while rows.holders[TILL] < holders:
            await apply([rows.of_a_till(TILL) for _ in range(min(BATCH, holders - rows.holders[TILL]))])
        medians = [await sample() for _ in range(ROUNDS)]
        figures.append(
            Figure(
                what=f"{name}, one more holder of an e-mail that many share",
                unit="ms",
                ours=tuple(hub for hub, _ in medians),
                raw=tuple(single for _, single in medians),
                raw_limit="one more record with an e-mail of its own",
                goal=Goal(Sense.RATIO_AT_MOST, 1.3),
                at=holders,
            )
        )
    return figures


class _Rows:
    """New rows of the first source, with the e-mail of a till or each with its own."""

    def __init__(self) -> None:
        self.catalogue = catalogue()
        self.holders: Counter[str] = Counter()
        self._number = 0

    def of_a_till(self, email: str) -> Change:
        self.holders[email] += 1
        return self._row(email)

    def of_somebody(self) -> Change:
        return self._row(f"person{self._number}@example.com")

    def _row(self, email: str) -> Change:
        self._number += 1
        row: dict[str, JsonValue] = {"id": self._number, "email": email}
        return row_change(self.catalogue.sources["crm"], row, origin(self._number))
