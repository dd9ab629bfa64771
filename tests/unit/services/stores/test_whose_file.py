"""Files of other programs stay as they are, and who only reads a file of ours leaves it as it is."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from services.stores.port.errors import ForeignFile, StoreUnavailable
from services.stores.sqlite.migration import SqliteMigration
from services.stores.sqlite.ownership import APPLICATION_ID
from services.stores.sqlite.store import SqliteStore
from tests.contract.builders import FINGERPRINT, address, person


async def opened(path: Path) -> None:
    await (await SqliteStore.open(path, FINGERPRINT)).close()


async def read(path: Path) -> None:
    await (await SqliteStore.open(path, FINGERPRINT, read_only=True)).close()


async def migrated(path: Path) -> None:
    await SqliteMigration(path).close()


Opening = Callable[[Path], Awaitable[None]]
OPENINGS: list[Opening] = [opened, read, migrated]


async def filled(path: Path) -> SqliteStore:
    store = await SqliteStore.open(path, FINGERPRINT)
    await store.commit(person(1, "ann"), await store.claim_outbox("tests"))
    return store


async def addresses(store: SqliteStore) -> list[Any]:
    return [stored.record.address async for stored in store.scan_records()]


def application_id(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (found,) = connection.execute("PRAGMA application_id").fetchone()
    return int(found)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def foreign(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["CREATE TABLE customer (id)"], "application_id 0; its tables: customer"),
        (["PRAGMA application_id = 1196444487"], "application_id 1196444487; its tables: none"),
        (["PRAGMA journal_mode = WAL", "CREATE TABLE store (name, value)"], "application_id 0; its tables: store"),
        ([f"CREATE TABLE t{number} (id)" for number in range(7)], "its tables: t0, t1, t2, t3, t4, …"),
    ],
)
async def test_a_database_of_another_program_is_refused_and_stays_as_it_is(
    tmp_path: Path, opening: Opening, statements: list[str], found: str
) -> None:
    foreign(tmp_path / "theirs.db", *statements)
    before = contents(tmp_path)
    with pytest.raises(ForeignFile) as refused:
        await opening(tmp_path / "theirs.db")
    assert found in str(refused.value)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("opening", OPENINGS)
async def test_a_database_that_another_program_works_on_is_refused(tmp_path: Path, opening: Opening) -> None:
    with closing(sqlite3.connect(tmp_path / "theirs.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE customer (id)")
        with pytest.raises(ForeignFile):
            await opening(tmp_path / "theirs.db")
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("customer",)]


@pytest.mark.parametrize("opening", OPENINGS)
async def test_a_file_that_is_no_database_is_refused_and_stays_as_it_is(tmp_path: Path, opening: Opening) -> None:
    (tmp_path / "notes.txt").write_text("no database, but long enough to have a head of a hundred characters" * 9)
    before = contents(tmp_path)
    with pytest.raises(ForeignFile, match="no SQLite file"):
        await opening(tmp_path / "notes.txt")
    assert contents(tmp_path) == before


async def test_a_new_file_says_whose_it_is(tmp_path: Path) -> None:
    await opened(tmp_path / "graph.sqlite")
    assert application_id(tmp_path / "graph.sqlite") == APPLICATION_ID


async def test_a_file_of_a_former_program_is_known_by_its_tables_and_marked_by_who_may_write(tmp_path: Path) -> None:
    path = tmp_path / "graph.sqlite"
    await (await filled(path)).close()
    foreign(path, "PRAGMA application_id = 0")
    await read(path)
    assert application_id(path) == 0
    await opened(path)
    assert application_id(path) == APPLICATION_ID


async def test_a_file_whose_tables_are_not_in_it_yet_is_known(tmp_path: Path) -> None:
    store = await filled(tmp_path / "graph.sqlite")
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for name in ("graph.sqlite", "graph.sqlite-wal"):
        shutil.copy(tmp_path / name, crashed / name)
    await store.close()
    reading = await SqliteStore.open(crashed / "graph.sqlite", FINGERPRINT, read_only=True)
    assert await addresses(reading) == [address(1)]
    await reading.close()


async def test_who_only_reads_cannot_write(tmp_path: Path) -> None:
    await (await filled(tmp_path / "graph.sqlite")).close()
    before = contents(tmp_path)["graph.sqlite"]
    store = await SqliteStore.open(tmp_path / "graph.sqlite", FINGERPRINT, read_only=True)
    with pytest.raises(StoreUnavailable, match="readonly"):
        await store.claim_outbox("tests")
    await store.close()
    assert contents(tmp_path)["graph.sqlite"] == before


async def test_who_only_reads_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await read(tmp_path / "graph.sqlite")
    (tmp_path / "graph.sqlite").touch()
    with pytest.raises(ForeignFile, match="an empty file"):
        await read(tmp_path / "graph.sqlite")
    assert contents(tmp_path) == {"graph.sqlite": b""}


async def test_who_only_reads_sees_what_others_commit_meanwhile(tmp_path: Path) -> None:
    writing = await filled(tmp_path / "graph.sqlite")
    reading = await SqliteStore.open(tmp_path / "graph.sqlite", FINGERPRINT, read_only=True)
    await writing.commit(person(2, "bob"), await writing.claim_outbox("tests"))
    assert await addresses(reading) == [address(1), address(2)]
    await reading.close()
    await writing.close()


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder in which this process cannot make files once it is closed; the superuser becomes somebody else."""
    folder = Path(tempfile.mkdtemp(prefix="identity-graph-"))
    try:
        yield folder
    finally:
        os.seteuid(os.getuid())
        folder.chmod(0o755)
        shutil.rmtree(folder)


def close_for_writing(folder: Path) -> None:
    folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)
    with pytest.raises(PermissionError):
        (folder / "new").touch()


async def test_a_store_is_read_where_nothing_can_be_written(closed_folder: Path) -> None:
    await (await filled(closed_folder / "graph.sqlite")).close()
    close_for_writing(closed_folder)
    store = await SqliteStore.open(closed_folder / "graph.sqlite", FINGERPRINT, read_only=True)
    assert await addresses(store) == [address(1)]
    await store.close()


async def test_a_store_is_read_where_only_others_can_write_and_do(closed_folder: Path) -> None:
    writing = await filled(closed_folder / "graph.sqlite")
    close_for_writing(closed_folder)
    store = await SqliteStore.open(closed_folder / "graph.sqlite", FINGERPRINT, read_only=True)
    assert await addresses(store) == [address(1)]
    await store.close()
    os.seteuid(os.getuid())
    await writing.close()


async def test_a_store_of_a_writer_that_was_killed_says_why_it_cannot_be_read_there(
    tmp_path: Path, closed_folder: Path
) -> None:
    store = await filled(tmp_path / "graph.sqlite")
    for name in ("graph.sqlite", "graph.sqlite-wal"):
        shutil.copy(tmp_path / name, closed_folder / name)
    await store.close()
    close_for_writing(closed_folder)
    with pytest.raises(StoreUnavailable, match="copy both into a folder that can be written"):
        await read(closed_folder / "graph.sqlite")
