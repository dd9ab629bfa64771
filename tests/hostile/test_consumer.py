"""Whatever a message holds, the consumer goes on, and loses nothing that could be read."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaProducer

from stack.kafka import KafkaBroker
from stack.ports import Port
from stack.settings import StackSettings
from tests.acceptance.conftest import COMMAND, environment
from tests.hostile.inputs import BODIES, TEXTS, VALUES
from tests.hostile.process import COLUMNS, MOST_MEMORY, largest_memory, make_folder, require_clean
from tests.stack.worker_world import World

pytestmark = pytest.mark.stack

TOPIC = "hostile.crm"
LARGEST_MESSAGE = 1_000_000
LARGEST_LOG = 64_000  # characters


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with KafkaBroker(tmp_path_factory.mktemp("kafka"), StackSettings().cache) as broker:
        yield broker


def messages() -> list[tuple[bytes | None, bytes | None]]:
    """Keys and values: every body as a value and as a key, every hostile value in every column."""
    bodies = [body[: LARGEST_MESSAGE - 100] for body in BODIES.values()]
    rows = [
        orjson.dumps({"id": number, **dict.fromkeys(COLUMNS, value)})
        for number, value in enumerate([*TEXTS.values(), *VALUES.values()])
    ]
    return [
        *((None, body) for body in bodies),
        *((body[:10_000], None) for body in bodies),
        *((None, row) for row in rows if len(row) < LARGEST_MESSAGE),
        (None, orjson.dumps({"id": "ann", "email": "ann@example.com", "name": "Ann Lee"})),
    ]


async def send(broker: KafkaBroker, folder: Path, sent: list[tuple[bytes | None, bytes | None]]) -> None:
    await World(broker, folder, "hostile").create(TOPIC, 1)
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, max_request_size=2 * LARGEST_MESSAGE)
    await producer.start()
    for key, value in sent:
        await producer.send(TOPIC, value, key, headers=[("h" * 1_000, b"v" * 1_000)] * 20)
    await producer.stop()


def test_hostile_messages_are_dead_letters_or_rows(broker: KafkaBroker, tmp_path: Path) -> None:
    folder, sent = make_folder(tmp_path, TOPIC), messages()
    asyncio.run(send(broker, folder, sent))
    port = Port.named("consumer", 0).number
    kafka = {"BOOTSTRAP_SERVERS": broker.bootstrap_servers, "GROUP": "hostile"}
    variables = {f"IDENTITY_GRAPH_KAFKA_{name}": value for name, value in kafka.items()}
    log = folder / "log"
    with log.open("wb") as output:
        consumer = subprocess.Popen(
            [COMMAND, "consume"],
            env={**environment(folder), **variables, "IDENTITY_GRAPH_CONSUMER_PORT": str(port)},
            stdout=output,
            stderr=output,
        )
    try:
        while handled(port) < len(sent):
            assert consumer.poll() is None, log.read_text()
            time.sleep(0.2)
        assert largest_memory(consumer.pid) < MOST_MEMORY
        consumer.terminate()
        assert consumer.wait(timeout=30) == 0
    finally:
        consumer.kill()
        consumer.wait()
    said = log.read_text(errors="replace")
    assert "Traceback" not in said
    assert len(said) < LARGEST_LOG
    require_clean(folder)


def handled(port: int) -> float:
    """How many changes have an outcome; what has no source yet counts, too."""
    try:
        figures = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    except httpx.TransportError:
        return 0
    counted = [line for line in figures.splitlines() if line.startswith(("identity_graph_changes_total{",))]
    return sum(float(line.rpartition(" ")[2]) for line in counted)
