"""The worker on a real broker, with the embedded store."""

import asyncio
import os
import re
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import aiohttp
import orjson
import pytest

from consumers.producer import Producer
from consumers.publisher import Publisher
from consumers.worker import run_worker
from graph_model.records.record import Change
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position
from services.ingestion.ingest import Ingest, IngestResult
from services.maintenance.verification.verify import verify
from services.metrics import Metrics
from services.stores.port.errors import StoreReplaced
from services.stores.port.plan import TaskWrite
from stack.kafka import KafkaBroker
from stack.ports import Port
from tests.stack.worker_world import DEADLINE_SECONDS, World, eventually, header, profile_ids, settled

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

CAPTURES = Path(__file__).parents[1] / "captures/debezium_postgres"


@pytest.fixture
def world(kafka_broker: KafkaBroker, tmp_path: Path) -> World:
    return World(kafka_broker, tmp_path, f"t{uuid4().hex[:8]}")


async def test_rows_become_profiles_that_are_told_as_cloud_events(world: World) -> None:
    await world.create(world.people, 1)
    await world.produce_people({1: "ann@example.com", 2: "ann@example.com", 3: "bob@example.com"})
    async with world.worker():
        await world.until_read(3)
    store = await world.open_store()
    assert len(await profile_ids(store)) == 2
    updates = await world.read(f"{world.name}.updates", 2)
    assert {record.key.decode() for record in updates} == await profile_ids(store)
    for record in updates:
        assert header(record, "ce_type") == "identitygraph.profile.created.v1"
        assert header(record, "ce_specversion") == "1.0"
        assert header(record, "ce_subject") == record.key.decode()
        assert header(record, "ce_source") == f"/identity-graph/{store.store_id}"
        assert header(record, "content-type") == "application/json"
    await store.close()


async def test_the_state_topic_ends_with_the_stored_profiles(world: World) -> None:
    await world.create(world.people, 1)
    await world.produce_people({1: "ann@example.com", 2: "bob@example.com"})
    async with world.worker():
        await world.until_read(2)
        await world.produce_people({2: "ann@example.com"})
        await world.until_read(3)
    store = await world.open_store()
    stored = {profile.profile_id: orjson.loads(profile.document) async for profile in store.scan_profiles()}
    told = await world.read(f"{world.name}.state", 4)
    states = {record.key.decode(): orjson.loads(record.value) for record in told}
    assert states == stored
    assert {header(record, "dataschema") for record in told} == {"urn:identity-graph:profile:v1"}
    assert sorted(state["status"] for state in states.values()) == ["absorbed", "live"]
    await store.close()


async def test_a_poison_message_goes_to_the_dead_letters_and_the_rest_goes_on(world: World) -> None:
    await world.create(world.people, 1)
    poison = b'{"id": 7, "email": "ann@'
    await world.produce([(world.people, b"7", poison)])
    await world.produce_people({1: "ann@example.com"})
    async with world.worker():
        await world.until_read(2)
    (letter,) = await world.read(f"{world.name}.dead", 1)
    assert (letter.key, letter.value) == (b"7", poison)
    assert ("origin", b"test") in letter.headers
    assert ("empty", None) in letter.headers
    assert header(letter, "__connect.errors.topic") == world.people
    assert header(letter, "__connect.errors.offset") == "0"
    assert header(letter, "__connect.errors.connector.name") == world.name
    assert header(letter, "__connect.errors.stage") == "decode"
    assert "not UTF-8 JSON" in header(letter, "__connect.errors.exception.message")


async def test_the_counts_of_a_topic_add_up(world: World) -> None:
    await world.create(world.customers, 1)
    changes = ("r_nulls", "c", "u", "u", "d", "tombstone", "pk_change_1_d", "pk_change_3_c", "t")
    names = (*changes, "heartbeat", "unwrap_c")
    captured = [orjson.loads((CAPTURES / f"{name}.json").read_bytes()) for name in names]
    messages = [
        (
            world.customers,
            None if each["key"] is None else orjson.dumps(each["key"]),
            None if each["value"] is None else orjson.dumps(each["value"]),
        )
        for each in captured
    ]
    port = Port.named("consumer", 0).number
    await world.produce(messages)
    async with world.worker(port=port):
        await world.until_read(len(messages), world.customers)
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}/metrics") as answer,
        ):
            figures = await answer.text()
    counts = {
        outcome: float(count)
        for outcome, count in re.findall(
            r'identity_graph_changes_total\{outcome="(\w+)",source="customer"\} (\S+)', figures
        )
    }
    assert counts == {"applied": 7, "stale": 1, "ignored": 2, "dead": 1}


