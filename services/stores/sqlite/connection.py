"""Connections to the file of the embedded store: how they are opened, written through, and how they fail."""

import errno
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from services.stores.port.errors import FileDamaged, NoRoom, StoreUnavailable
from services.stores.sqlite.documents import Documents
from services.stores.sqlite.ownership import reading_address
from services.stores.sqlite.packing import pack_id, unpack_id

#: So long a request waits for a lock that another process holds, from when it was asked.
LOCK_SECONDS: Final = 5.0
#: Who has waited for others of this process all that time still tries for a moment: the lock may be free by now.
_LEAST_SECONDS: Final = 0.05
#: Pages of 4 kB. In a large file a commit touches pages all over it, and what several commits touch is written once.
_PAGES_PER_CHECKPOINT: Final = 8_192
_LOCKED: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
#: What the system says where nothing more can be written; a limit of the process (`ulimit -f`) is one of it.
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NOT_WRITTEN: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_IOERR_FSYNC,
        sqlite3.SQLITE_IOERR_TRUNCATE,
        sqlite3.SQLITE_IOERR_SHMSIZE,
    }
)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Let nothing but our own errors out of what is done with the file at `path`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise fault_of(path, error) from error


def fault_of(path: Path, error: sqlite3.Error | OSError) -> StoreUnavailable | FileDamaged:
    """Say what has happened to the file at `path`, and what helps."""
    found = f"{error}{_in_brackets(error)}"
    if is_locked(error):
        return StoreUnavailable(
            f"the store {path} is locked: another process holds it for longer than a commit takes ({found}). End that "
            "process or its transaction (`lsof` names who has the file open); then send it again"
        )
    if _has_no_room(error):
        return NoRoom(
            f"nothing more can be written into the store {path}: {found}. Make room on its disk, or raise the limit or "
            "quota of this process; then send it again"
        )
    if isinstance(error, sqlite3.Error) and _kind(error) == sqlite3.SQLITE_CORRUPT:
        return FileDamaged(str(path), found)
    return StoreUnavailable(
        f"the store {path} cannot be used: {found}; expected a readable and writable SQLite file of this program"
    )


def is_locked(error: Exception) -> bool:
    """Whether somebody else holds the file."""
    return isinstance(error, sqlite3.Error) and _kind(error) in _LOCKED


def _has_no_room(error: sqlite3.Error | OSError) -> bool:
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    return getattr(error, "sqlite_errorcode", None) in _NOT_WRITTEN


def _kind(error: sqlite3.Error) -> int:
    """The code without its extension; 0 where the library of Python has found the fault."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _in_brackets(error: sqlite3.Error | OSError) -> str:
    name = getattr(error, "sqlite_errorname", "")
    return f" ({name})" if name else ""


class StoreConnection(sqlite3.Connection):
    """A connection that knows how documents are written in its file.

    Statements may use functions: `plain(document)` reads a document in its stored form; `packed(id)` is
    the stored form of an id, and `unpacked(stored)` the id.
    """

    documents: Documents


def connect(path: Path, lock_seconds: float = LOCK_SECONDS, *, read_only: bool = False) -> StoreConnection:
    """Open a connection on which nothing is written but in `transaction`, or statement by statement.

    Args:
        path: the file.
        lock_seconds: how long a statement waits for a lock.
        read_only: nothing can be written; the file must be there.
    """
    address = reading_address(path) if read_only else str(path)
    connection = sqlite3.connect(
        address,
        isolation_level=None,
        check_same_thread=False,
        timeout=lock_seconds,
        uri=read_only,
        factory=StoreConnection,
    )
    connection.documents = Documents(connection)
    connection.create_function("plain", 1, connection.documents.unpack)
    connection.create_function("packed", 1, pack_id, deterministic=True)
    connection.create_function("unpacked", 1, unpack_id, deterministic=True)
    if not read_only:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -65536")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_PER_CHECKPOINT}")
    return connection


def waiting_from_now(
    lock_seconds: float,
    connection: StoreConnection,
    work: Callable[Concatenate[StoreConnection, Arguments], Result],
    *arguments: Arguments.args,
    **named: Arguments.kwargs,
) -> Callable[[], Result]:
    """Prepare work for a thread that does one after the other: it waits for a lock from now on, not from its turn.

    Whoever comes while the file is locked is so answered after the same time, however many stand before.
    """
    until = time.monotonic() + lock_seconds

    def run() -> Result:
        left = max(_LEAST_SECONDS, until - time.monotonic())
        connection.execute(f"PRAGMA busy_timeout = {int(left * 1_000)}")
        return work(connection, *arguments, **named)

    return run


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all or nothing; also when the commit itself fails nothing stays open."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def write_nothing(connection: sqlite3.Connection) -> None:
    """Commit a page that says the same as before: only who could write a commit can write that."""
    with transaction(connection):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version:d}")
