"""A place on disk for everything that is to be loaded: the last word about each row, whatever came before it.

It is a SQLite file of its own. While it is filled it has another name, so that a file of this name is whole; it never
changes again, and a load that was killed goes on from it. Memory holds no more than its cache and one batch.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

import orjson

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change, Outcome, Record, RecordAddress
from graph_model.records.tasks import TruncateSource
from graph_model.values.positions import Position, position_fields, position_of
from services.ingestion.batches import Batch, accepted_number, batch_outcome, gather
from services.stores.port.stored import StoredRecord
from services.stores.port.stored_forms import read_record, write_record

#: So many rows are read or written at once.
BATCH: Final = 2_000

_UNFINISHED: Final = ".unfinished"

_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -131072;
PRAGMA temp_store = FILE;
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE progress (writer TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE record (
    number   INTEGER PRIMARY KEY,  -- 1, 2, 3, ... in the order in which rows came first
    source   TEXT NOT NULL,
    key      TEXT NOT NULL,
    document BLOB NOT NULL,
    deleted  INTEGER NOT NULL,
    UNIQUE (source, key)
);
CREATE TABLE derived (            -- what live records say; JSON: identifiers, traits, issues
    record INTEGER PRIMARY KEY, document BLOB NOT NULL
);
CREATE TABLE link (               -- what live records carry
    kind   TEXT NOT NULL,
    value  TEXT NOT NULL,
    record INTEGER NOT NULL,
    bucket INTEGER NOT NULL        -- of the record, should the identifier be a hub
);
CREATE TABLE generic (            -- identifiers that join nobody, since too many records carry them
    kind TEXT NOT NULL, value TEXT NOT NULL, holders INTEGER NOT NULL,
    buckets TEXT,                  -- of hubs: number -> holders; JSON
    PRIMARY KEY (kind, value)
) WITHOUT ROWID;
CREATE TABLE member (             -- records that may be of one component are in one group
    grouped INTEGER NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (grouped, record)
) WITHOUT ROWID;
"""
_FIND: Final = """
SELECT r.source, r.key, r.document FROM json_each(?) AS wanted
JOIN record AS r ON r.source = wanted.value ->> 0 AND r.key = wanted.value ->> 1
"""
_PUT: Final = """
INSERT INTO record (source, key, document, deleted) VALUES (?, ?, ?, ?)
ON CONFLICT (source, key) DO UPDATE SET document = excluded.document, deleted = excluded.deleted
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of changes."""

    outcomes: Counter[tuple[str, Outcome]]  #: (source, outcome) -> changes
    rewound: Counter[str]  #: source -> changes; see `graph_model.records.record.AppliedChange.is_rewound`


