"""A place on disk for everything that is to be loaded: the last word about each row, whatever came before it.

It is a SQLite file of its own. While it is filled it has another name, so that a file of this name is whole; it never
changes again, and a load that was killed goes on from it. Memory holds no more than its cache and one batch.
"""

import glob
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote

import orjson

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change, Outcome, Record, RecordAddress
from graph_model.records.tasks import TruncateSource
from graph_model.resolution.mapping import Issue, MappedRecord, map_record
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position, position_fields, position_of
from services.clock import new_id
from services.ingestion.batches import Batch, accepted_number, batch_outcome, gather
from services.stores.port.errors import StoreError
from services.stores.port.stored import StoredRecord
from services.stores.port.stored_forms import read_record, write_record

#: So many rows are read or written at once.
BATCH: Final = 2_000

#: Under this name a spool keeps which store it is for.
STORE_ID: Final = "store_id"
#: Likewise of which load it is.
_LOAD_ID: Final = "load_id"

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
    derived  BLOB,                 -- what it says: identifiers, traits, issues; JSON; NULL: it is deleted
    UNIQUE (source, key)
);
CREATE TABLE link (               -- what live records carry
    kind   TEXT NOT NULL,
    value  TEXT NOT NULL,
    record INTEGER NOT NULL
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
INSERT INTO record (source, key, document, derived) VALUES (?, ?, ?, ?)
ON CONFLICT (source, key) DO UPDATE SET document = excluded.document, derived = excluded.derived
"""


class TakenRecord(NamedTuple):
    """What became of the changes of one record."""

    address: RecordAddress
    outcomes: tuple[Outcome, ...]  #: one for each change
    rewound: int  #: see `graph_model.records.record.AppliedChange.is_rewound`
    unread: MappedRecord | None  #: what it says, where it is new and some of its values could not be used


class NoPlaceForSpool(StoreError):
    """There can be no spool where one is to be."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"no spool can be at {path}: {found}. Name another place with `identity-graph bootstrap --spool FILE`"
        )


