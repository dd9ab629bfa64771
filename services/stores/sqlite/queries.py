"""What the embedded store is asked for, as plain functions over a reader: records, profiles, verdicts, work owed."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import orjson

from graph_model.records.record import RecordAddress
from graph_model.values.identifiers import Identifier
from services.stores.port.identity import KeptCatalogue, Pulse, WriterState
from services.stores.port.stored import (
    Components,
    HistoryEntry,
    OutboxEntry,
    StoredProfile,
    StoredRecord,
    StoredTask,
    StoredVerdict,
)
from services.stores.port.stored_forms import read_record, read_task, read_verdict_entry
from services.stores.sqlite.catalogue import READ_CATALOGUE, READ_PULSE, pulse_of
from services.stores.sqlite.events import NEWEST, READ_OUTBOX, outbox_entry
from services.stores.sqlite.identifiers import count_holders
from services.stores.sqlite.lists import by_first
from services.stores.sqlite.packing import pack_id, unpack_id
from services.stores.sqlite.reads import (
    PROFILE_COLUMNS,
    RECORD_COLUMNS,
    ROWS_ON_LOOP,
    SqliteReader,
)

_READ_RECORDS = f"""
SELECT wanted.key, {RECORD_COLUMNS}
FROM json_each(?) AS wanted
CROSS JOIN record AS r ON r.source = ? AND r.key = wanted.value
LEFT JOIN profile AS p ON p.profile_id = r.profile_id
"""  # noqa: S608 - only constants are put together
_READ_PROFILE = f"SELECT {PROFILE_COLUMNS} FROM profile AS p WHERE p.profile_id = ?"  # noqa: S608 - constants
_READ_PROFILES = f"SELECT {PROFILE_COLUMNS} FROM profile AS p WHERE p.profile_id IN ({{ids}})"  # noqa: S608 - constants
_READ_VERSIONS = "SELECT p.profile_id, p.version FROM profile AS p WHERE p.profile_id IN ({ids})"
_READ_MEMBERS = """
SELECT r.source, r.key, r.document, r.profile_id FROM record AS r WHERE r.profile_id IN ({ids}) AND r.deleted = 0
"""
_FIND_PROFILES = f"""
SELECT {PROFILE_COLUMNS} FROM profile AS p WHERE p.profile_id IN (
    SELECT r.profile_id FROM identifier AS i
    JOIN has AS h ON h.identifier = i.id
    JOIN record AS r ON r.id = h.record
    WHERE i.kind = ? AND i.value = ? AND i.holders BETWEEN ? AND ?)
