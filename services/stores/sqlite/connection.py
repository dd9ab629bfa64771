"""Connections to the file of the embedded store: how they are opened, written through, and how they fail."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.stores.port.errors import StoreUnavailable


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Let nothing but our own errors out of what is done with the file at `path`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(
            f"the store {path} cannot be used: {error}; expected a readable and writable SQLite file of this program"
        ) from error


def connect(path: Path) -> sqlite3.Connection:
    """Open a connection on which nothing is written but in `transaction`, or statement by statement."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -65536")
    return connection


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
