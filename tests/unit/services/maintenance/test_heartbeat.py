"""One look at the store a second tells everybody in the process what they need to know of it."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.records.tasks import ReResolve
from services.maintenance import heartbeat
from services.maintenance.heartbeat import Heartbeat
from services.metrics import Metrics
from services.stores.port.errors import (
    CatalogueUnusable,
    CommitConflict,
    LaterForm,
    MigrationUnderWay,
    NoRoom,
    StoreDamaged,
    StoreError,
    StoreReplaced,
    StoreUnavailable,
)
from services.stores.port.identity import KeptCatalogue
from services.stores.port.plan import TaskWrite
from services.stores.port.protocols import Store
from services.stores.port.stored_form import SCHEMA_VERSION, StoredForm
from services.stores.sqlite.migration import SqliteMigration
from services.stores.sqlite.store import SqliteStore
from tests.unit.services.counting import CountingStore

TEXT = """
version: 1
identifiers:
  email: {normalise: email, holders: LIMIT, priority: 90}
sources:
  crm: {file: "crm*.csv", key: [id], columns: {email: {identifier: email}}}
"""
FORMER = parse_catalogue(TEXT.replace("LIMIT", "few"), "former.yaml")
NEW = parse_catalogue(TEXT.replace("LIMIT", "one"), "new.yaml")
TASK = TaskWrite(task_id="lift", expected=None, task=ReResolve())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "graph.sqlite"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(path, FORMER.fingerprint)
    yield opened
    await opened.close()


@pytest.fixture
async def other(path: Path, store: SqliteStore) -> AsyncIterator[SqliteStore]:
    """The same store, as the process has it open that changes the catalogue."""
    opened = await SqliteStore.open(path, store.fingerprint)
    yield opened
    await opened.close()


def beats(store: SqliteStore) -> tuple[Heartbeat, list[Catalogue]]:
    taken: list[Catalogue] = []

    async def take(catalogue: Catalogue) -> None:
        await store.adopt(catalogue.fingerprint)
        taken.append(catalogue)

    return Heartbeat(store, Metrics(), take=take), taken


async def test_a_catalogue_that_came_into_force_is_loaded_from_the_store_and_taken(
    store: SqliteStore, other: SqliteStore
) -> None:
    beating, taken = beats(store)
    await other.change_catalogue(NEW.fingerprint, TASK, KeptCatalogue.of(NEW))
    await beating.beat()
    await beating.beat()
    assert [(found.fingerprint, found.name) for found in taken] == [(NEW.fingerprint, "new.yaml")]
    assert (store.fingerprint, store.generation) == (NEW.fingerprint, 1)
    assert (beating.tasks_owed, beating.refusal, beating.another) == (1, None, None)


async def test_a_change_there_and_back_is_the_next_generation(store: SqliteStore, other: SqliteStore) -> None:
    beating, taken = beats(store)
    await other.change_catalogue(NEW.fingerprint, TASK, KeptCatalogue.of(NEW))
    back = TaskWrite(task_id="back", expected=None, task=ReResolve())
    await other.change_catalogue(FORMER.fingerprint, back, KeptCatalogue.of(FORMER))
    await beating.beat()
    assert (taken, store.generation) == ([], 2)


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        (None, "keeps no text"),
        (KeptCatalogue(name="new.yaml", text="version: 1"), "finds its text wrong"),
        (KeptCatalogue(name="new.yaml", text=FORMER.text), "has the fingerprint"),
    ],
)
async def test_what_cannot_be_loaded_is_refused_with_the_command_that_helps(
    store: SqliteStore, other: SqliteStore, kept: KeptCatalogue | None, reason: str
) -> None:
    beating, taken = beats(store)
    await other.change_catalogue(NEW.fingerprint, TASK, kept)
    await beating.beat()
    assert isinstance(beating.refusal, CatalogueUnusable)
    assert reason in str(beating.refusal)
    assert "--catalogue FILE" in str(beating.refusal)
    assert beating.refused.is_set()
    assert (taken, beating.has_gone_on) == ([], True)


async def test_a_refusal_ends_where_the_former_catalogue_comes_back(store: SqliteStore, other: SqliteStore) -> None:
    beating, _ = beats(store)
    await other.change_catalogue(NEW.fingerprint, TASK)
    await beating.beat()
    back = TaskWrite(task_id="back", expected=None, task=ReResolve())
    await other.change_catalogue(FORMER.fingerprint, back)
    await beating.beat()
    assert (beating.refusal, beating.refused.is_set()) == (None, False)


async def test_a_store_that_a_newer_version_has_migrated_is_refused(store: SqliteStore, path: Path) -> None:
    beating, _ = beats(store)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE store SET value = ? WHERE name = 'schema_version'", (SCHEMA_VERSION + 1,))
        connection.commit()
    await beating.beat()
    assert isinstance(beating.refusal, LaterForm)
    assert f"form {SCHEMA_VERSION + 1}" in str(beating.refusal)


async def test_a_store_is_refused_as_long_as_it_is_brought_into_another_form(store: SqliteStore, path: Path) -> None:
    beating, _ = beats(store)
    migration = SqliteMigration(path)
    await migration.begin(StoredForm(SCHEMA_VERSION), "{}")
    await beating.beat()
    assert isinstance(beating.refusal, MigrationUnderWay)
    await migration.move_mark(SCHEMA_VERSION, None)
    await migration.close()
    await beating.beat()
    assert beating.refusal is None


async def test_a_store_with_another_id_is_refused(store: SqliteStore, other: SqliteStore) -> None:
    beating, _ = beats(store)
    await other.restored()
    await beating.beat()
    assert isinstance(beating.refusal, StoreReplaced)


async def test_a_store_that_does_not_answer_is_a_problem_until_it_does(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    beating, _ = beats(store)

    async def away() -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(store, "read_pulse", away)
        await beating.beat()
        assert str(beating.problem) == "away"
    await beating.beat()
    assert (beating.problem, beating.refusal) == (None, None)


async def test_everybody_who_waits_hears_of_work_owed_by_one_request(
    store: SqliteStore, other: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "_SECONDS", 0.01)
    counting = CountingStore(store)
    beating = Heartbeat(cast("Store", counting), Metrics())
    running = asyncio.create_task(beating.run())
    await other.change_catalogue(FORMER.fingerprint, TASK)
    told = [asyncio.create_task(beating.next_beat()) for _ in range(34)]
    async with asyncio.timeout(10):
        await asyncio.gather(*told)
        while not beating.tasks_owed:
            await beating.next_beat()
    running.cancel()
    assert counting.asked.keys() <= {"read_pulse", "adopt"}


async def test_what_has_just_happened_is_looked_at_at_once(store: SqliteStore) -> None:
    beating, _ = beats(store)
    running = asyncio.create_task(beating.run())
    async with asyncio.timeout(10):
        await beating.next_beat()
    async with asyncio.timeout(0.8):  # a beat a second would be too late
        beating.beat_now()
        await beating.next_beat()
    running.cancel()


class Proofs(CountingStore):
    """A store that was last written at a time that the test sets."""

    written_at = -1e9


@pytest.fixture
def proofs(store: SqliteStore) -> Proofs:
    return Proofs(cast("Store", store))


def beats_over(proofs: Proofs, *, writes: bool = True) -> Heartbeat:
    return Heartbeat(cast("Store", proofs), Metrics(), writes=writes)


async def test_a_recent_commit_is_proof_enough(proofs: Proofs) -> None:
    beating = beats_over(proofs)
    proofs.written_at = time.monotonic()
    beating._proven_at -= 2 * heartbeat.PROOF_SECONDS
    await beating.beat()
    assert proofs.asked["prove_writable"] == 0


async def test_without_a_commit_something_tiny_is_written_once_in_a_while(proofs: Proofs) -> None:
    beating = beats_over(proofs)
    await beating.beat()
    assert proofs.asked["prove_writable"] == 0
    beating._proven_at -= 2 * heartbeat.PROOF_SECONDS
    for _ in range(3):
        await beating.beat()
    assert proofs.asked["prove_writable"] == 1


async def test_who_only_reads_writes_nothing(proofs: Proofs) -> None:
    beating = beats_over(proofs, writes=False)
    beating._proven_at -= 2 * heartbeat.PROOF_SECONDS
    await beating.beat()
    assert proofs.asked["prove_writable"] == 0


async def test_what_somebody_has_met_counts_until_the_next_look_disproves_it(proofs: Proofs) -> None:
    beating = beats_over(proofs)
    beating.met(StoreUnavailable("away"))
    assert str(beating.problem) == "away"
    await beating.beat()
    assert (beating.problem, proofs.asked["prove_writable"]) == (None, 1)


@pytest.mark.parametrize("failure", [NoRoom("full"), StoreDamaged("a record is in no profile")], ids=repr)
async def test_what_something_tiny_does_not_disprove_counts_for_a_while(
    proofs: Proofs, failure: StoreError, monkeypatch: pytest.MonkeyPatch
) -> None:
    beating = beats_over(proofs)
    beating.met(failure)
    await beating.beat()
    assert beating.problem is failure
    monkeypatch.setattr(heartbeat, "PROOF_SECONDS", 0.0)
    await beating.beat()
    assert beating.problem is None


async def test_a_commit_disproves_that_there_is_no_room(proofs: Proofs) -> None:
    beating = beats_over(proofs)
    beating.met(NoRoom("full"))
    proofs.written_at = time.monotonic() + 1
    await beating.beat()
    assert beating.problem is None


async def test_that_others_were_faster_is_no_failure(proofs: Proofs) -> None:
    beating = beats_over(proofs)
    beating.met(CommitConflict("others were faster"))
    assert beating.problem is None


async def test_a_store_that_does_not_answer_in_time_counts_as_failed(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(store, "read_pulse", lambda: asyncio.sleep(3600))
    beating, _ = beats(store)
    await beating.beat()
    assert "has not answered" in str(beating.problem)


async def test_a_failure_that_stays_is_told_once_with_its_cause_and_counted_each_time(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> None:
        raise StoreUnavailable("away") from ConnectionResetError()

    metrics = Metrics()
    beating = Heartbeat(store, metrics)
    with capture_logs() as logs:
        with monkeypatch.context() as patched:
            patched.setattr(store, "read_pulse", away)
            for _ in range(3):
                await beating.beat()
        for _ in range(2):
            await beating.beat()
    assert [(entry["event"], entry.get("cause")) for entry in logs] == [
        ("the store fails", "StoreUnavailable <- ConnectionResetError"),
        ("the store works again", None),
    ]
    assert b'identity_graph_store_failures_total{kind="StoreUnavailable"} 3.0' in metrics.render()
