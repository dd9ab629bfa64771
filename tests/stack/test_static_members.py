"""A worker that has a name in the group and comes back under it costs the others nothing."""

from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from stack.kafka import KafkaBroker
from tests.stack.worker_world import World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


@pytest.fixture
def world(kafka_broker: KafkaBroker, tmp_path: Path) -> World:
    return World(kafka_broker, tmp_path, f"t{uuid4().hex[:8]}")


async def test_a_worker_that_comes_back_under_its_name_takes_its_partitions_and_no_others(world: World) -> None:
    await world.create(world.people, 4)
    people = {number: f"p{number}@example.com" for number in range(40)}
    with capture_logs() as said:

        def taken_over() -> set[str]:
            return {str(line["partition"]) for line in said if line["event"] == "partition taken over"}

        async def all_are_taken() -> bool:
            return len(taken_over()) == 4

        async def all_are_shared() -> bool:
            return "partitions revoked" in [line["event"] for line in said] and await all_are_taken()

        async with world.worker(member="one"):
            await eventually(all_are_taken)  # by one alone
            said.clear()
            async with world.worker(member="two"):
                await eventually(all_are_shared)
                await world.produce_people(people)
                await world.until_read(40)
            said.clear()
            async with world.worker(member="two"):
                await world.produce_people(people)
                await world.until_read(80)
                assert len(taken_over()) == 2
                assert "partitions revoked" not in [line["event"] for line in said]
