"""A store that the program of form 3 made comes into the present form, and everything in it stays as it is."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import pytest

from graph_model.records.record import RecordAddress
from graph_model.values.positions import Position
from services.maintenance.migration.migrate import Migrated
from services.maintenance.verification.verify import verify
from services.stores.port.errors import FormerForm
from services.stores.port.protocols import DurableOutbox, Store
from services.stores.port.stored_form import SCHEMA_VERSION
from services.stores.sqlite import dictionary, former_tables
from services.stores.sqlite import events as sqlite_events
from tests.migration.conftest import Ground
from tests.migration.interrupted import migrate_with_kills
from tests.migration.kept import kept_catalogue
from tests.migration.test_form_1 import lasting


@pytest.fixture
def form() -> int:
    return 3


@pytest.fixture
async def migrated(ground: Ground) -> AsyncIterator[Store]:
    await ground.migrate()
    store = await ground.open()
    yield store
    await store.close()


def is_around_nothing(row: dict[str, Any], touched: set[str]) -> bool:
    """Whether a row of the store is of a record that moves, or of whom two rows that become one belong to."""
    return any(name in str(row) for name in ("0.0", "zero", "nil", *touched))


async def test_it_is_refused_with_the_command_that_brings_it_over(ground: Ground) -> None:
    before = await ground.contents()
    with pytest.raises(FormerForm, match=rf"form 3, .* form {SCHEMA_VERSION}\..*identity-graph migrate"):
        await ground.open()
    assert await ground.contents() == before


async def test_nothing_changes_but_the_form_and_the_keys_that_are_nothing(ground: Ground) -> None:
    found = await ground.contents()
    before = lasting(found)
    touched = {row["profile_id"] for row in found["profile"] if is_around_nothing(row, set())}
    assert await ground.migrate() == Migrated(found=3, version=SCHEMA_VERSION)
    after = lasting(await ground.contents())
    for kind, rows in before.items():
        changed = [row for row in rows if row not in after[kind]]
        assert [row for row in changed if not is_around_nothing(row, touched)] == []


async def test_every_row_is_under_the_one_form_of_its_key(migrated: Store) -> None:
    keys = {str(stored.record.address): stored.record.is_tombstone async for stored in migrated.scan_records()}
    found = {key: keys.get(key) for key in ("web[0]", "crm[0]", 'branch["N",0]')}
    assert found == {"web[0]": False, "crm[0]": False, 'branch["N",0]': True}
    assert not [key for key in keys if "0.0" in key]


async def test_of_two_rows_that_became_one_the_later_says_what_it_is(migrated: Store) -> None:
    address = RecordAddress.of("web", [0])
    assert (await migrated.read_records([address]))[address].record.values == {"mail": "zero", "orders": 4}


async def test_verdicts_follow_the_rows(migrated: Store) -> None:
    addresses = [RecordAddress.of(source, [key]) for source, key in (("web", 0), ("crm", 11), ("crm", 0), ("crm", 71))]
    stored = await migrated.read_records(addresses)
    joined, with_it, alone, parted = (stored[address].profile_id for address in addresses)
    assert joined == with_it == parted
    assert alone != parted
    named = {str(address) async for entry in migrated.scan_verdicts() for address in entry.verdict.records}
    assert {"web[0]", "crm[0]"} <= named
    assert not [name for name in named if "0.0" in name]


async def test_killed_after_each_of_its_marks_it_comes_to_the_same(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where every row is a portion, and documents are compressed from the first ones on."""
    monkeypatch.setattr(former_tables, "TOGETHER", 1)
    monkeypatch.setattr(dictionary, "FIRST_AT_RECORDS", 3)
    await ground.migrate()
    undisturbed = await ground.contents()
    await ground.fill()
    kills, migrated = await migrate_with_kills(ground.migrating, ground.opening)
    assert kills > (1 if ground.url else 20)
    assert migrated.version == SCHEMA_VERSION
    assert lasting(await ground.contents()) == lasting(undisturbed)


async def test_verify_finds_no_problem(ground: Ground) -> None:
    await ground.migrate()
    store = await ground.open()
    report = await verify(store, kept_catalogue())
    assert (report.problems, report.records, report.tombstones, report.verdicts) == ((), 26, 3, 5)
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
    assert [(entry.sequence, entry.head.profile_id) for entry in entries][: len(before)] == before
    waiting, newest = {43, 44}, {45, 46, 47}
    assert {entry.sequence for entry in entries if entry.event is not None} == waiting | newest
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
    assert (await store.outbox_bounds())[0] == 44
    await store.close()
