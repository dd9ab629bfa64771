"""The embedded store: one SQLite file, no server. State and outbox commit in one transaction.

Reads run on a connection of their own (in WAL mode readers never wait); commits run on a thread, so that the
event loop goes on answering. Several processes may open the same file.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Self

import orjson

from graph_model.identifiers import Identifier
from graph_model.records import RecordAddress
from graph_model.verdicts import VerdictEntry
from services.stores import sqlite_identifiers, sqlite_scans
from services.stores.identity import KeptCatalogue, Pulse, WriterState
from services.stores.port import (
    Components,
    Guarantees,
    HistoryEntry,
    Outbox,
    OutboxEntry,
    Plan,
    StoredIdentifier,
    StoredProfile,
    StoredRecord,
    StoredTask,
    StoredVerdict,
    TaskWrite,
)
from services.stores.record_document import read_record
from services.stores.sqlite_catalogue import (
    READ_CATALOGUE,
    READ_PULSE,
    StoreState,
    change_catalogue,
    prepare,
    read_pulse,
    restored,
)
from services.stores.sqlite_faults import translated
from services.stores.sqlite_outbox import SqliteOutbox, claim, trim
from services.stores.sqlite_reads import PROFILE_COLUMNS, RECORD_COLUMNS, SqliteReads, stored_profile, stored_record
from services.stores.sqlite_transactions import connect
from services.stores.sqlite_writes import remove_graves, write_plan
from services.stores.stored_forms import read_task, read_verdict_entry

_SECONDS_BETWEEN_TRIMS = 600
_POLL_SECONDS = 0.25

_READ_RECORDS = f"""
SELECT {RECORD_COLUMNS}
FROM json_each(?) AS wanted
JOIN record AS r ON r.source = wanted.value ->> 0 AND r.key = wanted.value ->> 1
LEFT JOIN profile AS p ON p.profile_id = r.profile_id
"""  # noqa: S608 - only constants are put together
_READ_PROFILE = f"SELECT {PROFILE_COLUMNS} FROM profile AS p WHERE p.profile_id = ?"  # noqa: S608 - constants
_READ_PROFILES = f"""
SELECT {PROFILE_COLUMNS} FROM json_each(?) AS wanted JOIN profile AS p ON p.profile_id = wanted.value
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
SELECT {PROFILE_COLUMNS} FROM profile AS p WHERE p.profile_id IN (
    SELECT r.profile_id FROM identifier AS i
    JOIN has AS h ON h.identifier = i.id
    JOIN record AS r ON r.id = h.record
    WHERE i.kind = ? AND i.value = ?)
