"""How often many workers refuse each other: a simulation of optimistic commits, for crowds that no test machine holds.

Each worker reads a batch and commits it some time later; the commit is refused if one of its people was changed by
another commit in between. A refused batch waits and is read again, as `services.ingestion.ingest` does it: a random
time that doubles with every refusal, and every fourth time the batch is halved; `consumers.pace` says how many rows
the next one has. The graph is taken to serve any number of workers at once, so what is left of linear growth is the
price of collisions alone.
"""

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from benchmarks.figures import ROUNDS, Figure
from consumers.pace import Pace
from services.ingestion.refusals import LONGEST_WAIT_ATTEMPTS, REFUSALS_PER_HALVING

#: What one attempt takes, in milliseconds: so much, and so much for each row.
FIXED_MS = 5.0
ROW_MS = 0.4
BATCHES_PER_WORKER = 100  #: so many full ones fit into the time; the second half of it counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Workers, and the people whose rows they bring into force."""

    workers: int
    batch: int  #: rows at the most
    people: int  #: all of them equally busy
    paced: bool = True  #: whether batches get smaller where they are refused
    together: bool = False  #: whether rows of one person are all on partitions of one worker

    def __str__(self) -> str:
        how = "up to" if self.paced else "always"
        where = ", one worker a person" if self.together else ""
        return f"{self.workers} workers, {how} {self.batch} rows, {self.people:,} people{where}"


@dataclass(frozen=True, slots=True)
class Collisions:
    """What became of a crowd."""

    refused: float  #: of a hundred commits
    efficiency: float  #: rows in force in a time, as a share of what as many workers would bring that never meet


@dataclass(slots=True)
class _Worker:
    pace: Pace
    waiting: list[list[int]] = field(default_factory=list)  #: batches, the next one last
    refusals: int = 0
    began: float = 0.0


def simulate(crowd: Crowd, seed: int) -> Collisions:
    """Let a crowd work for the time in which each alone would bring `BATCHES_PER_WORKER` into force."""
    chosen = random.Random(seed)  # noqa: S311 - invented data
    changed: dict[int, float] = {}  # person -> when it was last changed
    workers = [_Worker(Pace(crowd.batch)) for _ in range(crowd.workers)]
    due: list[tuple[float, int]] = []
    for number, worker in enumerate(workers):
        worker.waiting.append(_batch(crowd, number, chosen))
        worker.began = chosen.uniform(0, _attempt(crowd.batch))
        heapq.heappush(due, (worker.began + _attempt(crowd.batch), number))
    end = BATCHES_PER_WORKER * _attempt(crowd.batch)
    attempts = refused = rows = 0
    while due[0][0] < end:
        now, number = heapq.heappop(due)
        worker, counts = workers[number], now > end / 2
        batch = worker.waiting[-1]
        attempts += counts
        wait = 0.0
        if any(changed.get(person, -1.0) > worker.began for person in batch):
            refused += counts
            wait = _refused(worker, crowd, chosen)
        else:
            changed.update(dict.fromkeys(batch, now))
            rows += len(batch) * counts
            _went_through(worker, crowd, number, chosen)
        worker.began = now + wait
        heapq.heappush(due, (worker.began + _attempt(len(worker.waiting[-1])), number))
    alone = crowd.workers * crowd.batch / _attempt(crowd.batch) * end / 2
    return Collisions(100 * refused / attempts, rows / alone)


def _went_through(worker: _Worker, crowd: Crowd, number: int, chosen: random.Random) -> None:
    """Go on with what is left of a batch, or with the next one."""
    rows = len(worker.waiting.pop())
    if crowd.paced and not worker.refusals:
        worker.pace.went_through(rows)
    worker.refusals = 0
    if not worker.waiting:
        worker.waiting.append(_batch(replace(crowd, batch=worker.pace.size), number, chosen))


def _refused(worker: _Worker, crowd: Crowd, chosen: random.Random) -> float:
    """Count a refusal, halve the batch where that is due, and answer how long the worker waits."""
    batch = worker.waiting[-1]
    worker.refusals += 1
    if crowd.paced:
        worker.pace.refused()
    if worker.refusals % REFUSALS_PER_HALVING == 0 and len(batch) > 1:
        middle = len(batch) // 2
        worker.waiting[-1:] = [batch[middle:], batch[:middle]]
    return chosen.uniform(0, _attempt(len(batch)) * min(2 ** (worker.refusals + 1), LONGEST_WAIT_ATTEMPTS))


def _batch(crowd: Crowd, worker: int, chosen: random.Random) -> list[int]:
    if crowd.together:
        return [chosen.randrange(worker, crowd.people, crowd.workers) for _ in range(crowd.batch)]
    return [chosen.randrange(crowd.people) for _ in range(crowd.batch)]


def _attempt(rows: int) -> float:
    return FIXED_MS + ROW_MS * rows


async def measure() -> list[Figure]:
    """Refused commits in a hundred, and what is left of linear growth, for the crowds of `docs/scaling.md`."""
    crowds = [
        Crowd(workers=workers, batch=500, people=people, paced=paced)
        for people in (4_000, 1_000_000, 10_000_000)
        for workers in (2, 4, 32)
        for paced in (False, True)
    ]
    crowds.append(Crowd(workers=32, batch=500, people=1_000_000, together=True))
    return [figure for crowd in crowds for figure in _figures(crowd)]


def _figures(crowd: Crowd) -> Sequence[Figure]:
    found = [simulate(crowd, seed) for seed in range(ROUNDS)]
    return (
        Figure(what=f"{crowd}: refused of 100", unit="", ours=tuple(each.refused for each in found)),
        Figure(what=f"{crowd}: of linear", unit="%", ours=tuple(100 * each.efficiency for each in found)),
    )