async def test_readiness_follows_the_worker(world: World) -> None:
    await world.create(world.people, 1)
    port = Port.named("consumer", 0).number
    async with world.worker(port=port), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        seen: list[int] = []
        body: dict[str, object] = {}
        async with asyncio.timeout(DEADLINE_SECONDS):
            while body.get("partitions") != [f"{world.people}/0"]:
                with suppress(aiohttp.ClientConnectionError):
                    async with session.get("/readyz") as answer:
                        seen.append(answer.status)
                        body = await answer.json()
                await asyncio.sleep(0.02)
    assert seen[0] == 503
    assert seen[-1] == 200


async def test_sigterm_ends_the_worker_after_the_batches_in_flight(world: World) -> None:
    await world.create(world.people, 1)
    await world.produce_people({number: f"p{number}@example.com" for number in range(2_000)})
    async with world.worker() as task:
        await world.read(f"{world.name}.updates", 50)
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await task
    (offset,) = (await world.committed()).values()
    store = await world.open_store()
    assert len(await profile_ids(store)) == offset
    assert (await store.claim_outbox(f"{world.name}/{world.people}/0")).pending == ()
    await store.close()


async def commit_without_publishing(world: World, rows: Sequence[Mapping[str, JsonValue]]) -> None:
    """What a worker leaves that was killed between its commit and its publishing."""
    store, catalogue = await world.open_store(), world.catalogue()
    outbox = await store.claim_outbox(f"{world.name}/{world.people}/0")
    ingest = Ingest(store, catalogue, outbox, metrics=Metrics())
    source = catalogue.sources["people"]
    changes = [
        row_change(source, row, Origin(position=Position(1, offset), observed_at=0)) for offset, row in enumerate(rows)
    ]
    await ingest.apply(changes, changes[-1].position)
    await store.close()


async def test_what_a_killed_worker_had_committed_is_published_by_the_next_one(world: World) -> None:
    await world.create(world.people, 1)
    people = {1: "ann@example.com", 2: "bob@example.com"}
    await world.produce_people(people)
    await commit_without_publishing(world, [{"id": key, "email": email} for key, email in people.items()])
    async with world.worker():
        updates = await world.read(f"{world.name}.updates", 2)
    store = await world.open_store()
    assert {record.key.decode() for record in updates} == await profile_ids(store)
    await store.close()


async def test_offsets_of_another_store_are_refused_with_the_command_that_rewinds(world: World) -> None:
    await world.create(world.people, 1)
    await world.produce_people({1: "ann@example.com"})
    async with world.worker():
        await world.until_read(1)
    async with world.worker(store="other") as task:
        with pytest.raises(StoreReplaced, match="identity-graph consume --rewind"):
            await asyncio.wait_for(task, DEADLINE_SECONDS)


async def test_rewinding_rebuilds_the_profiles_in_another_store(world: World) -> None:
    await world.create(world.people, 2)
    await world.produce_people({number: f"p{number // 2}@example.com" for number in range(40)})
    async with world.worker():
        await world.until_read(40)
    async with world.worker(store="other", rewind=True):
        other = await world.open_store("other")

        async def is_rebuilt() -> bool:
            return len(await profile_ids(other)) == 20 and sum((await world.committed()).values()) == 40

        await eventually(is_rebuilt)
    async with world.worker(store="other"):
        await world.produce_people({99: "p0@example.com"})
        await world.until_read(41)
    assert (await verify(other, world.catalogue())).problems == ()
    assert len(await profile_ids(other)) == 20
    await other.close()


async def test_two_workers_share_a_group_and_lose_nothing(world: World) -> None:
    await world.create(world.people, 4)
    addresses = {number: f"p{number % 50}@example.com" for number in range(400)}
    async with world.worker():
        await world.produce_people(addresses)
        async with world.worker():
            await world.produce_people({number + 400: email for number, email in addresses.items()})
            await world.until_read(800)
            await world.produce_people({1: "moved@example.com"})
            await world.until_read(801)
    store = await world.open_store()
    report = await verify(store, world.catalogue())
    assert report.problems == ()
    assert report.records == 800
    states = {record.key: orjson.loads(record.value) for record in await settled(world, "state")}
    stored = {each.profile_id.encode(): orjson.loads(each.document) async for each in store.scan_profiles()}
    assert states == stored
    await store.close()


async def test_every_version_of_every_profile_is_published(world: World) -> None:
    await world.create(world.people, 3)
    async with world.worker(), world.worker():
        await world.produce_people({number: f"p{number % 30}@example.com" for number in range(300)})
        await world.until_read(300)
    told: dict[str, set[int]] = {}
    for record in await settled(world, "updates"):
        told.setdefault(record.key.decode(), set()).add(orjson.loads(record.value)["version"])
    store = await world.open_store()
    async for profile in store.scan_profiles():
        assert told[profile.profile_id] == set(range(1, profile.version + 1))
    await store.close()


