"""What a process did, kept so that it outlives its end by SIGKILL."""

import os
from collections import Counter
from enum import StrEnum
from pathlib import Path


class Tallied(StrEnum):
    """What is counted."""

    COMMIT = "commit"  #: accepted by the store
    CONFLICT = "conflict"  #: refused by the store, and tried again
    FAILURE = "failure"  #: the store did not answer; tried again


class Tally:
    """One line of a file for each event; several processes may share the file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def count(self, what: Tallied) -> None:
        """Count one event; it is in the file when this returns."""
        os.write(self._file, f"{what}\n".encode())


def read_tally(path: Path) -> Counter[Tallied]:
    """How often each event was counted."""
    return Counter(map(Tallied, path.read_text().split())) if path.exists() else Counter()
