"""Lines, and values of lines, that could not be used: counted, and the first lines kept to be shown."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

from cli.input_files import Entry, InputFile
from cli.output import counted
from services.files.unread_values import UnreadValues

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

    def update(self, others: "Rejections") -> None:
        """Count those of another run as well."""
        self.total += others.total
        self.first = [*self.first, *others.first][:SHOWN]

    def to_json(self) -> dict[str, object]:
        """For scripts."""
        shown = [{"file": each.file, "line": each.line, "reason": each.reason} for each in self.first]
        return {"count": self.total, "first": shown}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(told["count"], [Rejected(each["file"], each["line"], each["reason"]) for each in told["first"]])

    def lines(self) -> Iterator[str]:
        """For people; nothing where nothing was rejected."""
        if not self.total:
            return
        yield f"\nRejected: {counted(self.total, 'line')}"
        yield from (f"  {each.file}, line {each.line}: {each.reason}" for each in self.first)
        if self.total > SHOWN:
            yield f"  … and {self.total - SHOWN} more"


def unread_json(unread: UnreadValues) -> list[dict[str, object]]:
    """Values that could not be read, for scripts."""
    return [
        {"source": kept[0], "column": kept[1], "reason": kept[2], "count": count, "first": unread.first[kept][1]}
        for kept, count in sorted(unread.counts.items())
    ]


def unread_lines(unread: UnreadValues) -> Iterator[str]:
    """The same for people; nothing where all could be read."""
    if unread.counts:
        yield "\nValues that could not be read (their rows are used without them):"
        for kept, count in sorted(unread.counts.items()):
            source, column, reason = kept
            yield f"  {source}.{column}  {count}: the value {reason}"
            yield f"      first in {unread.first[kept][1]}"
