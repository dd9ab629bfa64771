"""Refuses a commit that rests on what has changed since it was read.

Most of it is told by the writing itself: a new row is inserted, which the key of its table refuses where there is one
by now, and a known one is updated at the revision at which it was read. What is not written so is looked at before.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import orjson

from services.stores.port.errors import CommitConflict

Row: TypeAlias = tuple[object, ...]
Looked: TypeAlias = Literal["identifier", "bucket", "verdict", "task"]

#: How many of the rows expected as JSON have another revision.
_CHANGED: Final[dict[Looked, str]] = {
    "identifier": """
        SELECT count(*) FROM json_each(?) AS e
        LEFT JOIN identifier AS t ON t.kind = e.value ->> 0 AND t.value = e.value ->> 1
        WHERE t.revision IS NOT packed(e.value ->> 2)""",
    "bucket": """
        SELECT count(*) FROM json_each(?) AS e
        LEFT JOIN identifier AS i ON i.kind = e.value ->> 0 AND i.value = e.value ->> 1
        LEFT JOIN bucket AS t ON t.identifier = i.id AND t.number = e.value ->> 2
        WHERE t.revision IS NOT packed(e.value ->> 3)""",
    "verdict": """
        SELECT count(*) FROM json_each(?) AS e
        LEFT JOIN verdict AS t ON t.verdict_id = e.value ->> 0
        WHERE t.revision IS NOT e.value ->> 1""",
    "task": """
        SELECT count(*) FROM json_each(?) AS e
        LEFT JOIN task AS t ON t.task_id = e.value ->> 0
        WHERE t.revision IS NOT e.value ->> 1""",
}
_TAKEN: Final = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})


def check_revisions(connection: sqlite3.Connection, table: Looked, expected: Sequence[Row]) -> None:
    """Make sure that rows are as they were read.

    Args:
        connection: holds the transaction.
        table: where they are.
        expected: the key of each, and the revision it was read at; None: it must not exist.

    Raises:
        CommitConflict: one has changed since.
    """
    if not expected:
        return
    (changed,) = connection.execute(_CHANGED[table], (orjson.dumps(expected).decode(),)).fetchone()
    _require(changed == 0, table)


def insert_new(connection: sqlite3.Connection, table: str, statement: str, rows: Sequence[Row]) -> None:
    """Insert rows that must not exist.

    Raises:
        CommitConflict: one does by now.
    """
    try:
        connection.executemany(statement, rows)
    except sqlite3.IntegrityError as error:
        _require(error.sqlite_errorcode not in _TAKEN, table)
        raise


def write_known(connection: sqlite3.Connection, table: str, statement: str, rows: Sequence[Row]) -> None:
    """Update, or delete, one row each, with a statement that looks for the revision that it was read at.

    Raises:
        CommitConflict: one has another by now, or is gone.
    """
    if rows:
        _require(connection.executemany(statement, rows).rowcount == len(rows), table)


def _require(is_as_read: bool, table: str) -> None:
    if not is_as_read:
        raise CommitConflict(f"a {table} has changed since it was read; read again")
