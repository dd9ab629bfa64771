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
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    AuthenticationMethodNotSupported,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    InvalidTopicError,
    KafkaConnectionError,
    KafkaError,
    PolicyViolationError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)

from consumers.errors import BrokerRefused, BrokerUnavailable, KafkaNotConfigured, LoginRefused
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
#: What a rebalance waits for workers to finish their batches in flight.
REBALANCE_TIMEOUT_MS: Final = 30_000
#: A fetch that waits on quiet partitions holds up those of the same broker that come to it so long, and messages that
#: are left with the client all others: both are rare, since `consumers.intake` takes messages at once.
_FETCH_WAIT_MS: Final = 50
_PARTITION_FETCH_BYTES: Final = 2_000_000

#: So long somebody who is cancelled waits for a client that is just connecting, and for sockets that are closing.
_HALF_STARTED_SECONDS: Final = 5.0
_FAREWELL_SECONDS: Final = 1.0
#: So long each broker may take to say whether it lets us in.
_KNOCK_SECONDS: Final = 5.0

KafkaClient: TypeAlias = AIOKafkaConsumer | AIOKafkaProducer | AIOKafkaAdminClient

#: What the broker, or our own look at its certificate, answers to who we say that we are.
_LOGIN_REFUSALS: Final = (
    AuthenticationFailedError,
    AuthenticationMethodNotSupported,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
    IllegalSaslStateError,
    ssl.SSLError,
)
_REFUSALS: Final = (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    InvalidTopicError,
    PolicyViolationError,
)


@contextmanager
def kafka_errors(doing: str) -> Iterator[None]:
    """Translate errors of the Kafka client.

    Args:
        doing: what is being done, for the message: `while {doing}`.

    Raises:
        LoginRefused: one of us does not trust the other.
        BrokerRefused: the broker answered no.
        BrokerUnavailable: anything else; it may be well again later.
    """
    try:
        yield
    except _LOGIN_REFUSALS as error:
        raise _login_refused(doing, error) from error
    except _REFUSALS as error:
        raise BrokerRefused(
            f"Kafka refused while {doing}: {error}. Give the user of IDENTITY_GRAPH_KAFKA_SASL_USERNAME (or of the "
            "client certificate) the right to it, or correct the IDENTITY_GRAPH_KAFKA_ settings"
        ) from error
    except (KafkaError, OSError, TimeoutError) as error:
        raise BrokerUnavailable(
            f"Kafka does not answer while {doing} ({str(error) or type(error).__name__}). Trying again; if it stays "
            "so, look at the brokers, and at address, TLS and SASL in the IDENTITY_GRAPH_KAFKA_ settings"
        ) from error


def _login_refused(doing: str, error: KafkaError | ssl.SSLError) -> LoginRefused:
    found = f"{type(error).__name__}: {error}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return LoginRefused(
            f"the certificate of the Kafka brokers is not trusted while {doing} ({found}). Name the authority that "
            "signed it in IDENTITY_GRAPH_KAFKA_SSL_CA_FILE, and the brokers as their certificate does in "
            "…_BOOTSTRAP_SERVERS"
        )
    if isinstance(error, ssl.SSLError):
        return LoginRefused(
            f"Kafka and this process do not come to terms on TLS while {doing} ({found}). Look at the client's "
            "certificate, IDENTITY_GRAPH_KAFKA_SSL_CERTIFICATE_FILE and …_SSL_KEY_FILE, which the brokers may want or "
            "not trust, and at …_SECURITY_PROTOCOL"
        )
    return LoginRefused(
        f"Kafka does not let this process in while {doing} ({found}). Look at IDENTITY_GRAPH_KAFKA_SASL_USERNAME, "
        "…_SASL_PASSWORD and …_SASL_MECHANISM"
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
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers,
        "client_id": _CLIENT_ID,
        "request_timeout_ms": _REQUEST_TIMEOUT_MS,
        "metadata_max_age_ms": _METADATA_AGE_MS,
        "security_protocol": settings.security_protocol,
    }
    if settings.security_protocol in ("SSL", "SASL_SSL"):
        options["ssl_context"] = _ssl_context(settings)
    if settings.security_protocol in ("SASL_PLAINTEXT", "SASL_SSL"):
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password.get_secret_value(),
        }
    return options


