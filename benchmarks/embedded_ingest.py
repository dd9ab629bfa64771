"""Embedded ingest, durable: a first load, a reload in which nothing changed, and an update of every row.

Each round does all three with new files, and in between what the raw writer needs for the same rows, so that both feel
the same noise. Rows come as a source gives them; reading, mapping, resolving, committing and acknowledging all count.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from benchmarks.figures import ROUNDS, Figure, Goal, Sense
from benchmarks.raw_writer import RAW_BATCH, RawBatch, RawWriter, RecordingStore
from benchmarks.workload import catalogue, rows
from cli.ingest import BATCH_SIZE
from cli.main import collect_rarely
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position
from services.ingestion.writer import Writer
from services.metrics import Metrics
from services.stores.sqlite.store import SqliteStore

ROWS: Final = 10_000
#: When the first row was observed, milliseconds since 1970.
_BEGIN: Final = 1_700_000_000_000

Rows: TypeAlias = Sequence[tuple[str, dict[str, JsonValue]]]


@dataclass(frozen=True, slots=True)
class _Round:
    """Seconds that the same rows took, ours and raw."""

    load: float
    reload: float
    updates: float
    raw_load: float
    raw_updates: float


async def measure() -> list[Figure]:
    """Rows per second, ours and raw, in files of their own each round."""
    collect_rarely()
    rules = catalogue()
    given = list(rows(ROWS))
    with TemporaryDirectory() as folder:
        raw = await _raw_batches(Path(folder) / "recorded.sqlite", rules, given)
        rounds = [await _round(Path(folder), number, rules, given, raw) for number in range(ROUNDS + 1)][1:]
    return [
        _figure("Embedded, first load", [r.load for r in rounds], [r.raw_load for r in rounds], 0.45, aim=0.6),
        _figure("Embedded, reload, nothing changed", [r.reload for r in rounds], [r.raw_load for r in rounds], 0.9),
        _figure(
            "Embedded, one update in place each", [r.updates for r in rounds], [r.raw_updates for r in rounds], 0.35
        ),
    ]


def _figure(name: str, ours: Sequence[float], raw: Sequence[float], must: float, aim: float | None = None) -> Figure:
    """What so many seconds a round come to."""
    return Figure(
        what=name,
        unit="rows/s",
        ours=tuple(ROWS / seconds for seconds in ours),
        raw=tuple(ROWS / seconds for seconds in raw),
        raw_limit="writes the same rows of records, links and profiles, as durably, without resolving anything",
        goal=Goal(Sense.RATIO_AT_LEAST, must=must, aim=aim),
    )


async def _round(
    folder: Path, number: int, rules: Catalogue, given: Rows, raw: tuple[list[RawBatch], list[RawBatch]]
) -> _Round:
    raw_load, raw_updates = raw
    store = await SqliteStore.open(folder / f"ours{number}.sqlite", rules.fingerprint)
    with closing(RawWriter(folder / f"raw{number}.sqlite")) as bare:
        measured = _Round(
            load=await _ingested(store, rules, _changes(given, rules, 0)),
            raw_load=_written(bare, raw_load),
            reload=await _ingested(store, rules, _changes(given, rules, 1)),
            updates=await _ingested(store, rules, _changes(_moved(given), rules, 2)),
            raw_updates=_written(bare, raw_updates),
        )
    await store.close()
    return measured


async def _ingested(store: SqliteStore, rules: Catalogue, changes: Iterator[Change], size: int = BATCH_SIZE) -> float:
    """Seconds until all changes are in force and acknowledged, as the command brings them into force."""
    writer = Writer(store, rules, "benchmark", metrics=Metrics(), publish=None)
    await writer.open()
    started = time.perf_counter()
    while batch := list(islice(changes, size)):
        async with writer.lend() as ingest:
            await ingest.apply(batch)
    return time.perf_counter() - started


def _written(bare: RawWriter, batches: Iterable[RawBatch]) -> float:
    """Seconds until all rows are in the file."""
    started = time.perf_counter()
    for batch in batches:
        bare.write(batch)
    return time.perf_counter() - started


async def _raw_batches(path: Path, rules: Catalogue, given: Rows) -> tuple[list[RawBatch], list[RawBatch]]:
    """What the raw writer is to write for the first load, and for the updates."""
    store = await RecordingStore.open(path, rules.fingerprint)
    recorded = []
    for life, form in enumerate((given, _moved(given))):
        store.plans = []
        await _ingested(store, rules, _changes(form, rules, life), RAW_BATCH)
        recorded.append([RawBatch.of(plan) for plan in store.plans])
    await store.close()
    return recorded[0], recorded[1]


def _moved(given: Rows) -> Rows:
    """The same rows with another value of one trait each."""
    return [(source, {**row, "city": f"{row['city']} II"}) for source, row in given]


def _changes(given: Rows, rules: Catalogue, life: int) -> Iterator[Change]:
    """The rows as changes of a log, which has carried all of them `life` times before."""
    for number, (source, row) in enumerate(given):
        offset = life * ROWS + number
        yield row_change(rules.sources[source], row, Origin(position=Position(1, offset), observed_at=_BEGIN + offset))
