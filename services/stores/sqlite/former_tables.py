"""Brings the tables of former forms into the present one, whichever of them they are in.

A table that is written otherwise is set aside under another name, and its rows move portion by portion into a new one.
What has moved is gone from the old table, so that whoever goes on after an interruption finds how far it was.
"""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from graph_model.profile.events import read_event
from services.stores.sqlite.catalogue import make_tables
from services.stores.sqlite.connection import StoreConnection, transaction
from services.stores.sqlite.dictionary import take_dictionary
from services.stores.sqlite.events import EXACT_EVENTS, head_row, newest_event
from services.stores.sqlite.packing import pack_component, pack_id

#: Rows that move in one transaction.
TOGETHER: Final = 1_000
_ASIDE: Final = "former_"


@dataclass(frozen=True, slots=True)
class _Move:
    """How the rows of a table of a former form move: those with the smallest names first."""

    names: tuple[str, ...]  #: columns that name a row
    former_column: tuple[str, str]  #: a column, and its type, by which a former table is known
    columns: str  #: what is written into the new table, of a row of the old one


_REVISION: Final = ("revision", "TEXT")
_MOVES: Final[Mapping[str, _Move]] = {
    "record": _Move(
        ("id",), _REVISION, "id, source, key, pack(document), deleted, packed(profile_id), packed(revision)"
    ),
    "identifier": _Move(("id",), _REVISION, "id, kind, value, holders, packed(revision)"),
    "bucket": _Move(("identifier", "number"), _REVISION, "identifier, number, holders, packed(revision)"),
    "profile": _Move(
        ("profile_id",),
        _REVISION,
        "packed(profile_id), version, status, pack(document), packed_component(profile_id, component), {guests}, "
        "packed(revision)",
    ),
    "history": _Move(("profile_id", "version"), ("profile_id", "TEXT"), "packed(profile_id), version, pack(document)"),
}
_OUTBOX: Final = "outbox"
#: Sequence numbers go on, even where no event is kept.
_KEEP_COUNTING: Final = """
INSERT INTO sqlite_sequence SELECT 'outbox', seq FROM sqlite_sequence WHERE name = 'former_outbox'
    AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'outbox')
"""
#: Indexes keep their names when their table is set aside.
_INDEXES: Final = ("record_profile", "outbox_pending")


def rewrite_tables(connection: StoreConnection, guarded: Callable[[], None], moved: Callable[[str, int], None]) -> None:
    """Bring all tables into the present form; does nothing where they are in it.

    Args:
        connection: to the file.
        guarded: called in every transaction; raises where this process may not go on.
        moved: hears, between transactions, of which table how many rows have moved by now.
    """
    connection.create_function("pack", 1, lambda document: connection.documents.pack(_bytes(document)))
    connection.create_function("packed_component", 2, lambda own, listed: pack_component(own, orjson.loads(listed)))
    _set_aside(connection, guarded)
    waiting = {name: 0 for name in (*_MOVES, _OUTBOX) if _exists(connection, _ASIDE + name)}
    while waiting:
        # One portion of each in turn, so that a dictionary is made from documents of all kinds.
        for name in list(waiting):
            with transaction(connection):
                guarded()
                take_dictionary(connection)
                rows = _move_events(connection) if name == _OUTBOX else _move(connection, name, _MOVES[name])
                if not rows:
                    connection.execute(f"DROP TABLE {_ASIDE}{name}")
            waiting[name] += rows
            moved(name, waiting[name])
            if not rows:
                del waiting[name]


