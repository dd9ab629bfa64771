"""The raw limit of the embedded store: rows made beforehand, written into SQLite durably, without any of our logic.

Records, identifiers, links and profiles have the stored form that the product had when its budgets were set: the same
tables, indexes, documents, pragmas and size of a batch, without an outbox, guards or resolution. Schema, statements and
the form of documents are a copy that does not follow the product, so that a product which writes fewer bytes comes
nearer to this limit, and nothing else moves it.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import orjson

from graph_model.records.record import Record
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import offset_field, source_position_fields
from services.stores.port.plan import Plan
from services.stores.port.protocols import Outbox
from services.stores.sqlite.store import SqliteStore

#: Changes in one commit of the raw writer.
RAW_BATCH: Final = 500

_PRAGMAS: Final = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA cache_size = -65536")

_SCHEMA: Final = """
CREATE TABLE record (
    id         INTEGER PRIMARY KEY,
    source     TEXT NOT NULL,
    key        TEXT NOT NULL,
    document   BLOB NOT NULL,
    deleted    INTEGER NOT NULL,
    profile_id TEXT,
    revision   TEXT NOT NULL,
    UNIQUE (source, key)
);
CREATE INDEX record_profile ON record (profile_id) WHERE deleted = 0;
CREATE TABLE identifier (
    id       INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL,
    value    TEXT NOT NULL,
    holders  INTEGER NOT NULL,
    revision TEXT NOT NULL,
    UNIQUE (kind, value)
);
CREATE TABLE has (
    identifier INTEGER NOT NULL REFERENCES identifier (id),
    record     INTEGER NOT NULL REFERENCES record (id),
    PRIMARY KEY (identifier, record)
) WITHOUT ROWID;
CREATE INDEX has_record ON has (record);
CREATE TABLE profile (
    profile_id TEXT PRIMARY KEY,
    version    INTEGER NOT NULL,
    status     TEXT NOT NULL,
    document   BLOB NOT NULL,
    component  TEXT NOT NULL,
    guests     TEXT,
    revision   TEXT NOT NULL
);
"""

_WRITE_IDENTIFIERS: Final = """
INSERT INTO identifier (kind, value, holders, revision) VALUES (?, ?, ?, ?)
ON CONFLICT (kind, value) DO UPDATE SET holders = excluded.holders, revision = excluded.revision
"""
_WRITE_RECORDS: Final = """
INSERT INTO record (source, key, document, deleted, profile_id, revision) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (source, key) DO UPDATE SET document = excluded.document, deleted = excluded.deleted,
    revision = excluded.revision
"""
_MOVE_RECORDS: Final = "UPDATE record SET profile_id = ? WHERE source = ? AND key = ?"
_UNLINK: Final = "DELETE FROM has WHERE record = (SELECT id FROM record WHERE source = ? AND key = ?)"
_LINK: Final = """
INSERT INTO has SELECT i.id, r.id FROM identifier AS i, record AS r
WHERE i.kind = ? AND i.value = ? AND r.source = ? AND r.key = ?
"""
_REMOVE_IDENTIFIERS: Final = "DELETE FROM identifier WHERE kind = ? AND value = ?"
_WRITE_PROFILES: Final = """
INSERT INTO profile (profile_id, version, status, document, component, guests, revision) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (profile_id) DO UPDATE SET version = excluded.version, status = excluded.status,
    document = excluded.document, component = excluded.component, guests = excluded.guests,
    revision = excluded.revision
"""
_BUMP_PROFILES: Final = "UPDATE profile SET revision = ? WHERE profile_id = ?"


@dataclass(frozen=True, slots=True)
class RawBatch:
    """The rows of one commit, ready to be bound, statement by statement in the order of writing."""

    statements: tuple[tuple[str, list[tuple[Any, ...]]], ...]

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """The rows that a plan of the product comes to in the frozen form; hubs, verdicts and tasks are left out."""
        commit_id = plan.commit_id
        relinked = [w for w in plan.records if w.edges_changed]
        known = [w for w in relinked if w.expected is not None]
        kept = [w for w in plan.identifiers if w.holders]
        written = [w for w in plan.profiles if w.document is not None]
        return cls(
            (
                (_WRITE_IDENTIFIERS, [(*_named(w.identifier), w.holders, commit_id) for w in kept]),
                (
                    _WRITE_RECORDS,
                    [
                        (*w.record.address, _document(w.record), w.record.is_tombstone, w.profile_id, commit_id)
                        for w in plan.records
                    ],
                ),
                (
                    _MOVE_RECORDS,
                    [(profile_id, *address) for address, profile_id in plan.memberships]
                    + [(w.profile_id, *w.record.address) for w in known],
                ),
                (_UNLINK, [(*w.record.address,) for w in known]),
                (_LINK, [(*_named(i), *w.record.address) for w in relinked for i in w.identifiers]),
                (_REMOVE_IDENTIFIERS, [_named(w.identifier) for w in plan.identifiers if not w.holders]),
                (
                    _WRITE_PROFILES,
                    [
                        (
                            w.profile_id,
                            w.version,
                            w.status.value,
                            w.document,
                            orjson.dumps(w.component).decode(),
                            orjson.dumps([[*address] for address in w.guests]).decode() if w.guests else None,
                            commit_id,
                        )
                        for w in written
                    ],
                ),
                (_BUMP_PROFILES, [(commit_id, w.profile_id) for w in plan.profiles if w.document is None]),
            )
        )


class RawWriter:
    """Writes rows into a new file, one durable commit a batch."""

    def __init__(self, path: Path) -> None:
        """Make the file."""
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in _PRAGMAS:
            self._connection.execute(pragma)
        self._connection.executescript(_SCHEMA)

    def write(self, batch: RawBatch) -> None:
        """Write the rows of one commit."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        for statement, rows in batch.statements:
            connection.executemany(statement, rows)
        connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class RecordingStore(SqliteStore):
    """Keeps the plans that it commits in `plans`, which is to be set to a list, for the raw writer to write."""

    plans: list[Plan]

    async def commit(self, plan: Plan, outbox: Outbox) -> None:
        """See `Store.commit`."""
        await super().commit(plan, outbox)
        self.plans.append(plan)

    async def load(self, plan: Plan, outbox: Outbox) -> None:
        """See `LoadableStore.load`."""
        await super().load(plan, outbox)
        self.plans.append(plan)


def _named(identifier: Identifier) -> tuple[str, str]:
    return identifier.kind, identifier.value


def _document(record: Record) -> bytes:
    fields: dict[str, Any] = {
        "epoch": record.position.epoch,
        "offset": offset_field(record.position.offset),
        "observed_at": record.observed_at,
        "values": record.values,
        "streamed": source_position_fields(record.streamed),
        "incomplete": sorted(record.incomplete),
    }
    if record.accepted_at is not None:
        fields["accepted_at"] = record.accepted_at
    if record.undated:
        fields["undated"] = True
    return orjson.dumps(fields)
