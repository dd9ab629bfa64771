"""Work owed: what is too large for one commit is written down with the commit that causes it.

Workers do it in bounded batches while events flow. Each batch moves the task's mark in the same commit, so that a
worker that is killed loses nothing, and of two that do the same work one is refused.
"""

from dataclasses import dataclass
from typing import TypeAlias

from graph_model.records.record import Change, RecordAddress
from graph_model.values.keys import stored_part
from graph_model.values.positions import Position, SourcePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class TruncateSource:
    """A table was emptied: every record of it that is older than the truncation becomes a tombstone."""

    source: str
    topic: str | None  #: of a source with a topic pattern: only the rows that came from this topic
    position: Position  #: where the truncation stands in the log
    source_position: SourcePosition | None
    observed_at: int  #: milliseconds since 1970
    accepted_at: int | None = None  #: when it was accepted, or sent; None: at `observed_at`
    trace: str | None = None
    done_to: RecordAddress | None = None  #: records up to this one are done

    def empties(self, address: RecordAddress) -> bool:
        """Tell whether a record is one of the table's rows."""
        return address.source == self.source and (self.topic is None or address.key_parts[0] == stored_part(self.topic))

    def deletion(self, address: RecordAddress) -> Change:
        """What the truncation means for one row; for a version that is newer it is a stale change."""
        return Change(
            address=address,
            position=self.position,
            row=None,
            observed_at=self.observed_at,
            accepted_at=self.accepted_at,
            source_position=self.source_position,
            trace=self.trace,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAbsent:
    """Rows that a full snapshot of their table did not hold; those that have changed since then stay."""

    source: str
    rows: tuple[tuple[str, Position], ...]  #: key, and the version that was not in the snapshot
    observed_at: int  #: when the snapshot was taken, milliseconds since 1970
    done_to: RecordAddress | None = None  #: always None: it is done in one step

    def deletions(self) -> list[Change]:
        """What the absence means for each row."""
        return [
            Change(
                address=RecordAddress(self.source, key),
                position=position,
                row=None,
                observed_at=self.observed_at,
                is_absence=True,
            )
            for key, position in self.rows
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReResolve:
    """The meaning of the catalogue has changed: every record is read anew by it."""

    done_to: RecordAddress | None = None  #: records up to this one are done


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceProfiles:
    """A first load has made profiles, and nobody has been told of them yet."""

    version: int  #: the version that it gave all of them
    last: str  #: none of their ids is greater
    told_to: str = ""  #: those up to this id have been told
    done_to: RecordAddress | None = None  #: always None: it goes by profiles

    def concerns(self, profile_id: str, version: int) -> bool:
        """Tell whether a profile in this version is one of those that are still to be told."""
        return version == self.version and self.told_to < profile_id <= self.last


Task: TypeAlias = TruncateSource | DeleteAbsent | ReResolve | AnnounceProfiles
