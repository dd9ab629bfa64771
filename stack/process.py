"""Starts a server as a process of its own, waits until it is ready, and stops exactly that process."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack.errors import PartFailedError

LOOK_AGAIN_SECONDS = 0.05
STOP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Command:
    """How a server is started: command line, working folder, environment, and the user it runs as."""

    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass(frozen=True, slots=True)
class StartedProcess:
    """A process that we started. `birth` tells it from a later process that was given the same number."""

    part: str
    pid: int
    birth: str
    log: Path
    stop_signal: int


def wait_until(condition: Callable[[], bool], within: float) -> bool:
    """Asks again and again until the condition holds; False when `within` seconds have passed first."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_AGAIN_SECONDS)
    return True


def birth_of(pid: int) -> str | None:
    """What the system says about when the process began; None when there is none, or only its remains."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The name in parentheses may hold anything, so count from behind it: field 3 is the state,
            # field 22 the start time.
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in {"Z", "X"} else fields[19]
    told = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, began = told.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else began.strip()


def is_running(process: StartedProcess) -> bool:
    """Whether that very process still runs; a stranger with its number does not count."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)  # where it is our child, its remains would keep the number
    return birth_of(process.pid) == process.birth


def start_process(part: str, command: Command, log: Path) -> StartedProcess:
    """Starts the command in a process group of its own, with all that it says going to the log.

    Raises:
        PartFailedError: the program cannot be run.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                command.arguments,
                cwd=command.folder,
                env={**os.environ, **command.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=command.user,
                group=command.user,
                extra_groups=None if command.user is None else [],
            )
    except OSError as error:
        raise PartFailedError(part, f"cannot be run: {error}", log) from error
    birth = birth_of(process.pid)
    process.returncode = 0  # from here on is_running() looks after it, also when another process stops it
    return StartedProcess(part, process.pid, birth or "", log, int(command.stop_signal))


def wait_until_ready(process: StartedProcess, is_ready: Callable[[], bool], within: float) -> None:
    """Returns once the server answers.

    Raises:
        PartFailedError: it ended by itself, or did not answer within that many seconds.
    """

    def settled() -> bool:
        return not is_running(process) or is_ready()

    if not wait_until(settled, within):
        raise PartFailedError(process.part, f"was not ready after {within:.0f} seconds", process.log)
    if not is_running(process):
        raise PartFailedError(process.part, "ended before it was ready", process.log)


def stop_process(process: StartedProcess) -> bool:
    """Asks that process to end, and ends its group by force when it does not; False when it was gone.

    Raises:
        PartFailedError: it could not be ended.
    """
    if not is_running(process):
        return False
    os.kill(process.pid, process.stop_signal)
    if wait_until(lambda: not is_running(process), STOP_SECONDS):
        return True
    kill_process(process)
    return True


def kill_process(process: StartedProcess) -> None:
    """Ends the process and its group at once, without asking, as a crash would.

    Raises:
        PartFailedError: it could not be ended.
    """
    if is_running(process):
        os.killpg(process.pid, signal.SIGKILL)
    if not wait_until(lambda: not is_running(process), STOP_SECONDS):
        raise PartFailedError(process.part, f"(process {process.pid}) could not be stopped", process.log)
