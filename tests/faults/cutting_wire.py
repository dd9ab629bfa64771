"""A TCP connection to a server that is cut in the middle of what it carries, again and again."""

import asyncio
from contextlib import suppress
from random import Random
from types import TracebackType
from typing import Self

#: A connection carries at most so many bytes before it is cut, in either direction.
_MOST_BYTES = 60_000


class CuttingWire:
    """Listens on a port of its own and passes on to the server, until it has cut often enough."""

    def __init__(self, host: str, port: int, random: Random, cuts: int) -> None:
        """Prepare a wire to `host` and `port` that cuts its first `cuts` connections at random places."""
        self._upstream = (host, port)
        self._random = random
        self._planned = cuts
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.cuts = 0  #: so far

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.close()
        await self._server.wait_closed()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self._upstream)
        self._open |= {writer, server_writer}
        left = _Left(self._random.randrange(_MOST_BYTES) if self.cuts < self._planned else None)
        ways = [
            asyncio.create_task(_pass_on(reader, server_writer, left)),
            asyncio.create_task(_pass_on(server_reader, writer, left)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        self.cuts += left.bytes == 0
        # Thrown away, not closed in good order: what is on its way is lost.
        writer.transport.abort()
        server_writer.transport.abort()
        self._open -= {writer, server_writer}


class _Left:
    """How many bytes a connection may still carry; None: any number."""

    def __init__(self, count: int | None) -> None:
        self.bytes = count

    def take(self, data: bytes) -> bytes:
        """The part of `data` that still gets through."""
        if self.bytes is None:
            return data
        passed = data[: self.bytes]
        self.bytes -= len(passed)
        return passed


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: _Left) -> None:
    with suppress(ConnectionError):
        while left.bytes != 0 and (data := await reader.read(2**16)):
            writer.write(left.take(data))
            await writer.drain()
