"""Kafka -> TinkerGraph -> `profile-updated`, one worker, beside the same commits sent without our logic."""

import asyncio
import re
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks.figures import Figure, Goal, Sense
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


class _RecordingStore(GremlinStore):
    """Keeps the plans that it commits, so that they can be sent again without our logic."""

    plans: list[Plan]

    async def commit(self, plan: Plan, outbox: Outbox) -> None:
        await super().commit(plan, outbox)
        self.plans.append(plan)


async def measure() -> list[Figure]:
    """Events per second through everything, and of the commits alone, each into an empty graph."""
    with TemporaryDirectory() as name:
        folder, cache = Path(name), StackSettings().cache
        with GremlinServer(folder / "graph", cache) as graph, KafkaBroker(folder / "kafka", cache) as broker:
            await _commits_alone(graph)  # warms the server's compiler up, for both
            raw = await _commits_alone(graph)
            await _empty(graph)
            await _produce(broker)
            file = folder / "catalogue.yaml"
            file.write_text(CATALOGUE_TEXT)
            environment = wiring(file, broker.bootstrap_servers, graph.url)
            with Consumer(folder / "consumer", environment) as consumer:
                ours = await asyncio.to_thread(wait_for_changes, consumer.url, CUSTOMERS)
    return [
        Figure(
            what="Kafka → TinkerGraph → profile-updated, one worker",
            unit="rows/s",
            ours=(ours,),
            raw=(raw,),
            raw_limit="the same commits sent to an empty graph without our logic",
            goal=Goal(Sense.RATIO_AT_LEAST, 0.60, aim=0.75),
        )
    ]


async def _commits_alone(graph: GremlinServer) -> float:
    """Ingest once to get the plans, then send the same plans to an empty graph: rows per second of the second."""
    await _empty(graph)
    rules = catalogue()
    store = await _RecordingStore.open(graph.url, rules.fingerprint)
    store.plans = []
    outbox = await store.claim_outbox("benchmark")
    ingest = Ingest(store, rules, outbox, metrics=Metrics())
    work = changes(CUSTOMERS, rules)
    for start in range(0, CUSTOMERS, BATCH):
        for committed in (await ingest.apply(work[start : start + BATCH])).committed:
            await outbox.acknowledge(committed.commit_id)
    await store.close()
    await _empty(graph)
    bare = await GremlinStore.open(graph.url, rules.fingerprint)
    outbox = await bare.claim_outbox("benchmark")
    started = time.perf_counter()
    for plan in store.plans:
        await bare.commit(plan, outbox)
        await outbox.acknowledge(plan.commit_id)
    rate = CUSTOMERS / (time.perf_counter() - started)
    await bare.close()
    return rate


async def _empty(graph: GremlinServer) -> None:
    socket = await GremlinSocket.open(graph.url, Credentials("", ""))
    await socket.submit(g.V().drop())
    await socket.close()


async def _produce(broker: KafkaBroker) -> None:
    """Put the rows on their topics as Debezium would."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic(topic_of(source), PARTITIONS, 1) for source in SOURCES])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, linger_ms=20)
    await producer.start()
    for number, (source, row) in enumerate(rows(CUSTOMERS)):
        await producer.send(topic_of(source), key=orjson.dumps({"id": row["id"]}), value=_envelope(source, row, number))
    await producer.stop()


def topic_of(source: str) -> str:
    """The topic of a table, as Debezium names it."""
    return f"benchmark.public.{source}"


def _envelope(table: str, row: Mapping[str, JsonValue], number: int) -> bytes:
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
            _total(figures, f"identity_graph_{name}_total")
            for name in ("changes", "profile_events", "events_published")
        )
        if applied and first is None:
            first = (now, applied)
        if first is not None and applied >= count and published >= told:
            return (applied - first[1]) / max(now - first[0], 0.001)
        time.sleep(0.02)


def _total(figures: str, name: str) -> float:
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*?}})? (\S+)$", figures, re.MULTILINE))
