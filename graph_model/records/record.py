"""Records: the rows of the sources, and how one version of a row follows another.

A record's versions are ordered by the log that carried them, never by the source's own position: a
transaction that was open while a snapshot was taken streams later with a smaller log sequence number,
and must be applied. The source's own position only filters what a connector sends again.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

import orjson
from msgspec import Struct
from msgspec.structs import replace

from graph_model.errors import MessageRejected
from graph_model.values.equality import JsonValue, are_equal
from graph_model.values.keys import NotAKey, WrittenPart, key_part, stored_key, write_key
from graph_model.values.positions import Position, SourcePosition


class RecordAddress(NamedTuple):
    """Where a record lives: its source and its key there. A tuple, since it is hashed and compared all the time."""

    source: str  #: name of the source in the catalogue
    key: str  #: canonical JSON array of the key's parts, in the catalogue's order; see `graph_model.values.keys`

    @classmethod
    def of(cls, source: str, key: Sequence[object]) -> "RecordAddress":
        """Build the address of the row of `source` whose key columns hold `key`.

        Raises:
            MessageRejected: one of these values cannot be a part of a key.
        """
        parts = []
        for place, value in enumerate(key, start=1):
            try:
                parts.append(key_part(value))
            except NotAKey as error:
                raise MessageRejected(
                    "map", f"part {place} of the key of a row of {source!r} is {error}; a text or number is expected"
                ) from None
        return cls(source, write_key(parts))

    @classmethod
    def stored(cls, source: str, key: Sequence[object]) -> "RecordAddress":
        """Build the address that a stored document names by its source and its key; both were taken before."""
        return cls(source, stored_key(key))

    @property
    def key_parts(self) -> list[str]:
        """The parts of the key."""
        return [str(part) for part in self.written_key]

    @property
    def written_key(self) -> list[WrittenPart]:
        """The parts of the key as documents have them: whole numbers of at most 15 digits are numbers."""
        parts: list[WrittenPart] = orjson.loads(self.key)
        return parts

    def __str__(self) -> str:
        return f"{self.source}{self.key}"


class Change(Struct, frozen=True, kw_only=True, gc=False):
    """What happened to one row: it has new values, or it is gone."""

    address: RecordAddress
    position: Position
    row: Mapping[str, JsonValue] | None  #: the columns as received; None: the row was deleted
    observed_at: int  #: when the source said so, milliseconds since 1970
    accepted_at: int | None = None  #: when it was accepted, or sent; None: at `observed_at`
    undated: bool = False  #: the source did not say when: `observed_at` is nothing but the time of acceptance
    dates_itself: bool = False  #: the row itself says when, in the column that the catalogue names
    unavailable: frozenset[str] = frozenset()  #: columns that the source did not send: keep what is stored
    source_position: SourcePosition | None = None  #: only of streamed versions, never of snapshot rows
    previous: RecordAddress | None = None  #: the address this row had before its key changed
    moved_to: RecordAddress | None = None  #: of a deletion: the address this row has since its key changed
    trace: str | None = None  #: W3C `traceparent` of the message that carried it
    is_numbered: bool = False  #: whether its position is a number given at acceptance: nothing but the order of arrival
    is_absence: bool = False  #: a full snapshot did not hold the version at this position, which is therefore gone


class VerdictMark(NamedTuple):
    """A record's place in a verdict that is in force.

    Records with the same verdict and other groups are kept apart; those of one group are joined where it says so.
    """

    verdict_id: str  #: its entry in the ledger of verdicts
    group: int  #: number of the group that the record is in
    together: bool  #: whether the verdict also joins the records of each group


class ExpectedVerdictMark(NamedTuple):
    """A mark of a row that has left its former address for this one, and has not arrived here yet."""

    origin: RecordAddress  #: the address that it had before
    mark: VerdictMark


class Passage(NamedTuple):
    """A row that came to an address with one change of its key, and left it with another."""

    moved_from: RecordAddress
    moved_to: RecordAddress


#: A record remembers so many of them at the most, the newest.
REMEMBERED_PASSAGES: Final = 20

#: Where a record stands of which only verdicts are known: before everything that a source can send.
NOTHING_SENT: Final = Position(-1, 0)


class Record(Struct, frozen=True, kw_only=True, gc=False):
    """The newest version of a row that we know, as received; without values it is a tombstone.

    A tombstone keeps the position of a deleted row, so that nothing older brings it back, and the profile that
    the row last belonged to, so that a row that returns keeps its profile's id. Marks of verdicts outlive both, but
    go with a row whose key changes (`graph_model.records.key_changes`).
    """

    address: RecordAddress
    position: Position
    observed_at: int  #: when the source said what the values say, milliseconds since 1970
    values: Mapping[str, JsonValue] | None  #: the catalogue's columns as received; None: deleted
    streamed: SourcePosition | None = None  #: newest streamed source position of this epoch
    incomplete: frozenset[str] = frozenset()  #: columns whose value was never sent
    marks: tuple[VerdictMark, ...] = ()  #: its places in the verdicts in force about it, sorted
    expected: tuple[ExpectedVerdictMark, ...] = ()  #: those of rows that are on their way here, sorted
    moved_from: RecordAddress | None = None  #: the address that the row had before its key changed
    moved_to: RecordAddress | None = None  #: of a tombstone: the address that the row has since its key changed
    passages: tuple[Passage, ...] = ()  #: rows that came here and left again by changes of their keys, oldest first
    accepted_at: int | None = None  #: when these values were accepted, or sent; None: at `observed_at`
    undated: bool = False  #: the source did not say when: `observed_at` is nothing but the time of acceptance
    is_absent: bool = (
        False  #: of a tombstone: a full snapshot did not hold the row; it may come back at its own version
    )
    generation: int = (
        0  #: which meaning of the catalogue its identifiers are stored by; see `services.maintenance.re_resolve`
    )

    @property
    def believed_until(self) -> int:
        """The time that no value may lie behind, where the catalogue says so: when the values were accepted."""
        return self.observed_at if self.accepted_at is None else self.accepted_at

    @property
    def is_tombstone(self) -> bool:
        """Whether the row is deleted."""
        return self.values is None

    @property
    def was_ever_sent(self) -> bool:
        """Whether a source has ever sent it; false of one that only verdicts name."""
        return self.position.epoch > NOTHING_SENT.epoch

    @property
    def all_marks(self) -> frozenset[VerdictMark]:
        """The marks at its address, one for each verdict: of rows on their way here, else its own."""
        if not self.expected:
            return frozenset(self.marks)
        return frozenset(with_marks(self.marks, (each.mark for each in self.expected)))

    def is_same_as(self, other: "Record") -> bool:
        """Tell whether two versions are one: all of it is equal, and so are the values by their canonical bytes."""
        return self == other and are_equal(self.values, other.values)

    def says_same_as(self, other: "Record") -> bool:
        """Tell whether nothing different follows from two versions: values and time are the same, as far as known."""
        return (
            (self.observed_at, self.accepted_at, self.undated) == (other.observed_at, other.accepted_at, other.undated)
            and self.incomplete == other.incomplete
            and are_equal(self.values, other.values)
        )


def awaited(address: RecordAddress) -> Record:
    """A record that no source has sent, to keep what is said about it until one does."""
    return Record(address=address, position=NOTHING_SENT, observed_at=0, values=None)


class Outcome(StrEnum):
    """What became of a change; every change that comes in has exactly one."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    STALE = "stale"
    DEAD = "dead"
    IGNORED = "ignored"


