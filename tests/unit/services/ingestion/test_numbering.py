"""Rows without a log: what arrived later is the newer one, whatever clocks say."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.records.record import Change, Outcome, RecordAddress
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position
from services.ingestion.acceptance import AcceptanceClock
from services.ingestion.ingest import Ingest
from services.ingestion.intake import ChangeIntake, RowChange
from services.ingestion.writer import Writer
from services.metrics import Metrics
from services.stores.sqlite.store import SqliteStore

CATALOGUE = parse_catalogue(
    """
version: 1
identifiers: {email: {normalise: email, holders: few, priority: 90}}
traits: {name: text}
sources:
  crm: {file: "crm*.csv", key: [id], columns: {email: {identifier: email}, name: {trait: name}}}
  versioned: {file: "v*.csv", key: [id], version: v, columns: {email: {identifier: email}, name: {trait: name}}}
""",
    "catalogue.yaml",
)
HOUR = 3_600_000
NOW = 1_795_255_200_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "graph.sqlite", CATALOGUE.fingerprint)
    yield opened
    await opened.close()


class Process:
    """One process that takes changes, with a clock of its own."""

    def __init__(self, store: SqliteStore, name: str, now: int) -> None:
        self.acceptance = AcceptanceClock(lambda: now)
        self._store = store
        writer = Writer(store, CATALOGUE, name, metrics=Metrics(), publish=None)
        self._intake = ChangeIntake(CATALOGUE, writer, metrics=Metrics(), clock=lambda: now, acceptance=self.acceptance)

    async def send(self, *rows: RowChange, source: str = "crm") -> dict[Outcome, int]:
        result = await self._intake.accept(source, rows)
        return {outcome: count for outcome, count in result.outcomes.items() if count}

    async def name(self) -> JsonValue:
        """What is stored of the row 1."""
        address = RecordAddress.of("crm", [1])
        values = (await self._store.read_records([address]))[address].record.values
        return None if values is None else values["name"]


def row(name: str, number: int = 1) -> RowChange:
    return RowChange({"id": number, "name": name}, deleted=False)


async def test_a_clock_set_back_an_hour_makes_nothing_stale_after_a_restart(store: SqliteStore) -> None:
    await Process(store, "api/a", NOW).send(row("Ann"))
    later = Process(store, "api/a", NOW - HOUR)
    assert await later.send(row("Anne")) == {Outcome.APPLIED: 1}
    assert await later.name() == "Anne"
    assert await later.send(RowChange({"id": 1}, deleted=True)) == {Outcome.APPLIED: 1}
    assert await later.name() is None


async def test_a_process_begins_above_what_all_others_gave(store: SqliteStore) -> None:
    await Process(store, "api/a", NOW).send(row("Ann"))
    behind = Process(store, "api/b", NOW - HOUR)
    await behind.send(row("Bob", number=2))
    assert behind.acceptance.next(1) > NOW * 1_000


async def test_a_row_of_a_process_that_is_ahead_is_followed_by_what_arrives_later(store: SqliteStore) -> None:
    behind = Process(store, "api/b", NOW - HOUR)
    await behind.send(row("Bob", number=2))
    await Process(store, "api/a", NOW).send(row("Ann"))
    assert await behind.send(row("Anne"), row("Anna")) == {Outcome.APPLIED: 2}
    assert await behind.name() == "Anna"
    assert behind.acceptance.next(1) < NOW * 1_000


async def test_what_another_process_gave_does_not_hide_how_far_the_own_clock_is(store: SqliteStore) -> None:
    behind = Process(store, "api/b", NOW - HOUR)
    await behind.send(row("Bob", number=2))
    await Process(store, "api/a", NOW).send(row("Ann"))
    await behind.send(row("Anne"))
    await behind.send(row("Bob", number=2))
    assert behind.acceptance.next(1) < NOW * 1_000
    accepted = {name: state.accepted for name, state in (await store.read_writers()).items()}
    assert accepted["api/b"] < NOW * 1_000 <= accepted["api/a"]


async def test_a_declared_version_is_never_raised(store: SqliteStore) -> None:
    process = Process(store, "api/a", NOW)
    newer = RowChange({"id": 1, "name": "Ann", "v": 8}, deleted=False)
    older = RowChange({"id": 1, "name": "Anne", "v": 7}, deleted=False)
    assert await process.send(newer, source="versioned") == {Outcome.APPLIED: 1}
    assert await process.send(older, source="versioned") == {Outcome.STALE: 1}


async def test_a_version_from_a_log_stays_before_what_was_only_accepted(store: SqliteStore) -> None:
    ingest = Ingest(store, CATALOGUE, await store.claim_outbox("log"), metrics=Metrics())
    source = CATALOGUE.sources["crm"]
    streamed = row_change(source, {"id": 1, "name": "Ann"}, Origin(position=Position(1, 5), observed_at=0))
    await ingest.apply([streamed])
    assert await Process(store, "api/a", NOW).send(row("Anne")) == {Outcome.STALE: 1}


async def test_the_cause_of_an_event_names_the_number_that_is_stored(store: SqliteStore) -> None:
    numbered = Position(0, NOW * 1_000)
    ingest = Ingest(store, CATALOGUE, await store.claim_outbox("ahead"), metrics=Metrics())
    await ingest.apply([change("Ann", numbered)])
    result = await ingest.apply([change("Anne", Position(0, 1))])
    (event,) = result.committed[0].events
    assert f'"offset":{numbered.log_offset + 1}'.encode() in event.data


def change(name: str, position: Position) -> Change:
    return row_change(CATALOGUE.sources["crm"], {"id": 1, "name": name}, Origin(position=position, observed_at=0))