class LoadSpool:
    """What is to be loaded into a store."""

    def __init__(self, path: Path, database: sqlite3.Connection, *, is_sealed: bool) -> None:
        self.database = database
        self.is_sealed = is_sealed
        self.path = path

    @classmethod
    def opened(cls, path: Path, load_id: str) -> Self:
        """Open the spool of a load: the whole one, if there is one, else one to be filled anew.

        Args:
            path: where it is, or comes to be.
            load_id: whose it is; what others have left there is removed.
        """
        if path.exists():
            database = _connected(path, "ro")
            if _state(database, "load_id") == load_id:
                return cls(path, database, is_sealed=True)
            database.close()
            path.unlink()
        unfinished = _unfinished(path)
        unfinished.unlink(missing_ok=True)
        database = _connected(unfinished, "rwc")
        database.executescript(_SCHEMA)
        # One transaction until it is sealed: nothing of an unfinished one is ever read again.
        database.execute("BEGIN")
        database.execute("INSERT INTO state VALUES ('load_id', ?)", (load_id,))
        return cls(path, database, is_sealed=False)

    @property
    def accepted(self) -> int | None:
        """The greatest number that was given at acceptance; None: there is none."""
        found = _state(self.database, "accepted")
        return None if found is None else int(found)

    @property
    def progress(self) -> Mapping[str, Position]:
        """Writer -> the last position of its log that is among what is to be loaded."""
        rows = self.database.execute("SELECT writer, position FROM progress ORDER BY writer")
        return {writer: position_of(orjson.loads(position)) for writer, position in rows}

    def note_progress(self, progress: Mapping[str, Position]) -> None:
        """Keep up to which position of each log, named by the writer that reads it, everything is in the spool."""
        rows = [(writer, orjson.dumps(position_fields(position)).decode()) for writer, position in progress.items()]
        self.database.executemany("INSERT OR REPLACE INTO progress VALUES (?, ?)", rows)

    def take(self, changes: Sequence[Change], catalogue: Catalogue, generation: int) -> Taken:
        """Take changes; those of one record in the order given.

        Args:
            changes: of any number of records and sources.
            catalogue: what the data means.
            generation: the meaning of the catalogue that is in force.
        """
        batch = Batch(changes=gather(changes))
        found = batch_outcome(
            batch, self._stored(batch.addresses), lambda address: _columns(catalogue, address), generation
        )
        self.database.executemany(
            _PUT,
            [
                (*change.address, write_record(change.record), change.record.is_tombstone)
                for change in found.changes.values()
                if change.is_new_version
            ],
        )
        accepted = accepted_number(batch)
        if accepted is not None and accepted > (self.accepted or 0):
            self.database.execute("INSERT OR REPLACE INTO state VALUES ('accepted', ?)", (str(accepted),))
        taken = Taken(Counter(), Counter())
        for change in found.changes.values():
            taken.outcomes.update((change.address.source, outcome) for outcome in change.outcomes)
            if change.rewound:
                taken.rewound[change.address.source] += change.rewound
        return taken

    def truncate(self, task: TruncateSource, catalogue: Catalogue, generation: int) -> None:
        """Delete the rows of a table that were there before it was emptied."""
        last = 0
        query = "SELECT number, key FROM record WHERE source = ? AND deleted = 0 AND number > ? ORDER BY 1 LIMIT ?"
        while rows := self.database.execute(query, (task.source, last, BATCH)).fetchall():
            addresses = (RecordAddress(task.source, key) for _, key in rows)
            deletions = [task.deletion(address) for address in addresses if task.empties(address)]
            self.take(deletions, catalogue, generation)
            last = rows[-1][0]

    def live_records(self) -> Iterator[list[tuple[int, Record]]]:
        """All live records with their numbers, in portions."""
        rows = self.database.execute("SELECT number, source, key, document FROM record WHERE deleted = 0 ORDER BY 1")
        while portion := rows.fetchmany(BATCH):
            yield [(row[0], read_record(RecordAddress(row[1], row[2]), row[3])) for row in portion]

    def seal(self) -> None:
        """Let it be whole, whatever happens from now on."""
        self.database.execute("COMMIT")
        self.database.close()
        unfinished = _unfinished(self.path)
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.rename(self.path)
        self.database = _connected(self.path, "ro")
        self.is_sealed = True

    def remove(self) -> None:
        """Take it away: it is loaded, or not needed."""
        self.close()
        self.path.unlink(missing_ok=True)
        _unfinished(self.path).unlink(missing_ok=True)

    def close(self) -> None:
        """Release the file."""
        self.database.close()

    def _stored(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, StoredRecord | None]:
        stored: dict[RecordAddress, StoredRecord | None] = dict.fromkeys(addresses)
        for source, key, document in self.database.execute(
            _FIND, (orjson.dumps([[*address] for address in addresses]).decode(),)
        ):
            address = RecordAddress(source, key)
            record = read_record(address, document)
            stored[address] = StoredRecord(record=record, revision="", profile_id=None, component=())
        return stored


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    """Connect to a spool; one thread after the other may use it."""
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(address, isolation_level=None, check_same_thread=False, uri=True)


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + _UNFINISHED)


def _columns(catalogue: Catalogue, address: RecordAddress) -> frozenset[str]:
    source = catalogue.sources.get(address.source)
    return frozenset() if source is None else source.columns


def _state(database: sqlite3.Connection, name: str) -> str | None:
    found: tuple[Any, ...] | None = database.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
    return None if found is None else str(found[0])