class AppliedChange(NamedTuple):
    """A record after a change, and what the change did to it."""

    record: Record
    outcome: Outcome
    is_rewound: bool = False  #: stale although it is new: its source's own positions jumped back, while times go on


def apply_change(stored: Record | None, change: Change, columns: frozenset[str]) -> AppliedChange:
    """Apply `change` to the stored version of its record.

    Args:
        stored: the version in force, a tombstone, or None for a row never seen.
        change: what the source says now.
        columns: the columns of the source that the catalogue names; others are not kept.

    Returns:
        The version in force afterwards, and `applied`, `unchanged` (neither its values nor its time, only the position
        moved) or `stale` (a replay, or something that a connector sent again).
    """
    if stored is not None and _is_old(stored, change):
        return AppliedChange(stored, Outcome.STALE)
    if stored is not None and not change.is_absence and _was_streamed_before(stored, change):
        return AppliedChange(stored, Outcome.STALE, is_rewound=_is_rewound(stored, change, columns))
    if stored is not None and change.position < stored.position:
        change = replace(change, position=stored.position)  # positions never go back, so that what is old stays old
    if change.row is None:
        was_there = stored is not None and not stored.is_tombstone
        return AppliedChange(_tombstone(stored, change), Outcome.APPLIED if was_there else Outcome.UNCHANGED)
    known = None if stored is None else stored.values
    values, incomplete = _values_after(known, change.row, change.unavailable, columns)
    same = stored is not None and stored.incomplete == incomplete and are_equal(stored.values, values)
    dated = stored if stored is not None and same and not _is_dated_anew(stored, change) else change
    # The very same values, so that whoever compares the two versions sees at once that they are equal.
    record = Record(
        address=change.address,
        position=change.position,
        observed_at=dated.observed_at,
        accepted_at=dated.accepted_at,
        undated=dated.undated,
        values=known if same else values,
        streamed=change.source_position or _streamed_before(stored, change),
        incomplete=incomplete,
    )
    outcome = Outcome.UNCHANGED if dated is stored else Outcome.APPLIED
    return AppliedChange(_inheriting(stored, change, record), outcome)


