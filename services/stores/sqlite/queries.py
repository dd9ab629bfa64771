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
from services.stores.sqlite.packing import pack_id, unpack_id
from services.stores.sqlite.reads import (
    PROFILE_COLUMNS,
    RECORD_COLUMNS,
    ROWS_ON_LOOP,
    SqliteReader,
    stored_profile,
    stored_record,
)

_READ_RECORDS = f"""
SELECT {RECORD_COLUMNS}
FROM json_each(?) AS wanted
JOIN record AS r ON r.source = wanted.value ->> 0 AND r.key = wanted.value ->> 1
LEFT JOIN profile AS p ON p.profile_id = r.profile_id
"""  # noqa: S608 - only constants are put together
_READ_PROFILE = f"SELECT {PROFILE_COLUMNS} FROM profile AS p WHERE p.profile_id = ?"  # noqa: S608 - constants
_READ_PROFILES = f"""
SELECT {PROFILE_COLUMNS} FROM json_each(?) AS wanted JOIN profile AS p ON p.profile_id = packed(wanted.value)
"""  # noqa: S608 - only constants are put together
_READ_VERSIONS = """
SELECT p.profile_id, p.version FROM json_each(?) AS wanted JOIN profile AS p ON p.profile_id = packed(wanted.value)
"""
_READ_MEMBERS = """
SELECT r.source, r.key, plain(r.document), r.profile_id
FROM json_each(?) AS wanted
JOIN record AS r ON r.profile_id = packed(wanted.value) AND r.deleted = 0
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
    wanted = orjson.dumps([(address.source, address.key) for address in addresses]).decode()
    found = (stored_record(row) for row in reader.rows(_READ_RECORDS, wanted))
    return {stored.record.address: stored for stored in found}


def read_components(reader: SqliteReader, profile_ids: Collection[str]) -> Components:
    """See `Store.read_components`."""
    wanted = orjson.dumps(sorted(profile_ids)).decode()
    records = {}
    memberships = {}
    with reader.snapshot():
        # First the records: where they are many, their profiles are large, and all is begun anew on the thread.
        for source, key, document, profile_id in reader.rows(_READ_MEMBERS, wanted):
            address = RecordAddress(source, key)
            records[address] = read_record(address, document)
            memberships[address] = unpack_id(profile_id)
        profiles = _by_id(reader.rows(_READ_PROFILES, wanted))
    return Components(profiles=profiles, records=records, memberships=memberships)


def _by_id(rows: Iterable[tuple[Any, ...]]) -> dict[str, StoredProfile]:
    return {profile.profile_id: profile for profile in map(stored_profile, rows)}


def read_profile(reader: SqliteReader, profile_id: str) -> StoredProfile | None:
    """See `Store.read_profile`."""
    row = reader.first(_READ_PROFILE, pack_id(profile_id))
    return None if row is None else stored_profile(row)


def read_profiles(reader: SqliteReader, profile_ids: Collection[str]) -> Mapping[str, StoredProfile]:
    """See `Store.read_profiles`."""
    wanted = orjson.dumps(sorted(profile_ids)).decode()
    return _by_id(reader.rows(_READ_PROFILES, wanted))


def read_versions(reader: SqliteReader, profile_ids: Collection[str]) -> Mapping[str, int]:
    """See `Store.read_versions`."""
    rows = reader.rows(_READ_VERSIONS, orjson.dumps(sorted(profile_ids)).decode())
    return {unpack_id(profile_id): version for profile_id, version in rows}


def find_profiles(reader: SqliteReader, identifier: Identifier, limit: int) -> tuple[StoredProfile, ...]:
    """See `Store.find_profiles`."""
    found = reader.rows(_FIND_PROFILES, identifier.kind, identifier.value, *_FEW_HOLDERS, limit)
    profiles = tuple(map(stored_profile, found))
    if not profiles:
        reader.expect(count_holders(reader, identifier))
        found = reader.rows(_FIND_PROFILES, identifier.kind, identifier.value, *_ANY_HOLDERS, limit)
        profiles = tuple(map(stored_profile, found))
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
