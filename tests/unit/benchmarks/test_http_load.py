"""The load generator, against a server that answers one request after the other."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from benchmarks.http_load import Load, LoadFailed, get, loaded, post

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
STALL_SECONDS = 0.5


@contextmanager
def answering(answer: Callable[[int, bytes], bytes]) -> Iterator[int]:
    """Serve at a port, on one thread; `answer` is given the number of the request and its bytes."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        connections: list[socket.socket] = []

        def serve() -> None:
            asked = 0
            while not ended.is_set():
                with suppress(BlockingIOError):
                    connections.append(listening.accept()[0])
                    connections[-1].setblocking(False)
                for connection in connections:
                    with suppress(OSError):  # nothing has come, or the caller has gone
                        if request := connection.recv(65_536):
                            asked += 1
                            connection.sendall(answer(asked, request))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            ended.set()
            thread.join()
            for connection in connections:
                connection.close()


def load(port: int, **changed: object) -> Load:
    usual = {"requests": [get("/")], "connections": 2, "seconds": 1.0, "warm_up_seconds": 0.1}
    return Load(port=port, **{**usual, **changed})  # type: ignore[arg-type]  # as the tests name them


def test_a_closed_loop_asks_again_as_soon_as_it_is_answered() -> None:
    with answering(lambda _number, _request: OK) as port:
        answered = loaded(load(port, seconds=0.3))
    assert answered.asked > 2
    assert answered.per_second > 0


def test_an_open_loop_asks_at_its_rate() -> None:
    with answering(lambda _number, _request: OK) as port:
        answered = loaded(load(port, rate=50.0))
    assert answered.asked == 55
    assert answered.per_second == 50


def test_a_server_that_stands_still_is_found_out_by_all_requests_planned_meanwhile() -> None:
    def stalling(number: int, _request: bytes) -> bytes:
        if number == 30:
            time.sleep(STALL_SECONDS)
        return OK

    with answering(stalling) as port:
        answered = loaded(load(port, rate=100.0, warm_up_seconds=0.0))
    assert answered.slowest > STALL_SECONDS * 900  # milliseconds, of one request in a hundred


def test_requests_are_asked_in_turn_with_their_bodies() -> None:
    seen: list[bytes] = []

    def remembering(_number: int, request: bytes) -> bytes:
        seen.append(request)
        return OK

    with answering(remembering) as port:
        loaded(load(port, requests=[get("/one"), post("/two", {"a": 1})], connections=1, rate=20.0, seconds=0.3))
    assert seen[0].startswith(b"GET /one HTTP/1.1\r\n")
    assert seen[1].endswith(b'\r\n\r\n{"a": 1}')
    assert seen[2] == seen[0]


@pytest.mark.parametrize(
    "refusal", [b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]
)
def test_an_answer_that_is_none_ends_the_load(refusal: bytes) -> None:
    with answering(lambda _number, _request: refusal) as port, pytest.raises(LoadFailed, match="the server answered"):
        loaded(load(port))
