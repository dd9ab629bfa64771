"""Keys that stand more than once in a file: nearly always the key is another one than was meant."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from graph_model.records.record import Change

#: So many keys are remembered; in larger files the others are not looked for.
_REMEMBERED: Final = 1_000_000


@dataclass(slots=True)
class RepeatedKeys:
    """Counts the rows of a file whose key came before, and keeps the first example."""

    _lines: dict[int, int] = field(default_factory=dict)  #: hash of a key -> line; hashes of 64 bits hardly collide
    _count: int = 0
    _first: tuple[int, int] | None = None  #: lines of the first two rows with one key

    def note(self, line: int, changes: Iterable[Change]) -> None:
        """Take note of the keys of a line."""
        for change in changes:
            before = self._lines.get(hash(change.address))
            if before is not None:
                self._count += 1
                self._first = self._first or (before, line)
            elif len(self._lines) < _REMEMBERED:
                self._lines[hash(change.address)] = line

    def told(self) -> str | None:
        """What is to be said of the file; None where every key stood once."""
        if self._first is None:
            return None
        before, line = self._first
        rows = "1 row" if self._count == 1 else f"{self._count:,} rows"
        return (
            f"has {rows} whose key came before, and whose earlier version is replaced; the first is on line {line}, "
            f"with the key of line {before}. If these are several people, name more columns as the key"
        )