def make_consumer(settings: KafkaSettings) -> AIOKafkaConsumer:
    """A consumer that commits nothing and skips nothing by itself."""
    # The answer to a request to join may take as long as the slowest member needs.
    options = connection_options(settings) | {"request_timeout_ms": REBALANCE_TIMEOUT_MS + 5_000}
    return AIOKafkaConsumer(
        **options,
        group_id=settings.group,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        session_timeout_ms=_SESSION_TIMEOUT_MS,
        rebalance_timeout_ms=REBALANCE_TIMEOUT_MS,
        fetch_max_wait_ms=_FETCH_WAIT_MS,
        consumer_timeout_ms=_FETCH_WAIT_MS,
        max_partition_fetch_bytes=_PARTITION_FETCH_BYTES,
    )


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
        KafkaError, OSError: it cannot connect; it is to be closed all the same.
    """
    starting = asyncio.ensure_future(client.start())
    try:
        await asyncio.shield(starting)
    except KafkaConnectionError:
        await find_refusal(settings)
        raise
    except asyncio.CancelledError:
        await asyncio.wait((starting,), timeout=_HALF_STARTED_SECONDS)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        raise


async def find_refusal(settings: KafkaSettings) -> None:
    """Knock at the brokers: clients do not tell why none of them could be reached. Returns where one lets us in.

    Raises:
        KafkaError, OSError: why the first one refuses us (see `_LOGIN_REFUSALS`), or else why none is reached.
    """
    options = connection_options(settings)
    own = {name: value for name, value in options.items() if name not in ("bootstrap_servers", "metadata_max_age_ms")}
    found: list[str] = []
    for host, port, _ in collect_hosts(settings.bootstrap_servers):
        try:
            async with asyncio.timeout(_KNOCK_SECONDS):
                connection = await create_conn(host, port, **own)
        except (KafkaError, OSError, TimeoutError) as error:
            for cause in causes(error):
                if isinstance(cause, _LOGIN_REFUSALS):
                    raise cause from error
            found.append(f"{host}:{port}: {str(error) or type(error).__name__}")
        else:
            await connection.close()
            return
    raise KafkaConnectionError("; ".join(found))


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
    connections = client.client if isinstance(client, AIOKafkaProducer) else client._client  # noqa: SLF001
    with suppress(TimeoutError):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await connections.close()


def _quieten_the_client() -> None:
    """Silence the client's log: we report ourselves what it says, why nobody can be reached included.

    On lower levels it writes keys and values of messages, and while a broker is away dozens of lines a second.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def _ssl_context(settings: KafkaSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ssl_ca_file)
        if settings.ssl_certificate_file is not None:
            _load_certificate(context, settings)
    except (OSError, ssl.SSLError) as error:
        raise KafkaNotConfigured(
            f"the TLS files of Kafka cannot be used ({error}); look at IDENTITY_GRAPH_KAFKA_SSL_CA_FILE, "
            "…_SSL_CERTIFICATE_FILE, …_SSL_KEY_FILE and …_SSL_KEY_PASSWORD"
        ) from error
    return context


def _load_certificate(context: ssl.SSLContext, settings: KafkaSettings) -> None:
    """Load the client's certificate and key.

    Raises:
        KafkaNotConfigured: the key is encrypted, and its password is missing or wrong.
        OSError: a file cannot be used.
    """
    secret = settings.ssl_key_password.get_secret_value()
    was_asked = False

    def password() -> str:
        """Answer where the key is encrypted; without an answer of ours OpenSSL would ask at the terminal."""
        nonlocal was_asked
        was_asked = True
        return secret

    try:
        context.load_cert_chain(settings.ssl_certificate_file or "", settings.ssl_key_file, password)
    except (OSError, ssl.SSLError) as error:
        if not was_asked:
            raise
        found = "the password given for it is wrong" if secret else "no password is given"
        raise KafkaNotConfigured(
            f"the client's private key for Kafka, {settings.ssl_key_file or settings.ssl_certificate_file}, is "
            f"encrypted, and {found}; set IDENTITY_GRAPH_KAFKA_SSL_KEY_PASSWORD to its password"
        ) from error
