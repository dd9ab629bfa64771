"""Lines, and values of lines, that could not be used: counted, and the first lines kept to be shown."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from cli.input_files import Entry, InputFile
from cli.output import counted
from graph_model.resolution.mapping import MappedRecord

#: So many are shown; of the rest only the number.
SHOWN: Final = 20


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

    def add(self, mapped: MappedRecord) -> None:
        """Count those of one row."""
        for issue in mapped.issues:
            self.counts[mapped.address.source, issue.column, issue.reason] += 1

    def to_json(self) -> list[dict[str, object]]:
        """For scripts."""
        return [
            {"source": source, "column": column, "reason": reason, "count": count}
            for (source, column, reason), count in sorted(self.counts.items())
        ]

    def lines(self) -> Iterator[str]:
        """For people; nothing where all could be read."""
        if self.counts:
            yield "\nValues that could not be read (their rows are used without them):"
            for (source, column, reason), count in sorted(self.counts.items()):
                yield f"  {source}.{column}  {count} ({reason})"
