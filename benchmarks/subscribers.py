"""What a thousand readers of the change feed cost: memory, a share of a core, and the speed of another's commits.

Those of the same store are told every change; those of another store have nothing to hear.
"""

import asyncio
import resource
import selectors
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import ROUNDS, Figure, Goal, Sense
from benchmarks.http_load import get
from benchmarks.http_servers import api, ingest, wiring, write_people

SUBSCRIBERS = 1_000
PEOPLE = 20_000  #: loaded before, and changed in each measurement that subscribers hear nothing of
#: Likewise where they hear of it: each change is sent a thousand times, on the same cores.
TOLD = 2_000
IDLE_SECONDS = 5.0

_OTHER_FILES = 200  #: that this process and the server have open beside connections
_RECEIVED_BYTES = 262_144
_MEBIBYTE = 1_048_576


async def measure() -> list[Figure]:
    """Memory and core of the server while nothing happens; time to ingest with subscribers and without."""
    return await asyncio.to_thread(_measure)


def _measure() -> list[Figure]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 2 * SUBSCRIBERS + _OTHER_FILES), most))
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = {
            **wiring(folder),
            "IDENTITY_GRAPH_MAX_STREAMS": str(SUBSCRIBERS + 1),
            "IDENTITY_GRAPH_MAX_CONNECTIONS": str(SUBSCRIBERS + _OTHER_FILES),
        }
        (folder / "other").mkdir()
        other = wiring(folder / "other")
        ingest(write_people(folder, range(TOLD)), environment)
        ingest(write_people(folder, range(PEOPLE)), other)
        memory: list[float] = []
        core: list[float] = []
        alone: list[float] = []
        followed: list[float] = []
        other_alone: list[float] = []
        other_beside: list[float] = []
        for number in range(ROUNDS):
            with api(environment) as server:
                before = server.memory_bytes()
                alone.append(_changed(folder, TOLD, f"Lima {number}", environment))
                other_alone.append(_changed(folder, PEOPLE, f"Lima {number}", other))
                with _subscribed(server.port):
                    memory.append((server.memory_bytes() - before) / _MEBIBYTE)
                    began = server.processor_seconds()
                    time.sleep(IDLE_SECONDS)
                    core.append(100 * (server.processor_seconds() - began) / IDLE_SECONDS)
                    other_beside.append(_changed(folder, PEOPLE, f"Oslo {number}", other))
                    followed.append(_changed(folder, TOLD, f"Oslo {number}", environment))
    with_subscribers = f"with {SUBSCRIBERS:,} subscribers"
    return [
        Figure(
            what=f"Memory {with_subscribers}, above none",
            unit="MiB",
            ours=tuple(memory),
            goal=Goal(Sense.AT_MOST, 100.0),
        ),
        Figure(what=f"Share of a core {with_subscribers} and no events", unit="%", ours=tuple(core)),
        *(
            Figure(
                what=f"Another process ingests {people:,} changed people {with_subscribers}{whose}",
                unit="s",
                ours=tuple(beside),
                raw=tuple(without),
                raw_limit="the same without subscribers",
                goal=Goal(Sense.RATIO_AT_MOST, 1.1),
            )
            for people, whose, beside, without in (
                (PEOPLE, " of another store", other_beside, other_alone),
                (TOLD, ", who are told", followed, alone),
            )
        ),
    ]


def _changed(folder: Path, people: int, city: str, environment: Mapping[str, str]) -> float:
    """Let people move to a city; answers how many seconds it took."""
    files = write_people(folder, range(people), city=city)
    began = time.perf_counter()
    ingest(files, environment)
    return time.perf_counter() - began


@contextmanager
def _subscribed(port: int) -> Iterator[None]:
    """Follow the feed on many connections, and read what comes on a thread."""
    request = get("/v1/profile-updates").encode()
    ended = threading.Event()
    with selectors.DefaultSelector() as readers:
        for _ in range(SUBSCRIBERS):
            reader = socket.create_connection(("127.0.0.1", port))
            reader.sendall(request)
            if not reader.recv(_RECEIVED_BYTES).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("the server has refused a subscriber")
            readers.register(reader, selectors.EVENT_READ)
        reading = threading.Thread(target=_read, args=(readers, ended))
        reading.start()
        try:
            yield
        finally:
            ended.set()
            reading.join()
            for key in list(readers.get_map().values()):
                key.fileobj.close()  # type: ignore[union-attr]  # sockets were registered


def _read(readers: selectors.BaseSelector, ended: threading.Event) -> None:
    while not ended.is_set():
        for key, _ in readers.select(0.1):
            key.fileobj.recv(_RECEIVED_BYTES)  # type: ignore[union-attr]  # sockets were registered
