"""Embedded ingest beside the frozen raw writer: a first load, a reload in which nothing changed, updates in place."""

from typing import Final

from benchmarks.embedded_ingest import measured_rounds
from tests.performance.pairs import ROUNDS, processor_seconds, share_of_raw

#: Several commits, so that what the store learns from the first of them is learnt within the first load.
ROWS: Final = 4_000


async def measure() -> dict[str, float]:
    """Which shares of the raw writer's speed are reached."""
    rounds = await measured_rounds(ROWS, ROUNDS, processor_seconds)
    return {
        "ingest: first load": share_of_raw([(each.load, each.raw_load) for each in rounds]),
        "ingest: reload, nothing changed": share_of_raw([(each.reload, each.raw_load) for each in rounds]),
        "ingest: one update in place each": share_of_raw([(each.updates, each.raw_updates) for each in rounds]),
    }
