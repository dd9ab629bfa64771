"""The port to every store: what the services ask for, in the words of the domain.

Reads may be stale; `commit` is where truth is decided. A commit asserts the revision of everything the plan
was built on and bumps it, in one atomic step with all writes, so that of two plans built on the same
state only one is accepted. A revision is the unique id of a commit, never a counter.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import orjson

from graph_model.agenda import Task
from graph_model.events import ProfileEvent
from graph_model.identifiers import Identifier
from graph_model.positions import Position
from graph_model.profiles import ProfileStatus
from graph_model.records import Record, RecordAddress
from graph_model.verdicts import VerdictEntry
from services.stores.identity import IdentifiedStore, KeptCatalogue, WriterState


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantees:
    """What a store promises; a worker refuses a configuration that could lose a merge."""

    guarded_commits: Literal["safe", "single_writer"]
    durable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """A record as the store has it, graves included."""

    record: Record
    revision: str
    profile_id: str | None  #: its profile; of a grave the last one it belonged to
    component: tuple[str, ...]  #: all profiles of that profile's component


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBucket:
    """A part of the holders of a hub; see `graph_model.hubs`."""

    revision: str
    holders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIdentifier:
    """An identifier as the store has it."""

    revision: str
    holders: int  #: how many live records carry it; of a hub the sum of its buckets
    component: tuple[str, ...]  #: profiles of the components of its holders; empty where it has too many
    buckets: Mapping[int, StoredBucket]  #: number -> bucket, all of them; empty: it lists its holders itself

    @property
    def is_hub(self) -> bool:
        """Whether its holders hang on buckets."""
        return bool(self.buckets)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVerdict:
    """An entry of the ledger of verdicts as the store has it."""

    entry: VerdictEntry
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTask:
    """Work owed as the store has it."""

    task_id: str  #: ids sort by time
    task: Task
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProfile:
    """A profile as the store has it."""

    profile_id: str
    revision: str
    version: int
    status: ProfileStatus
    document: bytes  #: JSON of the whole profile, as readers get it
    component: tuple[str, ...]
    guests: tuple[RecordAddress, ...] = ()  #: see `ProfileWrite.guests`


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """Whole components: their profiles, and the live records of these with the profile of each."""

    profiles: Mapping[str, StoredProfile]
    records: Mapping[RecordAddress, Record]
    memberships: Mapping[RecordAddress, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordWrite:
    """A record to write, with the identifiers it carries from now on."""

    record: Record
    expected: str | None  #: revision it was read at; None: it must not exist
    profile_id: str | None  #: its profile from now on (of a grave: the last one)
    identifiers: tuple[Identifier, ...]
    edges_changed: bool  #: whether identifiers or profile differ from what is stored


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierWrite:
    """An identifier whose own list of holders changes."""

    identifier: Identifier
    expected: str | None  #: revision it was read at; None: it must not exist
    holders: int  #: holders that it lists itself from now on; 0 of what is no hub: remove it
    is_hub: bool = False  #: whether its holders hang on buckets from now on


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketWrite:
    """A bucket of a hub whose holders change."""

    identifier: Identifier
    number: int
    expected: str | None  #: revision it was read at; None: it must not exist
    holders: int | None  #: holders from now on; None: remove it


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictWrite:
    """An entry of the ledger to write."""

    entry: VerdictEntry
    expected: str | None  #: revision it was read at; None: it must not exist


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWrite:
    """Work that is owed from now on, or further done than before."""

    task_id: str  #: ids sort by time
    expected: str | None  #: revision it was read at; None: it must not exist
    task: Task | None  #: None: it is done; remove it


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """A step in the life of a profile that changed which ids its records have."""

    profile_id: str
    version: int  #: of the profile, with this step
    document: bytes  #: JSON: change, time, ids before and after, causes; see `graph_model.transition`


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileWrite:
    """A profile to write; without a document only its revision is bumped."""

    profile_id: str
    expected: str | None  #: revision it was read at; None: it must not exist
    version: int
    status: ProfileStatus
    document: bytes | None  #: None: content unchanged
    component: tuple[str, ...]
    guests: tuple[RecordAddress, ...] = ()
    """Records that came while others were merged into it (`graph_model.profile_ids`). Written with the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything one commit does, and everything it rests on."""

    commit_id: str
    records: tuple[RecordWrite, ...]
    memberships: tuple[tuple[RecordAddress, str], ...]  #: other live records that move to another profile
    identifiers: tuple[IdentifierWrite, ...]
    profiles: tuple[ProfileWrite, ...]
    events: tuple[ProfileEvent, ...]
    progress: Position | None = None  #: last position of the writer's log that is in force with this commit
    accepted: int | None = None  #: greatest number that was given at acceptance to what is in force with this commit
    buckets: tuple[BucketWrite, ...] = ()
    hubs: frozenset[Identifier] = frozenset()  #: identifiers that have buckets from now on, of those written here
    moved_links: tuple[tuple[Identifier, tuple[RecordAddress, ...]], ...] = ()
    """Identifiers that get or lose their buckets, with those who carried them before and still do: their links move."""
    verdicts: tuple[VerdictWrite, ...] = ()
    tasks: tuple[TaskWrite, ...] = ()
    history: tuple[HistoryEntry, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing that anybody could read."""
        written = self.records or self.profiles or self.identifiers or self.buckets or self.verdicts or self.tasks
        return not written and self.progress is None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingEvents:
    """Events of one commit that may not have been published yet."""

    commit_id: str
    events: tuple[ProfileEvent, ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """An event in the durable outbox, with its place in the order of commits."""

    sequence: int
    event: ProfileEvent

    @classmethod
    def of(cls, sequence: int, stored: bytes) -> "OutboxEntry":
        """Read an event as the outbox has it."""
        return cls(sequence=sequence, event=ProfileEvent.from_json(orjson.loads(stored)))


class Store(IdentifiedStore, Protocol):
    """A place for records, identifiers and profiles. Every method may raise `StoreUnavailable`."""

    @property
    def guarantees(self) -> Guarantees:
        """What this store promises."""
        ...

    async def read_records(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, StoredRecord]:
        """Read records and graves by address; what is unknown is left out."""
        ...

    async def read_identifiers(self, wanted: Mapping[Identifier, int]) -> Mapping[Identifier, StoredIdentifier]:
        """Read identifiers; what is unknown is left out.

        Args:
            wanted: identifier -> number of holders up to which the components of its holders are read, too.
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

    async def commit(self, plan: Plan, outbox: Outbox) -> None:
        """Write the whole plan if nothing it rests on has changed. Waits while the outbox has no free place.

        Raises:
            CommitConflict: something was changed by another commit; nothing was written.
            ClaimLost: another worker has taken over the outbox; nothing was written.
        """
        ...

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

    async def read_verdicts(self, verdict_ids: Collection[str]) -> Mapping[str, StoredVerdict]:
        """Read entries of the ledger by id, withdrawn ones included; unknown ids are left out."""
        ...

    async def read_tasks(self) -> tuple[StoredTask, ...]:
        """Read all work owed, oldest first.

        Raises:
            CatalogueChanged: another meaning of the catalogue has come into force since this store was opened.
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

    def scan_records(self, after: RecordAddress | None = None) -> AsyncIterator[StoredRecord]:
        """All records and graves, or those that follow `after`, in order of their addresses."""
        ...

    def scan_profiles(self) -> AsyncIterator[StoredProfile]:
        """All profiles, live or not, in order of their ids."""
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

    async def claim_outbox(self, writer: str) -> Outbox:
        """Take over the outbox of a writer; whoever held it before can no longer commit.

        Raises:
            CatalogueChanged: another meaning of the catalogue has come into force since this store was opened.
        """
        ...

    async def remove_graves(self, addresses: Collection[RecordAddress]) -> None:
        """Forget deleted rows, as if they had never been; records that are live stay."""
        ...

    async def read_writers(self) -> Mapping[str, WriterState]:
        """Read what every writer that ever claimed an outbox has left there."""
        ...

    async def close(self) -> None:
        """Release connections; the store must not be used afterwards."""
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

    async def wait_for_events(self, after: int, timeout_seconds: float) -> None:
        """Return once an event follows `after`, or after the time-out."""
        ...
