"""Work owed beside the events: truncated tables and changed catalogues, on a real broker with the embedded store."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import aiohttp
import orjson
import pytest

from consumers.background_tasks import BackgroundTasks
from consumers.health import WorkerHealth
from consumers.kafka_admin import KafkaAdmin
from consumers.producer import Producer
from consumers.worker_parts import WorkerParts
from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.records.tasks import ReResolve, TruncateSource
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.positions import Position
from services.ingestion.ingest import Ingest
from services.maintenance import tasks
from services.maintenance.re_resolve import change_meaning
from services.maintenance.verification.verify import verify
from services.metrics import Metrics
from services.stores.port.errors import CatalogueUnusable
from services.stores.port.plan import TaskWrite
from services.stores.port.stored import StoredTask
from services.stores.sqlite.store import SqliteStore
from stack.kafka import KafkaBroker
from stack.ports import Port
from tests.stack.worker_world import CATALOGUE, DEADLINE_SECONDS, World, eventually, profile_ids, settled

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

CAPTURES = Path(__file__).parents[1] / "captures/debezium_postgres"
ROWS = 60


@pytest.fixture
def world(kafka_broker: KafkaBroker, tmp_path: Path) -> World:
    return World(kafka_broker, tmp_path, f"t{uuid4().hex[:8]}")


class Table:
    """A captured table, as Debezium would tell its further life."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lsn = 30_000_000

    def row(self, number: int, email: str) -> tuple[str, bytes | None, bytes | None]:
        return self._message("c", {"id": number}, {"id": number, "email": email})

    def truncate(self) -> tuple[str, bytes | None, bytes | None]:
        return self._message("t", None, None)

    def _message(
        self, name: str, key: Mapping[str, int] | None, row: Mapping[str, object] | None
    ) -> tuple[str, bytes | None, bytes | None]:
        value = orjson.loads((CAPTURES / f"{name}.json").read_bytes())["value"]
        self._lsn += 100
        value["source"]["lsn"] = self._lsn
        value["after"] = None if row is None else {**value["after"], **row}
        return self._world.customers, None if key is None else orjson.dumps(key), orjson.dumps(value)


async def is_worked_off(store: SqliteStore) -> bool:
    return not await store.read_tasks()


async def test_a_truncated_table_has_only_the_rows_that_came_later(world: World) -> None:
    table, port = Table(world), Port.named("consumer", 0).number
    await world.create(world.customers, 1)
    rows = [table.row(number, f"p{number}@example.com") for number in range(30)]
    await world.produce([*rows, table.truncate(), table.row(99, "later@example.com")])
    store = await world.open_store()
    async with world.worker(port=port):
        await world.until_read(32, world.customers)
        await eventually(lambda: is_worked_off(store))
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            figures = await answer.text()
    assert len(await profile_ids(store)) == 1
    assert (await verify(store, world.catalogue())).problems == ()
    told = [orjson.loads(record.value) for record in await settled(world, "updates")]
    assert sorted(update["change"] for update in told) == ["created"] * 31 + ["deleted"] * 30
    applied = re.search(r'identity_graph_changes_total\{outcome="applied",source="customer"\} (\S+)', figures)
    assert applied is not None
    assert float(applied[1]) == 32
    await store.close()


async def test_a_truncate_read_again_from_the_start_changes_nothing(world: World) -> None:
    table = Table(world)
    await world.create(world.customers, 1)
    await world.produce([table.row(1, "ann@example.com"), table.truncate(), table.row(2, "bob@example.com")])
    store = await world.open_store()
    async with world.worker():
        await world.until_read(3, world.customers)
        await eventually(lambda: is_worked_off(store))
    live = await profile_ids(store)
    async with world.worker(rewind=True):
        await world.produce([table.row(3, "cy@example.com")])
        await world.until_read(4, world.customers)
        await eventually(lambda: is_worked_off(store))
    assert len(await profile_ids(store)) == 2
    assert live < await profile_ids(store)
    await store.close()


