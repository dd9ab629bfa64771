"""Writes plans whose records and profiles are new: behind what is there, without looking for them first.

Rows get their numbers here, so that links need no look-up and nearly all tables and indexes only grow at their ends.
Whatever is there already, against expectation, is found by the uniqueness of names. Several rows are one statement:
while it runs, other threads go on.
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import orjson

from graph_model.values.identifiers import Identifier
from services.stores.port.errors import CommitConflict
from services.stores.port.plan import IdentifierWrite, Plan
from services.stores.sqlite.connection import StoreConnection, transaction
from services.stores.sqlite.dictionary import make_dictionary_where_due
from services.stores.sqlite.packing import pack_id
from services.stores.sqlite.rows import Row, identifier_rows, profile_rows, record_rows
from services.stores.sqlite.writes import check_plan, write_rows

#: Rows of one statement.
_TOGETHER: Final = 100
#: In KiB. What names lead to is spread over the whole file, and what is not remembered of it is read again.
_CACHE: Final = 262_144
#: Pages of 4 kB: the more portions share a checkpoint, the less often pages are written that all of them touch.
_PAGES_PER_CHECKPOINT: Final = 32_768

_FIND_IDENTIFIERS: Final = """
SELECT i.kind, i.value, i.id FROM json_each(?) AS wanted
JOIN identifier AS i ON i.kind = wanted.value ->> 0 AND i.value = wanted.value ->> 1
"""


def append_plan(connection: StoreConnection, plan: Plan, writer: str, claim: str) -> None:
    """Commit a plan in one transaction that reaches the disk, at the latest, with the next commit of another kind.

    Raises:
        CommitConflict: something of it is there already, or has changed; nothing was written.
        ClaimLost: the writer's outbox belongs to another claim by now; nothing was written.
    """
    new = tuple(w for w in plan.identifiers if w.expected is None)
    known = replace(plan, records=(), profiles=(), identifiers=tuple(w for w in plan.identifiers if w.expected))
    connection.execute(f"PRAGMA cache_size = -{_CACHE}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_PER_CHECKPOINT}")
    connection.execute("PRAGMA synchronous = NORMAL")
    try:
        with transaction(connection):
            check_plan(connection, known, writer, claim)
            make_dictionary_where_due(connection, connection.documents)
            connection.documents.write_by_newest()
            _append(connection, plan, new)
            write_rows(connection, known, writer)
    except sqlite3.IntegrityError as error:
        raise CommitConflict("something that was to be new is in the store already; read again") from error
    finally:
        connection.execute("PRAGMA synchronous = FULL")


def _append(connection: StoreConnection, plan: Plan, new: Sequence[IdentifierWrite]) -> None:
    revision, pack = pack_id(plan.commit_id), connection.documents.pack
    first = _next_number(connection, "identifier")
    rows = identifier_rows(((write.identifier, write.holders) for write in new), revision)
    _insert(connection, "identifier (id, kind, value, holders, revision)", _numbered(rows, first))
    numbers = {write.identifier: number for number, write in enumerate(new, first)}
    carried = {identifier for write in plan.records for identifier in write.identifiers}
    numbers |= _numbers(connection, carried - numbers.keys())
    first = _next_number(connection, "record")
    rows = record_rows(plan.records, revision, pack)
    _insert(connection, "record (id, source, key, document, deleted, profile_id, revision)", _numbered(rows, first))
    links = [(numbers[each], number) for number, write in enumerate(plan.records, first) for each in write.identifiers]
    _insert(connection, "has (identifier, record)", sorted(links))
    _insert(
        connection,
        "profile (profile_id, version, status, document, component, guests, revision)",
        profile_rows(plan.profiles, revision, pack),
    )


def _next_number(connection: sqlite3.Connection, table: str) -> int:
    (last,) = connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()  # noqa: S608 - a constant
    return int(last) + 1


def _numbers(connection: sqlite3.Connection, identifiers: Collection[Identifier]) -> Mapping[Identifier, int]:
    """The numbers of identifiers that are in the file."""
    wanted = orjson.dumps([[*identifier] for identifier in identifiers]).decode()
    return {Identifier(kind, value): number for kind, value, number in connection.execute(_FIND_IDENTIFIERS, (wanted,))}


def _numbered(rows: Iterable[Row], first: int) -> list[Row]:
    return [(number, *row) for number, row in enumerate(rows, first)]


def _insert(connection: sqlite3.Connection, columns: str, rows: Sequence[Row]) -> None:
    whole = len(rows) - len(rows) % _TOGETHER
    if whole:
        statement = _statement(columns, len(rows[0]), _TOGETHER)
        connection.executemany(
            statement,
            (
                [value for row in rows[start : start + _TOGETHER] for value in row]
                for start in range(0, whole, _TOGETHER)
            ),
        )
    if whole < len(rows):
        connection.executemany(_statement(columns, len(rows[0]), 1), rows[whole:])


@lru_cache
def _statement(columns: str, values: int, rows: int) -> str:
    row = f"({', '.join('?' * values)})"
    return f"INSERT INTO {columns} VALUES {', '.join([row] * rows)}"  # noqa: S608 - constants and question marks
