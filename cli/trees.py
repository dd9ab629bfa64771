"""Trees as people read them: a line for each branch, with guides that show what hangs where."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from rich.cells import cell_len, chop_cells

from cli.terminal import visible

#: However deep a branch hangs, so many characters of it stand on a line.
_NARROWEST: Final = 20


@dataclass(slots=True)
class Tree:
    """A line with the branches that hang under it."""

    line: str
    branches: list["Tree"] = field(default_factory=list)

    def add(self, line: str) -> "Tree":
        """Hang a branch under all that hang there."""
        branch = Tree(line)
        self.branches.append(branch)
        return branch


def drawn(tree: Tree, width: int) -> Iterator[str]:
    """The lines of a tree, made visible; longer ones are folded so that each has at most `width` columns."""
    waiting = [(tree, "", "")]
    while waiting:
        branch, guide, below = waiting.pop()
        for line in _folded(visible(branch.line), max(width - len(guide), _NARROWEST)):
            yield f"{guide}{line}"
            guide = below
        last = len(branch.branches) - 1
        for place, each in reversed([*enumerate(branch.branches)]):
            guides = ("└── ", "    ") if place == last else ("├── ", "│   ")
            waiting.append((each, below + guides[0], below + guides[1]))


def _folded(line: str, width: int) -> Iterator[str]:
    """Lines that hold as many whole words as fit; only a word that is longer than a line is broken."""
    folded = ""
    for piece in _pieces(line, width):
        if folded.strip() and cell_len(f"{folded}{piece}".rstrip()) > width:
            yield folded.rstrip()
            folded = ""
        folded += piece
    yield folded.rstrip()


def _pieces(line: str, width: int) -> Iterable[str]:
    """Words, each with the spaces behind it."""
    if cell_len(line) <= width:
        return (line,)
    words = line.split(" ")
    return (piece for word in words for piece in _chopped(f"{word} ", width))


def _chopped(word: str, width: int) -> list[str]:
    return [word] if cell_len(word) <= width else chop_cells(word, width)
