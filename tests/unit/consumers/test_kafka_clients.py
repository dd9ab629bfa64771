"""How clients are told to reach Kafka, and what becomes of their errors."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from pydantic import SecretStr

from consumers.errors import BrokerRefused, BrokerUnavailable, KafkaNotConfigured
from consumers.kafka_clients import (
    KafkaClient,
    close_quietly,
    connection_options,
    kafka_errors,
    make_admin,
    make_consumer,
    start,
)
from consumers.kafka_rights import Operation
from services.settings import KafkaSettings


def test_a_plain_connection_has_neither_tls_nor_sasl() -> None:
    options = connection_options(KafkaSettings(bootstrap_servers="a:1,b:2"))
    assert options["bootstrap_servers"] == "a:1,b:2"
    assert not any(name.startswith(("ssl_", "sasl_")) for name in options)


def test_sasl_over_tls_has_user_password_and_a_verifying_context() -> None:
    settings = KafkaSettings(
        bootstrap_servers="a:1",
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="ann",
        sasl_password=SecretStr("secret"),
    )
    options = connection_options(settings)
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("ann", "secret")
    assert options["ssl_context"].check_hostname


def test_a_missing_address_is_named() -> None:
    with pytest.raises(KafkaNotConfigured, match="IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS is empty"):
        connection_options(KafkaSettings())


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_that_cannot_be_used_is_named(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(KafkaNotConfigured, match="SSL_CA_FILE"):
        connection_options(KafkaSettings(bootstrap_servers="a:1", security_protocol="SSL", ssl_ca_file=file))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TopicAuthorizationFailedError("people"), BrokerRefused),
        (KafkaConnectionError("no route"), BrokerUnavailable),
        (KafkaError("anything"), BrokerUnavailable),
        (OSError("reset"), BrokerUnavailable),
    ],
)
def test_errors_of_the_client_become_ours(error: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected, match="reading people"), kafka_errors("reading people"):
        raise error


@pytest.mark.parametrize(
    ("error", "operation", "missing"),
    [
        (TopicAuthorizationFailedError("people"), "Read", ["--operation Read --topic people"]),
        (TopicAuthorizationFailedError("events"), "Write", ["--operation Write --topic events"]),
        (
            TopicAuthorizationFailedError({"b", "a"}),
            "Read",
            ["--operation Read --topic a", "--operation Read --topic b"],
        ),
        (GroupAuthorizationFailedError("graph"), "Read", ["--operation Read --group graph"]),
        (ClusterAuthorizationFailedError(), "Create", ["--operation Create --cluster"]),
        (ClusterAuthorizationFailedError(), "Write", ["--operation Write", "--operation IdempotentWrite --cluster"]),
        (TransactionalIdAuthorizationFailed("one"), "Write", ["--operation Write --transactional-id one"]),
    ],
)
@pytest.mark.parametrize("is_wrapped", [False, True])
def test_a_right_that_is_missing_is_named_as_it_is_granted(
    error: KafkaError, operation: Operation, missing: list[str], is_wrapped: bool
) -> None:
    raised = error
    if is_wrapped:  # as the client does with what its own tasks meet
        raised = KafkaError("Unexpected error during coordination")
        raised.__cause__ = error
    with pytest.raises(BrokerRefused) as caught, kafka_errors("working", operation):
        raise raised
    assert [each for each in missing if f"`{each}`" not in str(caught.value)] == []


@asynccontextmanager
async def silent_broker() -> AsyncIterator[tuple[KafkaSettings, list[asyncio.StreamReader]]]:
    """A server that takes connections and answers nothing, and the connections that it has."""
    taken: list[asyncio.StreamReader] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(reader)
        await reader.read()
        taken.remove(reader)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield KafkaSettings(bootstrap_servers=f"127.0.0.1:{port}", group="people"), taken
    finally:
        server.close()


async def _until(taken: list[asyncio.StreamReader], number: int) -> None:
    async with asyncio.timeout(10):
        while len(taken) != number:  # noqa: ASYNC110 the server's side of a connection tells nobody
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("make", [make_consumer, make_admin])
async def test_a_start_that_is_broken_off_leaves_no_connection_open(
    make: Callable[[KafkaSettings], KafkaClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.kafka_clients._HALF_STARTED_SECONDS", 0.05)
    async with silent_broker() as (settings, taken):
        client = make(settings)
        starting = asyncio.create_task(start(client, settings))
        await _until(taken, 1)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        await close_quietly(client, 1.0)
        await _until(taken, 0)


async def test_a_client_that_cannot_say_good_bye_leaves_neither_tasks_nor_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with silent_broker() as (settings, taken):
        client = make_consumer(settings)
        host, port = str(settings.bootstrap_servers).split(":")
        monkeypatch.setattr(AIOKafkaConnection, "_do_version_lookup", _answered)
        client._client._conns["node"] = await create_conn(host, int(port))
        client._coordinator = _Endless()
        await _until(taken, 1)
        await close_quietly(client, 0.05)
        assert client._coordinator.task.cancelled()
        await _until(taken, 0)
    del client
    gc.collect()  # an unclosed connection warns, which fails the test


async def _answered(_: AIOKafkaConnection) -> None:
    """What a broker that can be talked to would make of the first question."""


class _Endless:
    """A coordinator that waits for an answer for ever."""

    def __init__(self) -> None:
        self.task = asyncio.get_running_loop().create_task(asyncio.sleep(3600))

    async def close(self) -> None:
        await asyncio.sleep(3600)
