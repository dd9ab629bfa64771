"""Many workers on one store, with rows made to collide: nothing is lost, and nobody starves."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from statistics import median

import orjson
import pytest

from services.maintenance.verification.verify import verify
from services.settings import Settings
from services.stores.opening import open_store
from tests.faults.crowd import Step, crowd_catalogue, partition, resolved_at_once
from tests.faults.resolver import CROWD, Effort, Turn

pytestmark = pytest.mark.timeout(180)

#: How many work at once, and for how many seconds: one and eight often enough for medians, and eight for longer,
#: since the last one to finish has the store for itself.
ROUNDS = ((1, 3.0), (8, 6.0), (2, 3.0), (1, 3.0), (8, 6.0), (4, 3.0), (1, 3.0))
#: The offsets of one round are above those of all rounds before.
OFFSETS_OF_A_ROUND = 1_000_000


class Resolvers:
    """Processes that work on one store, so many of them at once as a round says."""

    def __init__(self, store: str, most: int, opened: ExitStack) -> None:
        self.steps: list[Step] = []  #: all that came into force
        self._rounds = 0
        command = [sys.executable, "-m", "tests.faults.resolver", store]
        self._processes = [
            opened.enter_context(
                subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for number in range(most)
        ]
        for process in self._processes:
            opened.callback(process.kill)
            assert self._line(process) == "ready\n"

    def take_turns(self, workers: int, seconds: float) -> list[Effort]:
        """Let so many work at once for so long."""
        self._rounds += 1
        turns = [
            Turn(
                seed=self._rounds,
                part=part,
                parts=workers,
                first_offset=self._rounds * OFFSETS_OF_A_ROUND,
                seconds=seconds,
            )
            for part in range(workers)
        ]
        working = self._processes[:workers]
        for process, turn in zip(working, turns, strict=True):
            assert process.stdin is not None
            process.stdin.write(orjson.dumps(asdict(turn)).decode() + "\n")
            process.stdin.flush()
        efforts = [Effort(**orjson.loads(self._line(process))) for process in working]
        for turn, effort in zip(turns, efforts, strict=True):
            self.steps += islice(CROWD.steps(turn.seed, part=turn.part, parts=turn.parts), effort.changes)
        return efforts

    def _line(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline()


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rounds with one number of workers have shown."""

    throughput: float  #: changes per second, all workers together; the median of the rounds
    refusals: list[int]  #: of every commit

    @property
    def p99(self) -> int:
        """What 99 of 100 commits do not exceed."""
        return sorted(self.refusals)[int(len(self.refusals) * 0.99)]


def figures(rounds: list[list[Effort]]) -> Figures:
    return Figures(
        median(sum(effort.changes / effort.seconds for effort in efforts) for efforts in rounds),
        [refusals for efforts in rounds for effort in efforts for refusals in effort.refusals],
    )


@pytest.fixture
def resolvers_on(tmp_path: Path) -> Iterator[Callable[[str], Resolvers]]:
    with ExitStack() as opened:
        yield lambda store: Resolvers(store, max(workers for workers, _ in ROUNDS), opened)


async def test_workers_that_collide_lose_nothing_and_none_of_them_starves(
    tmp_path: Path, store_url: str, resolvers_on: Callable[[str], Resolvers], record_property: Callable[..., None]
) -> None:
    settings = Settings(store=store_url or f"sqlite:{tmp_path / 'graph.sqlite'}")
    resolvers = resolvers_on(settings.store)
    efforts: dict[int, list[list[Effort]]] = {}
    for workers, seconds in ROUNDS:
        efforts.setdefault(workers, []).append(await asyncio.to_thread(resolvers.take_turns, workers, seconds))
    found = {workers: figures(rounds) for workers, rounds in efforts.items()}
    for workers, each in sorted(found.items()):
        commits, conflicts = len(each.refusals), sum(each.refusals)
        told = f"{each.throughput:.0f} changes/s, {commits} commits, {conflicts} conflicts, p99 {each.p99}"
        record_property(f"{workers} workers", told)
        print(f"{workers} workers: {told}")  # noqa: T201 - shown by `pytest -s`
    assert all(effort.refusals for rounds in efforts.values() for efforts in rounds for effort in efforts)
    assert found[8].throughput / found[1].throughput >= 0.5
    assert found[8].p99 <= 20
    catalogue = crowd_catalogue()
    store = await open_store(settings, catalogue)
    try:
        assert (await verify(store, catalogue)).problems == ()
        assert await partition(store) == await resolved_at_once(resolvers.steps, tmp_path)
    finally:
        await store.close()
