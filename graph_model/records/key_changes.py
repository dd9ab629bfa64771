"""Changes of keys: the marks of verdicts go with a row when its key changes.

A source tells a change of key as the deletion of the row at its former address, which names the new one, and as a new
row there, which names the former one. The two lie on different partitions and come in any order, and the row may have
moved on by then; the marks end at the same address all the same. So they go by what the records tell of themselves, not
by what came first: marks that arrive before their row are kept as expected, and those of a row that has left are passed
on. A row that later takes a key which another has left does not get that one's marks.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from graph_model.records.record import ExpectedVerdictMark, Record, RecordAddress, VerdictMark, with_marks


@dataclass(frozen=True, slots=True)
class Departure:
    """A mark that leaves an address with its row."""

    origin: RecordAddress
    destination: RecordAddress
    mark: VerdictMark


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedMarks:
    """Where the marks that left have come to."""

    records: Mapping[RecordAddress, Record]  #: those that get marks, with them
    unknown: frozenset[RecordAddress]  #: addresses that must be known to tell; if there are any, all else is empty


NOTHING_CARRIED: Final = MovedMarks(records={}, unknown=frozenset())


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """Which rows have just got other keys."""

    renamed: Mapping[RecordAddress, RecordAddress]  #: former -> present address
    taken: frozenset[RecordAddress] = frozenset()  #: addresses that new rows have taken after their rows had left

    def __bool__(self) -> bool:
        return bool(self.renamed or self.taken)

    def present(self, addresses: Iterable[RecordAddress]) -> set[RecordAddress]:
        """Follow rows to the keys that they have now; a key that another row has taken is that one's only."""
        if not self:
            return set(addresses)
        others = self.taken.union(self.renamed.values())
        return {self.renamed.get(a, a) for a in addresses if a in self.renamed or a not in others}


def carry(departures: Iterable[Departure], records: Mapping[RecordAddress, Record]) -> MovedMarks:
    """Follow the marks that leave, each to where its row is or is expected.

    Args:
        departures: the marks.
        records: those that are left, as they are afterwards, and all that marks go to.
    """
    arrived: defaultdict[RecordAddress, list[VerdictMark]] = defaultdict(list)
    expected: defaultdict[RecordAddress, list[ExpectedVerdictMark]] = defaultdict(list)
    unknown = set()
    for departure in departures:
        *_, last = _way(departure, records)
        record = records.get(last.destination)
        if record is None:
            unknown.add(last.destination)
            continue
        if _is_there(last, record):
            arrived[last.destination].append(departure.mark)
        else:
            expected[last.destination].append(ExpectedVerdictMark(last.origin, departure.mark))
    if unknown:
        return MovedMarks(records={}, unknown=frozenset(unknown))
    receiving = {
        address: _receiving(records[address], arrived[address], expected[address])
        for address in sorted({*arrived, *expected})
    }
    return MovedMarks(records=receiving, unknown=frozenset())


def _way(departure: Departure, records: Mapping[RecordAddress, Record]) -> Iterator[Departure]:
    """The steps of a mark from address to address, as long as the row has moved on; no step is taken twice."""
    seen = set()
    while True:
        yield departure
        seen.add((departure.origin, departure.destination))
        record = records.get(departure.destination)
        if record is None or _is_there(departure, record):
            return
        further = next((p.moved_to for p in reversed(record.passages) if p.moved_from == departure.origin), None)
        if further is None or (departure.destination, further) in seen:
            return
        departure = Departure(departure.destination, further, departure.mark)


def _is_there(departure: Departure, record: Record) -> bool:
    """Whether the row that left is the one at its destination now."""
    return record.moved_to is None and record.moved_from == departure.origin


def _receiving(record: Record, arrived: Sequence[VerdictMark], expected: Sequence[ExpectedVerdictMark]) -> Record:
    coming = {(each.origin, each.mark.verdict_id) for each in expected}
    known = [each for each in record.expected if (each.origin, each.mark.verdict_id) not in coming]
    return replace(record, marks=with_marks(record.marks, arrived), expected=tuple(sorted((*known, *expected))))
