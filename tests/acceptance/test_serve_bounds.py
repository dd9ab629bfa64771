"""`identity-graph serve` under callers who send too much, too slowly, or nothing, and who do not read what they get."""

import resource
import signal
import socket
import sqlite3
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from stack.process import wait_until
from tests.acceptance.conftest import environment
from tests.acceptance.serving import Served, serving

UPDATES = b"GET /v1/profile-updates?after=start HTTP/1.1\r\nHost: localhost\r\n\r\n"
SLOW_BODY = b"POST /v1/changes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"


@contextmanager
def limited(folder: Path, **limits: object) -> Iterator[Served]:
    """The command, with limits by the names of their settings."""
    variables = {f"IDENTITY_GRAPH_MAX_{name.upper()}": str(limit) for name, limit in limits.items()}
    with serving({**environment(folder), **variables}) as served:
        yield served


def connected(served: Served, sent: bytes = b"", receive_buffer: int | None = None) -> socket.socket:
    address = urlsplit(served.address)
    caller = socket.socket()
    if receive_buffer is not None:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    caller.settimeout(30)
    caller.connect((address.hostname, address.port))
    caller.sendall(sent)
    return caller


def answer_to(caller: socket.socket) -> tuple[int, str]:
    """Status and type of the problem that is answered before the connection ends; 0 where nothing is."""
    received = b""
    while part := caller.recv(65_536):
        received += part
    if not received:
        return 0, ""
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), orjson.loads(body)["type"].rpartition(":")[2]


def send(served: Served, *rows: object) -> httpx.Response:
    body = {"source": "crm", "changes": [{"row": row} for row in rows]}
    return httpx.post(f"{served.address}/v1/changes", json=body, timeout=60)


def status(served: Served, path: str = "/v1/profiles?identifier=email:ann@example.com") -> int:
    return httpx.get(f"{served.address}{path}", timeout=30).status_code


def resident_bytes(served: Served) -> int:
    pages = Path(f"/proc/{served.process.pid}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\nX-Long: " + b"x" * 100_000_000,
        b"GET /healthz HTTP/1.1\r\n" + b"X-Some: x\r\n" * 5_000_000,
        b"GET /" + b"x" * 100_000_000,
        b"POST /healthz HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-After: " + b"x" * 100_000_000,
    ],
    ids=["one long header", "many headers", "a long address", "a header after the body"],
)
def test_headers_are_bounded_before_they_are_kept(folder: Path, head: bytes) -> None:
    with limited(folder) as served:
        assert status(served, "/healthz") == 200
        before = resident_bytes(served)
        with closing(connected(served)) as caller:
            with ExitStack() as cut_off:
                cut_off.callback(caller.shutdown, socket.SHUT_WR)
                try:
                    caller.sendall(head)
                except OSError:  # not all of it is read
                    cut_off.pop_all()
            assert resident_bytes(served) - before < 20_000_000
        assert status(served, "/healthz") == 200


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\n" + b"X-Some: x\r\n" * 101 + b"\r\n",
        b"GET /healthz HTTP/1.1\r\nX-Long: " + b"x" * 32_768 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nX-Endless: " + b"x" * 40_000,
    ],
    ids=["too many", "too long", "without an end"],
)
def test_too_many_or_too_long_headers_are_a_431_problem(folder: Path, head: bytes) -> None:
    with limited(folder) as served, closing(connected(served, head)) as caller:
        assert answer_to(caller) == (431, "headers-too-large")


def test_what_is_no_http_is_a_400_problem_and_not_logged(folder: Path) -> None:
    with limited(folder) as served:
        with closing(connected(served, b"\x16\x03\x01 hello\r\n\r\n")) as caller:
            assert answer_to(caller) == (400, "unreadable-request")
        served.process.send_signal(signal.SIGTERM)
        assert served.process.communicate(timeout=20)[1] == ""


def test_what_is_refused_before_there_is_a_request_is_what_it_says_and_kept_by_nobody(folder: Path) -> None:
    with limited(folder) as served, closing(connected(served, b"no request\r\n\r\n")) as caller:
        head = caller.makefile("rb").read().partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert {b"x-content-type-options: nosniff", b"cache-control: no-store"} <= {*head}


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"", (0, "")),
        (b"GET /healthz HTTP/1.1\r\nHost: ", (408, "request-timeout")),
        (SLOW_BODY, (408, "request-timeout")),
    ],
    ids=["nothing", "half of the headers", "half of the body"],
)
def test_who_does_not_go_on_is_let_go(folder: Path, sent: bytes, answered: tuple[int, str]) -> None:
    with (
        limited(folder, head_seconds=1, body_seconds=1) as served,
        closing(connected(served, sent)) as caller,
    ):
        assert answer_to(caller) == answered


