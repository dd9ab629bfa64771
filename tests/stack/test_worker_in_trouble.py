"""What a worker says of itself while its store hangs, and how far it says that it is behind."""

import asyncio
import os
import re
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import aiohttp
import orjson
import pytest
from aiokafka import AIOKafkaProducer

from consumers.worker import run_worker
from stack.gremlin_server import GremlinServer
from stack.kafka import KafkaBroker
from stack.ports import Port
from tests.contract.conftest import empty_graph
from tests.stack.worker_world import World, eventually, settled

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

#: Within which a store that hangs is seen; and what a machine that is busy with other tests may add.
SEEN_SECONDS = 3.0
LEEWAY_SECONDS = 3.0


@pytest.fixture
def world(kafka_broker: KafkaBroker, tmp_path: Path) -> World:
    return World(kafka_broker, tmp_path, f"t{uuid4().hex[:8]}")


@contextmanager
def stopped(server: GremlinServer) -> Iterator[None]:
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, server.process.pid, os.WSTOPPED | os.WNOWAIT)
    try:
        yield
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


class Seen:
    """What a worker says of itself over HTTP."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def is_ready(self) -> bool:
        with suppress(aiohttp.ClientConnectionError):
            async with self._session.get("/readyz") as answer:
                return answer.status == 200 and bool((await answer.json())["partitions"])
        return False

    async def reasons(self) -> dict[str, str]:
        """Part -> why it is not well."""
        async with self._session.get("/readyz") as answer:
            found: dict[str, str] = (await answer.json())["reasons"]
            return found

    async def lag(self, topic: str) -> dict[int, float]:
        """Partition -> how far behind it is said to be."""
        async with self._session.get("/metrics") as answer:
            text = await answer.text()
        found = re.findall(r'identity_graph_consumer_lag\{partition="(\d+)",topic="([^"]+)"\} (\S+)', text)
        return {int(number): float(lag) for number, name, lag in found if name == topic}


@asynccontextmanager
async def seen_worker(world: World, store: str = "") -> AsyncIterator[Seen]:
    port = Port.named("consumer", 0).number
    settings = world.settings(port=port)
    settings = settings.model_copy(update={"store": store or settings.store})
    task = asyncio.create_task(run_worker(settings, world.catalogue(), rewind=False))
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield Seen(session)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_graph_that_hangs_is_seen_within_seconds_and_the_lag_goes_on_growing(
    world: World, gremlin_server: GremlinServer
) -> None:
    await empty_graph(gremlin_server.url)
    await world.create(world.people, 2)
    async with seen_worker(world, gremlin_server.url) as worker:
        await eventually(worker.is_ready)
        with stopped(gremlin_server):
            began = time.monotonic()

            async def is_unready() -> bool:
                return not await worker.is_ready()

            await eventually(is_unready)
            assert time.monotonic() - began < SEEN_SECONDS + LEEWAY_SECONDS
            await world.produce_people({number: f"p{number}@example.com" for number in range(3_000)})

            async def shows_what_waits() -> bool:
                return sum((await worker.lag(world.people)).values()) == 3_000

            await eventually(shows_what_waits)
        await eventually(worker.is_ready)

        async def has_caught_up() -> bool:
            return sum((await worker.lag(world.people)).values()) == 0

        await eventually(has_caught_up)


async def test_a_damaged_row_keeps_the_worker_unready_until_it_is_mended_and_loses_no_change(world: World) -> None:
    await world.create(world.people, 1)
    await world.produce_people({1: "ann@example.com"})
    async with seen_worker(world) as worker:
        await world.until_read(1)
        file = world.folder / "graph.sqlite"
        with closing(sqlite3.connect(file)) as connection, connection:
            (whole,) = connection.execute("SELECT document FROM record").fetchone()
            connection.execute("UPDATE record SET document = ?", (whole[:-1],))
        await world.produce_people({1: "ann.lee@example.com"})

        async def tells_the_damage() -> bool:
            return any("is damaged" in why for why in (await worker.reasons()).values())

        await eventually(tells_the_damage)
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("UPDATE record SET document = ?", (whole,))
        await world.until_read(2)
        assert await settled(world, "dead") == []
        await eventually(worker.is_ready)


async def test_the_lag_of_partitions_that_went_to_another_worker_is_no_longer_shown(world: World) -> None:
    await world.create(world.people, 4)
    await world.produce_people({number: f"p{number}@example.com" for number in range(40)})
    async with seen_worker(world) as one:

        async def shows_all() -> bool:
            return (await one.is_ready()) and len(await one.lag(world.people)) == 4

        await eventually(shows_all)
        async with seen_worker(world) as other:

            async def share() -> bool:
                if not await other.is_ready():
                    return False
                mine, theirs = set(await one.lag(world.people)), set(await other.lag(world.people))
                return len(mine) == 2 and mine | theirs == {0, 1, 2, 3} and not mine & theirs

            await eventually(share)


async def test_a_topic_that_ends_with_the_end_of_a_transaction_shows_no_lag(world: World) -> None:
    await world.create(world.people, 1)
    async with seen_worker(world) as worker:
        await eventually(worker.is_ready)
        producer = AIOKafkaProducer(bootstrap_servers=world.broker.bootstrap_servers, transactional_id=world.name)
        await producer.start()
        async with producer.transaction():
            for number in range(10):
                row = orjson.dumps({"id": number, "email": f"p{number}@example.com"})
                await producer.send(world.people, row, str(number).encode())
        await producer.stop()
        await world.until_read(10)

        async def shows_no_lag() -> bool:
            return await worker.lag(world.people) == {0: 0.0}

        await eventually(shows_no_lag)
