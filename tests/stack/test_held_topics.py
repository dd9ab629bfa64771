"""A topic that is not the one that was read so far is held, and says the way out; the others go on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import aiohttp
import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from services.maintenance.verification.verify import verify
from stack.kafka import KafkaBroker
from stack.ports import Port
from tests.stack.readiness import readiness
from tests.stack.worker_world import World, eventually, profile_ids

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


@pytest.fixture
def world(kafka_broker: KafkaBroker, tmp_path: Path) -> World:
    return World(kafka_broker, tmp_path, f"t{uuid4().hex[:8]}")


@asynccontextmanager
async def seen_worker(world: World) -> AsyncIterator[aiohttp.ClientSession]:
    port = Port.named("consumer", 0).number
    async with world.worker(port=port), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        yield session


async def until_held(session: aiohttp.ClientSession, partition: str, way_out: str) -> None:
    async def is_held() -> bool:
        said = await readiness(session)
        return way_out in said["reasons"].get(partition, "") and partition not in said["partitions"]

    await eventually(is_held)


async def add_partition(world: World, topic: str, total: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=world.broker.bootstrap_servers)
    await admin.start()
    await admin.create_partitions({topic: NewPartitions(total)})
    await admin.close()


async def produce_customers(world: World, count: int) -> None:
    """Rows of the other topic."""
    captured = orjson.loads((Path(__file__).parents[1] / "captures/debezium_postgres/c.json").read_bytes())
    message = (world.customers, orjson.dumps(captured["key"]), orjson.dumps(captured["value"]))
    await world.produce([message] * count)


async def test_a_partition_that_is_added_holds_its_topic_until_that_is_written_anew(world: World) -> None:
    await world.create(world.people, 2)
    await world.create(world.customers, 1)
    people = {number: f"p{number}@example.com" for number in range(20)}
    await world.produce_people(people)
    async with seen_worker(world) as session:
        await world.until_read(20)
        await add_partition(world, world.people, 3)
        for number in range(3):
            await until_held(session, f"{world.people}/{number}", "with 3 partitions")
        await world.produce_people({number: f"moved{number}@example.com" for number in people})
        await produce_customers(world, 3)
        await world.until_read(3, world.customers)
        await world.until_read(20)
    await world.delete(world.people)
    await world.create(world.people, 3)
    await world.produce_people({number: f"new{number}@example.com" for number in people})
    async with world.worker(epoch=2):
        await world.until_read(20)
        store = await world.open_store()
        emails = {str(profile.told) async for profile in store.scan_profiles()}
    assert sum("new" in email for email in emails) == 20
    assert not any("moved" in email for email in emails)
    assert (await verify(store, world.catalogue())).problems == ()
    await store.close()


async def test_a_topic_made_anew_is_held_until_its_epoch_is_raised(world: World) -> None:
    await world.create(world.people, 1)
    await world.create(world.customers, 1)
    await world.produce_people({1: "ann@example.com", 2: "bob@example.com"})
    async with world.worker():
        await world.until_read(2)
    await world.delete(world.people)
    await world.create(world.people, 1)
    await world.produce_people({1: "cy@example.com"})
    async with seen_worker(world) as session:
        await until_held(session, f"{world.people}/0", "Raise `epoch`")
        await produce_customers(world, 1)
        await world.until_read(1, world.customers)
    async with world.worker(epoch=2):
        await world.until_read(1)
    store = await world.open_store()
    assert len(await profile_ids(store)) == 3
    assert (await verify(store, world.catalogue())).problems == ()
    await store.close()
