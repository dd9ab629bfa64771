"""Kafka -> TinkerGraph -> `profile-updated`, one worker, beside the raw writer of a graph."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks.figures import ROUNDS, Figure, Goal, Sense
from benchmarks.raw_graph_writer import RawRows, write_raw
from benchmarks.workload import CATALOGUE_TEXT, SOURCES, catalogue, changes, rows
from graph_model.values.equality import JsonValue
from services.ingestion.ingest import Ingest
from services.metrics import Metrics
from services.stores.gremlin.socket import Credentials, GremlinSocket, g
from services.stores.gremlin.store import GremlinStore
from services.stores.port.plan import Plan
from services.stores.port.protocols import Outbox
from stack.gremlin_server import GremlinServer
from stack.kafka import KafkaBroker
from stack.service import Consumer, wiring
from stack.settings import StackSettings

CUSTOMERS = 10_000
BATCH = 500
PARTITIONS = 2
#: Rounds that are not counted: the compilers of the servers take so long for what only the worker asks.
WARM_UP = 5


class _RecordingStore(GremlinStore):
    """Keeps the plans that it commits, so that the raw writer can write what they leave."""

    plans: list[Plan]

    async def commit(self, plan: Plan, outbox: Outbox) -> None:
        await super().commit(plan, outbox)
        self.plans.append(plan)


async def measure() -> list[Figure]:
    """Events per second through everything, and of the raw writer alone, each into an empty graph."""
    ours, raw = [], []
    with TemporaryDirectory() as name:
        folder, cache = Path(name), StackSettings().cache
        with GremlinServer(folder / "graph", cache) as graph, KafkaBroker(folder / "kafka", cache) as broker:
            commits = await _commits(graph)
            for number in range(WARM_UP + ROUNDS):
                rate = await _raw(graph, commits)
                through = await _through(folder, graph, broker, f"round{number}")
                if number >= WARM_UP:
                    raw.append(rate)
                    ours.append(through)
    return [
        Figure(
            what="Kafka → TinkerGraph → profile-updated, one worker",
            unit="rows/s",
            ours=tuple(ours),
            raw=tuple(raw),
            raw_limit="the same records, identifiers, profiles and edges written by nothing but requests of 500 rows",
            goal=Goal(Sense.RATIO_AT_LEAST, 0.60, aim=0.75),
        )
    ]


async def _commits(graph: GremlinServer) -> list[RawRows]:
    """Ingest once to learn what each commit leaves in the graph."""
    await emptied(graph)
    rules = catalogue()
    store = await _RecordingStore.open(graph.url, rules.fingerprint)
    store.plans = []
    outbox = await store.claim_outbox("benchmark")
    ingest = Ingest(store, rules, outbox, metrics=Metrics())
    work = list(changes(rows(CUSTOMERS), rules))
    for start in range(0, CUSTOMERS, BATCH):
        for committed in (await ingest.apply(work[start : start + BATCH])).committed:
            await outbox.acknowledge(committed.commit_id)
    await store.close()
    return [RawRows.of(plan) for plan in store.plans]


async def _raw(graph: GremlinServer, commits: Sequence[RawRows]) -> float:
    """Rows per second of the raw writer."""
    await emptied(graph)
    socket = await GremlinSocket.open(graph.url, Credentials("", ""))
    started = time.perf_counter()
    await write_raw(socket, commits)
    rate = CUSTOMERS / (time.perf_counter() - started)
    await socket.close()
    return rate


async def _through(folder: Path, graph: GremlinServer, broker: KafkaBroker, name: str) -> float:
    """Rows per second of one worker, from topics of this name."""
    await emptied(graph)
    await _produce(broker, name)
    with Consumer(folder / name, wiring_of(folder, broker, graph, name)) as consumer:
        return await asyncio.to_thread(wait_for_changes, consumer.url, CUSTOMERS)


async def emptied(graph: GremlinServer) -> None:
    """Leave nothing in a graph."""
    socket = await GremlinSocket.open(graph.url, Credentials("", ""))
    await socket.submit(g.V().drop())
    await socket.close()


async def _produce(broker: KafkaBroker, name: str) -> None:
    """Put the rows on their topics as Debezium would."""
    await make_topics(broker, name)
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, linger_ms=20)
    await producer.start()
    for number, (source, row) in enumerate(rows(CUSTOMERS)):
        key = orjson.dumps({"id": row["id"]})
        await producer.send(topic_of(source, name), key=key, value=envelope(source, row, number))
    await producer.stop()


async def make_topics(broker: KafkaBroker, name: str = "benchmark", partitions: int = PARTITIONS) -> None:
    """Make the topics of all tables of a database of this name."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic(topic_of(source, name), partitions, 1) for source in SOURCES])
    await admin.close()


def wiring_of(folder: Path, broker: KafkaBroker, graph: GremlinServer, name: str) -> dict[str, str]:
    """The environment of workers of a group of this name, which read the topics of this name."""
    file = folder / f"{name}.yaml"
    file.write_text(CATALOGUE_TEXT.replace("topic: benchmark.", f"topic: {name}."))
    return {**wiring(file, broker.bootstrap_servers, graph.url), "IDENTITY_GRAPH_KAFKA_GROUP": name}


def topic_of(source: str, database: str = "benchmark") -> str:
    """The topic of a table, as Debezium names it."""
    return f"{database}.public.{source}"


def envelope(table: str, row: Mapping[str, JsonValue], number: int) -> bytes:
    """A new row as Debezium tells of it."""
    position = {"connector": "postgresql", "name": "benchmark", "schema": "public", "table": table}
    times = {"ts_ms": 1_700_000_000_000 + number, "snapshot": "false", "lsn": 1_000 + number}
    return orjson.dumps({"before": None, "after": row, "source": {**position, **times}, "op": "c"})


def wait_for_changes(url: str, count: int) -> float:
    """Wait until a consumer has `count` changes in force and their events published; answers changes per second.

    The clock starts with the first changes in force, so that the start of the process does not count.
    """
    first: tuple[float, float] | None = None
    while True:
        now, figures = time.perf_counter(), urlopen(f"{url}/metrics").read().decode()  # noqa: S310 - our own process
        applied, told, published = (
            total(figures, f"identity_graph_{name}_total") for name in ("changes", "profile_events", "events_published")
        )
        if applied and first is None:
            first = (now, applied)
        if first is not None and applied >= count and published >= told:
            return (applied - first[1]) / max(now - first[0], 0.001)
        time.sleep(0.1)


def total(figures: str, name: str) -> float:
    """The sum of a counter over all its labels, in the text that Prometheus reads."""
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*?}})? (\S+)$", figures, re.MULTILINE))
