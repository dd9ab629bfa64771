"""A batch of changes, gathered by record: what is asked of one commit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graph_model.records import Change, Outcome, Record, RecordAddress, succeed
from services.stores.port import StoredRecord

#: Changes by record, each record's in the order of its log.
Batch = Mapping[RecordAddress, Sequence[Change]]


def gather(changes: Iterable[Change]) -> Batch:
    """Gather changes by record; the order within a record is kept, that between records means nothing."""
    gathered: dict[RecordAddress, list[Change]] = {}
    for change in changes:
        gathered.setdefault(change.address, []).append(change)
    return gathered


def halve(batch: Batch) -> tuple[Batch, Batch]:
    """Split a batch of at least two records in two."""
    records = list(batch.items())
    middle = len(records) // 2
    return dict(records[:middle]), dict(records[middle:])


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """What a batch makes of one record."""

    address: RecordAddress
    stored: StoredRecord | None
    record: Record  #: the version in force afterwards
    last: Change  #: the newest change of the record in this batch
    previous: RecordAddress | None  #: the address it had before its key changed, where this batch says so
    outcomes: tuple[Outcome, ...]  #: one for each change

    @property
    def before(self) -> Record | None:
        """The live version before, if there was one."""
        return None if self.stored is None or self.stored.record.is_grave else self.stored.record

    @property
    def after(self) -> Record | None:
        """The live version afterwards, if there is one."""
        return None if self.record.is_grave else self.record

    @property
    def is_written(self) -> bool:
        """Whether there is a new version at all, if only of its position."""
        return self.stored is None or self.record != self.stored.record

    @property
    def is_changed(self) -> bool:
        """Whether what the record says, or since when, differs from before."""
        return _said(self.before) != _said(self.after)


def _said(record: Record | None) -> tuple[object, ...] | None:
    return None if record is None else (record.values, record.incomplete, record.observed_at)


def fold(
    address: RecordAddress, changes: Sequence[Change], stored: StoredRecord | None, columns: frozenset[str]
) -> RecordChange:
    """Apply the changes of one record, at least one, in order."""
    first, *others = changes
    successions = [succeed(None if stored is None else stored.record, first, columns)]
    for change in others:
        successions.append(succeed(successions[-1].record, change, columns))
    applied = (change for change, each in zip(changes, successions, strict=True) if each.outcome is Outcome.APPLIED)
    moved = [change.previous for change in applied if change.previous is not None]
    return RecordChange(
        address=address,
        stored=stored,
        record=successions[-1].record,
        last=changes[-1],
        previous=moved[-1] if moved else None,
        outcomes=tuple(each.outcome for each in successions),
    )
