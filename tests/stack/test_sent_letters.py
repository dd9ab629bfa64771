"""Whoever reads messages again sends none of their dead letters again."""

from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from consumers.dead_letters import place_of
from stack.kafka import KafkaBroker
from tests.stack.worker_world import World, settled

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

POISON = b"no JSON"


@pytest.fixture
async def world(kafka_broker: KafkaBroker, tmp_path: Path) -> World:
    """One whose worker has sent two dead letters: one whole, and one that was too large for the topic."""
    world = World(kafka_broker, tmp_path, f"t{uuid4().hex[:8]}")
    await world.create(world.people, 1)
    await world.create(f"{world.name}.dead", 2, {"max.message.bytes": "2000"})
    # The keys go to different partitions of the dead letters: one is taken where the other is refused.
    await world.produce([(world.people, b"1", POISON), (world.people, b"2", POISON + b"x" * 5_000)])
    await world.produce_people({3: "bob@example.com"})
    async with world.worker():
        await world.until_read(3)
    assert await offsets_of_letters(world) == [0, 1]
    return world


async def offsets_of_letters(world: World) -> list[int]:
    """The offsets of all messages that lie in the dead-letter topic."""
    places = [place_of(record.headers) for record in await settled(world, "dead")]
    return sorted(place[2] for place in places if place is not None)


async def read_one_more(world: World) -> None:
    """Let the worker at hand read everything, and another dead letter behind it."""
    await world.produce([(world.people, b"4", POISON)])
    await world.until_read(4)


async def test_another_group_sends_only_what_nobody_has_sent(world: World) -> None:
    told = await settled(world, "updates")
    async with world.worker(group=f"{world.name}-renamed"):
        await world.produce([(world.people, b"4", POISON)])
        await world.read(f"{world.name}.dead", 3)
    assert await offsets_of_letters(world) == [0, 1, 3]
    assert len(await settled(world, "updates")) == len(told)


async def test_a_raised_epoch_sends_only_what_nobody_has_sent(world: World) -> None:
    async with world.worker(epoch=2):
        await read_one_more(world)
    assert await offsets_of_letters(world) == [0, 1, 3]


async def test_a_rewind_sends_only_what_nobody_has_sent(world: World) -> None:
    async with world.worker(store="other", rewind=True):
        await read_one_more(world)
    assert await offsets_of_letters(world) == [0, 1, 3]


async def test_offsets_that_are_behind_the_store_send_only_what_nobody_has_sent(world: World) -> None:
    partition = TopicPartition(world.people, 0)
    killed = AIOKafkaConsumer(bootstrap_servers=world.broker.bootstrap_servers, group_id=world.name)
    await killed.start()
    killed.assign([partition])
    await killed.commit({partition: 1})
    await killed.stop()
    async with world.worker():
        await read_one_more(world)
    assert await offsets_of_letters(world) == [0, 1, 3]


async def test_a_topic_made_anew_with_other_messages_has_dead_letters_of_its_own(world: World) -> None:
    await world.delete(world.people)
    await world.create(world.people, 1)
    await world.produce([(world.people, b"1", b"other"), (world.people, b"2", POISON)])
    async with world.worker(epoch=2):
        await world.until_read(2)
    assert await offsets_of_letters(world) == [0, 0, 1, 1]
