"""Writes a plan into the embedded store: guard and writes in one transaction."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import orjson

from graph_model.records.record import RecordAddress
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import position_fields
from services.stores.port.errors import ClaimLost
from services.stores.port.plan import Plan, TaskWrite
from services.stores.port.stored_forms import write_task, write_verdict_entry
from services.stores.sqlite.connection import StoreConnection, transaction
from services.stores.sqlite.dictionary import take_dictionary
from services.stores.sqlite.events import write_events
from services.stores.sqlite.guards import check_revisions, insert_new, write_known
from services.stores.sqlite.lists import Named, by_first
from services.stores.sqlite.packing import pack_id
from services.stores.sqlite.rows import (
    history_rows,
    known_profile_rows,
    profile_rows,
    record_rows,
    relinked_record_rows,
    staying_record_rows,
)

_LAST_IDENTIFIER: Final = "SELECT coalesce(max(id), 0) FROM identifier"
_LAST_RECORD: Final = "SELECT coalesce(max(id), 0) FROM record"
_FIND_IDENTIFIERS: Final = """
SELECT e.key, t.id FROM json_each(?) AS e CROSS JOIN identifier AS t ON t.kind = ? AND t.value = e.value
"""
_FIND_RECORDS: Final = """
SELECT e.key, t.id FROM json_each(?) AS e CROSS JOIN record AS t ON t.source = ? AND t.key = e.value
"""

_INSERT_IDENTIFIERS: Final = "INSERT INTO identifier (id, kind, value, holders, revision) VALUES (?, ?, ?, ?, ?)"
_UPDATE_IDENTIFIERS: Final = """
UPDATE identifier SET holders = ?, revision = ? WHERE kind = ? AND value = ? AND revision = ?
"""
_DELETE_IDENTIFIERS: Final = "DELETE FROM identifier WHERE kind = ? AND value = ? AND revision = ?"
_WRITE_BUCKETS: Final = """
INSERT INTO bucket (identifier, number, holders, revision)
SELECT id, ?, ?, ? FROM identifier WHERE kind = ? AND value = ?
ON CONFLICT (identifier, number) DO UPDATE SET holders = excluded.holders, revision = excluded.revision
"""
_DELETE_BUCKETS: Final = """
DELETE FROM bucket WHERE number = ? AND identifier = (SELECT id FROM identifier WHERE kind = ? AND value = ?)
"""
_INSERT_RECORDS: Final = """
INSERT INTO record (id, source, key, document, deleted, profile_id, revision) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
#: A row that stays does not touch the index over those that are there.
_UPDATE_RECORDS: Final = """
UPDATE record SET document = ?, revision = ? WHERE source = ? AND key = ? AND revision = ? AND deleted = ?
"""
_RELINK_RECORDS: Final = """
UPDATE record SET document = ?, revision = ?, profile_id = ?, deleted = ? WHERE source = ? AND key = ? AND revision = ?
"""
_MOVE_RECORDS: Final = "UPDATE record SET profile_id = ? WHERE source = ? AND key = ?"
_INSERT_PROFILES: Final = """
INSERT INTO profile (profile_id, version, status, document, component, guests, revision) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE_PROFILES: Final = """
UPDATE profile SET version = ?, status = ?, document = ?, component = ?, guests = ?, revision = ?
WHERE profile_id = ? AND revision = ?
"""
_BUMP_PROFILES: Final = "UPDATE profile SET revision = ? WHERE profile_id = ? AND revision = ?"


def write_plan(connection: StoreConnection, plan: Plan, writer: str, claim: str) -> None:
    """Commit the plan in one transaction.

    Raises:
        CommitConflict: something that the plan rests on has changed; nothing was written.
        ClaimLost: the writer's outbox belongs to another claim by now; nothing was written.
    """
    with transaction(connection):
        _check(connection, plan, writer, claim)
        take_dictionary(connection)
        identifiers = _write_identifiers(connection, plan)
        _write_records(connection, plan, identifiers)
        _write_profiles(connection, plan)
        _write_verdicts(connection, plan)
        write_tasks(connection, plan.tasks, plan.commit_id)
        _write_history(connection, plan)
        write_events(connection, plan.events, writer, plan.commit_id)
        _write_progress(connection, plan, writer)


def remove_tombstones(connection: sqlite3.Connection, addresses: Sequence[RecordAddress]) -> None:
    """See `Store.remove_tombstones`."""
    with transaction(connection):
        connection.executemany("DELETE FROM record WHERE source = ? AND key = ? AND deleted = 1", addresses)


def _check(connection: StoreConnection, plan: Plan, writer: str, claim: str) -> None:
    """Look at what the writing itself does not tell."""
    held = connection.execute("SELECT claim FROM writer WHERE name = ?", (writer,)).fetchone()
    if held != (claim,):
        raise ClaimLost(f"the outbox of {writer!r} has been taken over; this worker must stop writing")
    # Nobody carries these, and nobody has since: there is nothing to write.
    absent = [w for w in plan.identifiers if w.expected is None and not w.holders and not w.is_hub]
    check_revisions(connection, "identifier", [(w.identifier.kind, w.identifier.value, None) for w in absent])
    check_revisions(
        connection, "bucket", [(w.identifier.kind, w.identifier.value, w.number, w.expected) for w in plan.buckets]
    )
    check_revisions(connection, "verdict", [(w.entry.verdict_id, w.expected) for w in plan.verdicts])
    check_tasks(connection, plan.tasks)


def check_tasks(connection: sqlite3.Connection, tasks: Sequence[TaskWrite]) -> None:
    """Make sure that the tasks are what they were when read.

    Raises:
        CommitConflict: one has changed since.
    """
    check_revisions(connection, "task", [(w.task_id, w.expected) for w in tasks])


def _write_identifiers(connection: StoreConnection, plan: Plan) -> dict[Identifier, int]:
    """Write identifiers and buckets; gives the row ids of the identifiers that are new."""
    revision = pack_id(plan.commit_id)
    kept = [w for w in plan.identifiers if w.holders or w.is_hub]
    new = [w for w in kept if w.expected is None]
    ids = dict(zip((w.identifier for w in new), _ids_after(connection, _LAST_IDENTIFIER, len(new)), strict=True))
    rows = [(ids[w.identifier], *w.identifier, w.holders, revision) for w in new]
    insert_new(connection, "identifier", _INSERT_IDENTIFIERS, rows)
    known = [(w.holders, revision, *w.identifier, pack_id(w.expected)) for w in kept if w.expected is not None]
    write_known(connection, "identifier", _UPDATE_IDENTIFIERS, known)
    _write_buckets(connection, plan)
    gone = [w for w in plan.identifiers if not w.holders and not w.is_hub and w.expected is not None]
    write_known(connection, "identifier", _DELETE_IDENTIFIERS, [(*w.identifier, pack_id(w.expected)) for w in gone])
    return ids


def _write_buckets(connection: StoreConnection, plan: Plan) -> None:
    revision = pack_id(plan.commit_id)
    connection.executemany(
        _WRITE_BUCKETS, [(w.number, w.holders, revision, *w.identifier) for w in plan.buckets if w.holders is not None]
    )
    connection.executemany(_DELETE_BUCKETS, [(w.number, *w.identifier) for w in plan.buckets if w.holders is None])


def _ids_after(connection: sqlite3.Connection, last: str, count: int) -> range:
    """Row ids for so many new rows, as SQLite would give them."""
    if not count:
        return range(0)
    (greatest,) = connection.execute(last).fetchone()
    return range(greatest + 1, greatest + 1 + count)


def _write_records(connection: StoreConnection, plan: Plan, identifiers: dict[Identifier, int]) -> None:
    """Write records and their links; `identifiers` are the row ids that are known already."""
    revision, pack = pack_id(plan.commit_id), connection.documents.pack
    new = [w for w in plan.records if w.expected is None]
    ids = _ids_after(connection, _LAST_RECORD, len(new))
    insert_new(connection, "record", _INSERT_RECORDS, record_rows(ids, new, revision, pack))
    known = [w for w in plan.records if w.expected is not None]
    # A record whose edges stay may have been moved by others since it was read: its profile is not ours to write.
    staying = [w for w in known if not w.edges_changed]
    write_known(connection, "record", _UPDATE_RECORDS, staying_record_rows(staying, revision, pack))
    relinked = [w for w in known if w.edges_changed]
    write_known(connection, "record", _RELINK_RECORDS, relinked_record_rows(relinked, revision, pack))
    connection.executemany(_MOVE_RECORDS, [(pack_id(profile_id), *address) for address, profile_id in plan.memberships])
    relinked_ids = _found(connection, _FIND_RECORDS, [w.record.address for w in relinked])
    connection.executemany("DELETE FROM has WHERE record = ?", [(number,) for number in relinked_ids.values()])
    carried = [(number, w.identifiers) for number, w in zip(ids, new, strict=True) if w.edges_changed]
    carried += [(relinked_ids[w.record.address], w.identifiers) for w in relinked]
    _link(connection, carried, identifiers)


def _link(
    connection: StoreConnection,
    carried: Sequence[tuple[int, Collection[Identifier]]],
    known: Mapping[Identifier, int],
) -> None:
    """Link records, by row id, with what they carry."""
    further = {identifier for _, each in carried for identifier in each if identifier not in known}
    ids = {**known, **_found(connection, _FIND_IDENTIFIERS, further)}
    links = [(ids[identifier], record) for record, each in carried for identifier in each if identifier in ids]
    connection.executemany("INSERT INTO has VALUES (?, ?)", links)


def _found(connection: StoreConnection, statement: str, named: Iterable[Named]) -> dict[Named, int]:
    """The row ids of what is there of identifiers, or of records."""
    return {
        asked[place]: number
        for first, asked, listed in by_first(named)
        for place, number in connection.execute(statement, (listed, first))
    }


def _write_profiles(connection: StoreConnection, plan: Plan) -> None:
    revision, pack = pack_id(plan.commit_id), connection.documents.pack
    written = [w for w in plan.profiles if w.document is not None]
    new = [w for w in written if w.expected is None]
    insert_new(connection, "profile", _INSERT_PROFILES, profile_rows(new, revision, pack))
    known = [w for w in written if w.expected is not None]
    write_known(connection, "profile", _UPDATE_PROFILES, known_profile_rows(known, revision, pack))
    bumped = [w for w in plan.profiles if w.document is None]
    rows = [(revision, pack_id(w.profile_id), pack_id(w.expected)) for w in bumped]
    write_known(connection, "profile", _BUMP_PROFILES, rows)


def _write_verdicts(connection: StoreConnection, plan: Plan) -> None:
    connection.executemany(
        """
        INSERT INTO verdict (verdict_id, document, revision) VALUES (?, ?, ?)
        ON CONFLICT (verdict_id) DO UPDATE SET document = excluded.document, revision = excluded.revision
        """,
        [(w.entry.verdict_id, write_verdict_entry(w.entry), plan.commit_id) for w in plan.verdicts],
    )


def write_tasks(connection: sqlite3.Connection, tasks: Iterable[TaskWrite], revision: str) -> None:
    """Write tasks, and remove those that are done."""
    for write in tasks:
        if write.task is None:
            connection.execute("DELETE FROM task WHERE task_id = ?", (write.task_id,))
        else:
            connection.execute(
                """
                INSERT INTO task (task_id, document, revision) VALUES (?, ?, ?)
                ON CONFLICT (task_id) DO UPDATE SET document = excluded.document, revision = excluded.revision
                """,
                (write.task_id, write_task(write.task), revision),
            )


def _write_history(connection: StoreConnection, plan: Plan) -> None:
    connection.executemany(
        "INSERT INTO history (profile_id, version, document) VALUES (?, ?, ?)",
        history_rows(plan.history, connection.documents.pack),
    )


def _write_progress(connection: sqlite3.Connection, plan: Plan, writer: str) -> None:
    if plan.accepted is not None:
        connection.execute("UPDATE writer SET accepted = max(accepted, ?) WHERE name = ?", (plan.accepted, writer))
    if plan.progress is not None:
        connection.execute(
            "UPDATE writer SET progress = ? WHERE name = ?",
            (orjson.dumps(position_fields(plan.progress)).decode(), writer),
        )
