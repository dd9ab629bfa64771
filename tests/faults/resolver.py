"""One of several processes that bring colliding changes into force; `python -m tests.faults.resolver STORE NUMBER`.

It says `ready`, then takes one `Turn` after the other from standard input and answers each with an `Effort`, as
lines of JSON. What it works on is the crowd of `tests.faults.crowd`: every process has rows of its own, as if each
read a partition of its own.
"""

import asyncio
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import islice

import orjson
import uvloop

from services.ingestion.ingest import Committed, Ingest
from services.metrics import Metrics
from services.settings import Settings
from services.stores.opening import open_store
from services.stores.port.protocols import Outbox, Store
from tests.faults.crowd import Crowd, changes, crowd_catalogue

CROWD = Crowd(rows=200, values=40)
BATCH = 10  #: changes that are brought into force at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one process is told to do."""

    seed: int
    part: int
    parts: int
    first_offset: int
    seconds: float  #: how long


@dataclass(slots=True, kw_only=True)
class Effort:
    """What came of it."""

    seconds: float = 0.0
    changes: int = 0  #: in force
    refusals: list[int] = field(default_factory=list)  #: of each commit: conflicts since the commit before


async def take_turn(turn: Turn, store: Store, outbox: Outbox) -> Effort:
    """Bring changes into force, batch after batch, until the time is up."""
    catalogue, metrics, effort = crowd_catalogue(), Metrics(), Effort()

    async def committed(commit: Committed) -> None:
        conflicts = int(metrics.registry.get_sample_value("identity_graph_commit_conflicts_total") or 0)
        effort.refusals.append(conflicts - sum(effort.refusals))
        await outbox.acknowledge(commit.commit_id)

    ingest = Ingest(store, catalogue, outbox, metrics=metrics, on_commit=committed)
    steps = CROWD.steps(turn.seed, part=turn.part, parts=turn.parts)
    started = time.perf_counter()
    while effort.seconds < turn.seconds:
        batch = changes(islice(steps, BATCH), catalogue, turn.first_offset + effort.changes)
        await ingest.apply(batch)
        effort.changes += BATCH
        effort.seconds = time.perf_counter() - started
    return effort


async def main() -> None:
    """Take turns until standard input ends."""
    store = await open_store(Settings(store=sys.argv[1]), crowd_catalogue())
    outbox = await store.claim_outbox(f"resolver/{sys.argv[2]}")
    print("ready", flush=True)  # noqa: T201 - that is how it speaks
    while line := await asyncio.to_thread(sys.stdin.readline):
        effort = await take_turn(Turn(**orjson.loads(line)), store, outbox)
        print(orjson.dumps(asdict(effort)).decode(), flush=True)  # noqa: T201 - likewise
    await store.close()


if __name__ == "__main__":
    uvloop.run(main())
