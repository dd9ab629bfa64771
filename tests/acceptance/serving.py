"""The running `identity-graph serve`, for tests."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.acceptance.conftest import COMMAND


class Served:
    """The running command, and what it said once it listened."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = self._read()

    @property
    def address(self) -> str:
        found = re.search(r"http://\S+:\d+", self.said)
        assert found is not None, self.said
        return found[0]

    def _read(self) -> str:
        """What it prints until its last line, or until it ends."""
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if line.startswith(("Ctrl-C", "The store is empty")):
                break
        return said


@contextmanager
def serving(environment: Mapping[str, str], *arguments: str) -> Iterator[Served]:
    process = subprocess.Popen(
        [COMMAND, "serve", "--port", "0", *arguments],
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Served(process)
    finally:
        process.kill()
        process.communicate(timeout=10)