async def test_a_truncate_on_one_of_several_partitions_is_a_dead_letter(world: World) -> None:
    table = Table(world)
    await world.create(world.customers, 2)
    await world.produce([table.row(1, "ann@example.com"), table.truncate()])
    async with world.worker():
        await world.until_read(2, world.customers)
    (letter,) = await settled(world, "dead")
    assert letter.key is None
    store = await world.open_store()
    assert len(await profile_ids(store)) == 1
    assert await store.read_tasks() == ()
    await store.close()


class Drainer:
    """One process that does work owed, and nothing else."""

    def __init__(self, topic: str, parts: WorkerParts) -> None:
        self.parts = parts
        self.store = parts.store
        self.stopping = asyncio.Event()
        self.work = BackgroundTasks(topic, parts, self.stopping, _still_ours)

    async def has_read(self) -> bool:
        """Whether it knows what is owed."""
        return self.parts.health.tasks_owed > 0

    async def begun(self) -> StoredTask:
        """Wait until it has done a part; it waits for the turn, which the caller has, before it goes on."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                (owed,) = await self.store.read_tasks()
                if owed.task.done_to is not None:
                    return owed
                await asyncio.sleep(0.005)

    def stop(self) -> None:
        self.stopping.set()


async def _still_ours() -> None:
    """The broker has no other owner of the partition."""


OpenDrainer = Callable[[str], Awaitable[Drainer]]


@asynccontextmanager
async def drainers(world: World) -> AsyncIterator[OpenDrainer]:
    """Opens processes that do the work owed in one store, each with connections of its own."""
    settings = world.settings().kafka
    async with AsyncExitStack() as opened:

        async def drainer(topic: str) -> Drainer:
            store = await world.open_store()
            opened.push_async_callback(store.close)
            producer = Producer(settings)
            opened.push_async_callback(producer.close)
            health, metrics = WorkerHealth(), Metrics()
            parts = WorkerParts.over(
                settings, world.catalogue(), store, KafkaAdmin(settings), producer, metrics=metrics, health=health
            )
            beating = asyncio.create_task(parts.heartbeat.run())
            opened.callback(beating.cancel)
            return Drainer(topic, parts)

        yield drainer


@pytest.fixture
async def emptied(world: World, monkeypatch: pytest.MonkeyPatch) -> SqliteStore:
    """A store that owes the deletion of all its rows, five at a time."""
    monkeypatch.setattr(tasks, "BATCH_SIZE", 5)
    store, catalogue = await world.open_store(), world.catalogue()
    await world.create(world.settings().kafka.updates_topic, 2)
    await world.create(world.settings().kafka.state_topic, 2)
    outbox = await store.claim_outbox("before")
    ingest = Ingest(store, catalogue, outbox, metrics=Metrics())
    source = catalogue.sources["people"]
    changes = [
        row_change(
            source,
            {"id": number, "email": f"p{number}@example.com"},
            Origin(position=Position(1, number), observed_at=0),
        )
        for number in range(ROWS)
    ]
    task = TruncateSource(
        source="people", topic=None, position=Position(1, ROWS), source_position=None, observed_at=1_000
    )
    await ingest.apply(changes, tasks=[TaskWrite(task_id="task", expected=None, task=task)])
    return store


async def assert_all_gone_and_told(world: World, store: SqliteStore) -> None:
    assert await store.read_tasks() == ()
    assert await profile_ids(store) == set()
    told = {orjson.loads(record.value)["profile_id"] for record in await settled(world, "updates")}
    assert told == {profile.profile_id async for profile in store.scan_profiles()}
    assert len(told) == ROWS
    states = {record.key.decode(): orjson.loads(record.value) for record in await settled(world, "state")}
    assert states == {p.profile_id: orjson.loads(p.document) async for p in store.scan_profiles()}


async def test_whoever_is_killed_in_the_middle_leaves_the_rest_to_the_next(world: World, emptied: SqliteStore) -> None:
    async with drainers(world) as drainer:
        first, second = await drainer("a"), await drainer("a")
        killed = asyncio.create_task(first.work.run())
        await first.begun()
        async with first.parts.line.alone():
            killed.cancel()
            await asyncio.gather(killed, return_exceptions=True)
        assert not await is_worked_off(emptied)
        working = asyncio.create_task(second.work.run())
        await eventually(lambda: is_worked_off(emptied))
        second.stop()
        await asyncio.wait_for(working, DEADLINE_SECONDS)
    await assert_all_gone_and_told(world, emptied)
    await emptied.close()


async def test_of_two_that_do_the_same_work_one_is_refused_and_goes_on(world: World, emptied: SqliteStore) -> None:
    async with drainers(world) as drainer:
        slow, fast = await drainer("a"), await drainer("b")
        async with slow.parts.line.alone():
            slow_work = asyncio.create_task(slow.work.run())
            await eventually(slow.has_read)
            fast_work = asyncio.create_task(fast.work.run())
            await fast.begun()
            fast.stop()
            await asyncio.wait_for(fast_work, DEADLINE_SECONDS)
            assert not await is_worked_off(emptied)
        await eventually(lambda: is_worked_off(emptied))
        slow.stop()
        await asyncio.wait_for(slow_work, DEADLINE_SECONDS)
    assert b"identity_graph_commit_conflicts_total 1.0" in slow.parts.metrics.render()
    assert slow.parts.health.problems == {}
    await assert_all_gone_and_told(world, emptied)
    await emptied.close()


async def test_whoever_lost_the_claim_takes_it_back_while_the_partition_is_theirs(
    world: World, emptied: SqliteStore
) -> None:
    async with drainers(world) as drainer:
        owner = await drainer("a")
        working = asyncio.create_task(owner.work.run())
        await owner.begun()
        async with owner.parts.line.alone():
            await emptied.claim_outbox(f"{world.name}/a/tasks")
        await eventually(lambda: is_worked_off(emptied))
        owner.stop()
        await asyncio.wait_for(working, DEADLINE_SECONDS)
    await assert_all_gone_and_told(world, emptied)
    await emptied.close()


def stricter(world: World) -> Catalogue:
    """The catalogue of the world, but an e-mail address is evidence of nothing."""
    text = CATALOGUE.replace("holders: few", "holders: 1")
    return parse_catalogue(text.format(people=world.people, customers=rf"{world.name}\.crm\..*", epoch=1), "new.yaml")


async def test_a_running_worker_goes_on_with_the_new_catalogue_and_does_what_is_owed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "BATCH_SIZE", 5)
    await world.create(world.people, 2)
    await world.produce_people({number: f"p{number // 2}@example.com" for number in range(40)})
    async with world.worker():
        await world.until_read(40)
        new = stricter(world)
        store = await SqliteStore.open(world.folder / "graph.sqlite", new.fingerprint, any_meaning=True)
        assert len(await profile_ids(store)) == 20
        assert await change_meaning(store, new)
        await world.produce_people({number: f"p{number // 2}@example.com" for number in range(38, 50)})
        await world.until_read(52)
        await eventually(lambda: is_worked_off(store))
    assert len(await profile_ids(store)) == 50
    assert (await verify(store, new)).problems == ()
    await store.close()


async def test_a_running_worker_that_cannot_load_the_new_catalogue_ends_and_says_what_to_do(world: World) -> None:
    await world.create(world.people, 1)
    await world.produce_people({1: "ann@example.com"})
    async with world.worker() as task:
        await world.until_read(1)
        store = await world.open_store()
        await store.change_catalogue("a" * 64, TaskWrite(task_id="1", expected=None, task=ReResolve()))
        with pytest.raises(CatalogueUnusable, match="--catalogue FILE"):
            await asyncio.wait_for(task, DEADLINE_SECONDS)
    await store.close()