def test_a_connection_without_a_further_request_ends(folder: Path) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with limited(folder, idle_seconds=1) as served, closing(connected(served, request)) as caller:
        received = b""
        while not received.endswith(b'{"status":"ok"}'):
            received += caller.recv(65_536)
        caller.sendall(b"\r\n")  # no request
        assert caller.recv(65_536) == b""


@contextmanager
def few_files(most: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\n", SLOW_BODY], ids=["nothing", "a line", "a body"])
def test_half_open_connections_lock_nobody_out(folder: Path, sent: bytes) -> None:
    with ExitStack() as open_ones:
        with few_files(256):
            served = open_ones.enter_context(limited(folder))
        for _ in range(400):
            open_ones.enter_context(closing(connected(served, sent)))
        for _ in range(10):
            assert status(served, "/healthz") == 200
            assert send(served, {"id": 1, "email": "ann@example.com"}).status_code == 200
            assert status(served) == 200


def test_where_all_connections_are_at_work_a_further_one_is_a_503_problem(folder: Path) -> None:
    with limited(folder, connections=2) as served, ExitStack() as readers:
        for _ in range(2):
            reader = readers.enter_context(closing(connected(served, UPDATES)))
            assert reader.recv(65_536).startswith(b"HTTP/1.1 200")
        refused = httpx.get(f"{served.address}/healthz")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert refused.json()["type"] == "urn:identity-graph:problem:overloaded"


def test_a_reader_too_many_is_a_503_problem_until_another_has_gone(folder: Path) -> None:
    with limited(folder, streams=1) as served:
        with closing(connected(served, UPDATES)) as reader:
            assert reader.recv(65_536).startswith(b"HTTP/1.1 200")
            refused = httpx.get(f"{served.address}/v1/profile-updates")
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
            assert refused.json()["type"] == "urn:identity-graph:problem:overloaded"
        assert wait_until(lambda: can_follow(served), within=20)


def can_follow(served: Served) -> bool:
    with closing(connected(served, UPDATES)) as reader:
        return reader.recv(65_536).startswith(b"HTTP/1.1 200")


def cut_off(served: Served) -> bool:
    """Begin to follow, if there is a place, and end at once, with a reset."""
    with closing(connected(served, UPDATES)) as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return reader.recv(65_536).startswith(b"HTTP/1.1 200")


def test_a_reader_that_is_cut_off_is_no_error(folder: Path) -> None:
    with limited(folder, streams=1) as served:
        for number in range(5):
            assert wait_until(lambda: cut_off(served), within=20)
            send(served, *({"id": 100 * number + n, "email": f"{number}-{n}@example.com"} for n in range(100)))
        assert wait_until(lambda: can_follow(served), within=20)
        served.process.send_signal(signal.SIGTERM)
        assert served.process.communicate(timeout=20)[1] == ""


def test_a_reader_that_never_reads_is_dropped(folder: Path) -> None:
    with limited(folder, streams=1, stalled_seconds=1) as served:
        for start in range(0, 2_000, 400):
            rows = ({"id": n, "email": f"{n}@example.com", "note": "x" * 8_000} for n in range(start, start + 400))
            assert send(served, *rows).status_code == 200
        with closing(connected(served, UPDATES, receive_buffer=4_096)):
            assert wait_until(lambda: can_follow(served), within=30)


def test_a_signal_ends_it_in_time_whatever_callers_do(folder: Path) -> None:
    with limited(folder, stop_seconds=4) as served, ExitStack() as callers:
        for sent in (b"", b"GET /healthz HTTP/1.1\r\nHost", SLOW_BODY, UPDATES, SLOW_BODY[:-1]):
            callers.enter_context(closing(connected(served, sent)))
        assert status(served, "/healthz") == 200
        assert ended_after_a_signal(served) < 4 + 10
        assert served.process.returncode == 0


def test_a_signal_ends_it_in_time_whatever_a_thread_does(folder: Path) -> None:
    """A commit waits for half a minute for a file that somebody else has locked."""
    with limited(folder, stop_seconds=3) as served, ExitStack() as open_ones:
        locker = open_ones.enter_context(closing(sqlite3.connect(folder / "graph.sqlite", isolation_level=None)))
        locker.execute("BEGIN IMMEDIATE")
        body = orjson.dumps({"source": "crm", "changes": [{"row": {"id": 1, "email": "ann@example.com"}}]})
        head = b"POST /v1/changes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        open_ones.enter_context(closing(connected(served, b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body))))
        assert status(served, "/healthz") == 200
        assert ended_after_a_signal(served) < 3 + 10
        assert "did not end in time" in served.process.communicate(timeout=10)[1]
        locker.execute("ROLLBACK")
    with limited(folder) as served:
        assert send(served, {"id": 1, "email": "ann@example.com"}).status_code == 200


def ended_after_a_signal(served: Served) -> float:
    """Seconds until it has ended."""
    began = time.monotonic()
    served.process.send_signal(signal.SIGTERM)
    served.process.wait(timeout=60)
    return time.monotonic() - began
