"""A store that the program of form 1 made comes into the present form, whatever happens on the way."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from graph_model.values.positions import Position
from services.maintenance.migration.migrate import MIGRATIONS, Migrated, UnknownStep, migrate
from services.maintenance.migration.steps import Checkpoint
from services.stores.opening import open_store
from services.stores.port.errors import FormerForm, LaterForm, MigrationTaken, MigrationUnderWay
from services.stores.port.migration import DocumentKind
from services.stores.port.stored_form import SCHEMA_VERSION, StoredForm
from tests.migration.conftest import Ground
from tests.migration.interrupted import Killed, MortalStore, migrate_with_kills, unheard
from tests.migration.kept import kept_catalogue

FORM_1 = StoredForm(1)


@pytest.mark.parametrize("any_meaning", [False, True])
async def test_it_is_refused_with_the_command_that_brings_it_over(ground: Ground, any_meaning: bool) -> None:
    before = await ground.contents()
    with pytest.raises(FormerForm, match=rf"form 1, .* form {SCHEMA_VERSION}\..*identity-graph migrate"):
        await open_store(ground.settings, kept_catalogue(), any_meaning=any_meaning)
    assert await ground.contents() == before


async def test_a_store_in_a_later_form_is_refused_with_both_versions(ground: Ground) -> None:
    await ground.tell("schema_version", SCHEMA_VERSION + 1)
    with pytest.raises(LaterForm, match=rf"form {SCHEMA_VERSION + 1}.* up to {SCHEMA_VERSION}"):
        await ground.open()
    with pytest.raises(LaterForm):
        await ground.migrate()


async def test_it_is_in_the_present_form_afterwards(ground: Ground) -> None:
    assert await ground.migrate() == Migrated(found=1, version=SCHEMA_VERSION)
    async with ground.migrating() as store:
        assert await store.read_form() == StoredForm(SCHEMA_VERSION)
    store_now = await ground.open()
    assert (store_now.fingerprint, store_now.generation) == (kept_catalogue().fingerprint, 0)
    await store_now.close()


async def test_a_store_in_the_present_form_stays_as_it_is(ground: Ground) -> None:
    await ground.migrate()
    before = await ground.contents()
    assert await ground.migrate() == Migrated(SCHEMA_VERSION, SCHEMA_VERSION)
    assert await ground.contents() == before


async def test_progress_and_pending_events_are_kept(ground: Ground) -> None:
    await ground.migrate()
    store = await ground.open()
    outbox = await store.claim_outbox("crm/0")
    assert outbox.progress == Position(1, 41)
    told = [(event.type.value, event.version) for pending in outbox.pending for event in pending.events]
    assert told == [("created", 1), ("created", 1), ("updated", 2)]
    await store.close()


async def test_killed_after_each_of_its_marks_it_comes_to_the_same(ground: Ground) -> None:
    await ground.migrate()
    undisturbed = lasting(await ground.contents())
    await ground.fill()
    kills, migrated = await migrate_with_kills(ground.migrating, ground.opening)
    assert kills > 2 * len(MIGRATIONS[1])
    assert migrated.version == SCHEMA_VERSION
    assert lasting(await ground.contents()) == undisturbed


def lasting(contents: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """What does not tell which commit wrote it, and when."""
    passing = {"record": {"id"}, "identifier": {"id"}, "profile": {"document"}, "verdict": set(), "task": set()}
    return {
        kind: [{n: v for n, v in row.items() if n not in {"rev", "revision"} | left_out} for row in contents[kind]]
        for kind, left_out in passing.items()
    }


async def test_nobody_works_on_it_while_it_is_brought_over(ground: Ground) -> None:
    async with ground.migrating() as store:
        with pytest.raises(Killed):
            await migrate(MortalStore(store, set()), ground.opening(store), unheard)
    with pytest.raises(MigrationUnderWay, match="run `identity-graph migrate"):
        await ground.open()
    assert (await ground.migrate()).resumed
    await (await ground.open()).close()


async def test_of_two_that_bring_it_over_one_is_refused(ground: Ground) -> None:
    async with ground.migrating() as one, ground.migrating() as other:
        mark = Checkpoint(MIGRATIONS[1][0].name).to_json()
        await one.begin(FORM_1, mark)
        with pytest.raises(MigrationTaken):
            await other.begin(FORM_1, mark)
        found = await other.read_form()
        assert found is not None
        await other.begin(found, mark)
        before = await ground.contents()
        with pytest.raises(MigrationTaken):
            await one.write_documents(DocumentKind.TASK, [], mark)
        with pytest.raises(MigrationTaken):
            await one.write_documents(DocumentKind.RECORD, [], mark)
        with pytest.raises(MigrationTaken):
            await one.move_mark(SCHEMA_VERSION, None)
        with pytest.raises(MigrationTaken):
            await open_store(ground.settings, kept_catalogue(), migrator=one.migrator)
        assert await ground.contents() == before


async def test_who_is_overtaken_can_claim_no_outbox(ground: Ground) -> None:
    async with ground.migrating() as one, ground.migrating() as other:
        mark = Checkpoint(MIGRATIONS[1][0].name).to_json()
        await one.begin(FORM_1, mark)
        await one.rewrite_tables(unheard)
        store = await open_store(ground.settings, kept_catalogue(), migrator=one.migrator)
        found = await other.read_form()
        assert found is not None
        await other.begin(found, mark)
        with pytest.raises(MigrationTaken):
            await store.claim_outbox("migrate")
        await store.close()


async def test_a_step_that_this_program_does_not_know_is_left_to_who_began_it(ground: Ground) -> None:
    async with ground.migrating() as store:
        await store.begin(FORM_1, Checkpoint("of another program").to_json())
        before = await ground.contents()
        with pytest.raises(UnknownStep, match="of another program"):
            await migrate(store, ground.opening(store), unheard)
        assert await ground.contents() == before


async def test_programs_that_know_no_form_are_turned_away(ground: Ground) -> None:
    """They compare `fingerprint` with their catalogue's, and to change the catalogue they rewrite it or count on."""
    await ground.migrate()
    said = await ground.said()
    assert said["fingerprint"][:12] == "newer form 2"
    if ground.url:
        assert isinstance(said["generation"], str)
        return
    with closing(sqlite3.connect(ground.path)) as connection, pytest.raises(sqlite3.IntegrityError, match="newer"):
        connection.execute("UPDATE store SET value = 'abc' WHERE name = 'fingerprint'")


async def test_who_works_with_a_store_notices_that_it_is_brought_into_another_form(ground: Ground) -> None:
    await ground.migrate()
    store = await ground.open()
    await ground.tell("schema_version", SCHEMA_VERSION + 1)
    with pytest.raises(LaterForm):
        await store.read_tasks()
    with pytest.raises(LaterForm):
        await store.claim_outbox("crm/0")
    await store.close()
