"""A batch: what is asked of one commit, gathered by record, and what it makes of each of them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from msgspec import Struct, structs

from graph_model.errors import IdentityGraphError
from graph_model.records.key_changes import NOTHING_CARRIED, Departure, KeyChanges, carry
from graph_model.records.record import (
    Change,
    Outcome,
    Record,
    RecordAddress,
    VerdictMark,
    apply_change,
    awaited,
    with_marks,
)
from graph_model.records.verdicts import VerdictEntry
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position
from services.stores.port.plan import TaskWrite, VerdictWrite
from services.stores.port.stored import StoredRecord


class UnknownRecord(IdentityGraphError):
    """A record is named that no source has ever sent."""

    def __init__(self, address: RecordAddress) -> None:
        super().__init__(f"no source has ever sent the record {address}; check its source and key")
        self.address = address


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is asked of one commit."""

    changes: Mapping[RecordAddress, Sequence[Change]]  #: by record, each record's in the order of its log
    verdicts: tuple[VerdictWrite, ...] = ()  #: given or withdrawn; all of them in one commit
    awaiting: bool = False  #: whether these verdicts may name records that no source has sent yet
    strays: frozenset[RecordAddress] = frozenset()  #: further records that may carry any of these verdicts
    recompute: frozenset[RecordAddress] = frozenset()  #: records to read anew, taking their links as what was before
    recount: frozenset[Identifier] = frozenset()  #: identifiers whose holders are counted anew by their links
    profiles: frozenset[str] = frozenset()  #: profiles to compute anew
    tasks: tuple[TaskWrite, ...] = ()  #: written with the last commit
    progress: Position | None = None  #: the log position in force with the last commit

    @property
    def can_be_halved(self) -> bool:
        """Whether it may come into force in two commits."""
        return not self.verdicts and len(self.addresses) > 1

    @property
    def addresses(self) -> tuple[RecordAddress, ...]:
        """All records that it is about, each once, in the order in which they were named."""
        named = (address for write in self.verdicts for address in write.entry.verdict.records)
        return tuple(dict.fromkeys((*self.changes, *sorted(self.recompute), *named, *sorted(self.strays))))


def gather(changes: Iterable[Change]) -> Mapping[RecordAddress, Sequence[Change]]:
    """Gather changes by record; the order within a record is kept, that between records means nothing."""
    gathered: dict[RecordAddress, list[Change]] = {}
    for change in changes:
        gathered.setdefault(change.address, []).append(change)
    return gathered


