"""The line in which the work of one process comes into force: one after the other, the next planned meanwhile.

While whoever is at the head waits for the store, the next loads and plans over that plan (`in_flight`), and commits
once it is in force. Nobody further behind has begun, so that the work of two is in memory at the most.

If the head is refused, or fails, what was planned over it is thrown away, and planned again once the head has left.
What is planned early rests on older reads, so where others have refused something lately nothing is planned ahead.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from services.ingestion.in_flight import InFlight
from services.ingestion.loading import Loaded
from services.stores.port.plan import Plan
from services.stores.port.protocols import SurroundingsReader

#: So many pieces of work after one that was refused are planned on what is in force.
_UNEASY_AFTER_REFUSAL: Final = 8


class NeverInForceError(Exception):
    """A plan that others were planned over has not come into force."""


class NotBegunError(Exception):
    """A piece of work was given up while it waited, for its turn or for another try: nothing of it was written."""


class Place:
    """Where one piece of work stands in the line."""

    def __init__(self, line: "Line", ahead: "Place | None") -> None:
        self._line = line
        self._ahead = ahead  #: None: nobody, by now or from the start
        self._is_as_planned = True  #: whether what was planned over whoever was ahead may be committed
        self._planned: tuple[Loaded, Plan] | None = None  #: what others may plan over
        self._holds_turn = True
        self._gone = asyncio.get_running_loop().create_future()  #: answers whether what others planned over is in force

    @property
    def has_left(self) -> bool:
        """Whether nobody need wait for it."""
        return self._gone.done()

    @property
    def is_head(self) -> bool:
        """Whether nobody is ahead."""
        return self._ahead is None

    async def become_head(self) -> bool:
        """Wait until whoever is ahead has left; answers whether what was planned over it may be committed."""
        if self._ahead is not None:
            self._is_as_planned = await asyncio.shield(self._ahead._gone)  # noqa: SLF001 - of another place
            self._ahead = None
        return self._is_as_planned

    async def reader(self, store: SurroundingsReader) -> SurroundingsReader:
        """The store as it will be once whoever is ahead has left, as far as can be told."""
        planned = None if self._ahead is None else self._ahead._planned  # noqa: SLF001 - of another place
        if planned is not None and not self._line.is_contested:
            return InFlight(store, *planned, self._until_in_force)
        await self.become_head()
        self._is_as_planned = True
        return store

    def let_follow(self, loaded: Loaded, plan: Plan) -> None:
        """Let the next one plan over the plan that is about to be committed: the last one of this piece of work."""
        if self._holds_turn:
            self._planned = loaded, plan
            self._line.give_turn(self)
            self._holds_turn = False

    def throw_away(self) -> None:
        """The plan that others plan over was refused: whatever is planned here from now on, they do not know it."""
        self._planned = None
        self._line.note_refusal()

    def leave(self, *, in_force: bool) -> None:
        """Let the next one go on; `in_force`: all of this piece of work is, with the last plan as it was made."""
        if not self._gone.done():
            if in_force:
                self._line.note_success()
            self._gone.set_result(in_force and self._planned is not None)
        self._planned = None
        if self._holds_turn:
            self._line.give_turn(None)
            self._holds_turn = False

    async def _until_in_force(self) -> None:
        if not await self.become_head():
            raise NeverInForceError


class Line:
    """The pieces of work of one process, in order."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()  #: held by whoever loads and plans
        self._last: Place | None = None  #: the last one that others may follow
        self._uneasy = 0  #: so many pieces of work are not planned ahead

    @property
    def is_contested(self) -> bool:
        """Whether what is planned ahead is likely to be refused."""
        return self._uneasy > 0

    def note_refusal(self) -> None:
        """Take note of a refusal."""
        self._uneasy = _UNEASY_AFTER_REFUSAL

    def note_success(self) -> None:
        """Take note of work that came into force."""
        self._uneasy = max(0, self._uneasy - 1)

    @asynccontextmanager
    async def place(self, leaving: asyncio.Event | None = None) -> AsyncIterator[Place]:
        """Wait until nobody but the head is ahead, and stand behind that; in the order in which it was asked for.

        Args:
            leaving: set by whoever asks once it begins nothing more.

        Raises:
            NotBegunError: that happened before its turn came.
        """
        await self._turn.acquire()
        if leaving is not None and leaving.is_set():
            self._turn.release()
            raise NotBegunError
        ahead = None if self._last is None or self._last.has_left else self._last
        place = Place(self, ahead)
        try:
            yield place
        finally:
            place.leave(in_force=False)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Wait until all work that was begun is done, and let nobody else begin."""
        async with self.place() as place:
            await place.become_head()
            yield

    def give_turn(self, followed: Place | None) -> None:
        """Let the next one begin, behind whoever it may follow; None: behind whoever was ahead until now."""
        self._last = followed or self._last
        self._turn.release()
