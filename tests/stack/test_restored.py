"""A store that came back from a backup, and a group that has read on since."""

import shutil
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from structlog.testing import capture_logs

from graph_model.values.positions import Position
from services.maintenance.verification.verify import verify
from stack.kafka import KafkaBroker
from tests.stack.worker_world import World, eventually, profile_ids, settled

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


@pytest.fixture
def world(kafka_broker: KafkaBroker, tmp_path: Path) -> World:
    return World(kafka_broker, tmp_path, f"t{uuid4().hex[:8]}")


async def progress(world: World) -> Position | None:
    store = await world.open_store()
    found = (await store.claim_outbox(f"{world.name}/{world.people}/0")).progress
    await store.close()
    return found


async def test_what_a_restored_store_has_forgotten_is_read_again_and_told_with_greater_versions(world: World) -> None:
    store, backup = world.folder / "graph.sqlite", world.folder / "backup.sqlite"
    await world.create(world.people, 1)
    await world.produce_people({number: f"p{number}@example.com" for number in range(3)})
    async with world.worker():
        await world.until_read(3)
    shutil.copy(store, backup)
    await world.produce_people({0: "moved@example.com", 7: "new@example.com"})
    async with world.worker():
        await world.until_read(5)
    told = {record.key: orjson.loads(record.value)["version"] for record in await settled(world, "updates")}
    shutil.copy(backup, store)
    restored = await world.open_store()
    await restored.restored()
    assert len(await profile_ids(restored)) == 3

    async def is_read_again() -> bool:
        return len(await profile_ids(restored)) == 4

    with capture_logs() as logs:
        async with world.worker():
            await eventually(is_read_again)
            await world.produce_people({8: "last@example.com"})
            await world.until_read(6)
    behind = [entry["behind"] for entry in logs if entry["event"].startswith("the store is behind the group")]
    assert behind == [2]
    states = {record.key: orjson.loads(record.value) for record in await settled(world, "state")}
    moved = next(state for state in states.values() if "moved@example.com" in str(state))
    assert moved["version"] > max(told.values()) + 1_000_000
    assert (await verify(restored, world.catalogue())).problems == ()
    await restored.close()


async def test_a_batch_of_nothing_but_dead_letters_leaves_its_progress_in_the_store(world: World) -> None:
    await world.create(world.people, 1)
    await world.produce([(world.people, b"1", b"no JSON"), (world.people, b"2", b"nor this")])
    with capture_logs() as logs:
        async with world.worker():
            await world.until_read(2)
        assert await progress(world) == Position(1, 1)
        async with world.worker():
            await world.produce_people({1: "ann@example.com"})
            await world.until_read(3)
    assert not [entry for entry in logs if "behind" in entry or entry["event"].endswith("are read again")]
    assert len(await settled(world, "dead")) == 2


async def test_a_group_that_begins_at_the_end_is_not_taken_for_a_restored_store(world: World) -> None:
    await world.create(world.people, 1)
    await world.produce_people({1: "ann@example.com", 2: "bob@example.com"})
    for _ in range(2):
        with capture_logs() as logs:
            async with world.worker(start="latest"):
                await world.until_read(2)
        assert not [entry for entry in logs if "behind" in entry]
    store = await world.open_store()
    assert await profile_ids(store) == set()
    await store.close()