def _set_aside(connection: StoreConnection, guarded: Callable[[], None]) -> None:
    """Rename what is in a former form, and make the present tables."""
    former = [name for name, move in _MOVES.items() if _has(connection, name, *move.former_column)]
    if _has(connection, _OUTBOX, "event", "BLOB"):
        former.append(_OUTBOX)
    # Else the tables that refer to a renamed one would refer to it by its new name.
    connection.execute("PRAGMA legacy_alter_table = ON")
    with transaction(connection):
        guarded()
        if former:
            for index in _INDEXES:
                connection.execute(f"DROP INDEX IF EXISTS {index}")
        for name in former:
            connection.execute(f"ALTER TABLE {name} RENAME TO {_ASIDE}{name}")
        _change_writers(connection)
    make_tables(connection)
    connection.execute(_KEEP_COUNTING)


def _move(connection: StoreConnection, table: str, move: _Move) -> int:
    """Move the first rows of a table that was set aside, and give their number."""
    names, former = ", ".join(move.names), _ASIDE + table
    portion = f"SELECT {names} FROM {former} ORDER BY {names} LIMIT {TOGETHER}"  # noqa: S608 - constants
    wanted = f"FROM {former} WHERE ({names}) IN ({portion})"
    guests = "guests" if _has(connection, former, "guests") else "NULL"
    connection.execute(f"INSERT INTO {table} SELECT {move.columns.format(guests=guests)} {wanted} ORDER BY {names}")
    return connection.execute(f"DELETE {wanted}").rowcount


def _move_events(connection: StoreConnection) -> int:
    """Move the oldest events that were set aside; exactly what they said only of those that need it."""
    newest = newest_event(connection)
    rows = connection.execute(
        f"SELECT sequence, writer, commit_id, event, published, created_at FROM {_ASIDE}{_OUTBOX} "  # noqa: S608
        f"ORDER BY sequence LIMIT {TOGETHER}"
    )
    last = count = 0
    for sequence, writer, commit_id, stored, published, created_at in rows:
        event = read_event(stored)
        connection.execute("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?)", head_row(sequence, event))
        if not published or sequence > newest - EXACT_EVENTS:
            data = connection.documents.pack(event.data)
            connection.execute("INSERT INTO outbox_body VALUES (?, ?, ?)", (sequence, data, event.trace))
        if not published:
            _add_pending(connection, writer, pack_id(commit_id), sequence, created_at)
        last, count = sequence, count + 1
    connection.execute(f"DELETE FROM {_ASIDE}{_OUTBOX} WHERE sequence <= ?", (last,))  # noqa: S608 - constants
    return count


def _add_pending(
    connection: StoreConnection, writer: str, commit_id: bytes | str | None, sequence: int, created_at: int
) -> None:
    """Say that an event may not have been published; those of one commit follow each other."""
    known = connection.execute(
        "UPDATE pending SET last_sequence = ? WHERE writer = ? AND commit_id = ?", (sequence, writer, commit_id)
    )
    if not known.rowcount:
        connection.execute(
            "INSERT INTO pending VALUES (?, ?, ?, ?, ?)", (writer, sequence, sequence, commit_id, created_at)
        )


def _change_writers(connection: StoreConnection) -> None:
    """Progress as one value, whatever positions a log has, and the numbers given at acceptance."""
    if not _has(connection, "writer", "last_epoch"):
        return
    connection.execute("ALTER TABLE writer ADD COLUMN progress TEXT")
    connection.execute("ALTER TABLE writer ADD COLUMN accepted INTEGER NOT NULL DEFAULT 0")
    connection.execute("UPDATE writer SET progress = json_array(last_epoch, last_offset) WHERE last_epoch IS NOT NULL")
    connection.execute("ALTER TABLE writer DROP COLUMN last_epoch")
    connection.execute("ALTER TABLE writer DROP COLUMN last_offset")


def _exists(connection: sqlite3.Connection, table: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchone() is not None


def _has(connection: sqlite3.Connection, table: str, column: str, column_type: str | None = None) -> bool:
    found = connection.execute("SELECT type FROM pragma_table_info(?) WHERE name = ?", (table, column)).fetchone()
    return found is not None and column_type in (None, found[0])


def _bytes(document: bytes | str) -> bytes:
    return document.encode() if isinstance(document, str) else document
