"""The first load of a million rows: how long it takes, how much memory and disk; and whether it is right."""

import resource
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.bootstrap import load_rows
from benchmarks.figures import Figure, Goal, Sense
from benchmarks.workload import catalogue
from cli.main import collect_rarely
from graph_model.catalogue.rules import Catalogue
from services.maintenance.verification.verify import verify
from services.stores.sqlite.store import SqliteStore

ROWS: Final = 1_000_000
_MEBIBYTE: Final = 1024  #: in the unit of `ru_maxrss`, KiB


async def measure() -> list[Figure]:
    """Seconds, the memory of the process and of the ones that work for it, and the disk that a row takes."""
    collect_rarely()
    rules = catalogue()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ours.sqlite"

        async def open_store(migrator: str | None) -> SqliteStore:
            return await SqliteStore.open(path, rules.fingerprint, migrator=migrator)

        seconds = await load_rows(path, rules, ROWS, open_store, apart=True)
        processes = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        memory = sum(resource.getrusage(each).ru_maxrss for each in processes) / _MEBIBYTE
        size = path.stat().st_size / ROWS
        await _verify(path, rules)
    return [
        Figure(what="First load", unit="s", ours=(seconds,), at=ROWS, goal=Goal(Sense.AT_MOST, 120)),
        Figure(what="Memory of a first load", unit="MiB", ours=(memory,), at=ROWS, goal=Goal(Sense.AT_MOST, 1_536)),
        Figure(what="Disk after a first load", unit="bytes", ours=(size,), at=ROWS, goal=Goal(Sense.AT_MOST, 2_000)),
    ]


async def _verify(path: Path, rules: Catalogue) -> None:
    """Make sure that the figures are those of a load that is right."""
    store = await SqliteStore.open(path, rules.fingerprint)
    try:
        problems = (await verify(store, rules)).problems
    finally:
        await store.close()
    if problems:
        raise RuntimeError(f"what was loaded is not what follows from its records: {problems[0]}")
