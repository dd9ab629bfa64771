"""A batch: what is asked of one commit, gathered by record, and what it makes of each of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from graph_model.errors import IdentityGraphError
from graph_model.identifiers import Identifier
from graph_model.positions import Position
from graph_model.records import Change, Outcome, Record, RecordAddress, Verdict, succeed
from graph_model.verdicts import VerdictEntry
from services.stores.port import StoredRecord, TaskWrite, VerdictWrite


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
        ends = (end for write in self.verdicts for end in (write.entry.verdict.low, write.entry.verdict.high))
        return tuple(dict.fromkeys((*self.changes, *sorted(self.recompute), *ends)))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """What a batch makes of one record."""

    address: RecordAddress
    stored: StoredRecord | None
    record: Record  #: the version in force afterwards
    last: Change | None  #: the newest change of the record in this batch; None: a verdict, or work owed
    previous: RecordAddress | None  #: the address it had before its key changed, where this batch says so
    outcomes: tuple[Outcome, ...]  #: one for each change
    verdicts: tuple[VerdictEntry, ...]  #: verdicts about it that this batch gives or withdraws
    read_anew: bool  #: what is linked with it may follow another meaning of the catalogue, or be wrong

    @property
    def before(self) -> Record | None:
        """The live version before, if there was one."""
        return None if self.stored is None or self.stored.record.is_grave else self.stored.record

    @property
    def after(self) -> Record | None:
        """The live version afterwards, if there is one."""
        return None if self.record.is_grave else self.record

    @property
    def is_new_version(self) -> bool:
        """Whether there is anything new to store, if only a position."""
        return self.stored is None or not self.record.is_same_as(self.stored.record)

    @property
    def is_changed(self) -> bool:
        """Whether anything may follow from it for other records."""
        return self.read_anew or bool(self.verdicts) or not _say_the_same(self.before, self.after)


def _say_the_same(before: Record | None, after: Record | None) -> bool:
    return before is after if before is None or after is None else before.says_same_as(after)


def record_change(
    address: RecordAddress, batch: Batch, stored: StoredRecord | None, columns: frozenset[str], generation: int
) -> RecordChange:
    """Tell what a batch makes of one of its records.

    Raises:
        UnknownRecord: a verdict is about a record that was never there.
    """
    changes = batch.changes.get(address, ())
    record = None if stored is None else stored.record
    outcomes: list[Outcome] = []
    moved: RecordAddress | None = None
    last: Change | None = None
    for given in changes:
        last = change = _after(record, given)
        record, outcome = _succeeded(record, change, columns)
        outcomes.append(outcome)
        if outcome is Outcome.APPLIED:
            moved = change.previous or moved
    if record is None:
        raise UnknownRecord(address)
    spoken = [write.entry for write in batch.verdicts if address in (write.entry.verdict.low, write.entry.verdict.high)]
    of_old = stored is not None and not stored.record.is_grave and stored.record.generation != generation
    verdicts = record.verdicts
    for entry in spoken:
        verdicts = _with(verdicts, entry.verdict) if entry.is_in_force else _without(verdicts, entry.verdict)
    return RecordChange(
        address=address,
        stored=stored,
        record=record if record.generation == generation and not spoken else replace(
            record, generation=generation, verdicts=verdicts
        ),
        last=last,
        previous=moved,
        outcomes=tuple(outcomes),
        verdicts=tuple(spoken),
        read_anew=of_old or address in batch.recompute,
    )  # fmt: skip


def accepted_number(changes: Iterable[RecordChange]) -> int | None:
    """The greatest number given at acceptance among the newest changes of records; None where there is none."""
    numbered = (change.last for change in changes if change.last is not None and change.last.is_numbered)
    return max((last.position.log_offset for last in numbered), default=None)


def _after(stored: Record | None, change: Change) -> Change:
    """The change, numbered anew where another process whose clock is ahead has numbered what is stored.

    It arrived later, and what arrived later is the newer one where nothing else tells.
    """
    if not change.is_numbered or stored is None or stored.position.epoch != 0 or change.position > stored.position:
        return change
    if not isinstance(stored.position.offset, int):
        return change  # a declared version of the past, which no number follows
    return replace(change, position=Position(0, stored.position.offset + 1))


def _succeeded(stored: Record | None, change: Change, columns: frozenset[str]) -> tuple[Record, Outcome]:
    succession = succeed(stored, change, columns)
    return succession.record, succession.outcome


def _with(verdicts: Sequence[Verdict], given: Verdict) -> tuple[Verdict, ...]:
    return tuple(sorted((*_without(verdicts, given), given)))


def _without(verdicts: Sequence[Verdict], withdrawn: Verdict) -> tuple[Verdict, ...]:
    return tuple(verdict for verdict in verdicts if verdict.verdict_id != withdrawn.verdict_id)
