"""The second half of a partition's way: what is in force becomes known, and then counts as read."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from consumers.dead_letters import DeadLetter, DeadLetterTopic
from consumers.publisher import Publisher, acknowledge
from consumers.retry import Retry
from services.ingestion.ingest import Committed
from services.stores.port.protocols import Outbox

#: Batches that may be in force and not yet published; more would only grow the memory.
_BATCHES_AHEAD: Final = 2

CommitOffset = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchEnd:
    """All changes of a batch are in force."""

    next_offset: int
    dead: Sequence[DeadLetter] = field(default=())


class Feed:
    """Publishes what the commits of one partition leave in its outbox, while later batches are brought into force.

    In this order and no other:

    1. tell the events of a commit, and then give its place in the outbox back: what has begun to be acknowledged is
       never told again (`consumers.publisher`);
    2. when a batch is complete, send its dead letters and wait until the broker has them;
    3. commit the offset behind the batch.
    """

    def __init__(
        self, publisher: Publisher, dead_letters: DeadLetterTopic, retry: Retry, commit_offset: CommitOffset
    ) -> None:
        self._publisher = publisher
        self._dead_letters = dead_letters
        self._retry = retry
        self._commit_offset = commit_offset
        self._queue: asyncio.Queue[tuple[Outbox, Committed] | BatchEnd | None] = asyncio.Queue()
        self._ahead = asyncio.Semaphore(_BATCHES_AHEAD)

    async def begin_batch(self) -> None:
        """Wait until there is room for another batch; its `end_batch` gives the room back."""
        await self._ahead.acquire()

    async def committed(self, outbox: Outbox, commits: Sequence[Committed]) -> None:
        """Take over commits that have come into force."""
        for commit in commits:
            await self._queue.put((outbox, commit))

    def end_batch(self, end: BatchEnd | None) -> None:
        """Take over the end of a batch; None: it was given up, and its messages come again in other batches."""
        if end is None:
            self._ahead.release()
        else:
            self._queue.put_nowait(end)

    async def settle(self) -> None:
        """Return once everything taken over so far is published."""
        await self._queue.join()

    def close(self) -> None:
        """Let `run` return once everything taken over so far is published."""
        self._queue.put_nowait(None)

    async def run(self, part: str) -> None:
        """Publish until closed; `part` names the partition for readiness.

        Raises:
            IdentityGraphError: something that waiting does not help against, or we are stopping.
        """
        while True:
            items = [await self._queue.get()]
            while not self._queue.empty():
                items.append(self._queue.get_nowait())
            commits: list[tuple[Outbox, Committed]] = []
            for item in items:
                if isinstance(item, tuple):
                    commits.append(item)
                    continue
                await self._publish(part, commits)
                commits = []
                if item is None:
                    return
                await self._finish(part, item)
            await self._publish(part, commits)
            for _ in items:
                self._queue.task_done()

    async def _publish(self, part: str, commits: Sequence[tuple[Outbox, Committed]]) -> None:
        if commits:
            # All come from one claim: before another one the feed is settled.
            outbox = commits[0][0]
            told = [commit for _, commit in commits]
            await self._retry.until_done(f"{part} publishing", partial(self._publisher.tell, told))
            await self._retry.until_done(f"{part} publishing", partial(acknowledge, outbox, told))

    async def _finish(self, part: str, end: BatchEnd) -> None:
        if end.dead:
            send = partial(self._dead_letters.send, end.dead)
            await self._retry.until_done(f"{part} dead letters", send)
        await self._retry.until_done(f"{part} offsets", partial(self._commit_offset, end.next_offset))
        self._ahead.release()
