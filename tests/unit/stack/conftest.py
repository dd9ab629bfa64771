"""Small real processes to start and stop."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.process import Command, StartedProcess, kill_process, start_process

Started = Callable[..., StartedProcess]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """Starts a shell script as a part of the stack; what is left of it is ended after the test."""
    processes: list[StartedProcess] = []

    def start(script: str, *, part: str = "Part", stop_signal: signal.Signals = signal.SIGTERM) -> StartedProcess:
        command = Command(("sh", "-c", script), tmp_path, stop_signal=stop_signal)
        processes.append(start_process(part, command, tmp_path / part / "server.log"))
        return processes[-1]

    yield start
    for process in processes:
        kill_process(process)
