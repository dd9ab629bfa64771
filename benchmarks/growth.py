"""Whether a file that grows stays fast: rows per second and bytes per record, ours and raw, from ten thousand on.

Every second row is of a new person, every other of one of those before, whoever it is: so a commit reads and writes all
over the file, and does the same work at every size. The raw writer writes the rows of each commit right after it.
"""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.figures import ROUNDS, Figure, Goal, Sense
from benchmarks.raw_writer import RAW_BATCH, RawBatch, RawWriter, RecordingStore
from benchmarks.workload import CITIES, SOURCES, catalogue, origin
from cli.main import collect_rarely
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change
from graph_model.resolution.row_changes import row_change
from services.ingestion.writer import Writer
from services.metrics import Metrics
from services.stores.sqlite.connection import connect

#: Records at which it is measured.
MARKS: Final = (10_000, 100_000, 300_000, 1_000_000)
#: Before each mark, and as often as there are rounds, the time of so many rows is taken.
_WINDOW: Final = 2_500
#: From here on growth counts.
BASE: Final = 100_000
_SEED: Final = 11


@dataclass(slots=True)
class _Mark:
    """What was measured up to a mark, ours and raw."""

    at: int
    rates: list[float] = field(default_factory=list)
    raw_rates: list[float] = field(default_factory=list)
    size: float = 0.0
    raw_size: float = 0.0


async def measure(marks: Sequence[int] = MARKS) -> list[Figure]:
    """Rows per second before each mark and bytes per record at it, and how much more a row costs than at 100 000."""
    collect_rarely()
    with TemporaryDirectory() as folder:
        return _figures(await _grown(Path(folder), catalogue(), marks))


def rows(rules: Catalogue) -> Iterator[Change]:
    """Changes without end, the same ones in every run."""
    chosen = random.Random(_SEED)  # noqa: S311 - invented data
    people = 0
    for offset in range(10**9):
        person = chosen.randrange(people) if people and chosen.random() < 0.5 else people
        people = max(people, person + 1)
        row = {
            "id": offset,
            "email": f"person{person}@example.com" if chosen.random() < 0.9 else None,
            "phone": None,
            "name": f"Person Number{person}",
            "city": chosen.choice(CITIES),
        }
        yield row_change(rules.sources[chosen.choice(SOURCES)], row, origin(offset))


async def _grown(folder: Path, rules: Catalogue, marks: Sequence[int]) -> list[_Mark]:
    changes = rows(rules)
    ours, theirs = folder / "ours.sqlite", folder / "raw.sqlite"
    store = await RecordingStore.open(ours, rules.fingerprint)
    writer = Writer(store, rules, "benchmark", metrics=Metrics(), publish=None)
    await writer.open()
    measured, count = [], 0
    with closing(RawWriter(theirs)) as bare:
        for mark in map(_Mark, marks):
            begins = mark.at - ROUNDS * _WINDOW
            await _written(store, writer, bare, changes, begins - count)
            for _ in range(ROUNDS):
                seconds, raw_seconds = await _written(store, writer, bare, changes, _WINDOW)
                mark.rates.append(_WINDOW / seconds)
                mark.raw_rates.append(_WINDOW / raw_seconds)
            count = mark.at
            mark.size, mark.raw_size = _size(ours) / count, _size(theirs) / count
            measured.append(mark)
    await store.close()
    return measured


async def _written(
    store: RecordingStore, writer: Writer, bare: RawWriter, changes: Iterator[Change], rows_wanted: int
) -> tuple[float, float]:
    """Bring so many changes into force, and write the same rows raw; the seconds that each took."""
    ours = raw = 0.0
    wanted = islice(changes, rows_wanted)
    while batch := list(islice(wanted, RAW_BATCH)):
        store.plans = []
        started = time.perf_counter()
        async with writer.lend() as ingest:
            await ingest.apply(batch)
        ours += time.perf_counter() - started
        for prepared in [RawBatch.of(plan) for plan in store.plans]:
            started = time.perf_counter()
            bare.write(prepared)
            raw += time.perf_counter() - started
    return ours, raw


def _size(path: Path) -> int:
    """Bytes of all files of a store after a checkpoint."""
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))


def _figures(measured: Sequence[_Mark]) -> list[Figure]:
    figures = []
    for mark in measured:
        figures.append(
            Figure(
                what="Embedded ingest as the file grows",
                unit="rows/s",
                ours=tuple(mark.rates),
                raw=tuple(mark.raw_rates),
                raw_limit="the same rows in the form of the frozen raw writer, commit by commit",
                at=mark.at,
            )
        )
        figures.append(
            Figure(
                what="Disk after a first load",
                unit="bytes",
                ours=(mark.size,),
                raw=(mark.raw_size,),
                raw_limit="the file of the frozen raw writer, which has no events",
                goal=Goal(Sense.AT_MOST, 2_000, aim=1_000),
                at=mark.at,
            )
        )
    return [*figures, *_growths(measured)]


def _growths(measured: Sequence[_Mark]) -> Iterator[Figure]:
    """How many times as long a row takes as at the base, against what it is for the raw writer."""
    base = next((mark for mark in measured if mark.at == BASE), None)
    for mark in measured if base is not None else ():
        if base is not None and mark.at > BASE:
            yield Figure(
                what="A row's cost against 100 000 records",
                unit="times",
                ours=tuple(before / now for before, now in zip(base.rates, mark.rates, strict=True)),
                raw=tuple(before / now for before, now in zip(base.raw_rates, mark.raw_rates, strict=True)),
                raw_limit="the growth of the frozen raw writer in the same run",
                goal=Goal(Sense.RATIO_AT_MOST, 1.15),
                at=mark.at,
            )
