"""What a measured figure is: ours and the raw limit of the same round, their ratio, and the goal it is held to."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Final

#: How often a pair is measured at least; the median counts, the range tells how much to trust it.
ROUNDS: Final = 3


class Sense(StrEnum):
    """How a goal bounds a figure."""

    RATIO_AT_LEAST = "ratio at least"  #: rates: ours / raw
    RATIO_AT_MOST = "ratio at most"  #: times and sizes: ours / raw
    ABOVE_RAW_AT_MOST = "above raw at most"  #: ours - raw, in the unit of the figure
    AT_MOST = "at most"  #: ours itself, in the unit of the figure
    AT_LEAST = "at least"  #: likewise


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure must reach."""

    sense: Sense
    must: float
    aim: float | None = None  #: what it should reach one day

    def __str__(self) -> str:
        return self._written(self.must)

    @property
    def aiming(self) -> str:
        """The aim, as the goal is written; empty where there is none."""
        return "" if self.aim is None else self._written(self.aim)

    def _written(self, bound: float) -> str:
        written = {
            Sense.RATIO_AT_LEAST: f"≥ {bound:.0%} of raw",
            Sense.RATIO_AT_MOST: f"≤ {bound:.0%} of raw",
            Sense.ABOVE_RAW_AT_MOST: f"≤ raw + {bound:g}",
            Sense.AT_MOST: f"≤ {bound:,g}",
            Sense.AT_LEAST: f"≥ {bound:,g}",
        }
        return written[self.sense]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing that was measured, round by round."""

    what: str  #: figures of one suite that differ only in `at` are points of one curve
    unit: str  #: `rows/s`, `ms`, `bytes`, ...
    ours: tuple[float, ...]  #: a value per round
    raw: tuple[float, ...] = ()  #: the raw limit in the same rounds; empty where there is none
    raw_limit: str = ""  #: what the raw limit does, in one sentence without its full stop
    goal: Goal | None = None
    at: int | None = None  #: records in the store when it was measured

    def __post_init__(self) -> None:
        if not self.ours or (self.raw and len(self.raw) != len(self.ours)):
            raise ValueError(f"{self.what}: {len(self.ours)} rounds of ours and {len(self.raw)} of the raw limit")

    @property
    def value(self) -> float:
        """Ours, the median of the rounds."""
        return median(self.ours)

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours / raw, a value per round; empty without a raw limit."""
        return tuple(ours / raw for ours, raw in zip(self.ours, self.raw, strict=bool(self.raw)))

    @property
    def ratio(self) -> float | None:
        """The median of the ratios."""
        return median(self.ratios) if self.raw else None

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest ratio; without a raw limit, of ours."""
        values = self.ratios or self.ours
        return min(values), max(values)

    @property
    def reached(self) -> float | None:
        """What the goal bounds, the median of the rounds; None without a goal."""
        if self.goal is None:
            return None
        if self.goal.sense in (Sense.RATIO_AT_LEAST, Sense.RATIO_AT_MOST):
            return median(self.ratios)
        if self.goal.sense is Sense.ABOVE_RAW_AT_MOST:
            return median(ours - raw for ours, raw in zip(self.ours, self.raw, strict=True))
        return self.value

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        reached = self.reached
        if self.goal is None or reached is None:
            return None
        at_least = self.goal.sense in (Sense.RATIO_AT_LEAST, Sense.AT_LEAST)
        return reached >= self.goal.must if at_least else reached <= self.goal.must

    def __str__(self) -> str:
        name = self.what if self.at is None else f"{self.what}, {self.at:,} records"
        text = f"{name:<62} {self.value:>11,.1f} {self.unit:<7}"
        low, high = self.spread
        if self.ratio is not None:
            text += f" raw {median(self.raw):>11,.1f} = {self.ratio:>5.0%} ({low:.0%} to {high:.0%})"
        else:
            text += f" ({low:,.1f} to {high:,.1f})"
        return text if self.goal is None else f"{text}  {self.goal}: {'reached' if self.is_met else 'MISSED'}"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
