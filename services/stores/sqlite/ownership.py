"""Whose file it is: a file of another program is refused before anything is done with it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from services.stores.port.errors import ForeignFile, StoreUnavailable

#: Stands in the head of every file of this program (https://sqlite.org/pragma.html#pragma_application_id): "IdGr".
APPLICATION_ID: Final = 0x49644772

#: The tables that every file has which was made before it was written there.
_FIRST_TABLES: Final = frozenset({"store", "record", "identifier", "has", "profile", "outbox", "writer"})
_TABLES: Final = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' ESCAPE '@'"
_MOST_NAMES: Final = 5


def require_own(path: Path) -> None:
    """Make sure that the file is a store of this program, empty, or not there yet. It stays as it is.

    Raises:
        ForeignFile: it is something else.
        StoreUnavailable, sqlite3.Error, OSError: it cannot be read.
    """
    if not _holds_something(path):
        return
    # Beside changes that are not yet in the file itself it can only be read as they are, too.
    is_whole = not _holds_something(_beside(path, "-wal"))
    address = _address(path, immutable=True) if is_whole else reading_address(path)
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            (found,) = connection.execute("PRAGMA application_id").fetchone()
            tables = {name for (name,) in connection.execute(_TABLES)}
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_NOTADB:
            raise
        raise ForeignFile(str(path), "no SQLite file") from None
    if found == APPLICATION_ID or (found == 0 and (not tables or tables >= _FIRST_TABLES)):
        return
    names = ", ".join(sorted(tables)[:_MOST_NAMES]) or "none"
    more = ", …" if len(tables) > _MOST_NAMES else ""
    raise ForeignFile(str(path), f"a database of another program (application_id {found}; its tables: {names}{more})")


def mark_as_own(connection: sqlite3.Connection) -> None:
    """Write into the head of the file whose it is, where that is not said yet."""
    if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def reading_address(path: Path) -> str:
    """The address under which SQLite opens a file for nothing but reading.

    In WAL mode readers, too, need a file beside it (`-shm`), which SQLite makes. Where it is missing and cannot be
    made, nobody is writing, so the file is read as one that never changes.

    Raises:
        StoreUnavailable: it cannot be read without writing, since its last writer did not end well.
    """
    effective = os.access in os.supports_effective_ids
    if _beside(path, "-shm").exists() or os.access(path.parent, os.W_OK, effective_ids=effective):
        return _address(path, immutable=False)
    for left in (_beside(path, "-wal"), _beside(path, "-journal")):
        if _holds_something(left):
            raise StoreUnavailable(
                f"the store {path} cannot be read where it is: its last commits are in {left}, and to read these files "
                "must be made there; copy both into a folder that can be written, and name the copy"
            )
    return _address(path, immutable=True)


def _address(path: Path, *, immutable: bool) -> str:
    return f"file:{quote(str(path.absolute()))}?mode=ro{'&immutable=1' if immutable else ''}"


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _holds_something(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0
