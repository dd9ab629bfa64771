"""Order for what comes without a log: files and HTTP."""

import time
from collections.abc import Callable, Mapping

from graph_model.errors import IdentityGraphError
from graph_model.values.times import DAY_MILLISECONDS
from services.clock import now_milliseconds


class ClockAhead(IdentityGraphError):
    """The clock of this machine is more than a day ahead, so that it can number nothing."""

    def __init__(self, ahead_of: str) -> None:
        super().__init__(
            f"the clock of this machine is more than a day ahead of {ahead_of}; rows without a log are numbered by it, "
            "so none is taken. Set the clock right, and start this process again"
        )


def steady_milliseconds() -> int:
    """Milliseconds of a clock that nobody sets; on Linux it goes on while the machine sleeps."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1_000_000


class AcceptanceClock:
    """Numbers changes in the order in which they were accepted: microseconds since 1970, each given once.

    Numbers only grow, even where the system's clock is set back: within one process by what it gave itself, over the
    end of it by what the store keeps (`Outbox.accepted`). A clock that is ahead is noticed where there is something to
    compare it with: what it was before, in this process, and other processes that number at the same time. A store in
    which nobody else writes tells nothing, however long it was quiet.
    """

    def __init__(
        self, clock: Callable[[], int] = now_milliseconds, steady: Callable[[], int] = steady_milliseconds
    ) -> None:
        """Begin to number.

        Args:
            clock: milliseconds since 1970.
            steady: milliseconds since any instant, by a clock that nobody sets.
        """
        self._clock = clock
        self._steady = steady
        self._began: int | None = None  #: what both clocks said when it began, the one less the other
        self._last = 0
        self._others: Mapping[str, int] = {}
        self._behind: frozenset[str] = frozenset()  #: writers that live more than a day behind this clock

    def next(self, count: int) -> int:
        """Reserve `count` consecutive numbers; returns the first.

        Raises:
            ClockAhead: the clock was set forward by more than a day while this process ran, or is so far ahead of
                another process; see `compare`.
        """
        now = self._clock()
        differ = now - self._steady()
        self._began = differ if self._began is None else self._began
        if differ - self._began > DAY_MILLISECONDS:
            raise ClockAhead("what it was when this process began to number")
        if self._behind:
            raise ClockAhead(f"that of the writer {min(self._behind)!r}, which numbers rows at the same time")
        first = max(now * 1_000, self._last + 1)
        self._last = first + count - 1
        return first

    def pass_over(self, number: int) -> None:
        """Never give a number up to this one from now on: somebody else has given it."""
        self._last = max(self._last, number)

    def compare(self, others: Mapping[str, int]) -> None:
        """Compare the clock with what others have given by now; to be called again and again, once a minute.

        Whose number has grown since the last comparison lives, and the clock there is not later than the number.

        Args:
            others: other writers -> the greatest number that they gave.
        """
        today = (self._clock() - DAY_MILLISECONDS) * 1_000
        living = {name for name, number in others.items() if name in self._others and number > self._others[name]}
        self._behind = frozenset(name for name in living | self._behind if others.get(name, today) < today)
        self._others = dict(others)
