"""The first load of a million rows: how long it takes, and how much memory."""

import resource
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.bootstrap import load_rows
from benchmarks.figures import Figure, Goal, Sense
from benchmarks.workload import catalogue
from cli.main import collect_rarely

ROWS: Final = 1_000_000
_MEBIBYTE: Final = 1024  #: in the unit of `ru_maxrss`, KiB


async def measure() -> list[Figure]:
    """Seconds, and the memory of the process and of the one that fills its spool."""
    collect_rarely()
    with TemporaryDirectory() as folder:
        seconds = await load_rows(Path(folder) / "ours.sqlite", catalogue(), ROWS, [])
    processes = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    memory = sum(resource.getrusage(each).ru_maxrss for each in processes) / _MEBIBYTE
    return [
        Figure(what="First load", unit="s", ours=(seconds,), at=ROWS, goal=Goal(Sense.AT_MOST, 120)),
        Figure(what="Memory of a first load", unit="MiB", ours=(memory,), at=ROWS, goal=Goal(Sense.AT_MOST, 1_536)),
    ]
