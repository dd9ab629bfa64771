"""What follows from refusals: how long a batch waits, when it is halved, and when the store must be damaged."""

import random
from typing import Final

from services.stores.port.errors import CommitConflict, ReadsDisagree, StoreDamaged

#: A batch is halved each time it has been refused so often.
REFUSALS_PER_HALVING: Final = 4
#: Reads that disagree so often in a row, at the same revisions, are no coincidence.
_SAME_DISAGREEMENTS: Final = 3
#: A refused batch waits at most so many times as long as the attempt took, and never longer than this.
LONGEST_WAIT_ATTEMPTS: Final = 16
_LONGEST_WAIT_SECONDS: Final = 2.0


class Disagreements:
    """Decides whether disagreeing reads come from concurrent writers or from a damaged store.

    Where nobody writes, the same is read again. Of three attempts all reads of the second one lie between the others,
    so that nobody can have written meanwhile where all three found the same revisions.
    """

    def __init__(self) -> None:
        self._seen: frozenset[tuple[object, ...]] = frozenset()
        self._times = 0

    def note(self, conflict: CommitConflict) -> None:
        """Count a refusal.

        Raises:
            StoreDamaged: the store contradicts itself.
        """
        seen = conflict.seen if isinstance(conflict, ReadsDisagree) else frozenset()
        self._times = self._times + 1 if seen == self._seen else 1
        self._seen = seen
        if seen and self._times >= _SAME_DISAGREEMENTS:
            raise StoreDamaged(
                "a live record is not in its profile, or an identifier counts other holders than carry it"
            ) from conflict


def waiting_time(refusals: int, attempt: float) -> float:
    """Exponential back-off with full jitter, in seconds, measured by how long the refused attempt took."""
    longest = attempt * min(2 ** (refusals + 1), LONGEST_WAIT_ATTEMPTS)
    return random.uniform(0, min(longest, _LONGEST_WAIT_SECONDS))  # noqa: S311 - spreads workers, hides nothing
