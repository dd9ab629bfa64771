"""The real servers work together, alone, and beside another stack."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
from gremlin_python.process.anonymous_traversal import traversal

from stack.debezium import KafkaConnect, connector_configuration
from stack.gremlin_server import GremlinServer
from stack.kafka import KafkaBroker
from stack.postgres import PostgresServer
from stack.process import is_running
from stack.settings import StackSettings
from stack.state import read_state
from stack.up import down, up

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]

CONNECTOR = "stack-starts"
TOPIC = "starts.starts.people"


@pytest.fixture(scope="module")
def capture(postgres: PostgresServer, connect: KafkaConnect) -> Iterator[dict[str, str]]:
    """A connector on a schema of these tests' own; gives its configuration."""
    postgres.run_sql(
        "CREATE SCHEMA starts; CREATE TABLE starts.people (id int PRIMARY KEY, email text);"
        "INSERT INTO starts.people VALUES (1, 'ann@example.com'), (2, 'bob@example.com'), (3, 'cy@example.com')"
    )
    configuration = connector_configuration(
        postgres.port,
        topic__prefix="starts",
        schema__include__list="starts",
        slot__name="starts",
        publication__name="starts",
        topic__creation__default__partitions="1",
    )
    connect.register(CONNECTOR, configuration)
    connect.wait_for_topics(CONNECTOR, {TOPIC})
    yield configuration
    connect.remove(CONNECTOR)


@pytest.fixture
async def topic(kafka_broker: KafkaBroker, capture: dict[str, str]) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=kafka_broker.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    yield consumer
    await consumer.stop()


async def envelopes_until(topic: AIOKafkaConsumer, operation: str, email: str) -> list[dict[str, Any]]:
    """What the topic holds, up to the first envelope of this operation that sets this e-mail address."""
    envelopes: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        async for message in topic:
            envelopes.append(json.loads(message.value))
            if envelopes[-1]["op"] == operation and envelopes[-1]["after"]["email"] == email:
                break
    return envelopes


async def test_a_changed_row_arrives_on_the_topic_as_an_envelope(
    postgres: PostgresServer, topic: AIOKafkaConsumer
) -> None:
    postgres.run_sql("UPDATE starts.people SET email = 'ann@example.org' WHERE id = 1")
    changed = (await envelopes_until(topic, "u", "ann@example.org"))[-1]
    assert changed["after"] == {"id": 1, "email": "ann@example.org"}
    assert changed["source"]["table"] == "people"


async def test_a_snapshot_taken_anew_on_a_slot_precedes_a_change_with_a_smaller_position(
    postgres: PostgresServer,
    connect: KafkaConnect,
    capture: dict[str, str],
    topic: AIOKafkaConsumer,
    open_transaction: Callable[[str], AbstractContextManager[None]],
) -> None:
    connect.stop_connector(CONNECTOR)
    with open_transaction("UPDATE starts.people SET email = 'bob@example.org' WHERE id = 2"):
        postgres.run_sql("UPDATE starts.people SET email = 'cy@example.org' WHERE id = 3")
        connect.forget_offsets(CONNECTOR)
        connect.register(CONNECTOR, {**capture, "snapshot.mode": "always"})
        connect.resume(CONNECTOR)
        rows = await envelopes_until(topic, "r", "cy@example.org")
    change = (await envelopes_until(topic, "u", "bob@example.org"))[-1]
    snapshot = [row for row in rows if row["op"] == "r" and row["after"]["id"] == 2][-1]
    assert snapshot["after"]["email"] == "bob@example.com"
    assert snapshot["source"]["lsn"] > change["source"]["lsn"]


def vertices(server: GremlinServer, *, added: str | None = None) -> int:
    connection = DriverRemoteConnection(server.url, "g")
    try:
        g = traversal().with_remote(connection)
        if added is not None:
            g.add_v("person").property("id", added).iterate()
        return int(g.V().count().next())
    finally:
        connection.close()


def test_gremlin_server_restarts_alone_on_its_port_with_an_empty_graph(gremlin_server: GremlinServer) -> None:
    before = vertices(gremlin_server, added="ann")
    gremlin_server.restart()
    assert (before, vertices(gremlin_server)) == (1, 0)


@pytest.fixture(scope="module")
def second_stack(tmp_path_factory: pytest.TempPathFactory, kafka_broker: KafkaBroker) -> Iterator[StackSettings]:
    """All servers once more, beside those that the other tests use."""
    settings = StackSettings(
        folder=tmp_path_factory.mktemp("second"),
        kafka_port=0,
        kafka_controller_port=0,
        connect_port=0,
        postgres_port=0,
        gremlin_port=0,
    )
    up(settings, print, with_services=False)
    yield settings
    down(settings, print)


def test_a_stack_that_runs_is_not_started_again(
    second_stack: StackSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    running = read_state(second_stack.folder)
    assert up(second_stack, print, with_services=False) == running
    assert "already running" in capsys.readouterr().out


def test_down_stops_all_parts_and_leaves_the_servers_beside_them(
    second_stack: StackSettings, kafka_broker: KafkaBroker
) -> None:
    parts = read_state(second_stack.folder).parts
    down(second_stack, print)
    assert [part.process.part for part in parts if is_running(part.process)] == []
    assert kafka_broker.is_ready()
