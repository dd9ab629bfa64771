"""The change feed: what is told when a profile changes.

One commit gives a profile at most one event, and every event one new version. The id of an event is a
function of profile and version, so that whoever reads it twice can tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5

import orjson

_EVENT_IDS = UUID("6b0f3c1e-5a57-5d0c-9f5e-0c7b2f4f9a11")


class ProfileEventType(StrEnum):
    """What happened to a profile; where several are true, the first one is told."""

    DELETED = "deleted"  #: its last record is gone
    MERGED = "merged"  #: its records now belong to another profile
    SPLIT = "split"  #: some of its records now belong to another profile
    CREATED = "created"  #: it is new, or it is back
    UPDATED = "updated"  #: what is known of it changed


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileEvent:
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

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "ProfileEvent":
        """Read what `to_json` wrote."""
        trace = stored["trace"]
        return cls(
            profile_id=str(stored["profile_id"]),
            version=int(str(stored["version"])),
            type=ProfileEventType(str(stored["type"])),
            occurred_at=int(str(stored["occurred_at"])),
            data=orjson.dumps(stored["data"]),
            trace=None if trace is None else str(trace),
        )
