"""Lines, and values of lines, that could not be used: counted, and the first lines kept to be shown."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from cli.input_files import Entry, InputFile
from cli.output import counted, value_text
from graph_model.explain.masking import mask
from graph_model.resolution.mapping import MappedRecord

#: So many are shown; of the rest only the number.
SHOWN: Final = 20

_LONGEST_EXAMPLE: Final = 60  #: characters


class Place(NamedTuple):
    """Where a row was read; those that were read first are the smaller ones."""

    number: int  #: grows from file to file
    line: int
    file: str  #: its name


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that could not be used."""

    file: str
    line: int
    reason: str


@dataclass(slots=True)
class Rejections:
    """All rejected lines of a run."""

    total: int = 0
    first: list[Rejected] = field(default_factory=list)

    def add(self, file: InputFile, entry: Entry) -> None:
        """Count a rejected line of a file."""
        self.total += 1
        if len(self.first) < SHOWN:
            self.first.append(Rejected(file.name, entry.line, entry.reason or ""))

    def to_json(self) -> dict[str, object]:
        """For scripts."""
        shown = [{"file": each.file, "line": each.line, "reason": each.reason} for each in self.first]
        return {"count": self.total, "first": shown}

    def lines(self) -> Iterator[str]:
        """For people; nothing where nothing was rejected."""
        if not self.total:
            return
        yield f"\nRejected: {counted(self.total, 'line')}"
        yield from (f"  {each.file}, line {each.line}: {each.reason}" for each in self.first)
        if self.total > SHOWN:
            yield f"  … and {self.total - SHOWN} more"


@dataclass(slots=True)
class UnreadValues:
    """The values of a run that could not be read, by column and reason; never the values themselves."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)  #: (source, column, reason) -> values
    first: dict[tuple[str, str, str], tuple[Place, str]] = field(default_factory=dict)  #: likewise -> the first of them

    def add(self, mapped: MappedRecord, place: Place) -> None:
        """Count those of one row."""
        for issue in mapped.issues:
            kept = (mapped.address.source, issue.column, issue.reason)
            self.counts[kept] += 1
            if kept not in self.first or place < self.first[kept][0]:
                value = (mapped.record.values or {}).get(issue.column)
                shown = "" if value is None else f": {_shortened(mask(value_text(value)))}"
                self.first[kept] = place, f"{place.file}, line {place.line}{shown}"

    def to_json(self) -> list[dict[str, object]]:
        """For scripts."""
        return [
            {"source": kept[0], "column": kept[1], "reason": kept[2], "count": count, "first": self.first[kept][1]}
            for kept, count in sorted(self.counts.items())
        ]

    def lines(self) -> Iterator[str]:
        """For people; nothing where all could be read."""
        if self.counts:
            yield "\nValues that could not be read (their rows are used without them):"
            for kept, count in sorted(self.counts.items()):
                source, column, reason = kept
                yield f"  {source}.{column}  {count}: the value {reason}"
                yield f"      first in {self.first[kept][1]}"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_EXAMPLE else f"{text[:_LONGEST_EXAMPLE]}…"
