"""The port to every store: what the services ask for, in the words of the domain.

Reads may be stale; `commit` is where truth is decided. A commit asserts the revision of everything the plan
was built on and bumps it, in one atomic step with all writes, so that of two plans built on the same
state only one is accepted. A revision is the unique id of a commit, never a counter.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import VerdictEntry
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position
from services.stores.port.errors import UnsafeStore
from services.stores.port.identity import IdentifiedStore, KeptCatalogue, WriterState
from services.stores.port.plan import Plan, TaskWrite
from services.stores.port.stored import (
    BucketsNeeded,
    Components,
    HistoryEntry,
    OutboxEntry,
    PendingEvents,
    StoredIdentifier,
    StoredProfile,
    StoredRecord,
    StoredTask,
    StoredVerdict,
    all_buckets,
)
from services.traffic import Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantees:
    """What a store promises; a worker refuses a configuration that could lose a merge."""

    guarded_commits: Literal["safe", "single_writer"]
    durable: bool
    rows_per_commit: int | None = None  #: so many rows suit one commit; None: as many as one likes

    def require_guarded_commits(self) -> None:
        """Make sure, before anything is written, that of two commits that rest on the same state one is refused.

        Raises:
            UnsafeStore: the store does not promise that.
        """
        if self.guarded_commits != "safe":
            raise UnsafeStore(self.guarded_commits)


class Outbox(Protocol):
    """One writer's claim on its part of the outbox.

    A later claim of the same name makes this one invalid: commits through it are refused with `ClaimLost`.
    """

    @property
    def pending(self) -> tuple[PendingEvents, ...]:
        """What earlier holders of this claim committed and may not have published, oldest first."""
        ...

    @property
    def progress(self) -> Position | None:
        """The last log position that this writer's commits have recorded; None: none yet."""
        ...

    @property
    def accepted(self) -> int:
        """The greatest number given at acceptance that any writer's commits had recorded when this was claimed."""
        ...

    async def acknowledge(self, commit_id: str) -> None:
        """Say that the events of this commit are published; their place may be used again."""
        ...

    async def settle(self) -> None:
        """Let the store know what has been acknowledged, where it learns that only with the next commit.

        Raises:
            ClaimLost: another worker has taken over the outbox.
        """
        ...


class Revisions(Protocol):
    """Which revision a commit gives to what it writes; it can be told before the commit."""

    def of_record(self, address: RecordAddress, commit_id: str, /) -> str:
        """Of a record."""
        ...

    def of_identifier(self, identifier: Identifier, commit_id: str, /) -> str:
        """Of an identifier."""
        ...

    def of_bucket(self, identifier: Identifier, number: int, commit_id: str, /) -> str:
        """Of a bucket of a hub."""
        ...

    def of_profile(self, profile_id: str, commit_id: str, /) -> str:
        """Of a profile."""
        ...


class SurroundingsReader(Protocol):
    """What a batch of changes is planned with. Every method may raise `StoreUnavailable`."""

    @property
    def generation(self) -> int:
        """How often the meaning of the catalogue has changed since the store was made."""
        ...

    @property
    def revisions(self) -> Revisions:
        """Which revisions the commits of this store give."""
        ...

    async def read_records(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, StoredRecord]:
        """Read records and tombstones by address; what is unknown is left out."""
        ...

    async def read_identifiers(
        self, wanted: Mapping[Identifier, int], needed: BucketsNeeded = all_buckets
    ) -> Mapping[Identifier, StoredIdentifier]:
        """Read identifiers; what is unknown is left out.

        Args:
            wanted: identifier -> number of holders up to which the components of its holders are read, too.
            needed: which buckets are read of a hub where they suffice, each of them with more holders than that number;
                where they do not, and of other hubs, all of them are. Asked of hubs only, on any thread.
        """
        ...

    async def read_holders(self, identifier: Identifier) -> tuple[RecordAddress, ...]:
        """Read which records are linked with an identifier, sorted; of a hub all of them."""
        ...

    async def read_links(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, tuple[Identifier, ...]]:
        """Read which identifiers records are linked with, sorted; unknown records are left out."""
        ...

    async def read_components(self, profile_ids: Collection[str]) -> Components:
        """Read profiles with their live records; unknown ids are left out. Revisions are read before contents."""
        ...

    async def read_verdicts(self, verdict_ids: Collection[str]) -> Mapping[str, StoredVerdict]:
        """Read entries of the ledger by id, withdrawn ones included; unknown ids are left out."""
        ...


class StoreReader(IdentifiedStore, SurroundingsReader, Protocol):
    """What is asked for by name. Every method may raise `StoreUnavailable`."""

    async def read_profile(self, profile_id: str) -> StoredProfile | None:
        """Read one profile, live or not, in one round trip."""
        ...

    async def read_profiles(self, profile_ids: Collection[str]) -> Mapping[str, StoredProfile]:
        """Read profiles by id; unknown ids are left out."""
        ...

    async def read_versions(self, profile_ids: Collection[str]) -> Mapping[str, int]:
        """Read only the versions of profiles; unknown ids are left out."""
        ...

    async def find_profiles(self, identifier: Identifier, limit: int) -> tuple[StoredProfile, ...]:
        """Read up to `limit` live profiles whose records carry the identifier, in order of their ids."""
        ...

    async def read_history(self, profile_id: str) -> tuple[HistoryEntry, ...]:
        """Read the steps of a profile's life, oldest first."""
        ...

    async def read_tasks(self) -> tuple[StoredTask, ...]:
        """Read all work owed, oldest first.

        Raises:
            CatalogueChanged: another meaning of the catalogue has come into force since this store was opened.
        """
        ...


