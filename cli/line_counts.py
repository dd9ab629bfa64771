"""What became of the lines of the files of a run, source by source."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from cli.input_files import Entry, InputFile
from cli.output import print_table
from cli.rejections import Rejections
from graph_model.records.record import Outcome
from graph_model.records.tasks import TruncateSource

#: What becomes of a line.
_WORDS: Final = ("applied", "unchanged", "stale", "rejected", "ignored")


@dataclass(slots=True)
class LineCounts:
    """Counts that add up, kept while a run goes on."""

    lines: Counter[str] = field(default_factory=Counter)  #: source -> what came in
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)  #: (source, word) -> what became of it
    rejections: Rejections = field(default_factory=Rejections)

    def count_entry(self, file: InputFile, entry: Entry) -> None:
        """Count what came in, and what comes to nothing."""
        self.lines[entry.source] += max(1, len(entry.changes) + len(entry.tasks))
        if entry.reason is not None:
            self.outcomes[entry.source, "rejected"] += 1
            self.rejections.add(file, entry)
        elif not entry.changes and not entry.tasks:
            self.outcomes[entry.source, "ignored"] += 1

    def count_outcomes(self, outcomes: Mapping[tuple[str, Outcome], int]) -> None:
        """Count what became of changes."""
        for (source, outcome), count in outcomes.items():
            self.outcomes[source, outcome.value] += count

    def count_task(self, task: TruncateSource) -> None:
        """Count the truncation of a table, which is applied in time."""
        self.outcomes[task.source, Outcome.APPLIED.value] += 1

    def update(self, others: "LineCounts") -> None:
        """Count those of another run as well."""
        self.lines.update(others.lines)
        self.outcomes.update(others.outcomes)
        self.rejections.update(others.rejections)

    def to_kept(self) -> dict[str, object]:
        """As JSON, to be read by `from_kept`."""
        return {
            "lines": self.lines,
            "outcomes": [[*kept, count] for kept, count in self.outcomes.items()],
            "rejections": self.rejections.to_json(),
        }

    @classmethod
    def from_kept(cls, kept: dict[str, Any]) -> Self:
        """Read what `to_kept` wrote."""
        outcomes = {(source, word): count for source, word, count in kept["outcomes"]}
        return cls(Counter(kept["lines"]), Counter(outcomes), Rejections.from_json(kept["rejections"]))

    def to_json(self) -> dict[str, dict[str, int]]:
        """For scripts: by source."""
        return {
            source: {"in": count, **{word: self.outcomes[source, word] for word in _WORDS}}
            for source, count in sorted(self.lines.items())
        }

    def print(self) -> None:
        """Print a table for people."""
        rows = [
            (source, str(count), *(str(self.outcomes[source, word]) for word in _WORDS))
            for source, count in sorted(self.lines.items())
        ]
        print_table(("source", "in", *_WORDS), rows)