ORDER BY p.profile_id LIMIT ?
"""  # noqa: S608 - only constants are put together
#: Holders of an identifier whose profiles are found with one statement; hubs list none, see `schema.sql`.
_FEW_HOLDERS = (1, ROWS_ON_LOOP)
_ANY_HOLDERS = (0, 2**62)
_READ_HISTORY = "SELECT version, plain(document) FROM history WHERE profile_id = ? ORDER BY version"
_READ_VERDICTS = """
SELECT v.verdict_id, v.document, v.revision
FROM json_each(?) AS wanted JOIN verdict AS v ON v.verdict_id = wanted.value
"""
_READ_TASKS = "SELECT task_id, document, revision FROM task ORDER BY task_id"
_READ_WRITERS = """
SELECT w.name, w.accepted, (SELECT min(p.created_at) FROM pending AS p WHERE p.writer = w.name) FROM writer AS w
"""


def read_records(reader: SqliteReader, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, StoredRecord]:
    """See `Store.read_records`."""
    found = {}
    for source, asked, keys in by_first(addresses):
        for place, *columns in reader.rows(_READ_RECORDS, keys, source):
            found[asked[place]] = reader.record(asked[place], columns)
    return found


def read_components(reader: SqliteReader, profile_ids: Collection[str]) -> Components:
    """See `Store.read_components`."""
    wanted = sorted(profile_ids)
    plain = reader.plain
    records = {}
    memberships = {}
    with reader.snapshot():
        # First the records: where they are many, their profiles are large, and all is begun anew on the thread.
        for source, key, document, profile_id in reader.rows_of(_READ_MEMBERS, wanted):
            address = RecordAddress(source, key)
            records[address] = read_record(address, plain(document))
            memberships[address] = unpack_id(profile_id)
        profiles = _by_id(reader, reader.rows_of(_READ_PROFILES, wanted))
    return Components(profiles=profiles, records=records, memberships=memberships)


def _by_id(reader: SqliteReader, rows: Iterable[tuple[Any, ...]]) -> dict[str, StoredProfile]:
    return {profile.profile_id: profile for profile in map(reader.profile, rows)}


def read_profile(reader: SqliteReader, profile_id: str) -> StoredProfile | None:
    """See `Store.read_profile`."""
    row = reader.first(_READ_PROFILE, pack_id(profile_id))
    return None if row is None else reader.profile(row)


def read_profiles(reader: SqliteReader, profile_ids: Collection[str]) -> Mapping[str, StoredProfile]:
    """See `Store.read_profiles`."""
    return _by_id(reader, reader.rows_of(_READ_PROFILES, sorted(profile_ids)))


def read_versions(reader: SqliteReader, profile_ids: Collection[str]) -> Mapping[str, int]:
    """See `Store.read_versions`."""
    rows = reader.rows_of(_READ_VERSIONS, sorted(profile_ids))
    return {unpack_id(profile_id): version for profile_id, version in rows}


def find_profiles(reader: SqliteReader, identifier: Identifier, limit: int) -> tuple[StoredProfile, ...]:
    """See `Store.find_profiles`."""
    found = reader.rows(_FIND_PROFILES, identifier.kind, identifier.value, *_FEW_HOLDERS, limit)
    profiles = tuple(map(reader.profile, found))
    if not profiles:
        reader.expect(count_holders(reader, identifier))
        found = reader.rows(_FIND_PROFILES, identifier.kind, identifier.value, *_ANY_HOLDERS, limit)
        profiles = tuple(map(reader.profile, found))
    return profiles


def read_history(reader: SqliteReader, profile_id: str) -> tuple[HistoryEntry, ...]:
    """See `Store.read_history`."""
    return tuple(
        HistoryEntry(profile_id=profile_id, version=version, document=document)
        for version, document in reader.rows(_READ_HISTORY, pack_id(profile_id))
    )


def read_verdicts(reader: SqliteReader, verdict_ids: Collection[str]) -> Mapping[str, StoredVerdict]:
    """See `Store.read_verdicts`."""
    rows = reader.rows(_READ_VERDICTS, orjson.dumps(sorted(verdict_ids)).decode())
    return {
        verdict_id: StoredVerdict(entry=read_verdict_entry(verdict_id, document), revision=revision)
        for verdict_id, document, revision in rows
    }


def read_tasks(reader: SqliteReader, fingerprint: str, migrator: str | None) -> tuple[StoredTask, ...]:
    """See `Store.read_tasks`.

    Args:
        reader: of the file.
        fingerprint: of the meaning that the caller works with.
        migrator: see `StoredForm.require`.
    """
    in_force = reader.state()
    in_force.form.require(migrator)
    in_force.require(fingerprint)
    return tuple(
        StoredTask(task_id=task_id, task=read_task(document), revision=revision)
        for task_id, document, revision in reader.rows(_READ_TASKS)
    )


def read_pulse(reader: SqliteReader, store_id: str) -> Pulse:
    """See `Store.read_pulse`; the id is that of the store that was opened."""
    return pulse_of(reader.first(READ_PULSE) or (), store_id)


def read_catalogue(reader: SqliteReader) -> KeptCatalogue | None:
    """See `Store.read_catalogue`."""
    (kept,) = reader.first(READ_CATALOGUE) or (None,)
    return KeptCatalogue.from_json(kept)


def read_writers(reader: SqliteReader) -> Mapping[str, WriterState]:
    """See `Store.read_writers`."""
    return {
        name: WriterState(waiting_since=waiting_since, accepted=accepted)
        for name, accepted, waiting_since in reader.rows(_READ_WRITERS)
    }


def read_outbox(reader: SqliteReader, after: int, limit: int) -> tuple[OutboxEntry, ...]:
    """See `DurableOutbox.read_outbox`."""
    return tuple(map(outbox_entry, reader.rows(READ_OUTBOX, after, limit)))


def outbox_bounds(reader: SqliteReader) -> tuple[int, int]:
    """See `DurableOutbox.outbox_bounds`."""
    (newest,) = reader.first(NEWEST) or (0,)
    (oldest,) = reader.first("SELECT min(sequence) FROM outbox") or (None,)
    return (newest if oldest is None else oldest - 1), newest
