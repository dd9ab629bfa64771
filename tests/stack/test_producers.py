"""Messages as producers write them: in transactions, packed in every way, and as large as they may be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from consumers.decoders.documents import MAX_VALUE_BYTES
from stack.kafka import KafkaBroker
from tests.stack.worker_world import World, header, settled

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

CODECS = ("gzip", "snappy", "lz4", "zstd")


@pytest.fixture
def world(kafka_broker: KafkaBroker, tmp_path: Path) -> World:
    return World(kafka_broker, tmp_path, f"t{uuid4().hex[:8]}")


@asynccontextmanager
async def producing(world: World, **options: object) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=world.broker.bootstrap_servers, **options)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def send(producer: AIOKafkaProducer, topic: str, *names: str, partition: int = 0) -> None:
    """Rows of people of these names, all acknowledged."""
    rows = ({"id": name, "email": f"{name}@example.com"} for name in names)
    sent = [await producer.send(topic, orjson.dumps(row), row["id"].encode(), partition) for row in rows]
    await asyncio.gather(*sent)


async def told(world: World) -> set[str]:
    """Whom the changes that were published tell of, by the key of the row that caused them."""
    events = [orjson.loads(record.value) for record in await settled(world, "updates")]
    return {cause["key"][0] for event in events for cause in event["causes"]}


async def until_told(world: World, number: int) -> None:
    await world.read(f"{world.name}.updates", number)


async def test_what_a_producer_has_aborted_is_never_seen(world: World) -> None:
    await world.create(world.people, 1)
    async with producing(world, transactional_id=world.name) as transactional, producing(world) as plain:
        await transactional.begin_transaction()
        await send(transactional, world.people, "ghost", "phantom")
        await send(plain, world.people, "ann")
        await transactional.abort_transaction()
        async with transactional.transaction():
            await send(transactional, world.people, "bob")
        await transactional.begin_transaction()
        await send(transactional, world.people, "spectre")
        await transactional.abort_transaction()
        await send(plain, world.people, "cleo")
    async with world.worker():
        await until_told(world, 3)  # the last of them stands behind all that was aborted
    assert await told(world) == {"ann", "bob", "cleo"}
    assert await settled(world, "dead") == []


async def test_what_stands_behind_an_open_transaction_is_read_once_that_has_ended(world: World) -> None:
    await world.create(world.people, 2)
    async with world.worker(), producing(world, transactional_id=world.name) as open_one, producing(world) as plain:
        await open_one.begin_transaction()
        await send(open_one, world.people, "bob")
        await send(plain, world.people, "cleo")
        await send(plain, world.people, "ann", partition=1)
        await until_told(world, 1)
        await send(plain, world.people, "dan", partition=1)
        await until_told(world, 2)
        assert await told(world) == {"ann", "dan"}
        await open_one.commit_transaction()
        await until_told(world, 4)
    assert await told(world) == {"ann", "bob", "cleo", "dan"}


@pytest.mark.parametrize("packed_by", ["producer", "broker"])
@pytest.mark.parametrize("codec", CODECS)
async def test_messages_are_read_however_they_are_packed(world: World, codec: str, packed_by: str) -> None:
    names = {f"p{number}" for number in range(60)}
    by_broker = packed_by == "broker"
    await world.create(world.people, 1, {"compression.type": codec} if by_broker else {})
    async with producing(world, compression_type=None if by_broker else codec) as producer:
        await send(producer, world.people, *sorted(names))
    async with world.worker():
        await until_told(world, len(names))
    assert await told(world) == names
    assert await settled(world, "dead") == []


async def test_a_row_may_be_as_large_as_the_limit_and_what_is_larger_is_a_dead_letter(world: World) -> None:
    await world.create(world.people, 1, {"max.message.bytes": str(3 * MAX_VALUE_BYTES)})
    row = orjson.dumps({"id": "ann", "email": "ann@example.com", "note": ""})
    largest = row.replace(b'""', b'"' + b"x" * (MAX_VALUE_BYTES - len(row)) + b'"')
    assert len(largest) == MAX_VALUE_BYTES
    async with producing(world, max_request_size=4 * MAX_VALUE_BYTES) as producer:
        await producer.send_and_wait(world.people, largest, b"ann")
        await producer.send_and_wait(world.people, b" " + largest, b"ann")
        await producer.send_and_wait(world.people, largest * 2, b"ann")
        await send(producer, world.people, "bob")
    async with world.worker():
        await until_told(world, 2)
        await world.until_read(4)
    assert await told(world) == {"ann", "bob"}
    letters = await settled(world, "dead")
    assert [len(letter.value) for letter in letters] == [MAX_VALUE_BYTES + 1, 2 * MAX_VALUE_BYTES]
    assert "the most is 5000000" in header(letters[0], "__connect.errors.exception.message")


async def test_a_topic_of_fifty_partitions_is_read_to_its_end(world: World) -> None:
    await world.create(world.people, 50)
    async with producing(world) as producer:
        for partition in range(50):
            await send(producer, world.people, f"p{partition}", partition=partition)
    async with world.worker():
        await until_told(world, 50)
        await world.until_read(50)
    assert len(await told(world)) == 50
