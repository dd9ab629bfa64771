"""The embedded store: one SQLite file, no server. State and outbox commit in one transaction.

Reads run on connections of their own (in WAL mode readers never wait); commits and all but small reads run on threads,
so that the event loop goes on answering. Several processes may open the same file.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import VerdictEntry
from graph_model.values.identifiers import Identifier
from services.stores.port.errors import ForeignFile, StoreError
from services.stores.port.identity import KeptCatalogue, Pulse, WriterState
from services.stores.port.plan import Plan, TaskWrite
from services.stores.port.protocols import Guarantees, Outbox
from services.stores.port.stored import (
    BucketsNeeded,
    Components,
    HistoryEntry,
    OutboxEntry,
    StoredIdentifier,
    StoredProfile,
    StoredRecord,
    StoredTask,
    StoredVerdict,
    all_buckets,
)
from services.stores.sqlite import identifiers as sqlite_identifiers
from services.stores.sqlite import queries as sqlite_queries
from services.stores.sqlite import scans as sqlite_scans
from services.stores.sqlite.catalogue import StoreState, change_catalogue, prepare, read_state, restored
from services.stores.sqlite.connection import (
    LOCK_SECONDS,
    StoreConnection,
    connect,
    translated,
    waiting_from_now,
    write_nothing,
)
from services.stores.sqlite.events import leave_gap, trim
from services.stores.sqlite.loading import load_plan
from services.stores.sqlite.outbox import SqliteOutbox, claim
from services.stores.sqlite.ownership import require_own
from services.stores.sqlite.packing import CommitIds
from services.stores.sqlite.reads import SqliteReads
from services.stores.sqlite.writes import remove_tombstones, write_plan
from services.traffic import Traffic

_SECONDS_BETWEEN_TRIMS = 600
_POLL_SECONDS = 0.25
#: A proof waits for a lock no longer than readiness waits for the proof.
_PROOF_LOCK_SECONDS: Final = 2.0

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class SqliteStore:
    """A store in one SQLite file; implements `Store`, `DurableOutbox` and `LoadableStore`."""

    guarantees = Guarantees(guarded_commits="safe", durable=True)
    revisions = CommitIds()

    def __init__(
        self,
        path: Path,
        state: StoreState,
        migrator: str | None = None,
        lock_seconds: float = LOCK_SECONDS,
        *,
        read_only: bool = False,
    ) -> None:
        self._state = state
        self._migrator = migrator
        self._path = path
        self._lock_seconds = lock_seconds
        self.traffic = Traffic()  #: see `Store.traffic`
        self._reads = SqliteReads(path, self.traffic, lock_seconds, read_only=read_only)
        self._writes = connect(path, read_only=read_only)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-commits")
        self._news = asyncio.Event()
        self._waiting = 0  #: callers that wait for events
        self._watching: asyncio.Task[None] | None = None
        self._trimmed_at = -math.inf
        self._written_at = -math.inf

    @classmethod
    async def open(
        cls,
        path: Path,
        fingerprint: str,
        *,
        catalogue: KeptCatalogue | None = None,
        any_meaning: bool = False,
        migrator: str | None = None,
        lock_seconds: float = LOCK_SECONDS,
        read_only: bool = False,
    ) -> Self:
        """Open the file, and make it where there is none.

        Args:
            path: the file.
            fingerprint: the meaning of the catalogue to work with.
            catalogue: the one of this fingerprint, to be kept where it is, or comes, into force.
            any_meaning: work with the meaning that is in force in the file, where that is another one.
            migrator: of who migrates the file: the id by which it does.
            lock_seconds: how long a request waits for a lock that another process holds.
            read_only: write nothing, and make none; whoever tries to write is told `StoreUnavailable`.

        Raises:
            ForeignFile: it is a file of another program.
            CatalogueChanged: another meaning of the catalogue is in force in the file.
            OtherForm, MigrationUnderWay, MigrationTaken: see `StoredForm.require`.
            StoreUnavailable: the file cannot be opened.
        """
        with translated(path):
            if read_only:
                state = await asyncio.to_thread(_seen, path, lock_seconds, migrator)
            else:
                state = await asyncio.to_thread(_prepared, path, lock_seconds, fingerprint, catalogue, migrator)
            if not any_meaning:
                state.require(fingerprint)
            return cls(path, state, migrator, lock_seconds, read_only=read_only)

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

    @property
    def written_at(self) -> float:
        """See `Store.written_at`."""
        return self._written_at

    async def prove_writable(self) -> None:
        """See `Store.prove_writable`."""
        with translated(self._path):
            write = waiting_from_now(min(_PROOF_LOCK_SECONDS, self._lock_seconds), self._writes, write_nothing)
            await asyncio.get_running_loop().run_in_executor(self._thread, write)
        self._written_at = time.monotonic()

    async def read_pulse(self) -> Pulse:
        """See `Store.read_pulse`."""
        return await self._reads.run(1, sqlite_queries.read_pulse, self.store_id)

    async def read_catalogue(self) -> KeptCatalogue | None:
        """See `Store.read_catalogue`."""
        return await self._reads.run(1, sqlite_queries.read_catalogue)

    async def adopt(self, fingerprint: str) -> None:
        """See `Store.adopt`."""
        state = await self._write(StoreState.of)
        state.require_same_store(self.store_id)
        state.require(fingerprint)
        self._state = state

    async def read_records(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, StoredRecord]:
        """See `Store.read_records`."""
        return await self._reads.run(len(addresses), sqlite_queries.read_records, addresses)

    async def read_identifiers(
        self, wanted: Mapping[Identifier, int], needed: BucketsNeeded = all_buckets
    ) -> Mapping[Identifier, StoredIdentifier]:
        """See `Store.read_identifiers`."""
        return await self._reads.run(len(wanted), sqlite_identifiers.read_identifiers, wanted, needed)

    async def read_holders(self, identifier: Identifier) -> tuple[RecordAddress, ...]:
        """See `Store.read_holders`."""
        return await self._reads.run(1, sqlite_identifiers.read_holders, identifier)

    async def read_links(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, tuple[Identifier, ...]]:
        """See `Store.read_links`."""
        return await self._reads.run(len(addresses), sqlite_identifiers.read_links, addresses)

    async def read_components(self, profile_ids: Collection[str]) -> Components:
        """See `Store.read_components`."""
        return await self._reads.run(len(profile_ids), sqlite_queries.read_components, profile_ids)

    async def commit(self, plan: Plan, outbox: Outbox) -> None:
        """See `Store.commit`."""
        await self._take(write_plan, plan, outbox)

    async def load(self, plan: Plan, outbox: Outbox) -> None:
        """See `LoadableStore.load`."""
        await self._take(load_plan, plan, outbox)

    async def read_profile(self, profile_id: str) -> StoredProfile | None:
        """See `Store.read_profile`."""
        return await self._reads.run(1, sqlite_queries.read_profile, profile_id)

    async def read_profiles(self, profile_ids: Collection[str]) -> Mapping[str, StoredProfile]:
        """See `Store.read_profiles`."""
        return await self._reads.run(len(profile_ids), sqlite_queries.read_profiles, profile_ids)

    async def read_versions(self, profile_ids: Collection[str]) -> Mapping[str, int]:
        """See `Store.read_versions`."""
        return await self._reads.run(len(profile_ids), sqlite_queries.read_versions, profile_ids)

    async def find_profiles(self, identifier: Identifier, limit: int) -> tuple[StoredProfile, ...]:
        """See `Store.find_profiles`."""
        return await self._reads.run(1, sqlite_queries.find_profiles, identifier, limit)

    async def read_history(self, profile_id: str) -> tuple[HistoryEntry, ...]:
        """See `Store.read_history`."""
        return await self._reads.run(1, sqlite_queries.read_history, profile_id)

    async def read_verdicts(self, verdict_ids: Collection[str]) -> Mapping[str, StoredVerdict]:
        """See `Store.read_verdicts`."""
        return await self._reads.run(len(verdict_ids), sqlite_queries.read_verdicts, verdict_ids)

    async def read_tasks(self) -> tuple[StoredTask, ...]:
        """See `Store.read_tasks`."""
        return await self._reads.run(1, sqlite_queries.read_tasks, self.fingerprint, self._migrator)

    async def change_catalogue(self, fingerprint: str, task: TaskWrite, catalogue: KeptCatalogue | None = None) -> None:
        """See `Store.change_catalogue`."""
        self._state = await self._write(change_catalogue, self._state, fingerprint, task, catalogue)

    async def restored(self) -> None:
        """See `Store.restored`."""
        self._state = await self._write(restored, self._state)

    def scan_records(self, after: RecordAddress | None = None) -> AsyncIterator[StoredRecord]:
        """See `Store.scan_records`."""
        return sqlite_scans.scan_records(self._reads, after)

    def scan_profiles(self, after: str = "") -> AsyncIterator[StoredProfile]:
        """See `Store.scan_profiles`."""
        return sqlite_scans.scan_profiles(self._reads, after)

    def scan_identifiers(self) -> AsyncIterator[tuple[Identifier, StoredIdentifier]]:
        """See `Store.scan_identifiers`."""
        return sqlite_scans.scan_identifiers(self._reads)

    def scan_verdicts(self, after: str = "") -> AsyncIterator[VerdictEntry]:
        """See `Store.scan_verdicts`."""
        return sqlite_scans.scan_verdicts(self._reads, after)

    def scan_links(self) -> AsyncIterator[tuple[Identifier, int]]:
        """See `Store.scan_links`."""
        return sqlite_scans.scan_links(self._reads)

    async def claim_outbox(self, writer: str) -> SqliteOutbox:
        """See `Store.claim_outbox`."""
        outbox, self._state = await self._write(claim, self._write, writer, self._state, self._migrator)
        return outbox

    async def read_writers(self) -> Mapping[str, WriterState]:
        """See `Store.read_writers`."""
        return await self._reads.run(1, sqlite_queries.read_writers)

    async def read_outbox(self, after: int, limit: int) -> tuple[OutboxEntry, ...]:
        """See `DurableOutbox.read_outbox`."""
        return await self._reads.run(limit, sqlite_queries.read_outbox, after, limit)

    async def outbox_bounds(self) -> tuple[int, int]:
        """See `DurableOutbox.outbox_bounds`."""
        return await self._reads.run(1, sqlite_queries.outbox_bounds)

    async def leave_gap(self) -> None:
        """See `DurableOutbox.leave_gap`."""
        await self._write(leave_gap)
        self._announce()

    async def wait_for_events(self, after: int, timeout_seconds: float) -> None:
        """See `DurableOutbox.wait_for_events`; other processes' commits are noticed within a quarter second."""
        self._waiting += 1
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        try:
            async with asyncio.timeout(timeout_seconds):
                news = self._news
                while (await self.outbox_bounds())[1] <= after:
                    await news.wait()
                    news = self._news
        except TimeoutError:
            return
        finally:
            self._waiting -= 1

    async def _watch(self) -> None:
        """Look for other processes' commits, once for everybody who waits; what fails is for them to find out."""
        seen = -1
        while self._waiting:
            try:
                _, newest = await self.outbox_bounds()
            except StoreError:
                newest = -1
            if newest != seen or newest < 0:
                seen = newest
                self._announce()
            await asyncio.sleep(_POLL_SECONDS)

    async def remove_tombstones(self, addresses: Collection[RecordAddress]) -> None:
        """See `Store.remove_tombstones`."""
        await self._write(remove_tombstones, list(addresses))

    async def close(self) -> None:
        """See `Store.close`."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await asyncio.to_thread(self._thread.shutdown)
        await self._reads.close()
        self._writes.close()

    async def _take(self, write: Callable[[StoreConnection, Plan, str, str], None], plan: Plan, outbox: Outbox) -> None:
        """Write a plan, and do what is due after it."""
        if not isinstance(outbox, SqliteOutbox):
            raise TypeError(f"an outbox claimed from this store is expected, not {type(outbox).__name__}")
        await self._write(write, plan, outbox.writer, outbox.claim)
        self._written_at = time.monotonic()
        if time.monotonic() - self._trimmed_at > _SECONDS_BETWEEN_TRIMS:
            await self._write(trim)
            self._trimmed_at = time.monotonic()
        self._announce()

    async def _write(
        self,
        write: Callable[Concatenate[StoreConnection, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """Do something with the connection that writes, after what others have asked for."""
        with translated(self._path):
            work = waiting_from_now(self._lock_seconds, self._writes, write, *arguments, **named)
            return await self.traffic.timed(asyncio.get_running_loop().run_in_executor(self._thread, work))

    def _announce(self) -> None:
        """Wake everybody who waits for events, and start a new round of waiting."""
        self._news.set()
        self._news = asyncio.Event()


def _prepared(
    path: Path, lock_seconds: float, fingerprint: str, catalogue: KeptCatalogue | None, migrator: str | None
) -> StoreState:
    """See `prepare`. The connection belongs to the thread: whoever waits for it may be cancelled meanwhile."""
    require_own(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(connect(path, lock_seconds)) as connection:
        return prepare(connection, fingerprint, catalogue, migrator)


def _seen(path: Path, lock_seconds: float, migrator: str | None) -> StoreState:
    """What a file says of itself that is only read."""
    require_own(path)
    with closing(connect(path, lock_seconds, read_only=True)) as connection:
        state = read_state(connection)
    if state is None:
        raise ForeignFile(str(path), "an empty file")
    state.form.require(migrator)
    return state
