"""With the rights that the documentation lists a change becomes an event; without one of them that one is named."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import uuid4

import aiohttp
import pytest

from consumers.errors import BrokerRefused
from consumers.kafka_admin import KafkaAdmin
from consumers.producer import Outgoing, Producer
from consumers.worker import run_worker
from services.settings import KafkaSettings, Settings
from stack.ports import Port
from tests.stack.readiness import readiness
from tests.stack.rights import Right, grant, take_all
from tests.stack.secured_broker import SecuredBroker
from tests.stack.ways_in import by_password
from tests.stack.worker_world import World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

PAGE: Final = Path(__file__).parents[2] / "docs" / "kafka.md"
USER: Final = "limited"

#: The lists of the documentation: to work, and to make the topics.
TO_WORK, TO_MAKE = (
    tuple(Right.parse(line) for line in block.splitlines())
    for block in re.findall(r"```\n(--operation .*?)\n```", PAGE.read_text(), re.DOTALL)
)


@pytest.fixture
async def world(secured_broker: SecuredBroker, tmp_path: Path) -> AsyncIterator[World]:
    await take_all(secured_broker.bootstrap_servers, USER)
    yield World(secured_broker, tmp_path, f"t{uuid4().hex[:8]}")
    await take_all(secured_broker.bootstrap_servers, USER)


def of_this_test(world: World, right: Right) -> Right:
    """A right of the documentation, under the names of a test's own."""
    kafka, usual = world.settings().kafka, KafkaSettings()
    names = {
        "SOURCE": world.people,
        usual.group: kafka.group,
        usual.updates_topic: kafka.updates_topic,
        usual.state_topic: kafka.state_topic,
        usual.dead_letter_topic: kafka.dead_letter_topic,
    }
    return replace(right, name=names[right.name])


def limited_settings(world: World, port: int = 0) -> Settings:
    settings = world.settings(port=port)
    assert isinstance(world.broker, SecuredBroker)
    return settings.model_copy(update={"kafka": settings.kafka.model_copy(update=by_password(world.broker, user=USER))})


async def give(world: World, *rights: Right) -> None:
    own = [of_this_test(world, right) for right in rights]
    await grant(world.broker.bootstrap_servers, USER, own)


async def make_topics(world: World) -> None:
    """Make those that are written to, as somebody else."""
    admin = KafkaAdmin(world.settings().kafka)
    await admin.connect()
    await admin.ensure_topics()
    await admin.close()