class StoreScanner(Protocol):
    """All there is, in order. Every method may raise `StoreUnavailable`."""

    def scan_records(self, after: RecordAddress | None = None) -> AsyncIterator[StoredRecord]:
        """All records and tombstones, or those that follow `after`, in order of their addresses."""
        ...

    def scan_profiles(self, after: str = "") -> AsyncIterator[StoredProfile]:
        """All profiles, live or not, or those that follow the id `after`, in order of their ids."""
        ...

    def scan_identifiers(self) -> AsyncIterator[tuple[Identifier, StoredIdentifier]]:
        """All identifiers in order, without the components of their holders."""
        ...

    def scan_verdicts(self, after: str = "") -> AsyncIterator[VerdictEntry]:
        """The ledger of verdicts, or what of it follows the id `after`, oldest first."""
        ...

    def scan_links(self) -> AsyncIterator[tuple[Identifier, int]]:
        """All identifiers with the number of records that are linked with them, counted now, in order."""
        ...


class Store(StoreReader, StoreScanner, Protocol):
    """A place for records, identifiers and profiles. Every method may raise `StoreUnavailable`."""

    @property
    def guarantees(self) -> Guarantees:
        """What this store promises."""
        ...

    @property
    def traffic(self) -> Traffic:
        """How much this object asks of the store."""
        ...

    @property
    def written_at(self) -> float:
        """When this object last saw the store take a commit, by the monotonic clock; minus infinity: not yet."""
        ...

    async def prove_writable(self) -> None:
        """Write something tiny that means nothing and leaves nothing behind.

        Raises:
            StoreUnavailable: nothing can be written.
        """
        ...

    async def commit(self, plan: Plan, outbox: Outbox) -> None:
        """Write the whole plan if nothing it rests on has changed. Waits while the outbox has no free place.

        Raises:
            CommitConflict: something was changed by another commit; nothing was written.
            ClaimLost: another worker has taken over the outbox; nothing was written.
        """
        ...

    async def change_catalogue(self, fingerprint: str, task: TaskWrite, catalogue: KeptCatalogue | None = None) -> None:
        """Make another meaning of the catalogue the one in force, and write down the work that this owes.

        In one atomic step: the generation grows by one, the catalogue is kept for those who work with the former one,
        the task is written, and every claim on the outbox becomes invalid. This object works on with the new meaning.

        Raises:
            CommitConflict: somebody else changed it at the same time.
        """
        ...

    async def claim_outbox(self, writer: str) -> Outbox:
        """Take over the outbox of a writer; whoever held it before can no longer commit.

        Raises:
            CatalogueChanged: another meaning of the catalogue has come into force since this store was opened.
        """
        ...

    async def remove_tombstones(self, addresses: Collection[RecordAddress]) -> None:
        """Forget deleted rows, as if they had never been; records that are live stay."""
        ...

    async def read_writers(self) -> Mapping[str, WriterState]:
        """Read what every writer that ever claimed an outbox has left there."""
        ...

    async def close(self) -> None:
        """Release connections; the store must not be used afterwards."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """Memory of a graph's server; garbage that it has not collected yet counts as used."""

    most_bytes: int
    used_bytes: int


@runtime_checkable
class StoreInMemory(Protocol):
    """A store whose server may keep everything in memory."""

    async def read_heap(self) -> Heap | None:
        """Ask how much memory the server has; None where it does not tell, or keeps its graph elsewhere."""
        ...


@runtime_checkable
class DurableOutbox(Protocol):
    """A store whose outbox keeps published events for a while, so that they can be read again."""

    async def read_outbox(self, after: int, limit: int) -> tuple[OutboxEntry, ...]:
        """Read up to `limit` events that follow the sequence number `after`, oldest first."""
        ...

    async def outbox_bounds(self) -> tuple[int, int]:
        """The sequence number before the oldest kept event, and that of the newest."""
        ...

    async def leave_gap(self) -> None:
        """Let the order of events go on behind a gap: readers of every place given so far have missed something."""
        ...

    async def wait_for_events(self, after: int, timeout_seconds: float) -> None:
        """Return once an event follows `after`, or after the time-out."""
        ...


@runtime_checkable
class LoadableStore(Protocol):
    """A store that takes many rows at once, where nobody waits for them to be safe."""

    async def load(self, plan: Plan, outbox: Outbox) -> None:
        """Commit a plan as `Store.commit` does, but until that is called again the power may take it away.

        It takes the last plans, each as a whole, so that whoever reads `Outbox.progress` can go on behind the others.

        Raises:
            CommitConflict, ClaimLost: see `Store.commit`.
        """
        ...
