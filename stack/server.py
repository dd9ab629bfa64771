"""What the servers of the stack have in common: start, stop, kill, restart, each alone."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from stack.errors import PortInUseError, PortsInUseError
from stack.ports import Port
from stack.process import Command, StartedProcess, kill_process, start_process, stop_process, wait_until_ready
from stack.settings import port_variable


class Server(ABC):
    """One real server with a folder of its own; also a context manager that starts and stops it.

    `part` is its name in messages; `ready_seconds` is how long it may take until it answers.
    """

    part: ClassVar[str]
    ready_seconds: ClassVar[float] = 180.0

    def __init__(self, folder: Path, *ports: Port) -> None:
        self.folder = folder
        self.ports = ports
        self.process: StartedProcess | None = None

    @property
    def log(self) -> Path:
        """The file with all that the server said since it was started last."""
        return self.folder / "server.log"

    @property
    def leftovers(self) -> tuple[Path, ...]:
        """Folders outside `folder` that hold its data, to be removed with it."""
        return ()

    @abstractmethod
    def prepare(self) -> Command:
        """Writes the files that the server needs and tells how to start it."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the server does its work now."""

    @abstractmethod
    def describe(self) -> str:
        """Where it is reached, for a person."""

    def start(self) -> None:
        """Starts the server and returns once it is ready; data of an earlier start is kept.

        Raises:
            PortInUseError: another process listens on one of its ports.
            PartFailedError: it ended or did not become ready; it is stopped then.
        """
        self.launch()
        try:
            self.wait()
        except BaseException:  # an interrupt too must not leave it running
            self.stop()
            raise

    def launch(self) -> None:
        """The first half of start(): returns as soon as the process is there."""
        for port in self.ports:
            port.refuse_if_in_use(self.part)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = start_process(self.part, self.prepare(), self.log)

    def wait(self) -> None:
        """The second half of start(): returns once the server does its work."""
        if self.process is not None:
            wait_until_ready(self.process, self.is_ready, self.ready_seconds)

    def stop(self) -> None:
        """Stops what start() started; does nothing when it does not run."""
        if self.process is not None:
            stop_process(self.process)
            self.process = None

    def kill(self) -> None:
        """Ends it at once, as a crash would; its data stays as it is."""
        if self.process is not None:
            kill_process(self.process)
            self.process = None

    def restart(self) -> None:
        """Stops it and starts it again on the same ports."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for leftover in self.leftovers:
            shutil.rmtree(leftover)


def refuse_ports(servers: Iterable[Server]) -> None:
    """Refuse servers that could not all listen, before the first of them starts.

    Raises:
        PortsInUseError: another process listens where one of them should, or two of them want the same port.
    """
    faults: list[PortInUseError] = []
    wanted: dict[int, str] = {}
    for server in servers:
        for port in server.ports:
            if port.number in wanted:
                other = wanted[port.number]
                faults.append(PortInUseError(server.part, port.number, port_variable(port.name), other_part=other))
                continue
            wanted[port.number] = server.part
            try:
                port.refuse_if_in_use(server.part)
            except PortInUseError as fault:
                faults.append(fault)
    if faults:
        raise PortsInUseError(faults)


class HttpServer(Server):
    """A server that people and programs reach over HTTP, at its one port."""

    port: Port

    @property
    def url(self) -> str:
        """The address of its HTTP interface."""
        return f"http://{self.port.address}"

    def describe(self) -> str:
        """Where it is reached, for a person."""
        return self.url
