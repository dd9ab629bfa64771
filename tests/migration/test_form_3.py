"""A store that the program of form 3 made comes into the present form, and everything in it stays as it is."""

import sqlite3
from contextlib import closing

import pytest

from graph_model.records.record import RecordAddress
from graph_model.values.positions import Position
from services.maintenance.migration.migrate import Migrated
from services.maintenance.verification.verify import verify
from services.stores.port.errors import FormerForm
from services.stores.port.protocols import DurableOutbox
from services.stores.port.stored_form import SCHEMA_VERSION
from services.stores.sqlite import dictionary, former_tables
from services.stores.sqlite import events as sqlite_events
from tests.migration.conftest import Ground
from tests.migration.interrupted import migrate_with_kills
from tests.migration.kept import kept_catalogue
from tests.migration.test_form_2 import without_form


@pytest.fixture
def form() -> int:
    return 3


async def test_it_is_refused_with_the_command_that_brings_it_over(ground: Ground) -> None:
    before = await ground.contents()
    with pytest.raises(FormerForm, match=rf"form 3, .* form {SCHEMA_VERSION}\..*identity-graph migrate"):
        await ground.open()
    assert await ground.contents() == before


async def test_nothing_changes_but_the_form(ground: Ground) -> None:
    before = without_form(await ground.contents())
    assert await ground.migrate() == Migrated(found=3, version=SCHEMA_VERSION)
    assert without_form(await ground.contents()) == before


async def test_killed_after_each_of_its_marks_it_comes_to_the_same(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where every row is a portion, and documents are compressed from the first ones on."""
    monkeypatch.setattr(former_tables, "TOGETHER", 1)
    monkeypatch.setattr(dictionary, "FIRST_AT_RECORDS", 3)
    await ground.migrate()
    undisturbed = await ground.contents()
    await ground.fill()
    before = without_form(await ground.contents())
    kills, migrated = await migrate_with_kills(ground.migrating, ground.opening)
    assert kills > (1 if ground.url else 20)
    assert migrated.version == SCHEMA_VERSION
    assert await ground.contents() == undisturbed
    assert without_form(undisturbed) == before


async def test_verify_finds_no_problem(ground: Ground) -> None:
    await ground.migrate()
    store = await ground.open()
    report = await verify(store, kept_catalogue())
    assert (report.problems, report.records, report.tombstones, report.verdicts) == ((), 27, 3, 5)
    await store.close()


async def test_a_row_that_says_when_it_was_accepted_still_does(ground: Ground) -> None:
    await ground.migrate()
    store = await ground.open()
    address = RecordAddress.of("crm", [1])
    record = (await store.read_records([address]))[address].record
    assert (record.accepted_at, record.undated) == (1_700_002_000_000, True)
    await store.close()


async def test_pending_events_are_told_as_before(ground: Ground) -> None:
    await ground.migrate()
    store = await ground.open()
    outbox = await store.claim_outbox("crm/0")
    assert outbox.progress == Position(1, 39)
    told = [(event.type.value, event.version, event.trace) for each in outbox.pending for event in each.events]
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert told == [("created", 1, None), ("updated", 2, trace)]
    await store.close()


async def test_of_old_events_that_were_published_heads_remain(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    if ground.url:
        return  # a graph keeps no events that are published
    monkeypatch.setattr(sqlite_events, "EXACT_EVENTS", 3)
    monkeypatch.setattr(former_tables, "EXACT_EVENTS", 3)
    with closing(sqlite3.connect(ground.path)) as connection:
        before = connection.execute("SELECT sequence, event ->> 'profile_id' FROM outbox ORDER BY sequence").fetchall()
    await ground.migrate()
    store = await ground.open()
    assert isinstance(store, DurableOutbox)
    entries = await store.read_outbox(0, 100)
    assert [(entry.sequence, entry.head.profile_id) for entry in entries] == before
    assert [entry.event is not None for entry in entries] == [False] * (len(entries) - 3) + [True] * 3
    await store.close()


async def test_a_sequence_of_events_goes_on_where_none_is_kept(ground: Ground) -> None:
    if ground.url:
        return  # a graph keeps no events that are published
    with closing(sqlite3.connect(ground.path)) as connection:
        connection.execute("DELETE FROM outbox")
        connection.commit()
    await ground.migrate()
    store = await ground.open()
    assert isinstance(store, DurableOutbox)
    assert await store.outbox_bounds() == (44, 44)
    await store.close()
