"""A private place on disk for a whole store: what is scanned goes there, so that memory stays small.

It is a temporary SQLite database that vanishes with its connection. Memory holds no more than its cache and one group
of records at a time; disk holds about as much as the store itself.
"""

import mmap
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from tempfile import TemporaryFile
from typing import Any, Final, Self

import orjson

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Record, RecordAddress, VerdictMark
from graph_model.values.identifiers import Identifier
from services.stores.port.stored import StoredProfile
from services.stores.port.stored_forms import read_record, write_record

#: Of a number in a `DiskUnionFind`.
_BYTES: Final = 8

_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;
CREATE TABLE record (
    id         INTEGER PRIMARY KEY,  -- live ones only, 1, 2, 3, ...
    source     TEXT NOT NULL,
    key        TEXT NOT NULL,
    document   BLOB NOT NULL,
    revision   TEXT NOT NULL,
    profile_id TEXT,
    waiting    INTEGER NOT NULL,     -- 1: its identifiers follow a former meaning of the catalogue
    mislinked  INTEGER NOT NULL      -- 1: the store links it with others than it carries
);
CREATE INDEX record_profile ON record (profile_id);
CREATE TABLE identifier (
    id       INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL,
    value    TEXT NOT NULL,
    carried  INTEGER NOT NULL DEFAULT 0,  -- records that carry it, counted from these
    generic  INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, value)
);
CREATE TABLE link (identifier INTEGER, record INTEGER, PRIMARY KEY (identifier, record)) WITHOUT ROWID;
CREATE TABLE profile (
    profile_id TEXT PRIMARY KEY,
    revision   TEXT NOT NULL,
    version    INTEGER NOT NULL,
    is_live    INTEGER NOT NULL,
    document   BLOB,                 -- of live ones
    component  TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE carried_mark (
    verdict_id TEXT, source TEXT, key TEXT, place TEXT,
    joins_record INTEGER,            -- of a live record, where the verdict joins the records of a group
    PRIMARY KEY (verdict_id, source, key, place)
) WITHOUT ROWID;
CREATE TABLE member (grouped INTEGER, record INTEGER, PRIMARY KEY (grouped, record)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledRecord:
    """A live record as it was scanned."""

    record: Record
    revision: str
    profile_id: str | None
    identifiers: tuple[Identifier, ...] = ()  #: what it carries; not there when it is read again
    waiting: bool = False  #: its identifiers follow a former meaning of the catalogue
    mislinked: bool = False  #: the store links it with other identifiers than it carries


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledProfile:
    """A profile as it was scanned."""

    revision: str
    version: int
    document: bytes | None  #: None: it is not live
    component: tuple[str, ...]


class Spool:
    """A scanned store; its records are numbered in the order in which they were added."""

    def __init__(self, further_tables: str = "") -> None:
        self.database = sqlite3.connect("", isolation_level=None)
        self.database.executescript(_SCHEMA + further_tables)
        # One transaction that never ends: nothing of it is to be kept, and each end would write to the disk.
        self.database.execute("BEGIN")
        self._records = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def add_profiles(self, profiles: Iterable[StoredProfile], *, live: bool) -> None:
        """Keep profiles that are live, or that are not: of these no documents."""
        self.database.executemany(
            "INSERT INTO profile VALUES (?, ?, ?, ?, ?, ?)",
            [
                (p.profile_id, p.revision, p.version, live, p.document if live else None, _texts(p.component))
                for p in profiles
            ],
        )

    def add_records(self, records: Iterable[SpooledRecord]) -> None:
        """Keep live records, with the identifiers and marks that they carry."""
        numbered = list(enumerate(records, self._records + 1))
        self._records += len(numbered)
        self.database.executemany(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (n, *r.record.address, write_record(r.record), r.revision, r.profile_id, r.waiting, r.mislinked)
                for n, r in numbered
            ],
        )
        links = [(number, *identifier) for number, spooled in numbered for identifier in spooled.identifiers]
        identifiers = {identifier for _, spooled in numbered for identifier in spooled.identifiers}
        self.database.executemany("INSERT OR IGNORE INTO identifier (kind, value) VALUES (?, ?)", identifiers)
        self.database.executemany(
            "INSERT INTO link SELECT id, ? FROM identifier WHERE kind = ? AND value = ?",
            links,
        )
        for number, spooled in numbered:
            self.add_carried_marks(spooled.record, number)

    def add_carried_marks(self, record: Record, number: int | None = None) -> None:
        """Keep the marks that stand in a record or, without a number, in a tombstone."""
        rows = [(mark, number if mark.together else None) for mark in record.marks]
        rows += [(expected.mark, None) for expected in record.expected]
        if rows:
            self.database.executemany(
                "INSERT OR IGNORE INTO carried_mark VALUES (?, ?, ?, ?, ?)",
                [(mark.verdict_id, *record.address, place_text(mark), joins) for mark, joins in rows],
            )

    def count_holders(self, catalogue: Catalogue) -> None:
        """Count how many records carry each identifier, and so tell which ones are generic."""
        self.database.execute(
            """
            UPDATE identifier SET generic = 1,
                carried = (SELECT count(*) FROM link AS l WHERE l.identifier = identifier.id)
            """
        )
        self.database.executemany(
            "UPDATE identifier SET generic = 0 WHERE kind = ? AND carried <= ?",
            [(kind.name, kind.holder_limit) for kind in catalogue.kinds.values()],
        )

    def group_records(self) -> None:
        """Put records together that identifiers or verdicts connect, or that are stored as one profile.

        So a group holds whole components by the law, and whole profiles as they are stored.
        """
        with closing(DiskUnionFind(self._records)) as together:
            for connected in (
                """SELECT l.identifier, l.record FROM link AS l JOIN identifier AS i ON i.id = l.identifier
                   WHERE i.generic = 0 ORDER BY l.identifier""",
                "SELECT profile_id, id FROM record WHERE profile_id IS NOT NULL ORDER BY profile_id",
                """SELECT verdict_id || ' ' || place, joins_record FROM carried_mark
                   WHERE joins_record IS NOT NULL ORDER BY verdict_id, place""",
            ):
                last: tuple[object, int] = (None, 0)
                for by, record in self.database.execute(connected):
                    if by == last[0]:
                        together.union(last[1], record)
                    last = (by, record)
            self.database.executemany(
                "INSERT INTO member VALUES (?, ?)",
                ((together.find(record), record) for record in range(1, self._records + 1)),
            )

    def groups(self) -> Iterator[list[SpooledRecord]]:
        """Read all groups; the records of each in the order in which they were scanned."""
        rows = self.database.execute(
            """
            SELECT m.grouped, r.source, r.key, r.document, r.revision, r.profile_id, r.waiting, r.mislinked
            FROM member AS m JOIN record AS r ON r.id = m.record ORDER BY m.grouped, m.record
            """
        )
        for _, members in groupby(rows, key=itemgetter(0)):
            yield [_spooled_record(member[1:]) for member in members]

    def generic_holders(self, identifiers: Iterable[Identifier]) -> dict[Identifier, int]:
        """Which of these identifiers are too common to be evidence, with how many records carry each."""
        query = "SELECT carried FROM identifier WHERE kind = ? AND value = ? AND generic = 1"
        found = ((identifier, self.database.execute(query, identifier).fetchone()) for identifier in identifiers)
        return {identifier: row[0] for identifier, row in found if row is not None}

    def profiles(self, profile_ids: Collection[str]) -> Mapping[str, SpooledProfile]:
        """Read profiles; unknown ones are left out."""
        rows = self.database.execute(
            """
            SELECT p.profile_id, p.revision, p.version, p.document, p.component
            FROM json_each(?) AS wanted JOIN profile AS p ON p.profile_id = wanted.value
            """,
            (_texts(sorted(profile_ids)),),
        )
        return {
            profile_id: SpooledProfile(
                revision=revision, version=version, document=document, component=tuple(orjson.loads(component))
            )
            for profile_id, revision, version, document, component in rows
        }


def place_text(mark: VerdictMark) -> str:
    """The place of a record in a verdict as text: two are equal where their texts are."""
    return f"{mark.group}{'+' if mark.together else ''}"


def _texts(values: Sequence[str]) -> str:
    return orjson.dumps(values).decode()


def _spooled_record(row: Sequence[Any]) -> SpooledRecord:
    source, key, document, revision, profile_id, waiting, mislinked = row
    return SpooledRecord(
        record=read_record(RecordAddress(source, key), document),
        revision=revision,
        profile_id=profile_id,
        waiting=bool(waiting),
        mislinked=bool(mislinked),
    )


class DiskUnionFind:
    """Disjoint sets of the numbers 1 to `count`, so many that memory need not hold them; each is alone at first.

    The sets are a forest in a temporary file, 8 bytes for each number, which the operating system maps into memory and
    out again as it sees fit. Close it to free the disk.
    """

    def __init__(self, count: int) -> None:
        with TemporaryFile() as file:
            file.truncate(_BYTES * (count + 1))
            self._map = mmap.mmap(file.fileno(), 0)
        # A parent of 0 means none, so that an empty file is right as it is.
        self._parents = memoryview(self._map).cast("q")

    def find(self, number: int) -> int:
        """The number that stands for the set: its smallest."""
        parents = self._parents
        while parent := parents[number]:
            if grandparent := parents[parent]:
                parents[number] = grandparent
            number = parent
        return number

    def union(self, one: int, other: int) -> None:
        """Make one set of those that two numbers are in."""
        low, high = sorted((self.find(one), self.find(other)))
        if low != high:
            self._parents[high] = low

    def close(self) -> None:
        """Remove the file."""
        self._parents.release()
        self._map.close()
