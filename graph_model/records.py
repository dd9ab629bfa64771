"""Records: the rows of the sources, and how one version of a row follows another.

A record's versions are ordered by the log that carried them, never by the source's own position: a
transaction that was open while a snapshot was taken streams later with a smaller log sequence number,
and must be applied. The source's own position only filters what a connector sends again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

import orjson

JsonValue: TypeAlias = "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
KeyPart: TypeAlias = str | int | float | bool

#: Whole numbers as they are written; `007` and `+1` are texts, and so is what 64 bits may not hold.
_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}", re.ASCII)


class RecordAddress(NamedTuple):
    """Where a record lives: its source and its key there. A tuple, since it is hashed and compared all the time."""

    source: str  #: name of the source in the catalogue
    key: str  #: canonical JSON array of the key columns' values, in the catalogue's order

    @classmethod
    def of(cls, source: str, key: Sequence[KeyPart]) -> "RecordAddress":
        """Build the address of the row of `source` whose key columns hold `key`.

        Whole numbers have one form: `1`, `1.0` and `"1"` are the same key, in a file, an envelope and a request.
        """
        return cls(source, orjson.dumps([_canonical(part) for part in key]).decode())

    @property
    def key_parts(self) -> list[KeyPart]:
        """The values of the key columns."""
        parts: list[KeyPart] = orjson.loads(self.key)
        return parts

    def __str__(self) -> str:
        return f"{self.source}{self.key}"


def _canonical(part: KeyPart) -> KeyPart:
    if isinstance(part, str):
        return int(part) if _WHOLE_NUMBER.fullmatch(part) else part
    return int(part) if isinstance(part, float) and part.is_integer() else part


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Which version of a record this is; totally ordered within one record."""

    epoch: int  #: raised when a topic is made anew; 0 is everything that did not come from a log
    offset: int  #: offset in the topic partition, declared version, or acceptance number (microseconds)


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """The source's own position of a streamed version (a log sequence number, a binlog position)."""

    kind: str  #: the system that counts, for example `postgresql`; positions of two kinds do not compare
    numbers: tuple[int, ...]

    def is_newer_than(self, other: "SourcePosition | None") -> bool:
        """Tell whether this position follows `other`; true where the two do not compare."""
        return other is None or other.kind != self.kind or self.numbers > other.numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened to one row: it has new values, or it is gone."""

    address: RecordAddress
    position: Position
    row: Mapping[str, JsonValue] | None  #: the columns as received; None: the row was deleted
    observed_at: int  #: when the source said so, milliseconds since 1970
    unavailable: frozenset[str] = frozenset()  #: columns that the source did not send: keep what is stored
    source_position: SourcePosition | None = None  #: only of streamed versions, never of snapshot rows
    previous: RecordAddress | None = None  #: the address this row had before its key changed
    moved_to: RecordAddress | None = None  #: of a deletion: the address this row has since its key changed
    trace: str | None = None  #: W3C `traceparent` of the message that carried it


class Judgement(StrEnum):
    """What a steward says about two records."""

    SAME = "same"  #: they are one person, whatever else speaks against it
    DIFFERENT = "different"  #: they are two people, whatever else joins them


@dataclass(frozen=True, slots=True, order=True)
class Verdict:
    """A steward's word about two records, in force: stronger than every other evidence."""

    low: RecordAddress  #: the smaller address of the two
    high: RecordAddress
    judgement: Judgement
    verdict_id: str  #: its entry in the ledger of verdicts

    def other(self, address: RecordAddress) -> RecordAddress:
        """The record at the other side."""
        return self.high if address == self.low else self.low

    def __str__(self) -> str:
        return f"verdict:{self.judgement}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The newest version of a row that we know, as received; without values it is a grave.

    A grave keeps the position of a deleted row, so that nothing older brings it back, and the profile that
    the row last belonged to, so that a row that returns keeps its profile's id. Verdicts outlive both.
    """

    address: RecordAddress
    position: Position
    observed_at: int  #: when the source said what the values say, milliseconds since 1970
    values: Mapping[str, JsonValue] | None  #: the catalogue's columns as received; None: deleted
    streamed: SourcePosition | None = None  #: newest streamed source position of this epoch
    incomplete: frozenset[str] = frozenset()  #: columns whose value was never sent
    verdicts: tuple[Verdict, ...] = ()  #: those in force about this record, sorted
    generation: int = 0  #: which meaning of the catalogue its identifiers are stored by; see `services.re_resolve`

    @property
    def is_grave(self) -> bool:
        """Whether the row is deleted."""
        return self.values is None


class Outcome(StrEnum):
    """What became of a change; every change that comes in has exactly one."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    STALE = "stale"
    DEAD = "dead"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Succession:
    """A record after a change, and what the change did to it."""

    record: Record
    outcome: Outcome


def succeed(stored: Record | None, change: Change, columns: frozenset[str]) -> Succession:
    """Apply `change` to the stored version of its record.

    Args:
        stored: the version in force, a grave, or None for a row never seen.
        change: what the source says now.
        columns: the columns of the source that the catalogue names; others are not kept.

    Returns:
        The version in force afterwards, and `applied`, `unchanged` (only the position moved) or `stale`
        (a replay, or something that a connector sent again).
    """
    if stored is not None and _is_stale(stored, change):
        return Succession(stored, Outcome.STALE)
    known = None if stored is None else stored.values
    streamed = change.source_position or _streamed_before(stored, change)
    if change.row is None:
        grave = Record(
            address=change.address,
            position=change.position,
            observed_at=change.observed_at,
            values=None,
            streamed=streamed,
            verdicts=() if stored is None else stored.verdicts,
            generation=0 if stored is None else stored.generation,
        )
        was_there = stored is not None and not stored.is_grave
        return Succession(grave, Outcome.APPLIED if was_there else Outcome.UNCHANGED)
    values = {column: change.row[column] for column in sorted(columns & change.row.keys() - change.unavailable)}
    missing = columns & change.unavailable
    kept = {column: known[column] for column in missing if known is not None and column in known}
    values |= kept
    incomplete = frozenset(missing - kept.keys())
    same = stored is not None and stored.values == values and stored.incomplete == incomplete
    record = Record(
        address=change.address,
        position=change.position,
        observed_at=stored.observed_at if same and stored is not None else change.observed_at,
        values=values,
        streamed=streamed,
        incomplete=incomplete,
        verdicts=() if stored is None else stored.verdicts,
        generation=0 if stored is None else stored.generation,
    )
    return Succession(record, Outcome.UNCHANGED if same else Outcome.APPLIED)


def _is_stale(stored: Record, change: Change) -> bool:
    if change.position <= stored.position:
        return True
    sent = change.source_position
    if sent is None or change.position.epoch != stored.position.epoch:
        return False
    return not sent.is_newer_than(stored.streamed)


def _streamed_before(stored: Record | None, change: Change) -> SourcePosition | None:
    if stored is None or stored.position.epoch != change.position.epoch:
        return None
    return stored.streamed
