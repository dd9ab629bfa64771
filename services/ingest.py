"""Brings changes into force: load, resolve, plan, commit, again and again until the store accepts.

A refused batch is halved, so that one conflict never blocks the rest; a single record that is refused waits
a little, a different time for every worker, and is read again.
"""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from graph_model.catalogue import Catalogue
from graph_model.events import ProfileEvent
from graph_model.identifiers import Identifier
from graph_model.records import Change, Outcome, Position
from services.batches import Batch, gather, halve
from services.clock import new_id, now_milliseconds
from services.loading import load
from services.metrics import Metrics
from services.planning import Commit, make_plan
from services.stores.errors import ClaimLost, CommitConflict, CommitTooLarge
from services.stores.port import Outbox, Store

#: A refused single record waits at most so long before it is tried again.
_LONGEST_WAIT_SECONDS = 1.0
_FIRST_WAIT_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit in force, with the events that it left in the outbox."""

    commit_id: str
    events: tuple[ProfileEvent, ...]


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of a batch of changes."""

    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)  #: (source, outcome) -> changes
    committed: list[Committed] = field(default_factory=list)  #: in order of commit
    became_generic: list[Identifier] = field(default_factory=list)


class Ingest:
    """Brings changes into force in one store, through one claim on its outbox."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        outbox: Outbox,
        *,
        metrics: Metrics,
        clock: Callable[[], int] = now_milliseconds,
        on_commit: Callable[[Committed], Awaitable[None]] | None = None,
    ) -> None:
        """Prepare to write.

        Args:
            store: where to.
            catalogue: what the data means.
            outbox: this writer's claim on the store's outbox.
            metrics: where commits, conflicts and outcomes are counted.
            clock: the present time, milliseconds since 1970.
            on_commit: awaited for every commit as soon as it is in force. A batch can take more commits than an
                outbox has places, so whoever publishes must not wait for the end of `apply`.
        """
        self._store = store
        self._catalogue = catalogue
        self._outbox = outbox
        self._metrics = metrics
        self._clock = clock
        self._on_commit = on_commit

    async def apply(self, changes: Sequence[Change], progress: Position | None = None) -> IngestResult:
        """Bring changes into force; those of one record in the order given.

        Args:
            changes: of any number of records and sources.
            progress: the log position that is in force when all of them are; kept with the last commit.

        Returns:
            One outcome for each change, and the commits made. Their events are in the outbox until whoever
            publishes them acknowledges each commit.

        Raises:
            StoreUnavailable: the store does not answer; some of the changes may be in force, and giving
                them again is safe.
            ClaimLost: another worker has taken over the outbox.
            CommitTooLarge: what a single record changes is more than the store takes.
        """
        result = IngestResult()
        waiting: deque[tuple[Batch, int]] = deque([(gather(changes), 0)])
        while waiting:
            batch, refusals = waiting.popleft()
            try:
                await self._commit(batch, None if waiting else progress, result)
            except ClaimLost:
                raise
            except CommitConflict as error:
                if isinstance(error, CommitTooLarge) and len(batch) == 1:
                    raise
                self._metrics.conflicts.inc()
                if len(batch) > 1:
                    first, second = halve(batch)
                    waiting.extendleft([(second, 0), (first, 0)])
                else:
                    self._metrics.refusals.set(refusals + 1)
                    await asyncio.sleep(_waiting_time(refusals))
                    waiting.appendleft((batch, refusals + 1))
        return result

    async def _commit(self, batch: Batch, progress: Position | None, result: IngestResult) -> None:
        started = time.perf_counter()
        loaded = await load(self._store, self._catalogue, batch)
        commit = Commit(commit_id=new_id(), now=self._clock(), new_profile_id=new_id, progress=progress)
        plan = make_plan(loaded, self._catalogue, commit)
        if plan.records:
            await self._store.commit(plan, self._outbox)
            committed = Committed(plan.commit_id, plan.events)
            result.committed.append(committed)
            if self._on_commit is not None:
                await self._on_commit(committed)
            result.became_generic.extend(sorted(i for i in loaded.crossing if loaded.deltas[i] > 0))
            self._metrics.commits.inc()
            for event_type, count in Counter(event.type.value for event in plan.events).items():
                self._metrics.events.labels(event_type).inc(count)
        outcomes = Counter(
            (change.address.source, outcome) for change in loaded.changes.values() for outcome in change.outcomes
        )
        for (source, outcome), count in outcomes.items():
            self._metrics.changes.labels(source, outcome.value).inc(count)
        result.outcomes.update(outcomes)
        self._metrics.refusals.set(0)
        self._metrics.commit_seconds.observe(time.perf_counter() - started)


def _waiting_time(refusals: int) -> float:
    """Exponential back-off with full jitter, in seconds."""
    longest = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**refusals)
    return random.uniform(0, longest)  # noqa: S311 - spreads workers, hides nothing