class LoadSpool:
    """What is to be loaded into a store."""

    def __init__(self, path: Path, file: Path, database: sqlite3.Connection) -> None:
        self.database = database
        self._path = path
        self._file = file  #: where it is now

    @staticmethod
    def require_place(path: Path) -> None:
        """Make sure that there is a spool, or can be one, before anybody is shut out for it.

        Raises:
            NoPlaceForSpool: a file of something else is there, or its folder cannot be written.
        """
        if not os.access(path.parent, os.W_OK):
            raise NoPlaceForSpool(path, "its folder is missing, or cannot be written")
        if path.exists() and not _is_spool(path):
            raise NoPlaceForSpool(path, "what is there is no spool, or is damaged, and is left as it is")

    @classmethod
    def sealed(cls, path: Path, load_id: str) -> Self | None:
        """Open the whole spool of a load, if there is one."""
        return cls._that_keeps(path, _LOAD_ID, load_id)

    @classmethod
    def new(cls, path: Path, load_id: str) -> Self:
        """Make a spool to be filled; what others have left there is removed.

        Args:
            path: where it will be when it is sealed.
            load_id: whose it is.
        """
        cls.clear(path)
        # Of two processes that fill one, each has its own.
        file = path.with_name(f"{path.name}.{new_id()}{_UNFINISHED}")
        database = _connected(file, "rwc")
        database.executescript(_SCHEMA)
        # One transaction until it is sealed: nothing of an unfinished one is ever read again.
        database.execute("BEGIN")
        spool = cls(path, file, database)
        spool.keep(_LOAD_ID, load_id)
        return spool

    @classmethod
    def of_store(cls, path: Path, store_id: str) -> Self | None:
        """Open the whole spool of a load of this store, if there is one, whichever load that was."""
        return cls._that_keeps(path, STORE_ID, store_id) if _is_spool(path) else None

    @classmethod
    def _that_keeps(cls, path: Path, name: str, value: str) -> Self | None:
        """Open the spool at `path`, if there is one that keeps this word under this name."""
        if not path.exists():
            return None
        database = _connected(path, "ro")
        if _state(database, name) == value:
            return cls(path, path, database)
        database.close()
        return None

    @staticmethod
    def clear(path: Path) -> None:
        """Remove the spool at `path`, and unfinished ones beside it."""
        for left in (path, *path.parent.glob(f"{glob.escape(path.name)}.*{_UNFINISHED}")):
            left.unlink(missing_ok=True)

    def keep(self, name: str, value: str) -> None:
        """Keep a word about what is to be loaded, until the end."""
        self.database.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))

    def kept(self, name: str) -> str | None:
        """What was kept under a name."""
        return _state(self.database, name)

    @property
    def records(self) -> int:
        """How many records there are, live and deleted."""
        return int(self.database.execute("SELECT count(*) FROM record").fetchone()[0])

    def generic(self, most: int) -> tuple[int, tuple[Identifier, ...]]:
        """How many identifiers join nobody, since too many records carry them; and the first ones of these."""
        (count,) = self.database.execute("SELECT count(*) FROM generic").fetchone()
        rows = self.database.execute("SELECT kind, value FROM generic ORDER BY kind, value LIMIT ?", (most,))
        return count, tuple(Identifier(kind, value) for kind, value in rows)

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

    def take(self, changes: Sequence[Change], catalogue: Catalogue, generation: int) -> list[TakenRecord]:
        """Take changes; those of one record in the order given.

        Args:
            changes: of any number of records and sources.
            catalogue: what the data means.
            generation: the meaning of the catalogue that is in force.
        """
        batch = Batch(changes=gather(changes))
        found = batch_outcome(batch, self._stored(batch.addresses), catalogue.columns_of, generation)
        rows, taken = [], []
        for address, change in found.changes.items():
            mapped = None
            if change.is_new_version:
                mapped = None if change.record.is_tombstone else map_record(change.record, catalogue)
                rows.append((*address, write_record(change.record), None if mapped is None else _derived(mapped)))
            unread = mapped if mapped is not None and mapped.issues else None
            taken.append(TakenRecord(address, change.outcomes, change.rewound, unread))
        self.database.executemany(_PUT, rows)
        accepted = accepted_number(batch)
        if accepted is not None and accepted > (self.accepted or 0):
            self.keep("accepted", str(accepted))
        return taken

    def truncate(self, task: TruncateSource, catalogue: Catalogue, generation: int) -> int:
        """Delete the rows of a table that were there before it was emptied; gives how many records were read for it."""
        last, read = 0, 0
        query = "SELECT number, key FROM record WHERE source = ? AND derived NOT NULL AND number > ? ORDER BY 1 LIMIT ?"
        while rows := self.database.execute(query, (task.source, last, BATCH)).fetchall():
            addresses = (RecordAddress(task.source, key) for _, key in rows)
            deletions = [task.deletion(address) for address in addresses if task.empties(address)]
            self.take(deletions, catalogue, generation)
            last = rows[-1][0]
            read += len(rows)
        return read

    def carried(self) -> Iterator[list[tuple[str, str, int]]]:
        """The kind and value of all that live records carry, each with the number of the record, in portions."""
        rows = self.database.execute("SELECT number, derived FROM record WHERE derived NOT NULL ORDER BY 1")
        while portion := rows.fetchmany(BATCH):
            yield [(kind, value, number) for number, derived in portion for kind, value in orjson.loads(derived)[0]]

    def addresses(self, numbers: Sequence[int]) -> Iterator[RecordAddress]:
        """Where the records of these numbers live."""
        query = "SELECT r.source, r.key FROM json_each(?) AS wanted JOIN record AS r ON r.number = wanted.value"
        for start in range(0, len(numbers), BATCH):
            wanted = orjson.dumps(numbers[start : start + BATCH]).decode()
            for source, key in self.database.execute(query, (wanted,)):
                yield RecordAddress(source, key)

    def seal(self) -> None:
        """Let it be whole, whatever happens from now on."""
        self.database.execute("COMMIT")
        with self._file.open("rb") as file:
            os.fsync(file.fileno())
        self._file = self._file.rename(self._path)

    def remove(self) -> None:
        """Take it away: it is loaded, or not needed."""
        self.close()
        self._file.unlink(missing_ok=True)

    def close(self) -> None:
        """Release the file."""
        self.database.close()

    def _stored(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, StoredRecord | None]:
        stored: dict[RecordAddress, StoredRecord | None] = dict.fromkeys(addresses)
        for source, key, document in self.database.execute(
            _FIND, (orjson.dumps([[*address] for address in addresses]).decode(),)
        ):
            record = read_record(RecordAddress(source, key), document)
            stored[record.address] = StoredRecord(record=record, revision="", profile_id=None, component=())
        return stored


def _derived(mapped: MappedRecord) -> bytes:
    """Write what a record says, so that it need not be derived again."""
    issues = [[issue.column, issue.reason] for issue in mapped.issues]
    return orjson.dumps([[[*identifier] for identifier in mapped.identifiers], mapped.traits, issues])


def read_derived(record: Record, document: bytes) -> MappedRecord:
    """Read what a record says, as it was derived when it was taken."""
    identifiers, traits, issues = orjson.loads(document)
    return MappedRecord(
        record,
        tuple(map(Identifier._make, identifiers)),
        traits,
        tuple(map(Issue._make, issues)) if issues else (),
    )


def _is_spool(path: Path) -> bool:
    try:
        with closing(_connected(path, "ro")) as database:
            return _state(database, _LOAD_ID) is not None
    except sqlite3.Error:
        return False


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    """Connect to a spool; one thread after the other may use it."""
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(address, isolation_level=None, check_same_thread=False, uri=True)


def _state(database: sqlite3.Connection, name: str) -> str | None:
    found: tuple[Any, ...] | None = database.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
    return None if found is None else str(found[0])