def halve(batch: Batch) -> tuple[Batch, Batch]:
    """Split a batch that can be halved; what is due with the last commit goes with the second half."""
    addresses = batch.addresses
    first = frozenset(addresses[: len(addresses) // 2])
    return (
        replace(
            batch,
            changes={address: found for address, found in batch.changes.items() if address in first},
            recompute=batch.recompute & first,
            tasks=(),
            progress=None,
        ),
        replace(
            batch,
            changes={address: found for address, found in batch.changes.items() if address not in first},
            recompute=batch.recompute - first,
            profiles=frozenset(),
        ),
    )


class RecordChange(Struct, frozen=True, kw_only=True, gc=False):
    """What a batch makes of one record."""

    address: RecordAddress
    stored: StoredRecord | None
    record: Record  #: the version in force afterwards
    last: Change | None  #: the newest change of the record in this batch; None: a verdict, or work owed
    previous: RecordAddress | None  #: the address it had before its key changed, where this batch says so
    outcomes: tuple[Outcome, ...]  #: one for each change
    rewound: int = 0  #: changes that are stale although their times go on; see `AppliedChange.is_rewound`
    verdicts: tuple[VerdictEntry, ...] = ()  #: verdicts about it that this batch gives or withdraws
    read_anew: bool  #: what is linked with it may follow another meaning of the catalogue, or be wrong
    is_changed: bool = False  #: whether anything may follow from it for other records; follows from all else
    is_new_version: bool = False  #: whether there is anything new to store, if only a position; likewise

    def __post_init__(self) -> None:
        """Look for what is changed once: everybody asks for it."""
        was = None if self.stored is None else self.stored.record
        is_changed = self.read_anew or bool(self.verdicts) or _has_changed(was, self.record)
        structs.force_setattr(self, "is_changed", is_changed)
        structs.force_setattr(self, "is_new_version", was is None or _is_another(was, self.record))

    @property
    def before(self) -> Record | None:
        """The live version before, if there was one."""
        return None if self.stored is None or self.stored.record.is_tombstone else self.stored.record

    @property
    def after(self) -> Record | None:
        """The live version afterwards, if there is one."""
        return None if self.record.is_tombstone else self.record

    @property
    def takes_a_left_key(self) -> bool:
        """Whether a row has come to a key that another row had left for a further one."""
        return self.stored is not None and self.stored.record.moved_to is not None and self.record.moved_to is None

    @property
    def marks_before(self) -> tuple[VerdictMark, ...]:
        """The marks that it carried."""
        return () if self.stored is None else self.stored.record.marks

    @property
    def marks_move(self) -> bool:
        """Whether marks have come to its address, or left it; most batches ask this only."""
        record = self.record
        if self.stored is None:
            return bool(record.marks or record.expected)
        return record.marks != self.stored.record.marks or record.expected != self.stored.record.expected

    @property
    def marks_gained(self) -> frozenset[VerdictMark]:
        """Marks that have come to its address, with its row or before it."""
        return _marks_at(self.record) - _marks_at(_record(self.stored))

    @property
    def marks_lost(self) -> frozenset[VerdictMark]:
        """Marks that are at its address no more."""
        return _marks_at(_record(self.stored)) - _marks_at(self.record)


def key_changes(changes: Collection[RecordChange]) -> KeyChanges:
    """Which rows have other keys after a batch."""
    return KeyChanges(
        renamed={change.previous: change.address for change in changes if change.previous is not None},
        taken=frozenset(change.address for change in changes if change.takes_a_left_key),
    )


def _marks_at(record: Record | None) -> frozenset[VerdictMark]:
    return frozenset() if record is None else record.all_marks


def _is_another(was: Record, record: Record) -> bool:
    return was is not record and not record.is_same_as(was)


def _has_changed(was: Record | None, record: Record) -> bool:
    """Whether a version, with its marks, says anything else than the one before; a row that is gone says nothing."""
    if was is record:
        return False
    if was is None:
        return bool(record.marks) or not record.is_tombstone
    takes_a_left_key = was.moved_to is not None and record.moved_to is None
    if takes_a_left_key or was.marks != record.marks or was.is_tombstone is not record.is_tombstone:
        return True
    return not was.is_tombstone and not was.says_same_as(record)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutcome:
    """What a batch makes of records."""

    changes: Mapping[RecordAddress, RecordChange]
    unknown: frozenset[RecordAddress]  #: records that must be read to tell; if there are any, all else is empty


class _AppliedChanges(NamedTuple):
    """What the changes of a batch make of one record."""

    record: Record
    departures: tuple[Departure, ...]
    outcomes: tuple[Outcome, ...]
    rewound: int
    previous: RecordAddress | None
    last: Change | None  #: the newest of them, as it was numbered


def batch_outcome(
    batch: Batch,
    stored: Mapping[RecordAddress, StoredRecord | None],
    columns_of: Callable[[str], frozenset[str]],
    generation: int,
) -> BatchOutcome:
    """Tell what a batch makes of its records, and of those that marks go to with a change of a key.

    Args:
        batch: what is asked of one commit.
        stored: the records of the batch, and all others that were read; None: it is not in the store.
        columns_of: the columns that are kept of the rows of a source.
        generation: the meaning of the catalogue that is in force.

    Raises:
        UnknownRecord: a verdict is about a record that was never there.
    """
    lived = {
        address: _applied_changes(
            address, _record(stored[address]), batch.changes.get(address, ()), columns_of(address.source)
        )
        for address in batch.addresses
    }
    carried = NOTHING_CARRIED
    departures = [departure for each in lived.values() for departure in each.departures]
    if departures:
        others = {address: _record(found) or awaited(address) for address, found in stored.items()}
        carried = carry(departures, others | {address: each.record for address, each in lived.items()})
        if carried.unknown:
            return BatchOutcome(changes={}, unknown=carried.unknown)
    decided = _Decided(batch)
    changes = {}
    for address in dict.fromkeys((*lived, *carried.records)) if carried.records else lived:
        each = lived.get(address)
        record = carried.records.get(address) or lived[address].record
        is_known = record.was_ever_sent or stored[address] is not None or address in carried.records
        if is_known or decided.gives_to_unsent(address):
            changes[address] = RecordChange(
                address=address,
                stored=stored[address],
                record=_of_generation(decided.applied_to(record), generation),
                last=None if each is None else each.last,
                previous=None if each is None else each.previous,
                outcomes=() if each is None else each.outcomes,
                rewound=0 if each is None else each.rewound,
                verdicts=decided.about.get(address, ()),
                read_anew=address in batch.recompute or _is_of_former_meaning(stored[address], generation),
            )
    return BatchOutcome(changes=changes, unknown=frozenset())


def _record(stored: StoredRecord | None) -> Record | None:
    return None if stored is None else stored.record


def _of_generation(record: Record, generation: int) -> Record:
    return record if record.generation == generation else structs.replace(record, generation=generation)


def _is_of_former_meaning(stored: StoredRecord | None, generation: int) -> bool:
    return stored is not None and not stored.record.is_tombstone and stored.record.generation != generation


def _applied_changes(
    address: RecordAddress, stored: Record | None, changes: Iterable[Change], columns: frozenset[str]
) -> _AppliedChanges:
    record = stored
    departures: list[Departure] = []
    outcomes: list[Outcome] = []
    rewound = 0
    previous: RecordAddress | None = None
    last: Change | None = None
    for given in changes:
        last = change = _after(record, given) if given.is_numbered else given
        applied = apply_change(record, change, columns)
        record = applied.record
        outcomes.append(applied.outcome)
        rewound += applied.is_rewound
        if applied.outcome is Outcome.APPLIED:
            previous = change.previous or previous
        if change.moved_to is not None and applied.outcome is not Outcome.STALE:
            departures += [Departure(address, change.moved_to, mark) for mark in record.marks]
            record = structs.replace(record, marks=())
    return _AppliedChanges(record or awaited(address), tuple(departures), tuple(outcomes), rewound, previous, last)


def accepted_number(batch: Batch) -> int | None:
    """The greatest number given at acceptance, as this process gave it; None where there is none."""
    given = (change for changes in batch.changes.values() for change in changes if change.is_numbered)
    return max((change.position.log_offset for change in given), default=None)


def _after(stored: Record | None, change: Change) -> Change:
    """The change, numbered anew where another process whose clock is ahead has numbered what is stored.

    It arrived later, and what arrived later is the newer one where nothing else tells.
    """
    if stored is None or stored.position.epoch != 0 or change.position > stored.position:
        return change
    if not isinstance(stored.position.offset, int):
        return change
    return structs.replace(change, position=Position(0, stored.position.offset + 1))


class _Decided:
    """The verdicts that a batch gives or withdraws, by record."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._ids = {write.entry.verdict_id for write in batch.verdicts}
        self._given: dict[RecordAddress, list[VerdictMark]] = {}
        self.about: dict[RecordAddress, tuple[VerdictEntry, ...]] = {}
        for entry in (write.entry for write in batch.verdicts):
            for address, mark in entry.verdict.marks:
                self.about[address] = (*self.about.get(address, ()), entry)
                if entry.is_in_force:
                    self._given.setdefault(address, []).append(mark)

    def gives_to_unsent(self, address: RecordAddress) -> bool:
        """Tell whether a record that no source has sent is to carry a mark.

        Raises:
            UnknownRecord: the batch is not one that may name such records.
        """
        if address in self._given and not self._batch.awaiting:
            raise UnknownRecord(address)
        return address in self._given

    def applied_to(self, record: Record) -> Record:
        """Give a record the marks that these verdicts put on it, and take away those that they do not."""
        if not self._ids:
            return record
        given = set(self._given.get(record.address, ()))
        expected = tuple(
            each for each in record.expected if each.mark.verdict_id not in self._ids or each.mark in given
        )
        kept = [mark for mark in record.marks if mark.verdict_id not in self._ids or mark in given]
        further = given.difference(kept, (each.mark for each in expected))
        return structs.replace(record, marks=with_marks(kept, sorted(further)), expected=expected)
