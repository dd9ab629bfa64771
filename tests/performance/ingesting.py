"""Embedded ingest beside the frozen raw writer: a first load, a reload in which nothing changed, updates in place."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

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
from tests.performance.pairs import ROUNDS, processor_seconds, share_of_raw

FIRST_LOAD: Final = "ingest: first load"
RELOAD: Final = "ingest: reload, nothing changed"
UPDATES: Final = "ingest: one update in place each"

ROWS: Final = 1_500

Rows: TypeAlias = Sequence[tuple[str, dict[str, JsonValue]]]


async def measure() -> dict[str, float]:
    """Which shares of the raw writer's speed are reached."""
    collect_rarely()
    rules, given = catalogue(), list(rows(ROWS))
    moved = [(source, {**row, "city": f"{row['city']} II"}) for source, row in given]
    pairs: dict[str, list[tuple[float, float]]] = {FIRST_LOAD: [], RELOAD: [], UPDATES: []}
    with TemporaryDirectory() as name:
        folder = Path(name)
        recording = await RecordingStore.open(folder / "recorded.sqlite", rules.fingerprint)
        raw_load, raw_updates = [
            await _recorded(recording, rules, form, life) for life, form in ((0, given), (2, moved))
        ]
        await recording.close()
        for number in range(ROUNDS + 1):
            store = await SqliteStore.open(folder / f"ours{number}.sqlite", rules.fingerprint)
            with closing(RawWriter(folder / f"raw{number}.sqlite")) as bare:
                load, raw = await _ingested(store, rules, given, 0), _written(bare, raw_load)
                pairs[FIRST_LOAD].append((load, raw))
                pairs[RELOAD].append((await _ingested(store, rules, given, 1), raw))
                pairs[UPDATES].append((await _ingested(store, rules, moved, 2), _written(bare, raw_updates)))
            await store.close()
    return {what: share_of_raw(measured) for what, measured in pairs.items()}


async def _recorded(store: RecordingStore, rules: Catalogue, given: Rows, life: int) -> list[RawBatch]:
    store.plans = []
    await _ingested(store, rules, given, life, RAW_BATCH)
    return [RawBatch.of(plan) for plan in store.plans]


async def _ingested(store: SqliteStore, rules: Catalogue, given: Rows, life: int, size: int = BATCH_SIZE) -> float:
    """Processor time until all rows are in force, read by a log that has carried all of them `life` times before."""
    writer = Writer(store, rules, "performance", metrics=Metrics(), publish=None)
    await writer.open()
    changes = _changes(given, rules, life)
    before = processor_seconds()
    while batch := list(islice(changes, size)):
        async with writer.lend() as ingest:
            await ingest.apply(batch)
    return processor_seconds() - before


def _written(bare: RawWriter, batches: Sequence[RawBatch]) -> float:
    before = processor_seconds()
    for batch in batches:
        bare.write(batch)
    return processor_seconds() - before


def _changes(given: Rows, rules: Catalogue, life: int) -> Iterator[Change]:
    for number, (source, row) in enumerate(given, life * ROWS):
        origin = Origin(position=Position(1, number), observed_at=1_700_000_000_000 + number)
        yield row_change(rules.sources[source], row, origin)
