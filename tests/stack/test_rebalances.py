"""Workers come and go while every partition has a backlog, and the others hardly notice."""

import asyncio
import os
import signal
import time
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from stack.kafka import KafkaBroker
from tests.stack.worker_world import World, eventually, profile_ids

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

PARTITIONS = 24
PEOPLE = 12_000
#: What a rebalance takes here is a second; on a busy machine it may be more.
SECONDS = 10


@pytest.fixture
def world(kafka_broker: KafkaBroker, tmp_path: Path) -> World:
    return World(kafka_broker, tmp_path, f"t{uuid4().hex[:8]}")


async def test_a_second_worker_gets_its_share_of_a_backlog_soon_and_nothing_is_done_twice(world: World) -> None:
    await world.create(world.people, PARTITIONS)
    await world.produce_people({number: f"p{number}@example.com" for number in range(PEOPLE)})
    with capture_logs() as said:

        async def all_are_taken() -> bool:
            return [line["event"] for line in said].count("partition taken over") >= PARTITIONS

        async with world.worker():
            await eventually(all_are_taken)
            said.clear()
            async with world.worker():
                joined = time.monotonic()
                await eventually(all_are_taken)
                took = time.monotonic() - joined
                in_force = sum((await world.committed()).values())
            await world.until_read(PEOPLE)
    assert took < SECONDS
    assert in_force < PEOPLE  # there was a backlog meanwhile
    assert not [line for line in said if line["event"] == "partition left with a batch in flight"]
    assert not [line for line in said if "read again" in line["event"]]


async def test_sigterm_ends_a_worker_that_has_a_backlog_soon_with_the_offsets_of_all_that_is_done(world: World) -> None:
    await world.create(world.people, PARTITIONS)
    await world.produce_people({number: f"p{number}@example.com" for number in range(PEOPLE)})
    async with world.worker() as task:
        await world.read(f"{world.name}.updates", 500)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(task, SECONDS)
    committed, store = sum((await world.committed()).values()), await world.open_store()
    assert len(await profile_ids(store)) == committed < PEOPLE
    await store.close()
