"""The second half of a partition's way: what is in force becomes known, and then counts as read."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from prometheus_client import Histogram

from consumers.dead_letters import DeadLetter
from consumers.publisher import Publisher, acknowledge
from consumers.retry import Retry
from consumers.sent_letters import PartitionLetters
from services.clock import now_milliseconds
from services.ingestion.ingest import Committed
from services.stores.port.protocols import Outbox
from services.waiting import first_of

#: Batches that may be on their way: one into the graph, one to the broker, one in between.
_BATCHES_AHEAD: Final = 3
#: Batches whose events are published and whose offset is not committed yet.
_ENDS_AHEAD: Final = 1_000
#: Between two commits of offsets, which cost the broker as much as an event: after a crash so much is read again.
_OFFSETS_SECONDS: Final = 0.2

CommitOffset = Callable[[int], Awaitable[None]]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchEnd:
    """All changes of a batch are in force."""

    next_offset: int
    committed_at: Sequence[tuple[str, int]] = field(default=())  #: of each change: source, and when that committed it
    dead: Sequence[DeadLetter] = field(default=())


class Feed:
    """Publishes what the commits of one partition leave in its outbox, while later batches are brought into force.

    In this order and no other:

    1. tell the events of a commit, and then give its place in the outbox back: what has begun to be acknowledged is
       never told again (`consumers.publisher`);
    2. when a batch is complete, send its dead letters and wait until the broker has them;
    3. commit the offset behind the batch, while the next ones are published: at once where none was committed lately,
       where dead letters were sent, which are not to be sent again, and where somebody waits for it.
    """

    def __init__(
        self,
        publisher: Publisher,
        dead_letters: PartitionLetters,
        retry: Retry,
        commit_offset: CommitOffset,
        delays: Histogram,
    ) -> None:
        """Begin with nothing; `delays` is told how long after its source a change was published, by source."""
        self._delays = delays
        self._publisher = publisher
        self._dead_letters = dead_letters
        self._retry = retry
        self._commit_offset = commit_offset
        self._queue: asyncio.Queue[tuple[Outbox, Committed] | BatchEnd | None] = asyncio.Queue()
        self._ends: asyncio.Queue[BatchEnd | None] = asyncio.Queue(_ENDS_AHEAD)  #: of batches that are published
        self._hurry = asyncio.Event()  #: set where the next offset is to be committed at once
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
        """Return once everything taken over so far is published, and counts as read where it is a whole batch."""
        await self._queue.join()
        self._hurry.set()
        await self._ends.join()

    def close(self) -> None:
        """Let both halves return once everything taken over so far is published."""
        self._queue.put_nowait(None)

    async def publish_all(self, part: str) -> None:
        """Publish until closed; `part` names the partition for readiness.

        Whatever has come into force while the last was published is published together.

        Raises:
            IdentityGraphError: something that waiting does not help against, or we are stopping.
        """
        is_open = True
        while is_open:
            items = await _next(self._queue)
            await self._publish(part, [item for item in items if isinstance(item, tuple)])
            for end in items:
                if not isinstance(end, tuple):
                    self._note_delays(end)
                    await self._published(end)
            is_open = items[-1] is not None
            _done(self._queue, items)

    async def finish_all(self, part: str) -> None:
        """See to it that batches whose events are published count as read, until closed.

        Raises:
            IdentityGraphError: something that waiting does not help against, or we are stopping.
        """
        is_open = True
        while is_open:
            items = await _next(self._ends)
            self._hurry.clear()
            await self._finish(part, [end for end in items if end is not None])
            is_open = items[-1] is not None
            _done(self._ends, items)
            if is_open:
                await first_of(self._hurry.wait(), self._retry.pause(_OFFSETS_SECONDS))

    def _note_delays(self, end: BatchEnd | None) -> None:
        now, series = now_milliseconds(), dict[str, Histogram]()
        for source, committed_at in () if end is None else end.committed_at:
            # Finding a series by its labels takes ten times as long as observing.
            delays = series.get(source) or series.setdefault(source, self._delays.labels(source))
            delays.observe(max(0, now - committed_at) / 1_000)

    async def _publish(self, part: str, commits: Sequence[tuple[Outbox, Committed]]) -> None:
        if commits:
            # All come from one claim: before another one the feed is settled.
            outbox = commits[0][0]
            told = [commit for _, commit in commits]
            await self._retry.until_done(f"{part} publishing", partial(self._publisher.tell, told))
            await self._retry.until_done(f"{part} publishing", partial(acknowledge, outbox, told))

    async def _published(self, end: BatchEnd | None) -> None:
        """Take over the end of a batch whose events are published; None: of the last one."""
        await self._ends.put(end)
        if end is None or end.dead:
            self._hurry.set()
        else:
            self._ahead.release()

    async def _finish(self, part: str, ends: Sequence[BatchEnd]) -> None:
        if not ends:
            return
        dead = [letter for end in ends for letter in end.dead]
        if dead:
            await self._retry.until_done(f"{part} dead letters", partial(self._dead_letters.send, dead))
        await self._retry.until_done(f"{part} offsets", partial(self._commit_offset, ends[-1].next_offset))
        for end in ends:
            if end.dead:
                self._ahead.release()


async def _next(queue: asyncio.Queue[Item]) -> list[Item]:
    """Wait for something, and take all that is there."""
    items = [await queue.get()]
    while not queue.empty():
        items.append(queue.get_nowait())
    return items


def _done(queue: asyncio.Queue[Item], items: Sequence[Item]) -> None:
    for _ in items:
        queue.task_done()
