"""Faults at random for as long as you like; `make soak`, or `python -m tests.faults.soak`.

Each round has a topic, a group and a store of its own, and several lives: one to three workers, each on its way into
an ambush somewhere on its road, half of them with a store that answers badly. Then a last worker does what is left,
and everything is checked.

SOAK_MINUTES  how long (20)
SOAK_SEED     of what is drawn at random; without it a new one, which is printed
"""

import asyncio
import os
import secrets
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from stack.gremlin_server import GremlinServer
from stack.kafka import KafkaBroker
from stack.settings import StackSettings
from tests.contract.conftest import empty_graph
from tests.faults.ambush import Point
from tests.faults.crowd import Crowd
from tests.faults.ground import Ground, WorkerProcess, new_ground
from tests.faults.tally import Tallied, read_tally

LIVES = 5
STEPS_OF_A_LIFE = 120
LIFE_SECONDS = 300.0


@dataclass(slots=True)
class Figures:
    """What was lived through."""

    rounds: int = 0
    kills: int = 0
    commits: int = 0
    conflicts: int = 0
    retries: int = 0
    events: int = 0

    def __str__(self) -> str:
        return (
            f"{self.rounds} rounds, {self.kills} kills survived, {self.commits} commits, {self.conflicts} conflicts, "
            f"{self.retries} retries, {self.events} events checked"
        )


async def soak(seconds: float, seed: str, folder: Path) -> Figures:
    """Live through rounds until the time is up; the one that runs then is finished."""
    figures, cache = Figures(), StackSettings().cache
    with KafkaBroker(folder / "kafka", cache) as broker, GremlinServer(folder / "gremlin", cache) as server:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            random = Random(f"{seed}/{figures.rounds}")  # noqa: S311 - rounds that can be repeated
            home = folder / f"round-{figures.rounds}"
            home.mkdir()
            await empty_graph(server.url)
            ground = await new_ground(broker, home, random.choice((server.url, "")))
            await live_through(ground, random, figures)
            print(figures, flush=True)  # noqa: T201 - that is what it is for
    return figures


async def live_through(ground: Ground, random: Random, figures: Figures) -> None:
    """One round."""
    crowd = Crowd(rows=random.choice((60, 200)), values=random.choice((10, 20, 60)))
    steps = list(islice(crowd.steps(random.randrange(2**32)), LIVES * STEPS_OF_A_LIFE))
    for life in range(1, LIVES + 1):
        sent = life * STEPS_OF_A_LIFE
        await ground.send(steps[sent - STEPS_OF_A_LIFE : sent])
        async with AsyncExitStack() as opened:
            workers = [
                await opened.enter_async_context(
                    ground.ambushed(
                        random.choice(list(Point)),
                        random.randrange(1, 12),
                        fault_seed=random.choice((None, random.randrange(2**32))),
                    )
                )
                for _ in range(random.randrange(1, 4))
            ]
            await until_all_are_dead_or_done(ground, workers, sent)
        # Those that did not come to their point were killed at the end, wherever they were.
        figures.kills += len(workers)
        await ground.expel()
    async with ground.ambushed(Point.CLAIMED, visit=0) as last:
        await ground.until_members(1)
        await ground.until_read(len(steps))
        await last.finish()
    figures.events += await ground.check(steps)
    counted: Counter[Tallied] = read_tally(ground.tally)
    figures.rounds += 1
    figures.commits += counted[Tallied.COMMIT]
    figures.conflicts += counted[Tallied.CONFLICT]
    figures.retries += counted[Tallied.CONFLICT] + counted[Tallied.FAILURE]


async def until_all_are_dead_or_done(ground: Ground, workers: list[WorkerProcess], sent: int) -> None:
    """Wait until every worker was killed, or the group has read everything that was sent."""
    dead = 0
    async with asyncio.timeout(LIFE_SECONDS):
        while dead < len(workers) and sum((await ground.committed()).values()) < sent:
            if sum(worker.was_killed for worker in workers) > dead:
                dead = sum(worker.was_killed for worker in workers)
                await ground.expel()
            await asyncio.sleep(0.05)


def main() -> None:
    """Soak as long as the environment says."""
    minutes = float(os.environ.get("SOAK_MINUTES", "20"))
    seed = os.environ.get("SOAK_SEED", str(secrets.randbelow(2**32)))
    print(f"SOAK_SEED={seed}, for {minutes:g} minutes", flush=True)  # noqa: T201 - that is what it is for
    with TemporaryDirectory() as folder:
        figures = asyncio.run(soak(minutes * 60, seed, Path(folder)))
    print(f"sound after {figures}")  # noqa: T201 - likewise


if __name__ == "__main__":
    main()
