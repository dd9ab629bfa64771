"""Nothing that is in force waits for offsets of earlier batches before it is told."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from consumers import feed as feed_module
from consumers.dead_letters import DeadLetter
from consumers.feed import BatchEnd, Feed
from consumers.health import WorkerHealth
from consumers.publisher import Publisher
from consumers.retry import Retry
from consumers.sent_letters import PartitionLetters
from services.ingestion.ingest import Committed
from services.metrics import Metrics
from services.stores.port.protocols import Outbox


class Told:
    """Takes what is told, and what is acknowledged."""

    def __init__(self) -> None:
        self.commits: list[list[str]] = []
        self.acknowledged: asyncio.Queue[str] = asyncio.Queue()

    async def tell(self, committed: Sequence[Committed]) -> None:
        self.commits.append([commit.commit_id for commit in committed])
        await asyncio.sleep(0)

    async def acknowledge(self, commit_id: str) -> None:
        self.acknowledged.put_nowait(commit_id)


class Offsets:
    """The broker, which commits an offset once it may."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.committed: list[int] = []
        self.told: asyncio.Queue[int] = asyncio.Queue()  #: the same, one after the other

    async def commit(self, offset: int) -> None:
        await self.may.wait()
        self.committed.append(offset)
        self.told.put_nowait(offset)


class DeadLetters:
    """Takes dead letters."""

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        assert letters


def feed_over(told: Told, offsets: Offsets, stopping: asyncio.Event | None = None) -> Feed:
    retry = Retry(WorkerHealth(), stopping or asyncio.Event())
    return Feed(
        cast("Publisher", told), cast("PartitionLetters", DeadLetters()), retry, offsets.commit, Metrics().delay_seconds
    )


async def bring_into_force(feed: Feed, told: Told, number: int, dead: Sequence[DeadLetter] = ()) -> None:
    await feed.begin_batch()
    await feed.committed(cast("Outbox", told), [Committed(f"commit{number}", ())])
    feed.end_batch(BatchEnd(next_offset=number, dead=dead))


async def bring_about(feed: Feed, told: Told, number: int) -> None:
    """Bring a batch into force, and wait until it is published."""
    await bring_into_force(feed, told, number)
    assert await told.acknowledged.get() == f"commit{number}"


async def test_a_batch_is_told_while_the_offset_of_the_one_before_is_committed() -> None:
    told, offsets = Told(), Offsets()
    feed = feed_over(told, offsets)
    halves = asyncio.gather(feed.publish_all("people/0"), feed.finish_all("people/0"))
    async with asyncio.timeout(10):
        for number in (1, 2):
            await bring_about(feed, told, number)
        assert offsets.committed == []
        offsets.may.set()
        feed.close()
        await halves
    assert offsets.committed[-1] == 2


async def test_what_came_into_force_meanwhile_is_told_together_and_its_last_offset_committed() -> None:
    told, offsets = Told(), Offsets()
    feed = feed_over(told, offsets)
    offsets.may.set()
    for number in (1, 2, 3):
        await bring_into_force(feed, told, number)
    feed.close()
    await asyncio.gather(feed.publish_all("people/0"), feed.finish_all("people/0"))
    assert (told.commits, offsets.committed) == ([["commit1", "commit2", "commit3"]], [3])


@pytest.fixture
def _seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second offset is committed by itself as long as a test lasts."""
    monkeypatch.setattr(feed_module, "_OFFSETS_SECONDS", 60.0)


@pytest.mark.usefixtures("_seldom")
async def test_batches_that_follow_each_other_are_told_at_once_and_their_offsets_committed_together() -> None:
    told, offsets = Told(), Offsets()
    feed = feed_over(told, offsets)
    offsets.may.set()
    halves = asyncio.gather(feed.publish_all("people/0"), feed.finish_all("people/0"))
    async with asyncio.timeout(10):
        for number in range(1, 21):
            await bring_about(feed, told, number)
        await feed.settle()
        feed.close()
        await halves
    assert offsets.committed == [1, 20]


@pytest.mark.usefixtures("_seldom")
async def test_an_offset_behind_dead_letters_waits_for_nothing() -> None:
    told, offsets = Told(), Offsets()
    feed = feed_over(told, offsets)
    offsets.may.set()
    halves = asyncio.gather(feed.publish_all("people/0"), feed.finish_all("people/0"))
    async with asyncio.timeout(10):
        await bring_into_force(feed, told, 1)
        assert await offsets.told.get() == 1
        await bring_into_force(feed, told, 2, [cast("DeadLetter", None)])
        assert await offsets.told.get() == 2
        feed.close()
        await halves


@pytest.mark.usefixtures("_seldom")
async def test_who_stops_does_not_wait_for_the_next_commit_of_an_offset() -> None:
    told, offsets, stopping = Told(), Offsets(), asyncio.Event()
    feed = feed_over(told, offsets, stopping)
    offsets.may.set()
    halves = asyncio.gather(feed.publish_all("people/0"), feed.finish_all("people/0"))
    async with asyncio.timeout(10):
        for number in (1, 2):
            await bring_about(feed, told, number)
        stopping.set()
        feed.close()
        await halves
    assert offsets.committed[-1] == 2
