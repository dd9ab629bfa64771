"""Values that could not be read: their rows are in force without them, so only their number tells."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from graph_model.resolution.mapping import MappedRecord


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
