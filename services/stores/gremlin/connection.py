"""The connection to a Gremlin Server, opened anew when it was lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from services.stores.gremlin.socket import Credentials, GremlinSocket, Traversal
from services.stores.port.errors import StoreUnavailable

#: Runs a traversal and returns all it answers.
Submit: TypeAlias = Callable[[Traversal], Awaitable[list[Any]]]


class Connection:
    """A socket that is replaced when it was lost, after making sure that the same store answers."""

    def __init__(self, url: str, credentials: Credentials, greet: Callable[[Submit], Awaitable[None]]) -> None:
        """Prepare a connection; the first request opens it.

        Args:
            url: address of the endpoint, `ws://…/gremlin`.
            credentials: for servers that ask.
            greet: runs on every new socket before any other request; raises if the store must not be used.
        """
        self._url = url
        self._credentials = credentials
        self._greet = greet
        self._socket: GremlinSocket | None = None
        self._opening = asyncio.Lock()
        self._closed = False

    async def submit(self, traversal: Traversal) -> list[Any]:
        """Run a traversal and return all it answers; see `GremlinSocket.submit` for the errors."""
        return await (await self._live_socket()).submit(traversal)

    async def connect(self) -> None:
        """Connect now, if there is no connection."""
        await self._live_socket()

    async def close(self) -> None:
        """Close for good."""
        self._closed = True
        async with self._opening:
            if self._socket is not None:
                await self._socket.close()

    async def _live_socket(self) -> GremlinSocket:
        if self._socket is not None and self._socket.is_open:
            return self._socket
        async with self._opening:
            if self._closed:
                raise StoreUnavailable("this store was closed; open it again")
            if self._socket is not None:
                if self._socket.is_open:
                    return self._socket
                await self._socket.close()
                self._socket = None
            socket = await GremlinSocket.open(self._url, self._credentials)
            try:
                await self._greet(socket.submit)
            except BaseException:
                await socket.close()
                raise
            self._socket = socket
            return socket
