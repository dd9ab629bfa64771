"""Finds out why no broker lets a client in: clients themselves tell only that none could be reached."""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka.conn import AIOKafkaConnection, collect_hosts
from aiokafka.errors import (
    AuthenticationFailedError,
    AuthenticationMethodNotSupported,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from consumers.errors import LoginRefused
from consumers.kafka_login import SASL, TLS
from consumers.kafka_ports import closed, mechanisms, speaks_plain_text, speaks_tls
from consumers.kafka_tls import validity_of
from consumers.kafka_tokens import TokenRefused, TokenUnavailable
from services.clock import now_milliseconds
from services.failures import causes
from services.settings import KafkaSettings

#: So long each broker may take to say whether it lets us in.
_KNOCK_SECONDS: Final = 5.0

#: What the broker answers to who we say that we are.
SASL_REFUSALS: Final = (
    AuthenticationFailedError,
    AuthenticationMethodNotSupported,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
    IllegalSaslStateError,
)
_NAME_AND_WORD: Final = "IDENTITY_GRAPH_KAFKA_SASL_USERNAME, …_SASL_PASSWORD and …_SASL_MECHANISM"
_PROOFS: Final = {
    "PLAIN": _NAME_AND_WORD,
    "SCRAM-SHA-256": _NAME_AND_WORD,
    "SCRAM-SHA-512": _NAME_AND_WORD,
    "OAUTHBEARER": "what the brokers expect of a token (issuer, audience, scope), and at "
    "IDENTITY_GRAPH_KAFKA_OAUTH_SCOPE, …_OAUTH_AUDIENCE, …_OAUTH_EXTENSIONS and …_OAUTH_TOKEN_URL",
    "AWS_MSK_IAM": "the policy of the AWS role (`kafka-cluster:Connect`), and at IDENTITY_GRAPH_KAFKA_AWS_REGION",
}
#: What OpenSSL calls a certificate that is not valid yet, or no longer; and one for other names, or addresses.
_OUT_OF_TIME: Final = (9, 10)
_OTHER_NAMES: Final = (62, 64)


@dataclass(frozen=True, slots=True)
class _Door:
    """One broker, as it is named to us, and how we come to it."""

    host: str
    port: int
    settings: KafkaSettings
    ssl_context: ssl.SSLContext | None

    @property
    def by_tls(self) -> bool:
        return self.settings.security_protocol in TLS

    def __str__(self) -> str:
        return f"the Kafka broker {self.host}:{self.port}"


async def knock(settings: KafkaSettings, options: dict[str, Any]) -> None:
    """Knock at the brokers. Returns where one lets us in.

    Args:
        settings: what the client was made from.
        options: what it was told about the way in; see `login_options`.

    Raises:
        LoginRefused: why the first one refuses us.
        KafkaConnectionError: why none is reached.
    """
    found: list[str] = []
    for host, port, _ in collect_hosts(settings.bootstrap_servers):
        try:
            async with asyncio.timeout(_KNOCK_SECONDS):
                await _come_in(host, port, options)
        except (KafkaError, OSError, TimeoutError) as error:
            told = await _explain(error, _Door(host, port, settings, options.get("ssl_context")))
            if told is not None:
                raise LoginRefused(told) from error
            found.append(f"{host}:{port}: {str(error) or type(error).__name__}")
        else:
            return
    raise KafkaConnectionError("; ".join(found))


async def _come_in(host: str, port: int, options: dict[str, Any]) -> None:
    connection = AIOKafkaConnection(host, port, request_timeout_ms=int(_KNOCK_SECONDS * 1_000), **options)
    try:
        await connection.connect()
        answer = await connection.send(MetadataRequest([]))
        if not answer.brokers:
            raise KafkaConnectionError("it shows no brokers")
    finally:
        await closed(connection)


async def _explain(error: Exception, door: _Door) -> str | None:
    """What is wrong with the way in, and the setting to change; None where it is no question of the way."""
    for cause in causes(error):
        if isinstance(cause, TokenUnavailable):
            return None
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _about_its_certificate(cause, door)
        if isinstance(cause, TokenRefused):
            return f"there is no token for {door}: {cause.args[0]}"
        if isinstance(cause, SASL_REFUSALS):
            return await _about_the_login(cause, door)
    return await _about_the_protocol(error, door)


async def _about_the_protocol(error: Exception, door: _Door) -> str | None:
    """Where the broker has broken off without a word: what it speaks, found out by asking it in other ways."""
    if door.by_tls and await speaks_plain_text(door.host, door.port):
        return _another_protocol(door, "speaks plain text, not TLS,", "PLAINTEXT or SASL_PLAINTEXT")
    if not door.by_tls and await speaks_tls(door.host, door.port):
        return _another_protocol(door, "speaks TLS", "SSL or SASL_SSL")
    for cause in causes(error):
        # Who breaks off without a word may be just stopping.
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            return _about_our_certificate(cause, door)
    if door.settings.security_protocol not in SASL:
        offered = await mechanisms(door.host, door.port, door.ssl_context)
        if offered:
            wanted = "SASL_SSL" if door.by_tls else "SASL_PLAINTEXT"
            return _another_protocol(door, f"asks for a login ({', '.join(offered)})", wanted)
    return None


def _another_protocol(door: _Door, found: str, wanted: str) -> str:
    return (
        f"{door} {found} at this port, and IDENTITY_GRAPH_KAFKA_SECURITY_PROTOCOL is "
        f"{door.settings.security_protocol}. Set it to {wanted}, or name another port in …_BOOTSTRAP_SERVERS"
    )


def _about_its_certificate(error: ssl.SSLCertVerificationError, door: _Door) -> str:
    told = f"the certificate of {door} is not trusted ({type(error).__name__}: {error})"
    if error.verify_code in _OUT_OF_TIME:
        return f"{told}. It must be renewed there, or the clock of this machine set right; no setting helps"
    if error.verify_code in _OTHER_NAMES:
        return (
            f"{told}. Name the broker as its certificate does, in IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS and in the "
            "`advertised.listeners` of the broker"
        )
    return f"{told}. Name the authority that signed it in IDENTITY_GRAPH_KAFKA_SSL_CA_FILE"


def _about_our_certificate(error: ssl.SSLError, door: _Door) -> str:
    told = f"{door} and this process do not come to terms on TLS ({type(error).__name__}: {error})"
    file = door.settings.ssl_certificate_file
    if file is None:
        return (
            f"{told}. It may want a certificate of the client, and none is named: set "
            "IDENTITY_GRAPH_KAFKA_SSL_CERTIFICATE_FILE and …_SSL_KEY_FILE"
        )
    validity, now = validity_of(file), now_milliseconds() / 1_000
    if validity is not None and not validity[0] <= now <= validity[1]:
        begin, end = (datetime.fromtimestamp(each, UTC).isoformat(timespec="minutes") for each in validity)
        return (
            f"{told}. The certificate of this process is valid from {begin} to {end} only: renew {file} of "
            "IDENTITY_GRAPH_KAFKA_SSL_CERTIFICATE_FILE"
        )
    return (
        f"{told}. It may not trust who signed {file} of IDENTITY_GRAPH_KAFKA_SSL_CERTIFICATE_FILE: take a certificate "
        "of an authority that the brokers know, or make this one known to them"
    )


async def _about_the_login(error: BaseException, door: _Door) -> str:
    mechanism = door.settings.sasl_mechanism
    if isinstance(error, IllegalSaslStateError):
        wanted = "SSL" if door.by_tls else "PLAINTEXT"
        return _another_protocol(door, "asks for no login", wanted)
    if isinstance(error, UnsupportedSaslMechanismError):
        offered = await mechanisms(door.host, door.port, door.ssl_context)
        return (
            f"{door} does not offer {mechanism} ({type(error).__name__}), but {', '.join(offered) or 'others'}. Set "
            "IDENTITY_GRAPH_KAFKA_SASL_MECHANISM to one of them, or name another port in …_BOOTSTRAP_SERVERS"
        )
    return f"{door} does not let this process in ({type(error).__name__}: {error}). Look at {_PROOFS[mechanism]}"
