"""Writes a plan into the embedded store: guard and writes in one transaction."""

import sqlite3
from collections.abc import Iterable, Sequence

import orjson

from graph_model.records.record import RecordAddress
from graph_model.values.positions import position_fields
from services.stores.port.errors import ClaimLost, CommitConflict
from services.stores.port.plan import Plan, TaskWrite
from services.stores.port.stored_forms import write_task, write_verdict_entry
from services.stores.sqlite.connection import StoreConnection, transaction
from services.stores.sqlite.dictionary import make_dictionary_where_due
from services.stores.sqlite.events import write_events
from services.stores.sqlite.packing import pack_id
from services.stores.sqlite.rows import history_rows, identifier_rows, profile_rows, record_rows

#: How many of the rows expected as JSON have another revision.
_GUARDS = {
    "record": """
        SELECT count(*) FROM json_each(?) AS e
        LEFT JOIN record AS t ON t.source = e.value ->> 0 AND t.key = e.value ->> 1
        WHERE t.revision IS NOT packed(e.value ->> 2)""",
    "identifier": """
        SELECT count(*) FROM json_each(?) AS e
        LEFT JOIN identifier AS t ON t.kind = e.value ->> 0 AND t.value = e.value ->> 1
        WHERE t.revision IS NOT packed(e.value ->> 2)""",
    "profile": """
        SELECT count(*) FROM json_each(?) AS e
        LEFT JOIN profile AS t ON t.profile_id = packed(e.value ->> 0)
        WHERE t.revision IS NOT packed(e.value ->> 1)""",
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


def write_plan(connection: StoreConnection, plan: Plan, writer: str, claim: str) -> None:
    """Commit the plan in one transaction.

    Raises:
        CommitConflict: something that the plan rests on has changed; nothing was written.
        ClaimLost: the writer's outbox belongs to another claim by now; nothing was written.
    """
    with transaction(connection):
        check_plan(connection, plan, writer, claim)
        make_dictionary_where_due(connection, connection.documents)
        write_rows(connection, plan, writer)


def remove_tombstones(connection: sqlite3.Connection, addresses: Sequence[RecordAddress]) -> None:
    """See `Store.remove_tombstones`."""
    with transaction(connection):
        connection.executemany("DELETE FROM record WHERE source = ? AND key = ? AND deleted = 1", addresses)


def write_rows(connection: StoreConnection, plan: Plan, writer: str) -> None:
    """Write all rows of the plan, whatever has changed since; the caller's transaction holds them together."""
    connection.documents.write_by_newest()
    _write_identifiers(connection, plan)
    _write_records(connection, plan)
    _remove_identifiers(connection, plan)
    _write_profiles(connection, plan)
    _write_verdicts(connection, plan)
    write_tasks(connection, plan.tasks, plan.commit_id)
    _write_history(connection, plan)
    write_events(connection, plan.events, writer, plan.commit_id)
    _write_progress(connection, plan, writer)


def check_plan(connection: StoreConnection, plan: Plan, writer: str, claim: str) -> None:
    """Make sure that all that a plan rests on is as it was when it was read; the caller holds the transaction.

    Raises:
        CommitConflict: something has changed since.
        ClaimLost: the writer's outbox belongs to another claim by now.
    """
    held = connection.execute("SELECT claim FROM writer WHERE name = ?", (writer,)).fetchone()
    if held != (claim,):
        raise ClaimLost(f"the outbox of {writer!r} has been taken over; this worker must stop writing")
    _check_revisions(
        connection, "record", [(w.record.address.source, w.record.address.key, w.expected) for w in plan.records]
    )
    _check_revisions(
        connection, "identifier", [(w.identifier.kind, w.identifier.value, w.expected) for w in plan.identifiers]
    )
    _check_revisions(
        connection, "bucket", [(w.identifier.kind, w.identifier.value, w.number, w.expected) for w in plan.buckets]
    )
    _check_revisions(connection, "profile", [(w.profile_id, w.expected) for w in plan.profiles])
    _check_revisions(connection, "verdict", [(w.entry.verdict_id, w.expected) for w in plan.verdicts])
    check_tasks(connection, plan.tasks)


def check_tasks(connection: sqlite3.Connection, tasks: Sequence[TaskWrite]) -> None:
    """Make sure that the tasks are what they were when read.

    Raises:
        CommitConflict: one has changed since.
    """
    _check_revisions(connection, "task", [(w.task_id, w.expected) for w in tasks])


def _check_revisions(connection: sqlite3.Connection, table: str, expected: Sequence[tuple[object, ...]]) -> None:
    if not expected:
        return
    (changed,) = connection.execute(_GUARDS[table], (orjson.dumps(expected).decode(),)).fetchone()
    if changed:
        raise CommitConflict(f"{changed} of the {table}s read have changed since; read again")


def _write_identifiers(connection: StoreConnection, plan: Plan) -> None:
    revision = pack_id(plan.commit_id)
    connection.executemany(
        """
        INSERT INTO identifier (kind, value, holders, revision) VALUES (?, ?, ?, ?)
        ON CONFLICT (kind, value) DO UPDATE SET holders = excluded.holders, revision = excluded.revision
        """,
        identifier_rows(((w.identifier, w.holders) for w in plan.identifiers if w.holders or w.is_hub), revision),
    )
    connection.executemany(
        """
        INSERT INTO bucket (identifier, number, holders, revision)
        SELECT id, ?, ?, ? FROM identifier WHERE kind = ? AND value = ?
        ON CONFLICT (identifier, number) DO UPDATE SET holders = excluded.holders, revision = excluded.revision
        """,
        [
            (w.number, w.holders, revision, w.identifier.kind, w.identifier.value)
            for w in plan.buckets
            if w.holders is not None
        ],
    )
    connection.executemany(
        "DELETE FROM bucket WHERE number = ? AND identifier = (SELECT id FROM identifier WHERE kind = ? AND value = ?)",
        [(w.number, w.identifier.kind, w.identifier.value) for w in plan.buckets if w.holders is None],
    )


def _remove_identifiers(connection: StoreConnection, plan: Plan) -> None:
    connection.executemany(
        "DELETE FROM identifier WHERE kind = ? AND value = ?",
        [(w.identifier.kind, w.identifier.value) for w in plan.identifiers if not w.holders and not w.is_hub],
    )


def _write_records(connection: StoreConnection, plan: Plan) -> None:
    connection.executemany(
        """
        INSERT INTO record (source, key, document, deleted, profile_id, revision) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (source, key) DO UPDATE SET document = excluded.document, deleted = excluded.deleted,
            revision = excluded.revision
        """,
        record_rows(plan.records, pack_id(plan.commit_id), connection.documents.pack),
    )
    relinked = [w for w in plan.records if w.edges_changed]
    # A record whose edges stay may have been moved by others since it was read: its profile is not ours to write.
    moved = [*plan.memberships, *((w.record.address, w.profile_id) for w in relinked if w.expected is not None)]
    connection.executemany(
        "UPDATE record SET profile_id = ? WHERE source = ? AND key = ?",
        [(pack_id(profile_id), address.source, address.key) for address, profile_id in moved],
    )
    connection.executemany(
        "DELETE FROM has WHERE record = (SELECT id FROM record WHERE source = ? AND key = ?)",
        [(w.record.address.source, w.record.address.key) for w in relinked if w.expected is not None],
    )
    connection.executemany(
        """
        INSERT INTO has SELECT i.id, r.id FROM identifier AS i, record AS r
        WHERE i.kind = ? AND i.value = ? AND r.source = ? AND r.key = ?
        """,
        [(i.kind, i.value, w.record.address.source, w.record.address.key) for w in relinked for i in w.identifiers],
    )


def _write_profiles(connection: StoreConnection, plan: Plan) -> None:
    revision = pack_id(plan.commit_id)
    connection.executemany(
        """
        INSERT INTO profile (profile_id, version, status, document, component, guests, revision)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (profile_id) DO UPDATE SET version = excluded.version, status = excluded.status,
            document = excluded.document, component = excluded.component, guests = excluded.guests,
            revision = excluded.revision
        """,
        profile_rows(plan.profiles, revision, connection.documents.pack),
    )
    connection.executemany(
        "UPDATE profile SET revision = ? WHERE profile_id = ?",
        [(revision, pack_id(w.profile_id)) for w in plan.profiles if w.document is None],
    )


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
