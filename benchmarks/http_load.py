"""Load on an HTTP server, from a process of its own, `python -m benchmarks.http_load`: told on stdin, says on stdout.

Two kinds, which tell different things. A *closed loop* keeps so many connections busy, each with one request at a time:
it finds the most that a server does. An *open loop* plans requests at a fixed rate, whatever the server does, and
counts the time from when each was planned: a server that stands still for a second is found out, as it is by callers,
who do not stop coming. Plain sockets and `select` make the generator cheaper, and its clock finer, than a client
library.
"""

import json
import select
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle

from benchmarks.figures import percentile

_RECEIVED_BYTES = 262_144
_GIVEN_UP_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked for, how often and for how long."""

    port: int
    requests: Sequence[str]  #: asked one after the other, and again from the start; see `get` and `post`
    connections: int
    seconds: float
    warm_up_seconds: float  #: before what is counted
    rate: float | None = None  #: requests per second of an open loop; None: a closed loop


@dataclass(frozen=True, slots=True)
class Answered:
    """How a server did under a load."""

    asked: int  #: requests, those of the warm-up included
    per_second: float  #: requests
    median: float  #: milliseconds
    slowest: float  #: 99th percentile, milliseconds


class LoadFailed(Exception):
    """The server answered with something else than 200, or not at all."""


def get(path: str) -> str:
    """A request as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"


def post(path: str, body: object) -> str:
    """A request with a JSON body."""
    content = json.dumps(body)
    length = len(content.encode())
    head = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
    return f"POST {path} HTTP/1.1\r\n{head}\r\n{content}"


def loaded(load: Load) -> Answered:
    """Put the load on the server, from another process, and wait for what it found.

    Raises:
        LoadFailed: not all was answered.
    """
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.http_load"],
        input=json.dumps(asdict(load)),
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        raise LoadFailed(told.stderr.strip().rpartition("\n")[2])
    return Answered(**json.loads(told.stdout))


class _Connection:
    """One connection, with at most one request under way."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._expected = 0  #: bytes of the whole answer, once its head is there
        self.since = 0.0  #: from when the request under way counts

    def fileno(self) -> int:
        """For `select`."""
        return self._socket.fileno()

    def ask(self, request: bytes, since: float) -> None:
        """Send a request."""
        self.since = since
        self._received, self._expected = b"", 0
        self._socket.sendall(request)

    def take(self) -> bool:
        """Take what has come, and tell whether the answer is whole now.

        Raises:
            LoadFailed: it is not an answer of 200 whose length is told.
        """
        part = self._socket.recv(_RECEIVED_BYTES)
        self._received = self._received + part if self._received else part
        if not part:
            raise LoadFailed("the server has closed a connection")
        if not self._expected:
            head, separator, _ = self._received.partition(b"\r\n\r\n")
            if not separator:
                return False
            _, found, after = head.lower().partition(b"\r\ncontent-length: ")
            if not head.startswith(b"HTTP/1.1 200") or not found:
                raise LoadFailed(f"the server answered: {self._received[:1_000]!r}")
            self._expected = len(head) + len(separator) + int(after.partition(b"\r\n")[0])
        return len(self._received) >= self._expected


def _closed(load: Load) -> Answered:
    """Ask again as soon as there is an answer."""
    requests = cycle([request.encode() for request in load.requests])
    connections = [_Connection(load.port) for _ in range(load.connections)]
    now = time.perf_counter()
    begins, ends = now + load.warm_up_seconds, now + load.warm_up_seconds + load.seconds
    for connection in connections:
        connection.ask(next(requests), now)
    asked = len(connections)
    took: list[float] = []
    while now < ends:
        ready, _, _ = select.select(connections, (), (), _GIVEN_UP_SECONDS)
        if not ready:
            raise LoadFailed(f"nothing was answered for {_GIVEN_UP_SECONDS:.0f} seconds")
        for connection in ready:
            if connection.take():
                now = time.perf_counter()
                if begins <= now < ends:
                    took.append(now - connection.since)
                connection.ask(next(requests), now)
                asked += 1
    return _answered(asked, took, load.seconds)


def _open(load: Load, rate: float) -> Answered:
    """Ask at the planned times; where all connections are busy, as soon as one is free, counted from the plan."""
    requests = cycle([request.encode() for request in load.requests])
    idle = deque(_Connection(load.port) for _ in range(load.connections))
    busy: set[_Connection] = set()
    started = time.perf_counter()
    planned, last = 0, int(rate * (load.warm_up_seconds + load.seconds))
    uncounted = int(rate * load.warm_up_seconds)
    took: list[float] = []
    while planned < last or busy:
        now = time.perf_counter()
        while planned < last and idle and started + planned / rate <= now:
            connection = idle.popleft()
            connection.ask(next(requests), started + planned / rate)
            busy.add(connection)
            planned += 1
        wait = started + planned / rate - now if planned < last and idle else _GIVEN_UP_SECONDS
        ready, _, _ = select.select(busy, (), (), max(0.0, wait))
        if not ready and wait == _GIVEN_UP_SECONDS:
            raise LoadFailed(f"nothing was answered for {_GIVEN_UP_SECONDS:.0f} seconds")
        for connection in ready:
            if connection.take():
                if connection.since >= started + uncounted / rate:
                    took.append(time.perf_counter() - connection.since)
                busy.discard(connection)
                idle.append(connection)
    return _answered(last, took, load.seconds)


def _answered(asked: int, took: Sequence[float], seconds: float) -> Answered:
    if not took:
        raise LoadFailed("nothing was answered in the time that counts")
    return Answered(asked, len(took) / seconds, percentile(took, 0.5) * 1000, percentile(took, 0.99) * 1000)


if __name__ == "__main__":
    asked = Load(**json.load(sys.stdin))
    print(json.dumps(asdict(_closed(asked) if asked.rate is None else _open(asked, asked.rate))))
