"""Where reads of the embedded store run: small ones on the event loop, larger ones on a thread beside it."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from services.stores.port.errors import StoreUnavailable
from services.stores.sqlite.reads import ROWS_ON_LOOP, SqliteReader, SqliteReads
from services.traffic import Traffic

ALL = "SELECT n FROM number ORDER BY n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with one number more than is read on the loop."""
    with closing(sqlite3.connect(tmp_path / "numbers.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE number (n INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO number VALUES (?)", [(number,) for number in range(ROWS_ON_LOOP + 1)])
    return tmp_path / "numbers.sqlite"


@pytest.fixture
async def reads(path: Path) -> AsyncIterator[SqliteReads]:
    opened = SqliteReads(path, Traffic())
    yield opened
    await opened.close()


def is_on_loop(_reader: SqliteReader) -> bool:
    return threading.current_thread() is threading.main_thread()


def numbers(reader: SqliteReader, statement: str = ALL) -> tuple[bool, list[int]]:
    return is_on_loop(reader), [number for (number,) in reader.rows(statement)]


@pytest.mark.parametrize(("rows", "on_loop"), [(0, True), (ROWS_ON_LOOP, True), (ROWS_ON_LOOP + 1, False)])
async def test_only_small_reads_run_on_the_loop(reads: SqliteReads, rows: int, on_loop: bool) -> None:
    assert await reads.run(rows, is_on_loop) is on_loop


async def test_a_read_that_finds_more_than_was_known_is_done_on_the_thread(reads: SqliteReads) -> None:
    assert await reads.run(1, numbers) == (False, list(range(ROWS_ON_LOOP + 1)))
    assert await reads.run(1, numbers, f"{ALL} LIMIT {ROWS_ON_LOOP}") == (True, list(range(ROWS_ON_LOOP)))


async def test_the_statements_of_one_read_are_counted_together(reads: SqliteReads) -> None:
    def half_twice(reader: SqliteReader) -> bool:
        for _ in range(2):
            assert len(list(reader.rows(f"{ALL} LIMIT {ROWS_ON_LOOP // 2 + 1}"))) == ROWS_ON_LOOP // 2 + 1
        return is_on_loop(reader)

    assert not await reads.run(1, half_twice)
    assert await reads.run(1, is_on_loop)


async def test_what_only_a_statement_walks_through_counts_as_well(reads: SqliteReads) -> None:
    def count(reader: SqliteReader) -> bool:
        reader.expect(ROWS_ON_LOOP + 1)
        return is_on_loop(reader)

    assert not await reads.run(1, count)


async def test_small_reads_do_not_wait_for_a_large_one(reads: SqliteReads) -> None:
    under_way, go_on = threading.Event(), threading.Event()

    def slow(reader: SqliteReader) -> int:
        first, *others = reader.rows(ALL)
        under_way.set()
        assert go_on.wait(10)
        return len([first, *others])

    large = asyncio.create_task(reads.run(1_000, slow))
    await asyncio.to_thread(under_way.wait, 10)
    assert await reads.run(1, numbers, f"{ALL} LIMIT 1") == (True, [0])
    assert not large.done()
    go_on.set()
    assert await large == ROWS_ON_LOOP + 1


@pytest.mark.parametrize("rows", [1, 1_000], ids=["on the loop", "on the thread"])
async def test_a_snapshot_sees_one_state_whatever_others_write(reads: SqliteReads, path: Path, rows: int) -> None:
    def twice(reader: SqliteReader) -> tuple[object, object]:
        with reader.snapshot():
            before = reader.first("SELECT max(n) FROM number")
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("INSERT INTO number SELECT max(n) + 1 FROM number")
            return before, reader.first("SELECT max(n) FROM number")

    before, after = await reads.run(rows, twice)
    assert before == after == (ROWS_ON_LOOP,)
    assert await reads.run(rows, SqliteReader.first, "SELECT max(n) FROM number") == (ROWS_ON_LOOP + 1,)


async def test_a_cancelled_read_leaves_no_snapshot_open(reads: SqliteReads, path: Path) -> None:
    under_way, go_on = threading.Event(), threading.Event()

    def slow(reader: SqliteReader) -> None:
        with reader.snapshot():
            reader.first("SELECT max(n) FROM number")
            under_way.set()
            assert go_on.wait(10)

    large = asyncio.create_task(reads.run(1_000, slow))
    await asyncio.to_thread(under_way.wait, 10)
    large.cancel()
    with pytest.raises(asyncio.CancelledError):
        await large
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM number")
    go_on.set()
    assert await reads.run(1_000, numbers) == (False, [])


async def test_a_read_that_is_begun_anew_leaves_no_snapshot_open(reads: SqliteReads, path: Path) -> None:
    def all_at_once(reader: SqliteReader) -> int:
        with reader.snapshot():
            return len(list(reader.rows(ALL)))

    assert await reads.run(1, all_at_once) == ROWS_ON_LOOP + 1
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM number")
    assert await reads.run(1, numbers) == (True, [])


@pytest.mark.parametrize("rows", [1, 1_000], ids=["on the loop", "on the thread"])
async def test_errors_of_sqlite_become_those_of_a_store(reads: SqliteReads, rows: int) -> None:
    with pytest.raises(StoreUnavailable, match="no such table"):
        await reads.run(rows, numbers, "SELECT * FROM letters")
