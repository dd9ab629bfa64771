"""Embedded ingest, durable: a first load as a stream, a reload in which nothing changed, and an update of every row.

Each round does all three with new files, and in between what the raw writer needs for the same rows, so that both feel
the same noise. Rows come as a source gives them; reading, mapping, resolving, committing and acknowledging all count.
"""

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from benchmarks.figures import ROUNDS, Figure, Goal, Sense
from benchmarks.raw_writer import RAW_BATCH, RawBatch, RawWriter, RecordingStore
from benchmarks.workload import catalogue, changes, rows
from cli.ingest import BATCH_SIZE
from cli.main import collect_rarely
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change
from graph_model.values.equality import JsonValue
from services.ingestion.writer import Writer
from services.metrics import Metrics
from services.stores.sqlite.store import SqliteStore

ROWS: Final = 10_000

Rows: TypeAlias = Sequence[tuple[str, dict[str, JsonValue]]]
#: Seconds since any moment.
Clock: TypeAlias = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds that the same rows took, ours and raw."""

    load: float
    reload: float
    updates: float
    raw_load: float
    raw_updates: float


async def measure() -> list[Figure]:
    """Rows per second, ours and raw, in files of their own each round."""
    rounds = await measured_rounds(ROWS, ROUNDS, time.perf_counter)
    return [
        _figure(
            "Embedded, first load, as a stream", [r.load for r in rounds], [r.raw_load for r in rounds], 0.45, aim=0.6
        ),
        _figure("Embedded, reload, nothing changed", [r.reload for r in rounds], [r.raw_load for r in rounds], 0.9),
        _figure(
            "Embedded, one update in place each", [r.updates for r in rounds], [r.raw_updates for r in rounds], 0.35
        ),
    ]


async def measured_rounds(count: int, rounds: int, clock: Clock) -> list[Round]:
    """Measure, after a round that warms up.

    Args:
        count: how many rows there are.
        rounds: how often everything is done.
        clock: tells how much time has passed.
    """
    collect_rarely()
    rules = catalogue()
    given = list(rows(count))
    with TemporaryDirectory() as folder:
        raw = await _raw_batches(Path(folder) / "recorded.sqlite", rules, given)
        gc.collect()
        gc.freeze()  # what only the benchmark keeps is not to be searched for garbage
        try:
            return [await _round(Path(folder), number, rules, given, raw, clock) for number in range(rounds + 1)][1:]
        finally:
            gc.unfreeze()


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
    folder: Path,
    number: int,
    rules: Catalogue,
    given: Rows,
    raw: tuple[list[RawBatch], list[RawBatch]],
    clock: Clock,
) -> Round:
    raw_load, raw_updates = raw
    store = await SqliteStore.open(folder / f"ours{number}.sqlite", rules.fingerprint)

    async def ingested(form: Rows, life: int) -> float:
        """How long it takes until all rows are in force and acknowledged, as the command brings them into force."""
        writer = await _opened(store, rules)
        started = clock()
        await _ingest(writer, changes(form, rules, life * len(form)), BATCH_SIZE)
        return clock() - started

    with closing(RawWriter(folder / f"raw{number}.sqlite")) as bare:

        def written(batches: Iterable[RawBatch]) -> float:
            """How long it takes until all rows are in the file."""
            started = clock()
            for batch in batches:
                bare.write(batch)
            return clock() - started

        measured = Round(
            load=await ingested(given, 0),
            raw_load=written(raw_load),
            reload=await ingested(given, 1),
            updates=await ingested(_moved(given), 2),
            raw_updates=written(raw_updates),
        )
    await store.close()
    return measured


async def _opened(store: SqliteStore, rules: Catalogue) -> Writer:
    writer = Writer(store, rules, "benchmark", metrics=Metrics(), publish=None)
    await writer.open()
    return writer


async def _ingest(writer: Writer, waiting: Iterator[Change], size: int) -> None:
    async with writer.lend_for_many() as series:
        while batch := list(islice(waiting, size)):
            await series.begin(batch, (), lambda _: None)


async def _raw_batches(path: Path, rules: Catalogue, given: Rows) -> tuple[list[RawBatch], list[RawBatch]]:
    """What the raw writer is to write for the first load, and for the updates."""
    store = await RecordingStore.open(path, rules.fingerprint)
    recorded = []
    for life, form in enumerate((given, _moved(given))):
        store.plans = []
        await _ingest(await _opened(store, rules), changes(form, rules, life * len(form)), RAW_BATCH)
        recorded.append([RawBatch.of(plan) for plan in store.plans])
    await store.close()
    return recorded[0], recorded[1]


def _moved(given: Rows) -> Rows:
    """The same rows with another value of one trait each."""
    return [(source, {**row, "city": f"{row['city']} II"}) for source, row in given]
