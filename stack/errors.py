"""What can go wrong while the stack starts or stops.

StackError
├── RequirementMissingError  this machine lacks a program that the stack needs
├── PortInUseError           another process listens where a part should, or two parts want one port
├── PortsInUseError          all of these, found before the first part starts
├── PartFailedError          a part did not start, did not become ready, or ended by itself
└── ConnectorFailedError     Kafka Connect refused a connector, or its task failed
"""

from collections.abc import Iterable
from pathlib import Path

from graph_model.errors import IdentityGraphError

LAST_LINES = 20


def last_lines(log: Path, count: int = LAST_LINES) -> str:
    """The end of a log file, indented for an error message; empty when there is none."""
    if not log.exists():
        return ""
    lines = log.read_text(errors="replace").splitlines()[-count:]
    return "\n".join(f"    {line}" for line in lines)


class StackError(IdentityGraphError):
    """The stack did not do what was asked."""


class RequirementMissingError(StackError):
    """A program that the stack needs is not on this machine."""


class PortInUseError(StackError):
    """Another process, or another part, has a port that a part was told to use."""

    def __init__(self, part: str, port: int, variable: str, *, other_part: str | None = None) -> None:
        if other_part is None:
            found, otherwise = "is in use by another process", "Stop that process, or set"
        else:
            found, otherwise = f"is that of {other_part}, too", "Set"
        super().__init__(f"{part}: port {port} {found}. {otherwise} {variable} to a free port (0 picks one).")


class PortsInUseError(StackError):
    """Several parts cannot have their ports; a line for each."""

    def __init__(self, faults: Iterable[PortInUseError]) -> None:
        super().__init__("\n".join(map(str, faults)))


class PartFailedError(StackError):
    """A part did not start; the message carries its log's path and last lines."""

    def __init__(self, part: str, problem: str, log: Path) -> None:
        self.log = log
        ending = last_lines(log)
        tail = f" It ends with:\n{ending}" if ending else " It is empty."
        super().__init__(f"{part} {problem}. Its log is {log}.{tail}")


class ConnectorFailedError(StackError):
    """Kafka Connect answered that a connector cannot be configured or run."""
