"""Values of rows that could not be read: counted, and of each kind the first is kept, masked, with its place."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

from graph_model.explain.masking import mask
from graph_model.resolution.mapping import MappedRecord
from graph_model.values.equality import JsonValue, value_text

_LONGEST_EXAMPLE: Final = 60  #: characters


class Place(NamedTuple):
    """Where a row was read; those that were read first are the smaller ones."""

    number: int  #: grows from file to file
    line: int
    file: str  #: its name


@dataclass(slots=True)
class UnreadValues:
    """Those of a run, by column and reason; of the values only the first of each, masked."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)  #: (source, column, reason) -> values
    #: Likewise -> where the first of them was read, and how it is shown: file, line and the value, masked.
    first: dict[tuple[str, str, str], tuple[Place, str]] = field(default_factory=dict)

    def add(self, mapped: MappedRecord, place: Place) -> None:
        """Count those of one row."""
        for issue in mapped.issues:
            kept = (mapped.address.source, issue.column, issue.reason)
            self.counts[kept] += 1
            if kept not in self.first or place < self.first[kept][0]:
                value = (mapped.record.values or {}).get(issue.column)
                shown = "" if value is None else f": {_shortened(mask(value_text(value)))}"
                self.first[kept] = place, f"{place.file}, line {place.line}{shown}"

    def update(self, others: "UnreadValues") -> None:
        """Count those of another run as well."""
        self.counts.update(others.counts)
        for kept, found in others.first.items():
            if kept not in self.first or found < self.first[kept]:
                self.first[kept] = found

    def to_kept(self) -> list[JsonValue]:
        """As JSON, to be read by `from_kept`."""
        return [[*kept, count, [*self.first[kept][0]], self.first[kept][1]] for kept, count in self.counts.items()]

    @classmethod
    def from_kept(cls, found: list[tuple[str, str, str, int, tuple[int, int, str], str]]) -> Self:
        """Read what `to_kept` wrote."""
        unread = cls()
        for source, column, reason, count, place, told in found:
            unread.counts[source, column, reason] = count
            unread.first[source, column, reason] = Place(*place), told
        return unread


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_EXAMPLE else f"{text[:_LONGEST_EXAMPLE]}…"
