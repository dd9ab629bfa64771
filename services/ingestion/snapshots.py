"""Full snapshots: files that together hold every row of a table, so that whatever they do not hold is gone."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from graph_model.catalogue.rules import Source
from graph_model.records.record import Record, RecordAddress
from graph_model.records.tasks import DeleteAbsent
from graph_model.values.positions import Position
from services.clock import new_id
from services.stores.port.plan import TaskWrite
from services.stores.port.protocols import Store

#: So many rows are deleted in one step.
_ROWS_OF_A_TASK: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentRows:
    """What a snapshot does not hold."""

    rows: Sequence[tuple[str, Position]]  #: key, and the version that is stored
    live: int  #: rows of the source that were in force before the snapshot's own ones

    def refusal(self, most: float) -> str | None:
        """Why they are not to be deleted, where they are more than so many percent of all; else None."""
        absent = len(self.rows)
        if absent * 100 <= most * self.live:
            return None
        percent = min(100, -(-absent * 100 // self.live))
        return (
            f"{absent:,} of its {self.live:,} rows are not in the snapshot, which is more than {most:g} %. If the "
            f"files hold the whole table, allow it: --most-deleted {percent}"
        )


class PresentRows:
    """The rows that a snapshot holds, by the hashes of their addresses, of which 64 bits hardly ever collide."""

    def __init__(self) -> None:
        self._hashes: set[int] = set()

    def add(self, address: RecordAddress) -> None:
        """Take note of a row."""
        self._hashes.add(hash(address))

    def __contains__(self, address: RecordAddress) -> bool:
        return hash(address) in self._hashes


async def count_live(store: Store, source: Source) -> int:
    """Count the rows of a source that are in force; before a snapshot is loaded, so that its own do not count."""
    live = 0
    async for _ in _live(store, source):
        live += 1
    return live


async def absent_rows(store: Store, source: Source, present: PresentRows, as_of: int, live: int) -> AbsentRows:
    """Find the live rows of a source that a snapshot does not hold, and that were accepted before it was taken.

    Args:
        store: where the snapshot's own rows are in force already.
        source: whose table it is.
        present: all rows of the snapshot.
        as_of: when the snapshot was taken, milliseconds since 1970.
        live: rows of the source that were in force before the snapshot's own ones.
    """
    rows = [
        (record.address.key, record.position)
        async for record in _live(store, source)
        if record.address not in present and not _came_later(record, source, as_of)
    ]
    return AbsentRows(rows=rows, live=max(live, len(rows)))


async def _live(store: Store, source: Source) -> AsyncIterator[Record]:
    async for stored in store.scan_records(RecordAddress(source.name, "")):
        if stored.record.address.source != source.name:
            break
        if not stored.record.is_tombstone:
            yield stored.record


def deletions_owed(source: Source, found: AbsentRows, as_of: int) -> list[TaskWrite]:
    """The deletion of absent rows as work owed, in portions.

    Args:
        source: whose rows they are.
        found: the rows.
        as_of: when the snapshot was taken, milliseconds since 1970.
    """
    portions = (found.rows[start : start + _ROWS_OF_A_TASK] for start in range(0, len(found.rows), _ROWS_OF_A_TASK))
    return [
        TaskWrite(
            task_id=new_id(),
            expected=None,
            task=DeleteAbsent(source=source.name, rows=tuple(portion), observed_at=as_of),
        )
        for portion in portions
    ]


def _came_later(record: Record, source: Source, as_of: int) -> bool:
    """Tell whether a version was accepted after the snapshot was taken; numbers of acceptance are microseconds."""
    if record.believed_until >= as_of:
        return True
    position = record.position
    return source.version is None and position.epoch == 0 and position > Position(0, as_of * 1_000)
