"""What one commit writes, and what it rests on."""

from dataclasses import dataclass

from msgspec import Struct

from graph_model.profile.document import ProfileStatus
from graph_model.profile.events import ProfileEvent
from graph_model.records.record import Record, RecordAddress
from graph_model.records.tasks import Task
from graph_model.records.verdicts import VerdictEntry
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position
from services.stores.port.stored import HistoryEntry


class RecordWrite(Struct, frozen=True, kw_only=True, gc=False):
    """A record to write, with the identifiers it carries from now on."""

    record: Record
    expected: str | None  #: revision it was read at; None: it must not exist
    profile_id: str | None  #: its profile from now on (of a tombstone: the last one)
    identifiers: tuple[Identifier, ...]
    edges_changed: bool  #: whether identifiers or profile differ from what is stored, or the record comes or goes


class IdentifierWrite(Struct, frozen=True, kw_only=True, gc=False):
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


class ProfileWrite(Struct, frozen=True, kw_only=True, gc=False):
    """A profile to write; without a document only its revision is bumped."""

    profile_id: str
    expected: str | None  #: revision it was read at; None: it must not exist
    version: int
    status: ProfileStatus
    document: bytes | None  #: None: content unchanged
    component: tuple[str, ...]
    guests: tuple[RecordAddress, ...] = ()
    """Records that came while others were merged into it (`graph_model.profile.ids`). Written with the document."""


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
    divisible: bool = False  #: whether whoever made it could commit a part of it alone

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing that anybody could read."""
        written = self.records or self.profiles or self.identifiers or self.buckets or self.verdicts or self.tasks
        return not written and self.progress is None
