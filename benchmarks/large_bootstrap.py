"""The first load of a million rows: how long it takes, and how much memory."""

from benchmarks.bootstrap import measure_large as measure

__all__ = ["measure"]