ORDER BY p.profile_id LIMIT ?
"""  # noqa: S608 - only constants are put together
_READ_HISTORY = "SELECT version, document FROM history WHERE profile_id = ? ORDER BY version"
_READ_VERDICTS = """
SELECT v.verdict_id, v.document, v.revision
FROM json_each(?) AS wanted JOIN verdict AS v ON v.verdict_id = wanted.value
"""
_READ_TASKS = "SELECT task_id, document, revision FROM task ORDER BY task_id"

_READ_WRITERS = """
SELECT w.name, w.accepted, (SELECT min(o.created_at) FROM outbox AS o WHERE o.writer = w.name AND o.published = 0)
FROM writer AS w
"""


class SqliteStore:
    """A store in one SQLite file; implements `Store` and `DurableOutbox`."""

    guarantees = Guarantees(guarded_commits="safe", durable=True)

    def __init__(self, path: Path, state: StoreState, migrator: str | None = None) -> None:
        self._state = state
        self._migrator = migrator
        self._path = path
        self._reads = SqliteReads(path)
        self._writes = connect(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-commits")
        self._news = asyncio.Event()
        self._trimmed_at = -math.inf

    @classmethod
    async def open(
        cls,
        path: Path,
        fingerprint: str,
        *,
        catalogue: KeptCatalogue | None = None,
        any_meaning: bool = False,
        migrator: str | None = None,
    ) -> Self:
        """Open the file, and make it where there is none.

        Args:
            path: the file.
            fingerprint: the meaning of the catalogue to work with.
            catalogue: the one of this fingerprint, to be kept where it is, or comes, into force.
            any_meaning: work with the meaning that is in force in the file, where that is another one.
            migrator: of who migrates the file: the id by which it does.

        Raises:
            CatalogueChanged: another meaning of the catalogue is in force in the file.
            OtherForm, MigrationUnderWay, MigrationTaken: see `StoredForm.require`.
            StoreUnavailable: the file cannot be opened or is no SQLite file.
        """
        with translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(connect(path)) as connection:
                state = await asyncio.to_thread(prepare, connection, fingerprint, catalogue, migrator)
            if not any_meaning:
                state.require(fingerprint)
            return cls(path, state, migrator)

    @property
    def store_id(self) -> str:
        """See `Store.store_id`."""
        return self._state.store_id

    @property
    def former_ids(self) -> frozenset[str]:
        """See `Store.former_ids`."""
        return self._state.former_ids

    @property
    def version_floor(self) -> int:
        """See `Store.version_floor`."""
        return self._state.version_floor

    @property
    def fingerprint(self) -> str:
        """See `Store.fingerprint`."""
        return self._state.fingerprint

    @property
    def generation(self) -> int:
        """See `Store.generation`; as it was when the store was opened, or an outbox last claimed."""
        return self._state.generation

    async def read_pulse(self) -> Pulse:
        """See `Store.read_pulse`."""
        return read_pulse(self._reads.first(READ_PULSE) or (), self.store_id)

    async def read_catalogue(self) -> KeptCatalogue | None:
        """See `Store.read_catalogue`."""
        (kept,) = self._reads.first(READ_CATALOGUE) or (None,)
        return KeptCatalogue.from_json(kept)

    async def adopt(self, fingerprint: str) -> None:
        """See `Store.adopt`."""
        loop = asyncio.get_running_loop()
        with translated(self._path):
            state = await loop.run_in_executor(self._thread, StoreState.of, self._writes)
        state.require_same_store(self.store_id)
        state.require(fingerprint)
        self._state = state

    async def read_records(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, StoredRecord]:
        """See `Store.read_records`."""
        wanted = orjson.dumps([(address.source, address.key) for address in addresses]).decode()
        found = (stored_record(row) for row in self._reads.rows(_READ_RECORDS, wanted))
        return {stored.record.address: stored for stored in found}

    async def read_identifiers(self, wanted: Mapping[Identifier, int]) -> Mapping[Identifier, StoredIdentifier]:
        """See `Store.read_identifiers`."""
        return sqlite_identifiers.read_identifiers(self._reads, wanted)

    async def read_holders(self, identifier: Identifier) -> tuple[RecordAddress, ...]:
        """See `Store.read_holders`."""
        return sqlite_identifiers.read_holders(self._reads, identifier)

    async def read_links(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, tuple[Identifier, ...]]:
        """See `Store.read_links`."""
        return sqlite_identifiers.read_links(self._reads, addresses)

    async def read_components(self, profile_ids: Collection[str]) -> Components:
        """See `Store.read_components`."""
        wanted = orjson.dumps(sorted(profile_ids)).decode()
        with self._reads.snapshot():
            profiles = [stored_profile(row) for row in self._reads.rows(_READ_PROFILES, wanted)]
            rows = list(self._reads.rows(_READ_MEMBERS, wanted))
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
        row = self._reads.first(_READ_PROFILE, profile_id)
        return None if row is None else stored_profile(row)

    async def read_profiles(self, profile_ids: Collection[str]) -> Mapping[str, StoredProfile]:
        """See `Store.read_profiles`."""
        wanted = orjson.dumps(sorted(profile_ids)).decode()
        return {row[0]: stored_profile(row) for row in self._reads.rows(_READ_PROFILES, wanted)}

    async def read_versions(self, profile_ids: Collection[str]) -> Mapping[str, int]:
        """See `Store.read_versions`."""
        return dict(self._reads.rows(_READ_VERSIONS, orjson.dumps(sorted(profile_ids)).decode()))

    async def find_profiles(self, identifier: Identifier, limit: int) -> tuple[StoredProfile, ...]:
        """See `Store.find_profiles`."""
        rows = self._reads.rows(_FIND_PROFILES, identifier.kind, identifier.value, limit)
        return tuple(stored_profile(row) for row in rows)

    async def read_history(self, profile_id: str) -> tuple[HistoryEntry, ...]:
        """See `Store.read_history`."""
        return tuple(
            HistoryEntry(profile_id=profile_id, version=version, document=document)
            for version, document in self._reads.rows(_READ_HISTORY, profile_id)
        )

    async def read_verdicts(self, verdict_ids: Collection[str]) -> Mapping[str, StoredVerdict]:
        """See `Store.read_verdicts`."""
        rows = self._reads.rows(_READ_VERDICTS, orjson.dumps(sorted(verdict_ids)).decode())
        return {
            verdict_id: StoredVerdict(entry=read_verdict_entry(document), revision=revision)
            for verdict_id, document, revision in rows
        }

    async def read_tasks(self) -> tuple[StoredTask, ...]:
        """See `Store.read_tasks`."""
        in_force = self._reads.state()
        in_force.form.require(self._migrator)
        in_force.require(self.fingerprint)
        return tuple(
            StoredTask(task_id=task_id, task=read_task(document), revision=revision)
            for task_id, document, revision in self._reads.rows(_READ_TASKS)
        )

    async def change_catalogue(self, fingerprint: str, task: TaskWrite, catalogue: KeptCatalogue | None = None) -> None:
        """See `Store.change_catalogue`."""
        loop = asyncio.get_running_loop()
        with translated(self._path):
            self._state = await loop.run_in_executor(
                self._thread, change_catalogue, self._writes, self._state, fingerprint, task, catalogue
            )

    async def restored(self) -> None:
        """See `Store.restored`."""
        loop = asyncio.get_running_loop()
        with translated(self._path):
            self._state = await loop.run_in_executor(self._thread, restored, self._writes, self._state)

    def scan_records(self, after: RecordAddress | None = None) -> AsyncIterator[StoredRecord]:
        """See `Store.scan_records`."""
        return sqlite_scans.scan_records(self._reads, after)

    def scan_profiles(self) -> AsyncIterator[StoredProfile]:
        """See `Store.scan_profiles`."""
        return sqlite_scans.scan_profiles(self._reads)

    def scan_identifiers(self) -> AsyncIterator[tuple[Identifier, StoredIdentifier]]:
        """See `Store.scan_identifiers`."""
        return sqlite_scans.scan_identifiers(self._reads)

    def scan_verdicts(self) -> AsyncIterator[VerdictEntry]:
        """See `Store.scan_verdicts`."""
        return sqlite_scans.scan_verdicts(self._reads)

    def scan_links(self) -> AsyncIterator[tuple[Identifier, int]]:
        """See `Store.scan_links`."""
        return sqlite_scans.scan_links(self._reads)

    async def claim_outbox(self, writer: str) -> SqliteOutbox:
        """See `Store.claim_outbox`."""
        loop = asyncio.get_running_loop()
        with translated(self._path):
            outbox, self._state = await loop.run_in_executor(
                self._thread,
                claim,
                self._writes,
                self._thread,
                self._path,
                writer,
                self._state,
                self._migrator,
            )
        return outbox

    async def read_writers(self) -> Mapping[str, WriterState]:
        """See `Store.read_writers`."""
        return {
            name: WriterState(waiting_since=waiting_since, accepted=accepted)
            for name, accepted, waiting_since in self._reads.rows(_READ_WRITERS)
        }

    async def read_outbox(self, after: int, limit: int) -> tuple[OutboxEntry, ...]:
        """See `DurableOutbox.read_outbox`."""
        statement = "SELECT sequence, event FROM outbox WHERE sequence > ? ORDER BY sequence LIMIT ?"
        return tuple(OutboxEntry.of(sequence, event) for sequence, event in self._reads.rows(statement, after, limit))

    async def outbox_bounds(self) -> tuple[int, int]:
        """See `DurableOutbox.outbox_bounds`."""
        newest = next(self._reads.rows("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'"), (0,))[0]
        oldest = next(self._reads.rows("SELECT min(sequence) FROM outbox"))[0]
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

    async def remove_graves(self, addresses: Collection[RecordAddress]) -> None:
        """See `Store.remove_graves`."""
        loop = asyncio.get_running_loop()
        with translated(self._path):
            await loop.run_in_executor(self._thread, remove_graves, self._writes, list(addresses))

    async def close(self) -> None:
        """See `Store.close`."""
        await asyncio.to_thread(self._thread.shutdown)
        self._reads.close()
        self._writes.close()

    def _announce(self) -> None:
        """Wake everybody who waits for events, and start a new round of waiting."""
        self._news.set()
        self._news = asyncio.Event()
