"""Full snapshots: files that together hold every row of a table, so that whatever they do not hold is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graph_model.catalogue.rules import Source
from graph_model.errors import IdentityGraphError
from graph_model.records.record import Record, RecordAddress
from graph_model.records.tasks import DeleteAbsent
from graph_model.values.positions import Position
from services.clock import new_id
from services.stores.port.plan import TaskWrite
from services.stores.port.protocols import Store

#: So many rows are deleted in one step.
_ROWS_OF_A_TASK: Final = 200


class TooManyAbsent(IdentityGraphError):
    """So many rows are not in a snapshot that it is probably not a whole one."""

    def __init__(self, source: str, absent: int, live: int, most: float) -> None:
        self.absent = absent
        super().__init__(
            f"{absent:,} of the {live:,} rows of {source} are not in the snapshot, which is more than {most:g} %; none "
            f"is deleted. If the files hold the whole table, allow it: --most-deleted {_percent(absent, live)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentRows:
    """What a snapshot does not hold."""

    rows: Sequence[tuple[str, Position]]  #: key, and the version that is stored
    live: int  #: rows of the source that are in force, these included


class PresentRows:
    """The rows that a snapshot holds, by the hashes of their addresses, of which 64 bits hardly ever collide."""

    def __init__(self) -> None:
        self._hashes: set[int] = set()

    def add(self, address: RecordAddress) -> None:
        """Take note of a row."""
        self._hashes.add(hash(address))

    def __contains__(self, address: RecordAddress) -> bool:
        return hash(address) in self._hashes


async def absent_rows(store: Store, source: Source, present: PresentRows, as_of: int) -> AbsentRows:
    """Find the live rows of a source that a snapshot does not hold, and that were accepted before it was taken.

    Args:
        store: where the snapshot's own rows are in force already.
        source: whose table it is.
        present: all rows of the snapshot.
        as_of: when the snapshot was taken, milliseconds since 1970.
    """
    rows: list[tuple[str, Position]] = []
    live = 0
    async for stored in store.scan_records(RecordAddress(source.name, "")):
        record = stored.record
        if record.address.source != source.name:
            break
        if record.is_tombstone:
            continue
        live += 1
        if record.address not in present and not _came_later(record, source, as_of):
            rows.append((record.address.key, record.position))
    return AbsentRows(rows=rows, live=live)


def deletions_owed(source: Source, found: AbsentRows, as_of: int, most: float) -> list[TaskWrite]:
    """The deletion of absent rows as work owed, in portions.

    Args:
        source: whose rows they are.
        found: the rows.
        as_of: when the snapshot was taken, milliseconds since 1970.
        most: so many percent of the source's rows may be deleted.

    Raises:
        TooManyAbsent: they are more.
    """
    if len(found.rows) * 100 > most * found.live:
        raise TooManyAbsent(source.name, len(found.rows), found.live, most)
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


def _percent(absent: int, live: int) -> str:
    return f"{min(100, -(-absent * 100 // live))}"
