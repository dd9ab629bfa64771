"""Pairs of ours and the raw limit, measured in turns by the processor time that they take."""

import resource
from collections.abc import Sequence
from statistics import median
from typing import Final

#: Pairs that are measured, after one that warms up.
ROUNDS: Final = 5


def processor_seconds() -> float:
    """The processor time that this process has taken so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def share_of_raw(pairs: Sequence[tuple[float, float]]) -> float:
    """Which share of the raw limit's speed is reached: the median of the pairs (ours, raw)."""
    return median(raw / ours for ours, raw in pairs)
