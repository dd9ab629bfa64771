"""Where a worker can be hit on its road, from outside: wrappers around its store, publisher and consumer."""

import asyncio
import signal
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, TopicPartition

from consumers.publisher import Publisher
from services.ingestion.ingest import Committed
from services.stores.port.errors import CommitConflict
from services.stores.port.plan import Plan
from services.stores.port.protocols import Outbox, Store
from tests.faults.tally import Tallied, Tally

#: A commit is hit so long after it was sent off; most take longer.
_INTO_THE_COMMIT_SECONDS = 0.001


class Point(StrEnum):
    """A step of the road from a message to the offset behind it."""

    CLAIMED = "claimed"  #: a partition is taken over, and what its outbox holds is not published yet
    LOADED = "loaded"  #: a plan is made and not yet sent
    COMMITTING = "committing"  #: the store is at work on it
    COMMITTED = "committed"  #: it is in force
    PUBLISHING = "publishing"  #: its events are handed to the publisher
    PUBLISHED = "published"  #: the broker has them
    OFFSET_COMMITTED = "offset committed"


@dataclass(slots=True)
class Ambush:
    """Sends this process a signal when it comes to a point for the n-th time."""

    point: Point
    visit: int
    signal: signal.Signals
    writes: Executor | None = None  #: the thread that writes into a file, where there is one
    _visits: Counter[Point] = field(default_factory=Counter)

    async def at(self, point: Point) -> None:
        """Come to a point.

        A process that is put to sleep while it writes into a file keeps that locked: no worker could go on. So it falls
        asleep between two writes.
        """
        self._visits[point] += 1
        if point is self.point and self._visits[point] == self.visit:
            if self.signal is signal.SIGSTOP and self.writes is not None:
                await asyncio.get_running_loop().run_in_executor(self.writes, self._hit)
            else:
                self._hit()

    def _hit(self) -> None:
        # This thread itself: another one would stop the process only when it next has its turn.
        signal.pthread_kill(threading.get_ident(), self.signal)


class AmbushedStore:
    """Stands before a store; whatever it does not name itself goes to the store."""

    def __init__(self, store: Store, ambush: Ambush, tally: Tally) -> None:
        self._store = store
        self._ambush = ambush
        self._tally = tally

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        return getattr(self._store, name)

    async def claim_outbox(self, writer: str) -> Outbox:
        """See `Store.claim_outbox`."""
        outbox = await self._store.claim_outbox(writer)
        await self._ambush.at(Point.CLAIMED)
        return outbox

    async def commit(self, plan: Plan, outbox: Outbox) -> None:
        """See `Store.commit`."""
        await self._ambush.at(Point.LOADED)
        committing = asyncio.ensure_future(self._store.commit(plan, outbox))
        await asyncio.wait([committing], timeout=_INTO_THE_COMMIT_SECONDS)
        await self._ambush.at(Point.COMMITTING)
        try:
            await committing
        except CommitConflict:
            self._tally.count(Tallied.CONFLICT)
            raise
        except BaseException:
            self._tally.count(Tallied.FAILURE)
            raise
        self._tally.count(Tallied.COMMIT)
        await self._ambush.at(Point.COMMITTED)


def ambushed_store(store: Store, ambush: Ambush, tally: Tally) -> Store:
    """A store like `store`; every commit goes through the ambush."""
    ambush.writes = getattr(store, "_thread", None)
    return cast("Store", AmbushedStore(store, ambush, tally))


class AmbushedPublisher(Publisher):
    """A publisher that walks into the ambush wherever it has something to publish."""

    ambush: Ambush

    async def tell(self, committed: Sequence[Committed]) -> None:
        """See `Publisher.tell`."""
        if committed:
            await self.ambush.at(Point.PUBLISHING)
        await super().tell(committed)
        if committed:
            await self.ambush.at(Point.PUBLISHED)


def ambush_offsets(consumer: AIOKafkaConsumer, ambush: Ambush) -> AIOKafkaConsumer:
    """Let a consumer walk into the ambush with every offset that is not the first of its partition."""
    commit = consumer.commit

    async def ambushed(offsets: Mapping[TopicPartition, tuple[int, str]]) -> None:
        await commit(offsets)
        if any(offset for offset, _ in offsets.values()):
            await ambush.at(Point.OFFSET_COMMITTED)

    consumer.commit = ambushed
    return consumer