@asynccontextmanager
async def limited_worker(world: World) -> AsyncIterator[aiohttp.ClientSession]:
    port = Port.named("consumer", 0).number
    assert isinstance(world.broker, SecuredBroker)
    async with (
        world.worker(port=port, **by_password(world.broker, user=USER)),
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        yield session


async def refused(world: World) -> str:
    """What a worker says that ends at its start."""
    with pytest.raises(BrokerRefused) as caught:
        await run_worker(limited_settings(world), world.catalogue(), rewind=False)
    said = str(caught.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize("makes_topics", [True, False])
async def test_the_rights_of_the_documentation_are_enough_for_a_change_to_become_an_event(
    world: World, makes_topics: bool
) -> None:
    await world.create(world.people, 1)
    if not makes_topics:
        await make_topics(world)
    await give(world, *TO_WORK, *(TO_MAKE if makes_topics else ()))
    await world.produce_people({1: "ann@example.com"})
    await world.produce([(world.people, b"2", b"no row")])
    async with limited_worker(world):
        (event,) = await world.read(f"{world.name}.updates", 1)
        await world.read(f"{world.name}.state", 1)
        await world.read(f"{world.name}.dead", 1)
        await world.until_read(2)
    assert b"ann@example.com" in event.value


@pytest.mark.parametrize("absent", [each for each in TO_WORK if each.name != "SOURCE"], ids=str)
async def test_a_worker_without_one_of_them_ends_at_its_start_and_names_it(world: World, absent: Right) -> None:
    await world.create(world.people, 1)
    await make_topics(world)
    await give(world, *(right for right in TO_WORK if right != absent))
    assert f"missing `{of_this_test(world, absent)}`:" in await refused(world)


@pytest.mark.parametrize("absent", TO_MAKE, ids=str)
async def test_a_worker_that_may_not_make_a_topic_names_the_right_and_the_settings_of_the_topic(
    world: World, absent: Right
) -> None:
    await give(world, *TO_WORK, *(right for right in TO_MAKE if right != absent))
    said = await refused(world)
    assert f"missing `{of_this_test(world, absent)}`:" in said
    assert "cleanup.policy=" in said


async def test_a_topic_that_may_be_seen_but_not_read_is_named_and_read_once_it_is_granted(world: World) -> None:
    (reading,) = (right for right in TO_WORK if right.name == "SOURCE")
    await world.create(world.people, 1)
    await world.produce_people({1: "ann@example.com"})
    await make_topics(world)
    await give(world, *(right for right in TO_WORK if right != reading), replace(reading, operation="Describe"))
    async with limited_worker(world) as session:

        async def is_told() -> bool:
            reasons = (await readiness(session))["reasons"].values()
            return any(f"missing `{of_this_test(world, reading)}`:" in reason for reason in reasons)

        await eventually(is_told)
        await give(world, reading)
        await world.read(f"{world.name}.updates", 1)


async def test_a_topic_that_is_hidden_is_named_and_read_once_it_is_granted(world: World) -> None:
    (reading,) = (right for right in TO_WORK if right.name == "SOURCE")
    await world.create(world.people, 1)
    await world.produce_people({1: "ann@example.com"})
    await make_topics(world)
    await give(world, *(right for right in TO_WORK if right != reading))
    async with limited_worker(world) as session:

        async def is_told() -> bool:
            missing = (await readiness(session))["missing_topics"]
            return f"missing `{of_this_test(world, reading)}`:" in missing.get(world.people, "")

        await eventually(is_told)
        await give(world, reading)
        await world.read(f"{world.name}.updates", 1)


@pytest.mark.parametrize("taken", TO_WORK, ids=str)
async def test_a_right_that_is_taken_away_later_is_named_and_waited_for(world: World, taken: Right) -> None:
    await world.create(world.people, 1)
    await make_topics(world)
    await give(world, *TO_WORK)
    async with limited_worker(world) as session:
        await world.produce_people({1: "ann@example.com"})
        await world.until_read(1)
        await take_all(world.broker.bootstrap_servers, USER)
        await give(world, *(right for right in TO_WORK if right != taken))
        await world.produce_people({2: "bob@example.com"})
        await world.produce([(world.people, b"3", b"no row")])

        async def is_told() -> bool:
            found = await readiness(session)
            said = [*found["reasons"].values(), *found["missing_topics"].values()]
            return any(f"missing `{of_this_test(world, taken)}`:" in each for each in said)

        await eventually(is_told)
        await give(world, taken)
        await world.until_read(3)
        await world.read(f"{world.name}.dead", 1)


async def test_a_topic_that_may_be_seen_but_not_written_to_is_named(world: World) -> None:
    await make_topics(world)
    producer = Producer(limited_settings(world).kafka)
    kafka = world.settings().kafka
    writing, seeing = Right("Write", "topic", kafka.updates_topic), Right("Describe", "topic", kafka.state_topic)
    try:
        await grant(world.broker.bootstrap_servers, USER, [seeing])
        with pytest.raises(BrokerRefused, match="`--operation IdempotentWrite --cluster`"):
            await producer.check()
        await grant(world.broker.bootstrap_servers, USER, [writing])
        await producer.send([Outgoing(topic=kafka.updates_topic, key=b"1", value=b"{}")])
        with pytest.raises(BrokerRefused, match=f"missing `--operation Write --topic {kafka.state_topic}`"):
            await producer.send([Outgoing(topic=kafka.state_topic, key=b"1", value=b"{}")])
    finally:
        await producer.close()


async def test_offsets_that_may_not_be_read_are_not_taken_for_none(world: World) -> None:
    admin = KafkaAdmin(limited_settings(world).kafka)
    await admin.connect()
    try:
        with pytest.raises(BrokerRefused, match=f"missing `--operation Read --group {world.name}`"):
            await admin.committed(world.name, world.people)
    finally:
        await admin.close()
