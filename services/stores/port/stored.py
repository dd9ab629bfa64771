"""What a store has, as it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from msgspec import Struct, structs

from graph_model.profile.codec import Salvaged, decode_profile, decode_step, salvage_profile
from graph_model.profile.document import Profile, ProfileDamaged, ProfileStatus
from graph_model.profile.events import HistoryStep, ProfileEvent, ProfileEventType
from graph_model.records.record import Record, RecordAddress
from graph_model.records.tasks import Task
from graph_model.records.verdicts import VerdictEntry
from graph_model.values.identifiers import Identifier
from services.stores.port.errors import StoreDamaged


class StoredRecord(Struct, frozen=True, kw_only=True, gc=False):
    """A record as the store has it, tombstones included."""

    record: Record
    revision: str
    profile_id: str | None  #: its profile; of a tombstone the last one it belonged to
    component: tuple[str, ...]  #: all profiles of that profile's component


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBucket:
    """A part of the holders of a hub; see `graph_model.resolution.hubs`."""

    revision: str
    holders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SufficientBuckets:
    """Buckets of a hub that tell enough by themselves, where each of them has many holders."""

    numbers: frozenset[int]
    above: int  #: many are more than this

    def among(self, buckets: Mapping[int, StoredBucket]) -> Mapping[int, StoredBucket] | None:
        """These buckets alone, where they suffice; else None."""
        chosen = {number: buckets[number] for number in self.numbers if number in buckets}
        if not chosen or len(chosen) < len(self.numbers) or any(b.holders <= self.above for b in chosen.values()):
            return None
        return chosen


#: Which buckets of a hub tell enough; None: only all of them do.
BucketsNeeded: TypeAlias = Callable[[Identifier], SufficientBuckets | None]


def all_buckets(_: Identifier) -> None:
    """Every bucket is needed."""


class StoredIdentifier(Struct, frozen=True, kw_only=True, gc=False):
    """An identifier as the store has it."""

    revision: str
    holders: int  #: how many live records carry it; of a hub the sum of the buckets that were read
    component: tuple[str, ...]  #: profiles of the components of its holders; empty where it has too many
    buckets: Mapping[int, StoredBucket]  #: number -> bucket, those that were read; empty: it lists its holders itself

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


class StoredProfile(Struct, frozen=True, kw_only=True, gc=False):
    """A profile as the store has it."""

    profile_id: str
    revision: str
    version: int
    status: ProfileStatus
    document: bytes  #: JSON of the whole profile, as readers get it
    component: tuple[str, ...]
    guests: tuple[RecordAddress, ...] = ()  #: see `ProfileWrite.guests`

    def read(self) -> Profile:
        """The profile that the document is.

        Raises:
            StoreDamaged: it is none.
        """
        try:
            return decode_profile(self.document)
        except ProfileDamaged:
            raise self.damaged() from None

    @property
    def told(self) -> bytes:
        """The document, for whoever passes it on without reading it.

        Raises:
            StoreDamaged: it is no JSON object: it was written compressed, and what it takes to read it is lost.
        """
        if not self.document.startswith(b"{"):
            raise self.damaged()
        return self.document

    def damaged(self) -> StoreDamaged:
        """The error for whoever finds that the document cannot be read."""
        return StoreDamaged(f"the document of profile {self.profile_id} cannot be read")

    def salvaged(self) -> Salvaged:
        """What can be read of the profile, for whoever makes it anew; its id, version and status are the store's."""
        found = salvage_profile(self.document)
        shown = found.profile
        if (shown.profile_id, shown.version, shown.status) == (self.profile_id, self.version, self.status):
            return found
        own = structs.replace(shown, profile_id=self.profile_id, version=self.version, status=self.status)
        return replace(found, profile=own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """Whole components: their profiles, and the live records of these with the profile of each."""

    profiles: Mapping[str, StoredProfile]
    records: Mapping[RecordAddress, Record]
    memberships: Mapping[RecordAddress, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """A step in the life of a profile that changed which ids its records have."""

    profile_id: str
    version: int  #: of the profile, with this step
    document: bytes  #: JSON of the step

    def read(self) -> HistoryStep:
        """The step that the document is.

        Raises:
            StoreDamaged: it is none.
        """
        try:
            return decode_step(self.document)
        except ProfileDamaged:
            raise StoreDamaged(f"a step of the history of profile {self.profile_id} cannot be read") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingEvents:
    """Events of one commit that may not have been published yet."""

    commit_id: str
    events: tuple[ProfileEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventHead:
    """What is kept of an event for longer than what it said."""

    profile_id: str
    version: int
    previous_version: int  #: 0: there was none
    type: ProfileEventType
    occurred_at: int  #: time of the commit, milliseconds since 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """An event in the durable outbox, with its place in the order of commits."""

    sequence: int
    head: EventHead
    event: ProfileEvent | None  #: exactly as it was told; None: only its head is kept
