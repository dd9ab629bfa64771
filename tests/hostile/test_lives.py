"""What the machine does to the server: it is killed, has no space, is locked out, its clock moves. Nothing is lost."""

import resource
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Sized
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.hostile.lives import ROUNDS, Writers, clocked, life, require_kept
from tests.hostile.process import make_folder, require_clean

DAY = 86_400_000
GRACE_SECONDS = 20.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


def posted(url: str, **row: object) -> httpx.Response:
    return httpx.post(f"{url}/v1/changes", json={"source": "crm", "changes": [{"row": row}]}, timeout=30)


def name_of(url: str, key: str) -> str:
    name: str = httpx.get(f"{url}/v1/records/crm/{key}").json()["values"]["name"]
    return name


def test_killed_at_any_time_it_keeps_what_it_acknowledged(folder: Path) -> None:
    acknowledged: dict[str, int] = {}
    for number in range(ROUNDS):
        with life(folder) as lived:
            require_kept(lived.url, acknowledged)
            with Writers(lived.url, 4, first=number * 1_000_000) as writers:
                time.sleep(0.3 + number % 7 / 7)
                lived.process.send_signal(signal.SIGKILL)
                lived.process.wait()
            acknowledged |= writers.acknowledged
            assert writers.acknowledged
    with life(folder) as lived:
        require_kept(lived.url, acknowledged)
    require_clean(folder)


def test_without_space_it_refuses_says_so_and_goes_on_when_there_is_some(folder: Path) -> None:
    with life(folder) as lived:
        for number in range(ROUNDS):
            assert posted(lived.url, id=f"before{number}", name="x").status_code == 200
            largest = max(file.stat().st_size for file in folder.glob("graph.sqlite*"))
            resource.prlimit(lived.process.pid, resource.RLIMIT_FSIZE, (largest + 100_000, resource.RLIM_INFINITY))
            with Writers(lived.url, 2, first=number * 1_000_000) as writers:
                _until(partial(_has, writers.refused, 3))
                unready = httpx.get(f"{lived.url}/readyz")
            assert set(writers.refused) <= {500, 503, 507}
            assert unready.status_code == 503
            assert httpx.get(f"{lived.url}/healthz").status_code == 200
            resource.prlimit(lived.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            _until(partial(_is_taken, lived.url, f"after{number}"))
            _until(partial(_is_ready, lived.url))
            require_kept(lived.url, writers.acknowledged)
        assert "full" in lived.logged() or "disk" in lived.logged()
    require_clean(folder)


def test_a_locked_file_is_refused_at_once_and_waited_for_by_the_next(folder: Path) -> None:
    with life(folder) as lived:
        assert posted(lived.url, id="a", name="1").status_code == 200
        for number in range(ROUNDS):
            with closing(sqlite3.connect(folder / "graph.sqlite", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                began = time.monotonic()
                answer = posted(lived.url, id="a", name=f"locked{number}")
                assert answer.status_code == 503
                assert "Retry-After" in answer.headers
                assert time.monotonic() - began < 15
                assert name_of(lived.url, "a")  # reading goes on
                other.execute("ROLLBACK")
            _until(partial(_is_taken, lived.url, "a"))
            assert name_of(lived.url, "a") == "x"
        assert "lock" in lived.logged()
    require_clean(folder)


def test_a_clock_that_moves_both_ways_makes_nothing_stale_and_nothing_future(folder: Path) -> None:
    clock = folder / "clock"
    with life(folder, *clocked()) as lived:
        for number, error in enumerate([0, 3_600_000, -3_600_000, 7_200_000, -DAY // 2, 0] * max(1, ROUNDS // 3)):
            clock.write_text(str(error))
            assert posted(lived.url, id="a", name=str(number)).json()["outcomes"]["applied"] == 1
            assert name_of(lived.url, "a") == str(number)
        clock.write_text(str(3 * DAY))
        ahead = posted(lived.url, id="a", name="never")
        assert (ahead.status_code, ahead.json()["type"]) == (503, "urn:identity-graph:problem:clock-ahead")
        clock.write_text("0")
        assert posted(lived.url, id="a", name="right").status_code == 200
        assert name_of(lived.url, "a") == "right"
    clock.write_text(str(-DAY))
    with life(folder, *clocked()) as lived:
        assert posted(lived.url, id="a", name="after a restart, a day back").status_code == 200
        assert name_of(lived.url, "a") == "after a restart, a day back"
    require_clean(folder)


def test_told_to_stop_under_load_it_ends_within_its_grace(folder: Path) -> None:
    acknowledged: dict[str, int] = {}
    for number in range(ROUNDS):
        with life(folder) as lived:
            require_kept(lived.url, acknowledged)
            parts = urlsplit(lived.url)
            address = (parts.hostname or "", parts.port or 0)
            with (
                socket.create_connection(address) as silent,
                socket.create_connection(address) as slow,
                socket.create_connection(address) as stream,
                Writers(lived.url, 4, first=number * 1_000_000) as writers,
            ):
                silent.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
                slow.sendall(b"POST /v1/changes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
                stream.sendall(b"GET /v1/profile-updates HTTP/1.1\r\nHost: localhost\r\n\r\n")
                _until(partial(_has, writers.acknowledged, 4))
                lived.process.terminate()
                assert lived.process.wait(timeout=GRACE_SECONDS) == 0
            acknowledged |= writers.acknowledged
            assert "Traceback" not in lived.logged()
    with life(folder) as lived:
        require_kept(lived.url, acknowledged)
    require_clean(folder)


def _has(counted: Sized, most: int) -> bool:
    return len(counted) >= most


def _is_taken(url: str, key: str) -> bool:
    return posted(url, id=key, name="x").status_code == 200


def _is_ready(url: str) -> bool:
    return httpx.get(f"{url}/readyz").status_code == 200


def _until(condition: Callable[[], bool], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
