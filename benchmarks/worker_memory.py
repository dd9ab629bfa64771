"""Whether the memory of a worker stays as it is, however many changes have gone through it.

The same people change again and again, so that their records do not become more; they are more than the page cache of
the store holds (64 MiB), and have all been changed twice before growth counts. What grows after that is no cache.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import linear_regression
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import orjson
from aiokafka import AIOKafkaProducer

from benchmarks.figures import Figure, Goal, Sense
from benchmarks.http_servers import Server
from benchmarks.kafka_to_graph import envelope, make_topics, topic_of, total
from benchmarks.workload import CATALOGUE_TEXT, SOURCES
from graph_model.values.equality import JsonValue
from stack.kafka import KafkaBroker
from stack.service import Consumer, wiring
from stack.settings import StackSettings

CHANGES = 1_000_000
PEOPLE = 200_000
WARM_UP = 0.4  #: this share of the changes is not counted: caches get full

_MEBIBYTE = 1_048_576
_MILLION = 1_000_000
_LOOK_SECONDS = 0.5

#: Changes that are in force, and bytes of memory then.
Sample = tuple[float, int]


async def measure(changes: int = CHANGES) -> list[Figure]:
    """Memory of a worker over the embedded store at the end, and how fast it grows after warming up."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with KafkaBroker(folder / "kafka", StackSettings().cache) as broker:
            await make_topics(broker)
            file = folder / "catalogue.yaml"
            file.write_text(CATALOGUE_TEXT)
            environment = wiring(file, broker.bootstrap_servers, f"sqlite:{folder / 'store.sqlite'}")
            with Consumer(folder / "consumer", environment) as consumer:
                watching = asyncio.create_task(asyncio.to_thread(_watch, consumer, changes))
                await _produce(broker, changes)
                samples = await watching
    return _figures(samples, changes)


def _figures(samples: Sequence[Sample], changes: int) -> list[Figure]:
    counted = [sample for sample in samples if sample[0] >= WARM_UP * changes]
    slope, _ = linear_regression(*zip(*counted, strict=True))
    after = f"{changes:,} changes of {PEOPLE:,} people"
    return [
        Figure(what=f"Memory of a worker after {after}", unit="MiB", ours=(samples[-1][1] / _MEBIBYTE,)),
        Figure(
            what=f"Growth of a worker's memory in a million changes, over {after}",
            unit="MiB",
            ours=(slope * _MILLION / _MEBIBYTE,),
            goal=Goal(Sense.AT_MOST, 16),
        ),
    ]


async def _produce(broker: KafkaBroker, changes: int) -> None:
    """Let everybody move to another city in each round."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, linger_ms=20)
    await producer.start()
    for number in range(changes):
        moved, person = divmod(number, PEOPLE)
        source = SOURCES[person % len(SOURCES)]
        row: dict[str, JsonValue] = {
            "id": person,
            "email": f"person{person // len(SOURCES)}@example.com",
            "phone": None,
            "name": f"Person Number{person // len(SOURCES)}",
            "city": f"City {moved}",
        }
        await producer.send(topic_of(source), key=orjson.dumps({"id": person}), value=envelope(source, row, number))
    await producer.stop()


def _watch(consumer: Consumer, changes: int) -> list[Sample]:
    """Look at a worker until so many changes are in force."""
    if consumer.process is None:
        raise RuntimeError("the consumer does not run")
    process = Server(consumer.port.number, consumer.process.pid)
    samples: list[Sample] = []
    while not samples or samples[-1][0] < changes:
        time.sleep(_LOOK_SECONDS)
        figures = urlopen(f"{consumer.url}/metrics").read().decode()  # noqa: S310 - our own process
        samples.append((total(figures, "identity_graph_changes_total"), process.memory_bytes()))
    return samples
