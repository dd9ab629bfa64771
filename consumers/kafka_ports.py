"""What a port of a broker speaks, found out without showing it anything that proves who we are."""

import asyncio
import ssl
from contextlib import suppress
from typing import Any, Final

from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import SaslHandShakeRequest

_SECONDS: Final = 2.0
_FAILURES: Final = (KafkaError, OSError, TimeoutError)


async def speaks_tls(host: str, port: int) -> bool:
    """Whether it opens a connection by TLS, whoever it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except _FAILURES as error:
        # Who wants a certificate of ours may say so at once.
        return isinstance(error, ssl.SSLError) and "ALERT" in str(error.reason)
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_SECONDS):
            await writer.wait_closed()
    return True


async def speaks_plain_text(host: str, port: int) -> bool:
    """Whether it answers what a broker is asked first, as it is."""
    connection = _connection(host, port, {"security_protocol": "PLAINTEXT"})
    try:
        await connection.connect()
    except _FAILURES:
        return False
    finally:
        await closed(connection)
    return True


async def mechanisms(host: str, port: int, ssl_context: ssl.SSLContext | None) -> tuple[str, ...]:
    """The SASL mechanisms that it offers; none where it asks for no login, or does not tell."""
    by_tls = {"security_protocol": "SSL", "ssl_context": ssl_context}
    connection = _connection(host, port, {"security_protocol": "PLAINTEXT"} if ssl_context is None else by_tls)
    try:
        await connection.connect()
        # Of what it does not offer it says what it does.
        answer = await connection.send(SaslHandShakeRequest("?"))
        return tuple(sorted(answer.enabled_mechanisms))
    except _FAILURES:
        return ()
    finally:
        await closed(connection)


async def closed(connection: AIOKafkaConnection) -> None:
    """Close a connection, and wait for its socket."""
    closing = connection.close()
    # It says that it is not connected also where the broker has left, or while it still says good-bye.
    if connection._protocol is not None:  # noqa: SLF001 - there was a socket
        with suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS):
                await closing


def _connection(host: str, port: int, options: dict[str, Any]) -> AIOKafkaConnection:
    return AIOKafkaConnection(host, port, request_timeout_ms=int(_SECONDS * 1_000), **options)
