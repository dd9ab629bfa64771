"""Makes Kafka clients from the settings, and translates their errors at one door."""

import asyncio
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeAlias

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import InvalidTopicError, KafkaConnectionError, KafkaError, PolicyViolationError

from consumers.errors import BrokerRefused, BrokerUnavailable, ConsumerError, KafkaNotConfigured, LoginRefused
from consumers.kafka_knock import SASL_REFUSALS, knock
from consumers.kafka_login import login_options
from consumers.kafka_rights import NOT_ALLOWED, Operation, missing_right
from services.failures import causes
from services.settings import KafkaSettings

_log = structlog.get_logger()

_CLIENT_ID: Final = "identity-graph"
#: Larger than any profile; topics and brokers may allow less.
MAX_REQUEST_BYTES: Final = 64_000_000
_REQUEST_TIMEOUT_MS: Final = 20_000
#: Topics that appear later are found within this time.
_METADATA_AGE_MS: Final = 5_000
_SESSION_TIMEOUT_MS: Final = 20_000
#: A member hears with its next heartbeat that others have come or gone, and they wait until then.
_HEARTBEAT_MS: Final = 500
#: What a rebalance waits for workers to finish their batches in flight.
REBALANCE_TIMEOUT_MS: Final = 30_000
#: A fetch that waits on quiet partitions holds up those of the same broker that come to it so long, and messages that
#: are left with the client all others: both are rare, since `consumers.intake` takes messages at once.
_FETCH_WAIT_MS: Final = 50
_PARTITION_FETCH_BYTES: Final = 2_000_000

#: So long somebody who is cancelled waits for a client that is just connecting, and for sockets that are closing.
_HALF_STARTED_SECONDS: Final = 5.0
_FAREWELL_SECONDS: Final = 1.0

KafkaClient: TypeAlias = AIOKafkaConsumer | AIOKafkaProducer | AIOKafkaAdminClient

#: What stays so until somebody changes a name or a policy.
_NOT_TAKEN: Final = (InvalidTopicError, PolicyViolationError)


@contextmanager
def kafka_errors(doing: str, operation: Operation = "Read", name: str = "") -> Iterator[None]:
    """Translate errors of the Kafka client.

    Args:
        doing: what is being done, for the message: `while {doing}`.
        operation: what is asked of topics meanwhile.
        name: the topic or the group that it is asked of; empty where the client names it.

    Raises:
        LoginRefused: one of us does not trust the other.
        BrokerRefused: the broker answered no.
        BrokerUnavailable: anything else; it may be well again later.
    """
    try:
        yield
    except (KafkaError, OSError, TimeoutError) as error:
        raise _translated(error, doing, operation, name) from error


def _translated(error: Exception, doing: str, operation: Operation, name: str) -> ConsumerError:
    # The client wraps what its own tasks meet.
    for cause in causes(error):
        if isinstance(cause, NOT_ALLOWED):
            told = missing_right(cause, operation, name)
            return BrokerRefused(f"Kafka does not allow this process what it needs while {doing}: {told}")
        if isinstance(cause, _NOT_TAKEN):
            return BrokerRefused(
                f"Kafka refused while {doing}: {cause}. Correct the names in the IDENTITY_GRAPH_KAFKA_ settings, or "
                "what the brokers allow"
            )
        if isinstance(cause, (*SASL_REFUSALS, ssl.SSLError)):
            return LoginRefused(
                f"Kafka does not let this process in while {doing} ({type(cause).__name__}: {cause}). Look at TLS and "
                "SASL in the IDENTITY_GRAPH_KAFKA_ settings"
            )
    return BrokerUnavailable(
        f"Kafka does not answer while {doing} ({str(error) or type(error).__name__}). Trying again; if it stays so, "
        "look at the brokers, and at address, TLS and SASL in the IDENTITY_GRAPH_KAFKA_ settings"
    )


def connection_options(settings: KafkaSettings) -> dict[str, Any]:
    """What every client is told about how to reach the brokers.

    Raises:
        KafkaNotConfigured: no address, or a key or certificate that cannot be used.
    """
    _quieten_the_client()
    if not settings.bootstrap_servers:
        raise KafkaNotConfigured(
            "IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS is empty; `host:port,host:port` of the brokers is expected"
        )
    return {
        "bootstrap_servers": settings.bootstrap_servers,
        "client_id": _CLIENT_ID,
        "request_timeout_ms": _REQUEST_TIMEOUT_MS,
        "metadata_max_age_ms": _METADATA_AGE_MS,
        **login_options(settings),
    }


