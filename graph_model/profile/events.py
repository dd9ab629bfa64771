"""The change feed: what is told when a profile changes.

One commit gives a profile at most one event, and every event one new version. The id of an event is a
function of profile and version, so that whoever reads it twice can tell.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final, TypeAlias
from uuid import UUID, uuid5

import msgspec
import orjson
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from graph_model.profile.document import Key, ProfileId, SourceName, Time, Version

_EVENT_IDS = UUID("6b0f3c1e-5a57-5d0c-9f5e-0c7b2f4f9a11")


class ProfileEventType(StrEnum):
    """What happened to a profile; where several are true, the first one is told."""

    DELETED = "deleted"  #: its last record is gone
    MERGED = "merged"  #: its records now belong to another profile
    SPLIT = "split"  #: some of its records now belong to another profile
    CREATED = "created"  #: it is new, or it is back
    UPDATED = "updated"  #: what is known of it changed


#: An event names so many causes at the most; it always tells how many there were.
NAMED_CAUSES: Final = 20


#: Parts of a profile, as the published schema names them.
ChangedPart: TypeAlias = Annotated[
    str, Meta(extra_json_schema={"pattern": r"^(traits\..+|identifiers|records|conflicts|dropped_evidence)$"})
]
MovedPart: TypeAlias = Annotated[str, Meta(extra_json_schema={"pattern": r"^(traits\..+|identifiers)$"})]


class NamedCause(Struct, frozen=True):
    """A version of a row, as its log counts."""

    source: SourceName
    key: Key
    epoch: Annotated[
        int,
        Meta(
            description="Epoch of the source; 0: it did not come from a log.",
            extra_json_schema={"minimum": 0},
        ),
    ]
    offset: Annotated[
        int | str,
        Meta(
            description="Offset in the topic partition, the declared version, or the number given at acceptance; text "
            "where 64 bits do not hold it."
        ),
    ]
    verdict: Annotated[
        str | UnsetType,
        Meta(description="Id of the verdict about this row that was given or withdrawn; absent where the row changed."),
    ] = UNSET
    withdrawn: Annotated[
        bool | UnsetType, Meta(description="Whether that verdict was withdrawn; absent where the row changed.")
    ] = UNSET


class ProfileChange(Struct, frozen=True, kw_only=True):
    """What happened to one profile in one commit."""

    profile_id: Annotated[
        ProfileId, Meta(description="The profile that this event is about; also the key of the message.")
    ]
    version: Annotated[
        Version,
        Meta(
            description="Version of the profile after this event; it only grows. Drop an event that is not above the "
            "version you hold."
        ),
    ]
    change: Annotated[
        ProfileEventType,
        Meta(description="What happened. merged: its records now belong to other profiles. split: some of them do."),
    ]
    ids_before: Annotated[
        Sequence[ProfileId],
        Meta(
            description="Profiles that its records belonged to before, itself included where it had records.",
        ),
    ]
    ids_after: Annotated[Sequence[ProfileId], Meta(description="Profiles that its records belong to now.")]
    merged_into: Annotated[
        ProfileId | None, Meta(description="Of a merged profile: the profile that has most of its records now.")
    ]
    causes: Annotated[
        Sequence[NamedCause],
        Meta(
            description=f"Changes of rows that led to this event, at most {NAMED_CAUSES}.",
            extra_json_schema={"maxItems": NAMED_CAUSES},
        ),
    ]
    causes_total: Annotated[int, Meta(description="How many there were in all.", extra_json_schema={"minimum": 0})]


class HistoryStep(ProfileChange, frozen=True, kw_only=True):
    """A step that changed which ids the records of a profile have, as its history keeps it."""

    occurred_at: Time

    @classmethod
    def of(cls, change: ProfileChange, occurred_at: Time) -> "HistoryStep":
        """The step that a change is."""
        told = {name: getattr(change, name) for name in ProfileChange.__struct_fields__}
        return cls(**told, occurred_at=occurred_at)


class ProfileUpdate(ProfileChange, frozen=True, kw_only=True):
    """Data of a profile event (version 1).

    Later versions of this schema only add fields: ignore those that you do not know.
    """

    previous_version: Annotated[
        int, Meta(description="Version before; 0: there was none.", extra_json_schema={"minimum": 0})
    ]
    changed_fields: Annotated[
        Sequence[ChangedPart],
        Meta(description="Parts of the profile that say something else than in the version before."),
    ]
    provenance: Annotated[
        Sequence[MovedPart],
        Meta(
            description="Traits and identifiers that say the same as before, and of which only the record or the time "
            "is another."
        ),
    ]
    compacted: Annotated[
        bool | UnsetType,
        Meta(
            description="true: this event stands for all versions after `previous_version`, and what happened between "
            "is not told; absent: it stands for one version. Never on Kafka."
        ),
    ] = UNSET
    profile: Annotated[Raw, Meta(description="The whole profile as it is now; also the value on the state topic.")]


class ProfileEvent(Struct, frozen=True, kw_only=True, gc=False):
    """One version of one profile, as told to the world."""

    profile_id: str
    version: int
    type: ProfileEventType
    occurred_at: int  #: time of the commit, milliseconds since 1970
    data: bytes  #: JSON body: ids before and after, causes, changed fields, the whole profile
    trace: str | None = None  #: W3C `traceparent` of the first cause

    @property
    def event_id(self) -> str:
        """The same for every telling of this version of this profile."""
        return str(uuid5(_EVENT_IDS, f"{self.profile_id}:{self.version}"))

    def to_json(self) -> dict[str, object]:
        """The event as a JSON object, the body embedded as it is."""
        return {
            "profile_id": self.profile_id,
            "version": self.version,
            "type": self.type.value,
            "occurred_at": self.occurred_at,
            "data": orjson.Fragment(self.data),
            "trace": self.trace,
        }


class _StoredEvent(Struct, frozen=True):
    """What `ProfileEvent.to_json` writes."""

    profile_id: str
    version: int
    type: ProfileEventType
    occurred_at: int
    data: Raw
    trace: str | None


class _Previous(Struct, frozen=True):
    """As much of the data of an event as it takes to know which version came before."""

    previous_version: int | None = None


_stored: Final = msgspec.json.Decoder(_StoredEvent)
_all_stored: Final = msgspec.json.Decoder(list[_StoredEvent])
_previous: Final = msgspec.json.Decoder(_Previous)


def read_event(stored: bytes | str) -> ProfileEvent:
    """Read what `ProfileEvent.to_json` wrote; its data are the same bytes.

    Raises:
        msgspec.MsgspecError: it is none.
    """
    return _event(_stored.decode(stored))


def read_events(stored: bytes | str) -> tuple[ProfileEvent, ...]:
    """Read a JSON array of what `ProfileEvent.to_json` wrote.

    Raises:
        msgspec.MsgspecError: it is none.
    """
    return tuple(map(_event, _all_stored.decode(stored)))


def told_previous(data: bytes) -> int | None:
    """Which version the data of an event name as the one before; None: they name none."""
    return _previous.decode(data).previous_version


def _event(stored: _StoredEvent) -> ProfileEvent:
    return ProfileEvent(
        profile_id=stored.profile_id,
        version=stored.version,
        type=stored.type,
        occurred_at=stored.occurred_at,
        data=bytes(stored.data),
        trace=stored.trace,
    )
