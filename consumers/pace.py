"""How many messages make a batch: fewer where workers refuse each other's commits, more where they do not.

How often a commit is refused grows with the size of everybody's batches, so whoever meets others takes half as many
from now on, and adds a little with each full batch that goes through. `benchmarks.collisions` shows what that gains.
"""

from typing import Final

#: Below it the way to the store costs more than collisions do.
_LEAST: Final = 25
_GROWTH: Final = 16  #: a batch that went through adds one part of so many


class Pace:
    """The size of the batches of one worker, whatever partition they are of."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._least = min(_LEAST, most)
        self.size = most  #: most messages of the next batch

    def refused(self) -> None:
        """A batch was refused, since others had changed what it rests on, or since it was too large."""
        self.size = max(self._least, self.size // 2)

    def went_through(self, messages: int) -> None:
        """A batch of so many messages was not refused; a smaller one than it might have been tells nothing."""
        if messages >= self.size:
            self.size = min(self._most, self.size + max(1, self.size // _GROWTH))