def make_consumer(settings: KafkaSettings) -> AIOKafkaConsumer:
    """A consumer that commits nothing and skips nothing by itself."""
    # The answer to a request to join may take as long as the slowest member needs.
    options = connection_options(settings) | {"request_timeout_ms": REBALANCE_TIMEOUT_MS + 5_000}
    return AIOKafkaConsumer(
        **options,
        group_id=settings.group,
        group_instance_id=settings.member or None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        session_timeout_ms=_SESSION_TIMEOUT_MS,
        heartbeat_interval_ms=_HEARTBEAT_MS,
        rebalance_timeout_ms=REBALANCE_TIMEOUT_MS,
        fetch_max_wait_ms=_FETCH_WAIT_MS,
        consumer_timeout_ms=_FETCH_WAIT_MS,
        max_partition_fetch_bytes=_PARTITION_FETCH_BYTES,
    )


def make_reader(settings: KafkaSettings) -> AIOKafkaConsumer:
    """A consumer outside of any group, for what is read once."""
    return AIOKafkaConsumer(**connection_options(settings), group_id=None, enable_auto_commit=False)


def make_producer(settings: KafkaSettings) -> AIOKafkaProducer:
    """A producer whose messages all replicas have, each once."""
    return AIOKafkaProducer(
        **connection_options(settings),
        acks="all",
        enable_idempotence=True,
        max_request_size=MAX_REQUEST_BYTES,
        max_batch_size=256 * 1024,
    )


def make_admin(settings: KafkaSettings) -> AIOKafkaAdminClient:
    """A client for topics and for the offsets of groups."""
    return AIOKafkaAdminClient(**connection_options(settings))


async def start(client: KafkaClient, settings: KafkaSettings) -> None:
    """Connect a client. Whoever is cancelled meanwhile waits a moment: half-way, the client forgets what it has opened.

    Raises:
        LoginRefused: it is not let in; as below.
        KafkaError, OSError: it cannot connect; it is to be closed all the same.
    """
    starting = asyncio.ensure_future(client.start())
    try:
        await asyncio.shield(starting)
        _require_brokers(client)
    except KafkaConnectionError:
        await find_refusal(settings)
        raise
    except asyncio.CancelledError:
        await asyncio.wait((starting,), timeout=_HALF_STARTED_SECONDS)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        raise


def _require_brokers(client: KafkaClient) -> None:
    """Whoever should have logged in first is answered with nothing, which the client takes for a cluster of none."""
    if not _connections(client).cluster.brokers():
        raise KafkaConnectionError("no broker shows itself")


async def find_refusal(settings: KafkaSettings) -> None:
    """Knock at the brokers: clients do not tell why none of them could be reached. Returns where one lets us in.

    Raises:
        LoginRefused: why the first one refuses us.
        KafkaConnectionError: why none is reached.
    """
    await knock(settings, login_options(settings))


async def close_quietly(client: KafkaClient, seconds: float) -> None:
    """Close a client, also while the broker is away, and one that could not be started."""
    closing = client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop()
    try:
        async with asyncio.timeout(seconds):
            await closing
    except (KafkaError, OSError, TimeoutError):
        _log.info("a Kafka client was closed without the broker's answer")
    finally:
        await _abandon(client)


async def _abandon(client: KafkaClient) -> None:
    """Close what a client leaves open that broke off while it said good-bye, or that was never quite started.

    Its tasks first, since they would open connections again. After an orderly end there is nothing left to do.
    """
    parts = (vars(client).get(name) for name in ("_coordinator", "_fetcher", "_sender"))
    tasks = [
        each for part in parts if part is not None for each in vars(part).values() if isinstance(each, asyncio.Task)
    ]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    with suppress(TimeoutError):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await _connections(client).close()


def _connections(client: KafkaClient) -> AIOKafkaClient:
    return client.client if isinstance(client, AIOKafkaProducer) else client._client  # noqa: SLF001


def _quieten_the_client() -> None:
    """Silence the client's log: we report ourselves what it says, why nobody can be reached included.

    On lower levels it writes keys and values of messages, and while a broker is away dozens of lines a second.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
