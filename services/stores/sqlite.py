"""The embedded store: one SQLite file, no server. State and outbox commit in one transaction.

Reads run on a connection of their own (in WAL mode readers never wait); commits run on a thread, so that the
event loop goes on answering. Several processes may open the same file.
"""

import asyncio
import math
import sqlite3
import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import orjson

from graph_model.identifiers import Identifier
from graph_model.profiles import ProfileStatus
from graph_model.records import RecordAddress
from services.clock import new_id
from services.stores.errors import CatalogueChanged
from services.stores.port import (
    Components,
    Guarantees,
    Outbox,
    OutboxEntry,
    Plan,
    StoredIdentifier,
    StoredProfile,
    StoredRecord,
)
from services.stores.record_document import read_record
from services.stores.sqlite_faults import translated
from services.stores.sqlite_outbox import SqliteOutbox, claim, trim
from services.stores.sqlite_writes import write_plan

_SCHEMA = Path(__file__).with_name("schema.sql")
_PAGE = 1_000
_SECONDS_BETWEEN_TRIMS = 600
_POLL_SECONDS = 0.25

_READ_RECORDS = """
SELECT r.source, r.key, r.document, r.revision, r.profile_id, p.component
FROM json_each(?) AS wanted
JOIN record AS r ON r.source = wanted.value ->> 0 AND r.key = wanted.value ->> 1
LEFT JOIN profile AS p ON p.profile_id = r.profile_id
"""
_READ_IDENTIFIERS = """
SELECT i.kind, i.value, i.revision, i.holders, i.id, wanted.value ->> 2
FROM json_each(?) AS wanted
JOIN identifier AS i ON i.kind = wanted.value ->> 0 AND i.value = wanted.value ->> 1
"""
_READ_HOLDERS = """
SELECT DISTINCT h.identifier, p.component
FROM json_each(?) AS wanted
JOIN has AS h ON h.identifier = wanted.value
JOIN record AS r ON r.id = h.record
JOIN profile AS p ON p.profile_id = r.profile_id
"""
_PROFILE_COLUMNS = "p.profile_id, p.revision, p.version, p.status, p.document, p.component"
_READ_PROFILE = f"SELECT {_PROFILE_COLUMNS} FROM profile AS p WHERE p.profile_id = ?"  # noqa: S608 - constants
_READ_PROFILES = f"""
SELECT {_PROFILE_COLUMNS} FROM json_each(?) AS wanted JOIN profile AS p ON p.profile_id = wanted.value
"""  # noqa: S608 - only constants are put together
_READ_VERSIONS = """
SELECT p.profile_id, p.version FROM json_each(?) AS wanted JOIN profile AS p ON p.profile_id = wanted.value
"""
_READ_MEMBERS = """
SELECT r.source, r.key, r.document, r.profile_id
FROM json_each(?) AS wanted
JOIN record AS r ON r.profile_id = wanted.value AND r.deleted = 0
"""
_FIND_PROFILES = f"""
SELECT {_PROFILE_COLUMNS} FROM profile AS p WHERE p.profile_id IN (
    SELECT r.profile_id FROM identifier AS i
    JOIN has AS h ON h.identifier = i.id
    JOIN record AS r ON r.id = h.record
    WHERE i.kind = ? AND i.value = ?)
ORDER BY p.profile_id LIMIT ?
"""  # noqa: S608 - only constants are put together


