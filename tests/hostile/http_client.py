"""A client that sends whatever bytes it is given, as those do who mean no good."""

import re
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

_PATIENCE: Final = 30.0  #: seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    head: bytes
    body: bytes
    seconds: float


def sent(
    address: tuple[str, int], method: str, target: bytes, headers: Sequence[tuple[bytes, bytes]] = (), body: bytes = b""
) -> Answer:
    """Send a request, whatever it holds, and read the answer to its end."""
    lines = [b"%s %s HTTP/1.1" % (method.encode(), target), b"Host: %s:%d" % (address[0].encode(), address[1])]
    lines += [b"%s: %s" % each for each in headers]
    lines += [b"Content-Length: %d" % len(body), b"Connection: close", b"", b""]
    return raw(address, b"\r\n".join(lines) + body)


def raw(address: tuple[str, int], content: bytes, patience: float = _PATIENCE) -> Answer:
    """Send bytes, and read what comes until the connection is closed, or nothing has come for some seconds.

    A server that refuses a body may close the connection before it has all of it.
    """
    began = time.monotonic()
    received = b""
    with socket.create_connection(address, timeout=patience) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(content)
        with suppress(ConnectionResetError, TimeoutError):
            while part := connection.recv(65_536):
                received += part
    head, _, body = received.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.1 (\d{3})", head)
    return Answer(int(found[1]) if found else 0, head, body, time.monotonic() - began)
