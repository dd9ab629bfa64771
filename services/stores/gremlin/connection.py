"""The connection to a Gremlin Server or to Amazon Neptune, opened anew when it was lost."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from services.stores.gremlin.engines import Endpoint
from services.stores.gremlin.heap import read_heap
from services.stores.gremlin.neptune_faults import Overloaded, WriterMoved
from services.stores.gremlin.socket import Credentials, GremlinSocket, Traversal
from services.stores.port.errors import NoRoom, StoreUnavailable
from services.stores.port.protocols import Heap
from services.traffic import Traffic

#: Runs a traversal and returns all it answers.
Submit: TypeAlias = Callable[[Traversal], Awaitable[list[Any]]]

#: So long a request is tried again that a server had no time for, or that met a former writer.
PATIENCE_SECONDS = 20.0
_FIRST_PAUSE_SECONDS = 0.2
_REFUSED_UNREAD = (Overloaded, WriterMoved)


class Connection:
    """A socket that is replaced when it was lost, after making sure that the same store answers."""

    def __init__(
        self, endpoint: Endpoint, credentials: Credentials, greet: Callable[[Submit], Awaitable[None]]
    ) -> None:
        """Prepare a connection; the first request opens it.

        Args:
            endpoint: where the graph is served.
            credentials: for servers that ask.
            greet: runs on every new socket before any other request; raises if the store must not be used.
        """
        self._endpoint = endpoint
        self._credentials = credentials
        self._greet = greet
        self._socket: GremlinSocket | None = None
        self._opening: asyncio.Task[GremlinSocket] | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self._closed = False
        self._room_lost: NoRoom | None = None  #: what the server said last of its memory
        self.traffic = Traffic()

    async def submit(self, traversal: Traversal) -> list[Any]:
        """Run a traversal and return all it answers; see `GremlinSocket.submit` for the errors.

        What was refused unread is tried again for a while: where there is too much to do, or the writer has moved.
        """
        return await self.traffic.timed(_patiently(self._submit, traversal))

    async def _submit(self, traversal: Traversal) -> list[Any]:
        socket = self._socket
        if socket is None or not socket.is_open or socket.is_due:
            socket = await self._opened()
        try:
            return await socket.submit(traversal)
        except NoRoom as error:
            self._room_lost = error
            raise
        except WriterMoved:
            # The next socket asks anew which address the name of the cluster leads to.
            if self._socket is socket:
                self._let_go()
            raise

    async def read_heap(self) -> Heap | None:
        """How much memory the server has; None where it does not tell."""
        await self.connect()
        return None if self._socket is None else await read_heap(self._socket)

    async def connect(self) -> None:
        """Connect now, if there is no connection."""
        if self._socket is None or not self._socket.is_open:
            await self._opened()

    async def close(self) -> None:
        """Close for good."""
        self._closed = True
        if self._opening is not None:
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()
        await asyncio.gather(*self._retiring)

    def _let_go(self) -> None:
        """Ask nothing more on the present socket, and close it when it has answered."""
        if self._socket is not None:
            retiring = asyncio.create_task(self._socket.retire())
            self._retiring.add(retiring)
            retiring.add_done_callback(self._retiring.discard)
        self._socket = None

    async def _opened(self) -> GremlinSocket:
        """Open a socket for everybody who waits for one: whoever comes while a server hangs waits for one attempt."""
        if self._closed:
            raise StoreUnavailable("this store was closed; open it again")
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(_asked_for)
        try:
            return await asyncio.shield(self._opening)
        except StoreUnavailable as error:
            raise self._named(error) from error

    async def _open(self) -> GremlinSocket:
        self._let_go()
        endpoint = self._endpoint
        socket = await GremlinSocket.open(endpoint.url, self._credentials, endpoint.signer, endpoint.upkeep)
        try:
            await self._greet(partial(_patiently, socket.submit))
        except BaseException:
            await socket.close()
            raise
        self._socket, self._room_lost = socket, None
        return socket

    def _named(self, error: StoreUnavailable) -> StoreUnavailable:
        """Name what the server said before it was gone: one that is out of memory does not come so far again."""
        if self._room_lost is None or isinstance(error, NoRoom):
            return type(error)(str(error))  # one for each that waited
        return NoRoom(f"{error}. Before that it said: {self._room_lost}")


async def _patiently(submit: Submit, traversal: Traversal) -> list[Any]:
    """Run a traversal, and for a while again what was refused unread.

    The first try is written by hand: nearly all requests need no other one, and are spared making the retries.
    """
    try:
        return await submit(traversal)
    except _REFUSED_UNREAD:
        await asyncio.sleep(random.uniform(0, _FIRST_PAUSE_SECONDS))  # noqa: S311 - nothing is secret
    retries = AsyncRetrying(
        retry=retry_if_exception_type(_REFUSED_UNREAD),
        wait=wait_random_exponential(0.1, max=5.0),
        stop=stop_after_delay(PATIENCE_SECONDS),
        reraise=True,
    )
    return await retries(submit, traversal)


def _asked_for(opening: "asyncio.Task[GremlinSocket]") -> None:
    """See to it that a failure counts as told, also where everybody who waited for it has gone."""
    if not opening.cancelled():
        opening.exception()
