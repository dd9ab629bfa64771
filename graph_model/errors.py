"""The errors of the domain. Every other room adds its own leaves under the same base.

IdentityGraphError
├── CatalogueError       the catalogue file cannot be used; lists every problem
├── MessageRejected      one message or row cannot become a change; it goes to the dead letters
└── (services.stores.port.errors) StoreError …
"""

from collections.abc import Sequence
from typing import Final

#: So many faults are told at once; nobody mends more before looking again.
MOST_TOLD: Final = 20


class IdentityGraphError(Exception):
    """Base of every error of this product. The message says what was found, what was expected, what to do."""


class CatalogueError(IdentityGraphError):
    """The catalogue cannot be used; `problems` names every fault, one line each, and the message the first of them."""

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        self.name = name
        self.problems = tuple(problems)
        count = f"{len(self.problems)} problem{'s' if len(self.problems) != 1 else ''}"
        told = [f"  - {problem}" for problem in self.problems[:MOST_TOLD]]
        more = len(self.problems) - len(told)
        #: The message: a heading, a line for each of the first problems, and how many there are beside them.
        self.lines = (f"{name}: the catalogue has {count}:", *told, *([f"  … and {more} more"] if more else ()))
        super().__init__("\n".join(self.lines))


class MessageRejected(IdentityGraphError):
    """A message or row that has no usable address, position or values.

    `stage` tells where it was refused (`decode` or `map`). The reason never holds personal data.
    """

    def __init__(self, stage: str, reason: str) -> None:
        self.stage = stage
        self.reason = reason
        super().__init__(f"{stage}: {reason}")
