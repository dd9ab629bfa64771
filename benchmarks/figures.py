"""How a figure looks: what was measured, what the raw limit was, and the ratio of the two."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement."""

    name: str
    value: float
    unit: str
    raw: float | None = None  #: the same work without our logic, in the same run
    budget: str = ""  #: what it must reach

    def __str__(self) -> str:
        text = f"{self.name:<58} {self.value:>10,.1f} {self.unit:<7}"
        if self.raw is not None:
            text += f" raw {self.raw:>10,.1f}  = {self.value / self.raw:>4.0%}"
        return f"{text}  {self.budget}".rstrip()


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
