"""Order for what comes without a log: files and HTTP."""

from collections.abc import Callable

from services.clock import now_milliseconds


class AcceptanceClock:
    """Numbers changes in the order in which they were accepted: microseconds since 1970, each given once.

    Numbers only grow within one process, even where the system's clock is set back.
    """

    def __init__(self, clock: Callable[[], int] = now_milliseconds) -> None:
        self._clock = clock
        self._last = 0

    def next(self, count: int) -> int:
        """Reserve `count` consecutive numbers; returns the first."""
        first = max(self._clock() * 1_000, self._last + 1)
        self._last = first + count - 1
        return first