class SqliteStore:
    """A store in one SQLite file; implements `Store` and `DurableOutbox`."""

    guarantees = Guarantees(guarded_commits="safe", durable=True)

    def __init__(self, path: Path, store_id: str) -> None:
        self.store_id = store_id
        self._path = path
        self._reads = _connect(path)
        self._writes = _connect(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-commits")
        self._news = asyncio.Event()
        self._trimmed_at = -math.inf

    @classmethod
    async def open(cls, path: Path, fingerprint: str) -> Self:
        """Open the file, and make it where there is none.

        Raises:
            CatalogueChanged: it was built with a catalogue of another meaning.
            StoreUnavailable: the file cannot be opened or is no SQLite file.
        """
        with translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = _connect(path)
            try:
                store_id, stored = await asyncio.to_thread(_prepare, connection, fingerprint)
            finally:
                connection.close()
        if stored != fingerprint:
            raise CatalogueChanged(stored, fingerprint)
        return cls(path, store_id)

    async def read_records(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, StoredRecord]:
        """See `Store.read_records`."""
        wanted = orjson.dumps([(address.source, address.key) for address in addresses]).decode()
        found = (_stored_record(row) for row in self._rows(_READ_RECORDS, wanted))
        return {stored.record.address: stored for stored in found}

    async def read_identifiers(self, wanted: Mapping[Identifier, int]) -> Mapping[Identifier, StoredIdentifier]:
        """See `Store.read_identifiers`."""
        asked = orjson.dumps([(i.kind, i.value, up_to) for i, up_to in wanted.items()]).decode()
        with self._snapshot():
            found = list(self._rows(_READ_IDENTIFIERS, asked))
            few = [row[4] for row in found if row[3] <= row[5]]
            components: dict[int, set[str]] = {}
            for identifier, component in self._rows(_READ_HOLDERS, orjson.dumps(few).decode()):
                components.setdefault(identifier, set()).update(orjson.loads(component))
        return {
            Identifier(kind, value): StoredIdentifier(
                revision=revision, holders=holders, component=tuple(sorted(components.get(row_id, ())))
            )
            for kind, value, revision, holders, row_id, _ in found
        }

    async def read_components(self, profile_ids: Collection[str]) -> Components:
        """See `Store.read_components`."""
        wanted = orjson.dumps(sorted(profile_ids)).decode()
        with self._snapshot():
            profiles = [_stored_profile(row) for row in self._rows(_READ_PROFILES, wanted)]
            rows = list(self._rows(_READ_MEMBERS, wanted))
        records = {}
        memberships = {}
        for source, key, document, profile_id in rows:
            address = RecordAddress(source, key)
            records[address] = read_record(address, document)
            memberships[address] = profile_id
        return Components(
            profiles={profile.profile_id: profile for profile in profiles},
            records=records,
            memberships=memberships,
        )

    async def commit(self, plan: Plan, outbox: Outbox) -> None:
        """See `Store.commit`."""
        if not isinstance(outbox, SqliteOutbox):
            raise TypeError(f"an outbox claimed from this store is expected, not {type(outbox).__name__}")
        loop = asyncio.get_running_loop()
        with translated(self._path):
            await loop.run_in_executor(self._thread, write_plan, self._writes, plan, outbox.writer, outbox.claim)
            if time.monotonic() - self._trimmed_at > _SECONDS_BETWEEN_TRIMS:
                await loop.run_in_executor(self._thread, trim, self._writes)
                self._trimmed_at = time.monotonic()
        self._announce()

    async def read_profile(self, profile_id: str) -> StoredProfile | None:
        """See `Store.read_profile`."""
        with translated(self._path):
            row = self._reads.execute(_READ_PROFILE, (profile_id,)).fetchone()
        return None if row is None else _stored_profile(row)

    async def read_profiles(self, profile_ids: Collection[str]) -> Mapping[str, StoredProfile]:
        """See `Store.read_profiles`."""
        wanted = orjson.dumps(sorted(profile_ids)).decode()
        return {row[0]: _stored_profile(row) for row in self._rows(_READ_PROFILES, wanted)}

    async def read_versions(self, profile_ids: Collection[str]) -> Mapping[str, int]:
        """See `Store.read_versions`."""
        return dict(self._rows(_READ_VERSIONS, orjson.dumps(sorted(profile_ids)).decode()))

    async def find_profiles(self, identifier: Identifier, limit: int) -> tuple[StoredProfile, ...]:
        """See `Store.find_profiles`."""
        rows = self._rows(_FIND_PROFILES, identifier.kind, identifier.value, limit)
        return tuple(_stored_profile(row) for row in rows)

    async def scan_records(self) -> AsyncIterator[StoredRecord]:
        """See `Store.scan_records`."""
        page = """
            SELECT r.source, r.key, r.document, r.revision, r.profile_id, p.component
            FROM record AS r LEFT JOIN profile AS p ON p.profile_id = r.profile_id
            WHERE (r.source, r.key) > (?, ?) ORDER BY r.source, r.key LIMIT ?
        """
        last = ("", "")
        while rows := list(self._rows(page, *last, _PAGE)):
            for row in rows:
                yield _stored_record(row)
            last = rows[-1][:2]
            await asyncio.sleep(0)

    async def scan_profiles(self) -> AsyncIterator[StoredProfile]:
        """See `Store.scan_profiles`."""
        page = f"SELECT {_PROFILE_COLUMNS} FROM profile AS p WHERE p.profile_id > ? ORDER BY 1 LIMIT ?"  # noqa: S608
        last = ""
        while rows := list(self._rows(page, last, _PAGE)):
            for row in rows:
                yield _stored_profile(row)
            last = rows[-1][0]
            await asyncio.sleep(0)

    async def scan_identifiers(self) -> AsyncIterator[tuple[Identifier, int]]:
        """See `Store.scan_identifiers`."""
        async for found in self._scan_identifiers("i.holders"):
            yield found

    async def scan_links(self) -> AsyncIterator[tuple[Identifier, int]]:
        """See `Store.scan_links`."""
        async for found in self._scan_identifiers("(SELECT count(*) FROM has AS h WHERE h.identifier = i.id)"):
            yield found

    async def _scan_identifiers(self, number: str) -> AsyncIterator[tuple[Identifier, int]]:
        page = f"""
            SELECT i.kind, i.value, {number} FROM identifier AS i
            WHERE (i.kind, i.value) > (?, ?) ORDER BY i.kind, i.value LIMIT ?
        """  # noqa: S608 - only constants are put together
        last = ("", "")
        while rows := list(self._rows(page, *last, _PAGE)):
            for kind, value, count in rows:
                yield Identifier(kind, value), count
            last = rows[-1][:2]
            await asyncio.sleep(0)

    async def claim_outbox(self, writer: str) -> SqliteOutbox:
        """See `Store.claim_outbox`."""
        loop = asyncio.get_running_loop()
        with translated(self._path):
            return await loop.run_in_executor(self._thread, claim, self._writes, self._thread, self._path, writer)

    async def read_outbox(self, after: int, limit: int) -> tuple[OutboxEntry, ...]:
        """See `DurableOutbox.read_outbox`."""
        statement = "SELECT sequence, event FROM outbox WHERE sequence > ? ORDER BY sequence LIMIT ?"
        return tuple(OutboxEntry.of(sequence, event) for sequence, event in self._rows(statement, after, limit))

    async def outbox_bounds(self) -> tuple[int, int]:
        """See `DurableOutbox.outbox_bounds`."""
        newest = next(self._rows("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'"), (0,))[0]
        oldest = next(self._rows("SELECT min(sequence) FROM outbox"))[0]
        return (newest if oldest is None else oldest - 1), newest

    async def wait_for_events(self, after: int, timeout_seconds: float) -> None:
        """See `DurableOutbox.wait_for_events`; other processes' commits are noticed within a quarter second."""
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        while (await self.outbox_bounds())[1] <= after:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return
            try:
                async with asyncio.timeout(min(left, _POLL_SECONDS)):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def close(self) -> None:
        """See `Store.close`."""
        await asyncio.to_thread(self._thread.shutdown)
        self._reads.close()
        self._writes.close()

    def _announce(self) -> None:
        """Wake everybody who waits for events, and start a new round of waiting."""
        self._news.set()
        self._news = asyncio.Event()

    def _rows(self, statement: str, *parameters: object) -> Iterator[Any]:
        with translated(self._path):
            yield from self._reads.execute(statement, parameters)

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Let several reads see one state."""
        with translated(self._path):
            self._reads.execute("BEGIN")
            try:
                yield
            finally:
                self._reads.execute("COMMIT")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -65536")
    return connection


def _prepare(connection: sqlite3.Connection, fingerprint: str) -> tuple[str, str]:
    """Make what is missing; answers the store's id and the fingerprint it was built with."""
    connection.executescript(_SCHEMA.read_text(encoding="utf-8"))
    connection.execute("BEGIN IMMEDIATE")
    insert = "INSERT INTO store VALUES (?, ?) ON CONFLICT DO NOTHING"
    connection.executemany(insert, [("store_id", new_id()), ("fingerprint", fingerprint)])
    connection.execute("COMMIT")
    kept = dict(connection.execute("SELECT name, value FROM store"))
    return kept["store_id"], kept["fingerprint"]


def _stored_record(row: tuple[Any, ...]) -> StoredRecord:
    source, key, document, revision, profile_id, component = row
    return StoredRecord(
        record=read_record(RecordAddress(source, key), document),
        revision=revision,
        profile_id=profile_id,
        component=() if component is None else tuple(orjson.loads(component)),
    )


def _stored_profile(row: tuple[Any, ...]) -> StoredProfile:
    profile_id, revision, version, status, document, component = row
    return StoredProfile(
        profile_id=profile_id,
        revision=revision,
        version=version,
        status=ProfileStatus(status),
        document=document,
        component=tuple(orjson.loads(component)),
    )