async def test_a_topic_that_appears_later_is_found_by_its_pattern(world: World) -> None:
    async with world.worker():
        await world.create(world.customers, 1)
        captured = orjson.loads((CAPTURES / "c.json").read_bytes())
        await world.produce([(world.customers, orjson.dumps(captured["key"]), orjson.dumps(captured["value"]))])
        await world.until_read(1, world.customers)


async def test_an_unreachable_broker_is_waited_for_and_said_to_be(world: World, tmp_path: Path) -> None:
    port, nobody = Port.named("consumer", 0).number, Port.named("kafka", 0).number
    settings = world.settings(port=port)
    away = settings.model_copy(
        update={"kafka": settings.kafka.model_copy(update={"bootstrap_servers": f"127.0.0.1:{nobody}"})}
    )
    task = asyncio.create_task(run_worker(away, world.catalogue(), rewind=False))
    reasons: dict[str, str] = {}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session, asyncio.timeout(DEADLINE_SECONDS):
        while "broker" not in reasons:
            with suppress(aiohttp.ClientConnectionError):
                async with session.get("/readyz") as answer:
                    reasons = (await answer.json())["reasons"]
            await asyncio.sleep(0.02)
    assert "Kafka does not answer" in reasons["broker"]
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(task, DEADLINE_SECONDS)


async def test_an_overtaken_state_is_published_again(world: World) -> None:
    store, settings = await world.open_store(), world.settings().kafka
    await world.create(settings.state_topic, 1)
    await world.create(settings.updates_topic, 1)
    outbox = await store.claim_outbox("test")
    ingest = Ingest(store, world.catalogue(), outbox, metrics=Metrics())
    source = world.catalogue().sources["people"]
    commits = []
    for offset, name in enumerate(("Ann", "Anne")):
        origin = Origin(position=Position(1, offset), observed_at=offset)
        row: dict[str, JsonValue] = {"id": 1, "email": "ann@example.com", "name": name}
        commits += (await ingest.apply([row_change(source, row, origin)])).committed
    producer = Producer(settings)
    publisher = Publisher(store, producer, settings, Metrics())
    await publisher.publish(outbox, commits[1:])
    await publisher.publish(outbox, commits[:1])
    await producer.close()
    versions = [orjson.loads(record.value)["version"] for record in await settled(world, "state")]
    assert versions == [2, 1, 2]
    await store.close()


async def test_an_outbox_that_was_claimed_away_is_claimed_back_by_the_owner_of_the_partition(
    world: World,
) -> None:
    await world.create(world.people, 1)
    await world.produce_people({1: "ann@example.com"})
    store = await world.open_store()
    async with world.worker():
        await world.until_read(1)
        await store.claim_outbox(f"{world.name}/{world.people}/0")
        await world.produce_people({2: "bob@example.com"})
        await world.until_read(2)
    assert len(await profile_ids(store)) == 2
    await store.close()


async def test_a_dead_letter_that_is_too_large_goes_without_its_value(world: World) -> None:
    await world.create(world.people, 1)
    await world.create(f"{world.name}.dead", 1, {"max.message.bytes": "2000"})
    await world.produce([(world.people, b"1", b'{"id":' + b"x" * 5_000), (world.people, b"2", b'{"id":')])
    async with world.worker():
        await world.until_read(2)
    large, small = await world.read(f"{world.name}.dead", 2)
    assert (large.key, large.value, small.value) == (b"1", b"", b'{"id":')
    assert header(large, "identity_graph.value.omitted") == "5006 bytes"


async def test_a_change_that_cannot_be_applied_costs_one_dead_letter(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = Ingest.apply

    async def faulty(
        ingest: Ingest,
        changes: Sequence[Change],
        progress: Position | None = None,
        tasks: Sequence[TaskWrite] = (),
        *,
        leaving: asyncio.Event | None = None,
    ) -> IngestResult:
        if any(change.address.key == "[7]" for change in changes):
            raise ValueError("ann@example.com")
        return await apply(ingest, changes, progress, tasks, leaving=leaving)

    monkeypatch.setattr(Ingest, "apply", faulty)
    await world.create(world.people, 1)
    await world.produce_people({number: f"p{number}@example.com" for number in range(10)})
    async with world.worker():
        await world.until_read(10)
    (letter,) = await settled(world, "dead")
    assert letter.key == b"7"
    assert header(letter, "__connect.errors.stage") == "apply"
    assert "ann@example.com" not in header(letter, "__connect.errors.exception.message")
    store = await world.open_store()
    assert len(await profile_ids(store)) == 9
    await store.close()
