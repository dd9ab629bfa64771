"""A server that is killed, starved, locked out and set back, and writers who remember what it has acknowledged."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self

import httpx

from tests.acceptance.conftest import COMMAND, environment

#: Lives of a server in one run; `make soak` asks for more.
ROUNDS: Final = int(os.environ.get("HOSTILE_ROUNDS", "3"))

ROOT: Final = Path(__file__).parents[2]

_STARTS_WITHIN: Final = 60.0  #: seconds


class Life:
    """A server from its start to its end; what it logs stays in `log`."""

    def __init__(self, folder: Path, command: Sequence[str], variables: Mapping[str, str]) -> None:
        self.log = folder / "log"
        self._output = self.log.open("ab")
        written = self.log.stat().st_size
        self.process = subprocess.Popen(
            command, cwd=folder, env={**environment(folder), **variables}, stdout=self._output, stderr=self._output
        )
        try:
            self.url = self._listens(written)
        except BaseException:
            self.end()
            raise

    def _listens(self, written: int) -> str:
        end = time.monotonic() + _STARTS_WITHIN
        while time.monotonic() < end:
            said = self.log.read_text(errors="replace")[written:]
            found = re.search(r"http://127\.0\.0\.1:\d+", said)
            if found is not None:
                return found[0]
            assert self.process.poll() is None, said
            time.sleep(0.02)
        raise AssertionError(self.log.read_text(errors="replace"))

    def logged(self) -> str:
        """What it has said so far."""
        return self.log.read_text(errors="replace")

    def end(self) -> None:
        """End it at once where it still runs."""
        self.process.kill()
        self.process.wait()
        self._output.close()


@contextmanager
def life(folder: Path, *command: str, variables: Mapping[str, str] | None = None) -> Iterator[Life]:
    """A server in a folder, `identity-graph serve` unless another command is given."""
    lived = Life(folder, command or (COMMAND, "serve", "--port", "0"), {"PYTHONPATH": str(ROOT), **(variables or {})})
    try:
        yield lived
    finally:
        lived.end()


def clocked() -> tuple[str, ...]:
    """The command of a server whose clock reads from the file `clock` by how many milliseconds it is wrong."""
    return (sys.executable, "-m", "tests.hostile.clocked_server")


class Writers:
    """Post rows without end from several threads, each a row of its own again and again, and remember every "yes"."""

    def __init__(self, url: str, count: int, first: int) -> None:
        self.acknowledged: dict[str, int] = {}
        self.refused: list[int] = []
        self._url = url
        self._first = first
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, number: int) -> None:
        version = self._first
        with httpx.Client(base_url=self._url, timeout=30) as client:
            while not self._stop.is_set():
                version += 1
                row = {"id": f"w{number}", "name": str(version), "email": f"w{number}@example.com"}
                try:
                    answer = client.post("/v1/changes", json={"source": "crm", "changes": [{"row": row}]})
                except httpx.TransportError:
                    return  # the server is gone, or refuses to be asked
                if answer.status_code == HTTPStatus.OK:
                    self.acknowledged[f"w{number}"] = version
                else:
                    self.refused.append(answer.status_code)
                    time.sleep(0.05)


def require_kept(url: str, acknowledged: Mapping[str, int]) -> None:
    """Every row says what was acknowledged last, or what was sent after it."""
    for key, version in acknowledged.items():
        answer = httpx.get(f"{url}/v1/records/crm/{key}")
        assert answer.status_code == 200, answer.text
        assert int(answer.json()["values"]["name"]) >= version
