import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from api.profile_updates import Subscription, follow
from api.shared_feed import SharedFeed
from graph_model.profile.events import ProfileEvent, ProfileEventType
from services.stores.port.errors import StoreUnavailable
from services.stores.port.stored import EventHead, OutboxEntry
from services.stores.sqlite.store import SqliteStore

SECONDS = 10


class Outbox:
    """A durable outbox in memory, which tells how often it was asked."""

    def __init__(self) -> None:
        self.entries: list[OutboxEntry] = []
        self.before = 0  #: the sequence number before the oldest
        self.reads: list[int] = []  #: places that were read
        self.is_available = True
        self.is_held = asyncio.Event()  #: reads wait as long as it is not set
        self.is_held.set()
        self._news = asyncio.Event()

    def tell(self, count: int = 1, size: int = 10) -> None:
        """Add events whose data have so many characters."""
        newest = self.before + len(self.entries)
        for sequence in range(newest + 1, newest + 1 + count):
            head = EventHead(
                profile_id=f"{sequence:032x}",
                version=1,
                previous_version=0,
                type=ProfileEventType.CREATED,
                occurred_at=0,
            )
            event = ProfileEvent(
                profile_id=head.profile_id,
                version=1,
                type=head.type,
                occurred_at=0,
                data=orjson.dumps("x" * size),
                trace=None,
            )
            self.entries.append(OutboxEntry(sequence=sequence, head=head, event=event))
        self._news.set()
        self._news = asyncio.Event()

    async def read_outbox(self, after: int, limit: int) -> tuple[OutboxEntry, ...]:
        await self.is_held.wait()
        self._require_available()
        self.reads.append(after)
        start = max(after - self.before, 0)
        return tuple(self.entries[start : start + limit])

    async def outbox_bounds(self) -> tuple[int, int]:
        self._require_available()
        return self.before, self.before + len(self.entries)

    async def leave_gap(self) -> None:
        self._require_available()
        self.before += len(self.entries) + 1
        self.entries.clear()

    async def wait_for_events(self, after: int, timeout_seconds: float) -> None:
        async with asyncio.timeout(timeout_seconds):
            while self.before + len(self.entries) <= after:
                self._require_available()
                await self._news.wait()

    def fail(self) -> None:
        """Be unavailable from now on."""
        self.is_available = False
        self._news.set()

    def _require_available(self) -> None:
        if not self.is_available:
            raise StoreUnavailable("the store", "is away")


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def ending() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def feed(outbox: Outbox, ending: asyncio.Event) -> AsyncIterator[SharedFeed]:
    shared = SharedFeed(outbox, "0" * 32, (ending,))
    yield shared
    ending.set()
    await shared.close()


class Reader:
    """Somebody who follows the feed."""

    def __init__(self, store: SqliteStore, feed: SharedFeed, after: int = 0) -> None:
        self._stream = follow(Subscription(store, feed, after))

    async def places(self, last: int) -> list[int]:
        """The places of the events that come next, in order, until this one."""
        places: list[int] = []
        async with asyncio.timeout(SECONDS):
            while not places or places[-1] < last:
                lines = (await anext(self._stream)).decode().splitlines()
                places += [int(line.rpartition("-")[2]) for line in lines if line.startswith("id: ")]
        return places


async def waiting_reader(store: SqliteStore, feed: SharedFeed, outbox: Outbox) -> "asyncio.Task[list[int]]":
    """Somebody who has read an event and waits for the next one."""
    outbox.tell()
    reader = Reader(store, feed)
    await reader.places(1)
    waiting = asyncio.create_task(reader.places(2))
    await asyncio.sleep(0.01)
    return waiting


async def test_what_comes_is_read_once_for_all_who_are_at_the_end(
    store: SqliteStore, feed: SharedFeed, outbox: Outbox
) -> None:
    readers = [Reader(store, feed) for _ in range(20)]
    waiting = [asyncio.create_task(reader.places(3)) for reader in readers]
    await asyncio.sleep(0)
    outbox.tell(3)
    assert await asyncio.gather(*waiting) == [[1, 2, 3]] * 20
    assert outbox.reads.count(0) <= 2  # once before there was anything, and once when there was


@pytest.mark.parametrize("beginning", [0, 1, 137, 200, 333, 999])
async def test_from_every_place_all_that_follows_is_told_once_and_in_order(
    store: SqliteStore, feed: SharedFeed, outbox: Outbox, beginning: int
) -> None:
    outbox.tell(1_000)
    await Reader(store, feed).places(1_000)
    assert await Reader(store, feed, beginning).places(1_000) == [*range(beginning + 1, 1_001)]


async def test_readers_at_different_places_soon_share_their_pages(
    store: SqliteStore, feed: SharedFeed, outbox: Outbox
) -> None:
    outbox.tell(1_000)
    await Reader(store, feed).places(1_000)
    outbox.reads.clear()
    await Reader(store, feed, 137).places(1_000)
    assert outbox.reads == [137]


async def test_a_slow_reader_keeps_nobody_waiting_and_misses_nothing(
    store: SqliteStore, feed: SharedFeed, outbox: Outbox
) -> None:
    slow, quick = Reader(store, feed), Reader(store, feed)
    outbox.tell()
    assert await slow.places(1) == await quick.places(1) == [1]
    outbox.tell(1_200, size=20_000)  # far more than is kept
    assert await quick.places(1_201) == [*range(2, 1_202)]
    outbox.reads.clear()
    assert await slow.places(1_201) == [*range(2, 1_202)]
    assert 1 in outbox.reads


async def test_a_reader_that_goes_away_takes_nothing_from_those_who_wait_for_the_same_page(
    store: SqliteStore, feed: SharedFeed, outbox: Outbox
) -> None:
    outbox.tell(3)
    outbox.is_held.clear()
    leaving, staying = (asyncio.create_task(Reader(store, feed).places(3)) for _ in range(2))
    await asyncio.sleep(0.01)
    leaving.cancel()
    outbox.is_held.set()
    assert await staying == [1, 2, 3]


async def test_whoever_waits_is_told_where_the_store_fails(
    store: SqliteStore, feed: SharedFeed, outbox: Outbox
) -> None:
    waiting = await waiting_reader(store, feed, outbox)
    outbox.fail()
    with pytest.raises(StoreUnavailable):
        await waiting


async def test_whoever_waits_is_let_go_when_the_feed_ends(
    store: SqliteStore, feed: SharedFeed, outbox: Outbox, ending: asyncio.Event
) -> None:
    waiting = await waiting_reader(store, feed, outbox)
    ending.set()
    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_nobody_is_looked_for_once_all_readers_have_gone(
    store: SqliteStore, feed: SharedFeed, outbox: Outbox
) -> None:
    outbox.tell()
    waiting = asyncio.create_task(Reader(store, feed).places(2))
    await asyncio.sleep(0.01)
    waiting.cancel()
    outbox.tell(2)
    await asyncio.sleep(0.01)
    outbox.tell()
    async with asyncio.timeout(SECONDS):
        await feed.close()
