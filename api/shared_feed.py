"""The change feed for many readers: they wait together, and what follows a place is read once for all who are there.

Whoever follows the feed is at its end, and so are all the others: its next page is read once, and written once as it
goes over the wire. A reader has nothing but its place, and goes on from there at its own speed. One that is slow, or
comes later, finds its page kept, or it is read again; nobody waits for anybody, and nothing is kept for one reader.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from graph_model.profile.events import ProfileEvent
from services.cloud_events import event_attributes, event_type
from services.lookup.updates import Told
from services.stores.port.errors import StoreError
from services.stores.port.protocols import DurableOutbox
from services.stores.port.stored import OutboxEntry
from services.waiting import first_of

#: Events of a page. Pages end at multiples of it, so that readers at different places soon are at the same ones.
_PAGE: Final = 200
#: Bytes of pages that are kept; the newest page is kept whatever its size.
_KEPT_BYTES: Final = 4_194_304
#: Events are sent in pieces of about so many bytes, so that no more waits in memory for a reader that is slow.
_PIECE_BYTES: Final = 65_536
#: So long nothing may follow before it is looked whether anybody still waits; longer than each of them waits.
_LOOK_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Page:
    """What follows a place in the outbox."""

    entries: tuple[OutboxEntry, ...]
    end: int  #: the place behind it
    reset_to: int | None  #: the place that the entries follow, where events before it are missing; None: none are
    pieces: tuple[bytes, ...] | None  #: the entries as they are sent; None: what they said is not kept of all

    @property
    def size(self) -> int:
        """Bytes of what is sent."""
        return sum(map(len, self.pieces or ()))


class SharedFeed:
    """The outbox of a store as server-sent events."""

    def __init__(self, outbox: DurableOutbox, store_id: str, endings: tuple[asyncio.Event, ...]) -> None:
        """Share the outbox of the store with this id, until the first of `endings`."""
        self._outbox = outbox
        self._store_id = store_id
        self._endings = endings
        self._pages: dict[int, Page] = {}  #: by the place that they follow, those last read at the end
        self._kept_bytes = 0
        self._reading: dict[int, asyncio.Task[Page]] = {}  #: by the place
        self._newest = 0  #: the place of the newest event, while it is looked for newer ones
        self._news = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._is_attended = False  #: whether somebody has waited since the last look

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be sent."""
        return any(ending.is_set() for ending in self._endings)

    def cursor(self, place: int) -> str:
        """The opaque name of a place in this outbox."""
        return f"{self._store_id}-{place}"

    async def bounds(self) -> tuple[int, int]:
        """See `DurableOutbox.outbox_bounds`; pages of events that are kept no longer are not kept here either.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        oldest, newest = await self._outbox.outbox_bounds()
        for place in [place for place in self._pages if place < oldest]:
            self._kept_bytes -= self._pages.pop(place).size
        return oldest, newest

    async def page(self, after: int) -> Page:
        """Give what follows the place.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        kept = self._pages.get(after)
        if kept is not None:
            return kept
        reading = self._reading.get(after)
        if reading is None:
            reading = self._reading[after] = asyncio.create_task(self._read(after))
            reading.add_done_callback(lambda _: self._reading.pop(after))
        return await asyncio.shield(reading)  # where this reader goes away, others still wait for it

    async def wait(self, after: int, seconds: float) -> bool:
        """Wait until something may follow the place, or the feed is over; False: it took longer than `seconds`."""
        self._is_attended = True
        if self._looking is None or self._looking.done():
            self._newest = after
            self._looking = asyncio.create_task(self._look())
        elif self._newest > after or self.is_over:
            return True
        news = self._news
        try:
            async with asyncio.timeout(seconds):
                await news.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Wait until what still goes on for readers has ended; the feed is over."""
        under_way = [*self._reading.values()] + ([] if self._looking is None else [self._looking])
        await asyncio.gather(*under_way, return_exceptions=True)

    def written(self, updates: Iterable[Told]) -> tuple[bytes, ...]:
        """Write events as they go over the wire, in pieces."""
        pieces: list[bytes] = []
        frames: list[bytes] = []
        size = 0
        for told in updates:
            written = self._frame(told.sequence, told.event)
            if frames and size + len(written) > _PIECE_BYTES:
                pieces.append(b"".join(frames))
                frames, size = [], 0
            frames.append(written)
            size += len(written)
        return (*pieces, b"".join(frames)) if frames else ()

    def _frame(self, sequence: int, event: ProfileEvent) -> bytes:
        attributes = event_attributes(event, self._store_id)
        data = orjson.dumps({**attributes, "data": orjson.Fragment(event.data)})
        return frame(event_type(event), data, self.cursor(sequence))

    async def _read(self, after: int) -> Page:
        oldest, newest = await self.bounds()
        begin = after if oldest <= after <= newest else oldest
        entries = await self._outbox.read_outbox(begin, _PAGE - begin % _PAGE)
        end = entries[-1].sequence if entries else begin
        reset_to = None if begin == after else begin
        if not entries and begin < newest:  # the newest events are gone, and older ones still wait to be published
            reset_to = end = newest
        exact = exact_updates(entries)
        page = Page(entries, end, reset_to, None if exact is None else self.written(exact))
        if page.pieces and reset_to is None:
            self._keep(after, page)
        return page

    def _keep(self, after: int, page: Page) -> None:
        self._pages[after] = page
        self._kept_bytes += page.size
        while self._kept_bytes > _KEPT_BYTES and len(self._pages) > 1:
            self._kept_bytes -= self._pages.pop(next(iter(self._pages))).size

    async def _look(self) -> None:
        """Look for newer events, once for everybody who waits, as long as anybody does."""
        try:
            while self._is_attended and not self.is_over:
                self._is_attended = False
                waiting = self._outbox.wait_for_events(self._newest, _LOOK_SECONDS)
                await first_of(waiting, *(ending.wait() for ending in self._endings))
                _, newest = await self.bounds()
                if newest != self._newest:
                    self._newest = newest
                    self._tell()
        except StoreError:
            pass  # whoever waits meets it when reading
        finally:
            self._tell()

    def _tell(self) -> None:
        """Wake everybody who waits, and start a new round of waiting."""
        self._news.set()
        self._news = asyncio.Event()


def frame(event: str, data: bytes, cursor: str) -> bytes:
    """Write a server-sent event; `data` is one line."""
    return b"event: %b\ndata: %b\nid: %b\n\n" % (event.encode(), data, cursor.encode())


def exact_updates(entries: Sequence[OutboxEntry]) -> list[Told] | None:
    """Give the events as they were; None where what they said is not kept of all."""
    updates = [Told(entry.sequence, entry.event) for entry in entries if entry.event is not None]
    return updates if len(updates) == len(entries) else None
