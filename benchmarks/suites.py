"""What can be measured: every suite is a module with `async def measure() -> list[Figure]`."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from benchmarks.figures import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A module that measures, imported only when it is asked for."""

    module: str  #: it has `async def measure() -> list[Figure]`
    title: str
    by_default: bool = True  #: False: it takes too long for a run of all

    def figures(self) -> list[Figure]:
        """Measure."""
        measured: list[Figure] = asyncio.run(import_module(self.module).measure())
        return measured


#: Name on the command line -> suite, in the order of the page.
SUITES: Final[Mapping[str, Suite]] = {
    "ingest": Suite(module="benchmarks.embedded_ingest", title="Embedded ingest"),
    "growth": Suite(module="benchmarks.growth", title="Growth of the embedded store", by_default=False),
    "growth-large": Suite(module="benchmarks.large_growth", title="Growth to three million records", by_default=False),
    "bootstrap": Suite(module="benchmarks.bootstrap", title="The first load of a store"),
    "bootstrap-large": Suite(
        module="benchmarks.large_bootstrap", title="The first load of a million rows", by_default=False
    ),
    "reads": Suite(module="benchmarks.http_reads", title="Reading over HTTP"),
    "load": Suite(module="benchmarks.reads_under_ingest", title="Reading while others write"),
    "subscribers": Suite(module="benchmarks.subscribers", title="Readers of the change feed"),
    "memory": Suite(module="benchmarks.worker_memory", title="Memory of a worker", by_default=False),
    "gremlin": Suite(module="benchmarks.kafka_to_graph", title="Kafka to TinkerGraph"),
    "freshness": Suite(module="benchmarks.freshness", title="Freshness of events"),
    "hub": Suite(module="benchmarks.hub", title="An identifier that many records share"),
    "oversize": Suite(
        module="benchmarks.oversize", title="A group of records too large for one person", by_default=False
    ),
    "start": Suite(module="benchmarks.command_start", title="Start of a command"),
    "scale": Suite(module="benchmarks.scale_out", title="Several workers", by_default=False),
    "collisions": Suite(module="benchmarks.collisions", title="Collisions of many workers, simulated"),
}
