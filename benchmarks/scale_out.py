"""One, two and four workers of one group on one Gremlin Server: how fast they are together, and how often they collide.

On one machine the graph is the limit, so more workers gain little here; what carries over is how often commits are
refused, which `benchmarks.collisions` extends to more workers.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import orjson
from aiokafka import AIOKafkaProducer

from benchmarks.figures import Figure
from benchmarks.kafka_to_graph import emptied, envelope, make_topics, topic_of, total, wiring_of
from benchmarks.workload import SOURCES
from graph_model.values.equality import JsonValue
from stack.gremlin_server import GremlinServer
from stack.kafka import KafkaBroker
from stack.service import Consumer
from stack.settings import StackSettings

ROWS = 8_000
PARTITIONS = 4
WORKERS = (1, 2, 4)
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Keys:
    """Whose rows they are, and on which partition each lies."""

    name: str
    people: int
    partition_of: Callable[[int, int], int]  #: of (number of the row, number of the person)


KEYS = (
    Keys("rows of 4,000 people", ROWS // 2, lambda row, _: row % PARTITIONS),
    Keys("rows of 4,000 people, one partition a person", ROWS // 2, lambda _, person: person % PARTITIONS),
    Keys("rows of 200 people", 200, lambda row, _: row % PARTITIONS),
    Keys("rows of 200 people, one partition a person", 200, lambda _, person: person % PARTITIONS),
)


async def measure() -> list[Figure]:
    """Rows per second, and refused commits in a hundred attempts, for each number of workers and kind of keys."""
    figures = []
    with TemporaryDirectory() as name:
        folder, cache = Path(name), StackSettings().cache
        with GremlinServer(folder / "graph", cache) as graph, KafkaBroker(folder / "kafka", cache) as broker:
            await _run(folder, graph, broker, KEYS[0], 1, "warm")  # compilers and caches get warm
            for kind, keys in enumerate(KEYS):
                for workers in WORKERS:
                    rate, refused = await _run(folder, graph, broker, keys, workers, f"run{kind}x{workers}")
                    what = f"{workers} workers, {keys.name}"
                    figures += [
                        Figure(what=f"{what}: together", unit="rows/s", ours=(rate,)),
                        Figure(what=f"{what}: refused of 100 commits", unit="", ours=(refused,)),
                    ]
    return figures


async def _run(
    folder: Path, graph: GremlinServer, broker: KafkaBroker, keys: Keys, workers: int, name: str
) -> tuple[float, float]:
    await emptied(graph)
    await make_topics(broker, name, PARTITIONS)
    environment = wiring_of(folder, broker, graph, name)
    with ExitStack() as running:
        started = [
            running.enter_context(Consumer(folder / f"{name}-{number}", environment)) for number in range(workers)
        ]
        watching = asyncio.create_task(asyncio.to_thread(_watch, [consumer.url for consumer in started]))
        await _produce(broker, keys, name)
        return await watching


def _watch(urls: Sequence[str]) -> tuple[float, float]:
    """Rows per second from the first message on, and refused commits in a hundred attempts."""
    began = time.perf_counter()
    while True:
        found = _totals(urls)
        if found["changes"] >= ROWS:
            attempts = found["commits"] + found["commit_conflicts"]
            return ROWS / (time.perf_counter() - began), 100 * found["commit_conflicts"] / attempts
        time.sleep(_LOOK_SECONDS)


def _totals(urls: Sequence[str]) -> dict[str, float]:
    texts = [urlopen(f"{url}/metrics").read().decode() for url in urls]  # noqa: S310 - our own processes
    names = ("changes", "commits", "commit_conflicts")
    return {name: sum(total(text, f"identity_graph_{name}_total") for text in texts) for name in names}


async def _produce(broker: KafkaBroker, keys: Keys, name: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, linger_ms=20)
    await producer.start()
    chosen = random.Random(7)  # noqa: S311 - invented data
    for number in range(ROWS):
        source, person = SOURCES[number % len(SOURCES)], chosen.randrange(keys.people)
        key, value = orjson.dumps({"id": number}), envelope(source, _row(number, person), number)
        partition = keys.partition_of(number // len(SOURCES), person)
        await producer.send(topic_of(source, name), key=key, value=value, partition=partition)
    await producer.stop()


def _row(number: int, person: int) -> Mapping[str, JsonValue]:
    email = f"person{person}@example.com" if number % 10 else None
    return {"id": number, "email": email, "phone": None, "name": f"Person Number{person}", "city": "Oslo"}
