"""An embedded store whose file is locked, full or damaged: it says so, soon, and to everybody alike."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from services.stores.port.errors import FileDamaged, NoRoom, StoreDamaged, StoreUnavailable
from services.stores.sqlite.store import SqliteStore
from tests.contract.builders import FINGERPRINT, address, person, plan, write_profile

LOCK_SECONDS = 0.5
LEEWAY_SECONDS = 2.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "graph.sqlite"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(path, FINGERPRINT, lock_seconds=LOCK_SECONDS)
    yield opened
    await opened.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process has begun to write, and does not end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def corrupt(path: Path) -> None:
    """Overwrite what stands behind the first pages."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))


async def test_everybody_who_waits_for_a_locked_file_is_refused_after_the_same_time(
    store: SqliteStore, path: Path
) -> None:
    outboxes = [await store.claim_outbox(f"writer{number}") for number in range(8)]

    async def seconds(number: int) -> float:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="SQLITE_BUSY"):
            await store.commit(person(number, "ann"), outboxes[number])
        return time.monotonic() - began

    with locked(path):
        waited = await asyncio.gather(*(seconds(number) for number in range(8)))
    assert max(waited) < LOCK_SECONDS + LEEWAY_SECONDS
    await store.commit(person(1, "ann"), outboxes[1])


async def test_a_lock_that_ends_in_time_is_waited_for(store: SqliteStore, path: Path) -> None:
    outbox = await store.claim_outbox("tests")
    with locked(path):
        writing = asyncio.create_task(store.commit(person(1, "ann"), outbox))
        await asyncio.sleep(LOCK_SECONDS / 5)
    await writing


async def test_a_locked_file_can_be_read(store: SqliteStore, path: Path) -> None:
    await store.commit(person(1, "ann"), await store.claim_outbox("tests"))
    with locked(path):
        assert list(await store.read_records([address(1)])) == [address(1)]


async def test_a_locked_file_is_not_opened_for_longer_than_one_wait(store: SqliteStore, path: Path) -> None:
    with locked(path):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="is locked"):
            await SqliteStore.open(path, FINGERPRINT, lock_seconds=LOCK_SECONDS)
    assert time.monotonic() - began < LOCK_SECONDS + LEEWAY_SECONDS


async def test_the_event_loop_waits_for_no_lock(store: SqliteStore, path: Path) -> None:
    """Who has the whole file for itself keeps out readers as well."""
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    again = await SqliteStore.open(path, FINGERPRINT, lock_seconds=LOCK_SECONDS)
    await again.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        longest, running = 0.0, True

        async def watch_the_loop() -> None:
            nonlocal longest
            while running:
                began = time.monotonic()
                await asyncio.sleep(0.01)
                longest = max(longest, time.monotonic() - began)

        watching = asyncio.create_task(watch_the_loop())
        with pytest.raises(StoreUnavailable, match="is locked"):
            await SqliteStore.open(path, FINGERPRINT, lock_seconds=2.0)
        running = False
        await watching
    assert longest < 1.0


async def test_a_full_disk_is_told_apart_and_a_later_commit_succeeds(store: SqliteStore) -> None:
    outbox = await store.claim_outbox("tests")
    (pages,) = store._writes.execute("PRAGMA page_count").fetchone()
    store._writes.execute(f"PRAGMA max_page_count = {pages}")
    large = plan(profiles=[write_profile(f"p{number}") for number in range(2_000)])
    with pytest.raises(NoRoom, match="SQLITE_FULL"):
        await store.commit(large, outbox)
    store._writes.execute("PRAGMA max_page_count = 1000000")
    await store.commit(large, outbox)


async def test_a_row_that_this_program_has_not_written_is_damage(store: SqliteStore, path: Path) -> None:
    await store.commit(person(1, "ann"), await store.claim_outbox("tests"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE record SET document = ?", (b'{"values": ann@example.com',))
    with pytest.raises(StoreDamaged, match="verify --repair") as told:
        await store.read_records([address(1)])
    assert "ann@example.com" not in str(told.value)


async def test_a_damaged_file_is_named_with_the_way_out(store: SqliteStore, path: Path) -> None:
    await store.commit(person(1, "ann"), await store.claim_outbox("tests"))
    await store.close()
    corrupt(path)
    with pytest.raises(FileDamaged, match="identity-graph restored"):
        await (await SqliteStore.open(path, FINGERPRINT)).close()


async def test_a_proof_that_the_file_can_be_written_changes_nothing(store: SqliteStore, path: Path) -> None:
    def told() -> list[str]:
        with closing(sqlite3.connect(path)) as connection:
            return list(connection.iterdump())

    before = told()
    await store.prove_writable()
    assert told() == before
    assert time.monotonic() - store.written_at < 10


async def test_a_proof_of_a_locked_file_fails(store: SqliteStore, path: Path) -> None:
    with locked(path), pytest.raises(StoreUnavailable, match="is locked"):
        await store.prove_writable()
