"""A store that the program of form 2 made comes into the present form, and everything in it stays as it is."""

from typing import Any

import pytest

from graph_model.records.record import Change, RecordAddress
from graph_model.records.tasks import TruncateSource
from graph_model.values.positions import Position, SourcePosition
from services.ingestion.ingest import Ingest
from services.maintenance.migration.migrate import MIGRATIONS, Migrated
from services.maintenance.verification.verify import verify
from services.metrics import Metrics
from services.stores.port.errors import FormerForm
from services.stores.port.stored_form import SCHEMA_VERSION
from tests.migration.conftest import Ground
from tests.migration.interrupted import migrate_with_kills
from tests.migration.kept import kept_catalogue

STREAMED = RecordAddress.of("crm", [1])


@pytest.fixture
def form() -> int:
    return 2


async def test_it_is_refused_with_the_command_that_brings_it_over(ground: Ground) -> None:
    before = await ground.contents()
    with pytest.raises(FormerForm, match=rf"form 2, .* form {SCHEMA_VERSION}\..*identity-graph migrate"):
        await ground.open()
    assert await ground.contents() == before


async def test_nothing_changes_but_the_form(ground: Ground) -> None:
    before = without_form(await ground.contents())
    assert await ground.migrate() == Migrated(found=2, version=SCHEMA_VERSION)
    assert without_form(await ground.contents()) == before


async def test_killed_after_each_of_its_marks_it_comes_to_the_same(ground: Ground) -> None:
    await ground.migrate()
    undisturbed = await ground.contents()
    await ground.fill()
    kills, migrated = await migrate_with_kills(ground.migrating, ground.opening)
    assert kills > len(MIGRATIONS[2])
    assert migrated.version == SCHEMA_VERSION
    assert await ground.contents() == undisturbed


async def test_verify_finds_no_problem(ground: Ground) -> None:
    await ground.migrate()
    store = await ground.open()
    report = await verify(store, kept_catalogue())
    assert (report.problems, report.records, report.tombstones, report.verdicts) == ((), 20, 2, 3)
    await store.close()


async def test_its_rows_count_as_accepted_when_their_sources_said_them(ground: Ground) -> None:
    await ground.migrate()
    store = await ground.open()
    record = (await store.read_records([STREAMED]))[STREAMED].record
    assert (record.observed_at, record.believed_until, record.undated) == (1_700_000_001_000, 1_700_000_001_000, False)
    assert record.streamed == SourcePosition("postgresql", (2**70,))
    await store.close()


async def test_work_that_is_owed_progress_and_pending_events_are_kept(ground: Ground) -> None:
    await ground.migrate()
    store = await ground.open()
    (owed,) = await store.read_tasks()
    assert owed.task == TruncateSource(
        source="branch", topic=None, position=Position(1, 10_000), source_position=None, observed_at=1_700_000_600_000
    )
    outbox = await store.claim_outbox("crm/0")
    assert outbox.progress == Position(1, 28)
    told = [(event.type.value, event.version) for pending in outbox.pending for event in pending.events]
    assert told == [("created", 1), ("updated", 2)]
    await store.close()


async def test_what_records_say_from_now_on_is_kept(ground: Ground) -> None:
    await ground.migrate()
    store = await ground.open()
    ingest = Ingest(store, kept_catalogue(), await store.claim_outbox("crm/0"), metrics=Metrics())
    change = Change(
        address=STREAMED,
        position=Position(1, 29),
        row={"id": 1, "mail": "ann", "name": "Anna"},
        observed_at=1_700_000_700_000,
        accepted_at=1_700_000_800_000,
        undated=True,
    )
    await ingest.apply([change])
    record = (await store.read_records([STREAMED]))[STREAMED].record
    assert (record.observed_at, record.accepted_at, record.undated) == (1_700_000_700_000, 1_700_000_800_000, True)
    assert (await verify(store, kept_catalogue())).problems == ()
    await store.close()


def without_form(contents: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """What is stored, but for what the store says of itself, and the revisions that shut others out of outboxes."""
    return {kind: rows for kind, rows in contents.items() if kind != "store"}