def _is_dated_anew(stored: Record, change: Change) -> bool:
    """Tell whether a version that says the same as the stored one has a time of its own.

    What a row itself says of its time is a part of what it says, so that the newest version dates the record, in
    whichever order versions came. A log only says when it wrote, which was the first time that it said so.
    """
    if change.undated or stored.undated:
        return not (change.undated and stored.undated)
    return change.dates_itself and change.observed_at != stored.observed_at


def _tombstone(stored: Record | None, change: Change) -> Record:
    tombstone = Record(
        address=change.address,
        position=change.position,
        observed_at=change.observed_at,
        accepted_at=change.accepted_at,
        values=None,
        streamed=change.source_position or _streamed_before(stored, change),
        is_absent=change.is_absence,
    )
    return _inheriting(stored, change, tombstone)


def _values_after(
    known: Mapping[str, JsonValue] | None,
    row: Mapping[str, JsonValue],
    unavailable: frozenset[str],
    columns: frozenset[str],
) -> tuple[dict[str, JsonValue], frozenset[str]]:
    """The values of a record after a change of its row, and the columns whose value was never sent."""
    if not unavailable:
        return {column: row[column] for column in _in_order(columns) if column in row}, frozenset()
    values = {column: row[column] for column in sorted(columns & row.keys() - unavailable)}
    missing = columns & unavailable
    kept = {column: known[column] for column in missing if known is not None and column in known}
    return values | kept, frozenset(missing - kept.keys())


@lru_cache(maxsize=256)
def _in_order(columns: frozenset[str]) -> tuple[str, ...]:
    """The columns of a source as they are written; every row asks."""
    return tuple(sorted(columns))


def _inheriting(stored: Record | None, change: Change, record: Record) -> Record:
    """Give the next version of a record what does not come from the source's values.

    A row that arrives from another key takes the marks that were expected with it. One that takes a key which another
    row has left for a third one has no past here.
    """
    if stored is None:
        if change.previous is None and change.moved_to is None:
            return record
        return replace(record, moved_from=change.previous, moved_to=change.moved_to)
    came_from, gone_to, marks, expected = stored.moved_from, stored.moved_to, stored.marks, stored.expected
    passages = stored.passages
    if change.row is None:
        if change.moved_to is not None and gone_to is None and came_from is not None:
            passages = (*passages, Passage(came_from, change.moved_to))[-REMEMBERED_PASSAGES:]
        gone_to = change.moved_to or gone_to
    else:
        came_from = change.previous or (None if gone_to is not None else came_from)
        gone_to = None
        arriving = [each.mark for each in expected if each.origin == change.previous]
        if arriving:
            marks = with_marks(marks, arriving)
            expected = tuple(each for each in expected if each.origin != change.previous)
    if not (marks or expected or came_from or gone_to or passages or stored.generation):
        return record
    return replace(
        record,
        marks=marks,
        expected=expected,
        moved_from=came_from,
        moved_to=gone_to,
        passages=passages,
        generation=stored.generation,
    )


def with_marks(marks: Iterable[VerdictMark], further: Iterable[VerdictMark]) -> tuple[VerdictMark, ...]:
    """Put marks together; a record has one place in each verdict, and of two the further one holds."""
    by_verdict = {mark.verdict_id: mark for mark in (*marks, *further)}
    return tuple(by_verdict[verdict_id] for verdict_id in sorted(by_verdict))


def _is_old(stored: Record, change: Change) -> bool:
    """Tell whether a change says nothing that is newer than what is stored.

    An absence is about one version, the one at its position. What a snapshot has taken away, a later one gives back:
    a row without a log's position is there again, at the version that was stored or a later one. The offset of a log
    that comes again is a replay.
    """
    if change.is_absence:
        return stored.is_tombstone or change.position != stored.position
    if stored.is_absent and change.position.epoch == 0:
        if stored.position.epoch == 0:
            return change.position < stored.position
        return change.row is None
    return change.position <= stored.position


def _was_streamed_before(stored: Record, change: Change) -> bool:
    """Tell whether a connector sends again what it had sent, as the source's own positions say."""
    sent = change.source_position
    if sent is None or change.position.epoch != stored.position.epoch:
        return False
    return not sent.is_newer_than(stored.streamed)


def _is_rewound(stored: Record, change: Change, columns: frozenset[str]) -> bool:
    """Tell whether a version that counts as sent again cannot have been sent before.

    Its source wrote it later than the stored one, at a position before it, and it says something else. (One that says
    the same proves nothing: of versions that said the same, the time of the first is kept.)
    """
    sent = change.source_position
    if sent is None or sent == stored.streamed or change.observed_at <= stored.observed_at:
        return False
    if change.row is None or stored.values is None:
        return (change.row is None) is not stored.is_tombstone
    values, _ = _values_after(stored.values, change.row, change.unavailable, columns)
    return not are_equal(stored.values, values)


def _streamed_before(stored: Record | None, change: Change) -> SourcePosition | None:
    if stored is None or stored.position.epoch != change.position.epoch:
        return None
    return stored.streamed
