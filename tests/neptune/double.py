"""A stand-in for Amazon Neptune: a real Gremlin Server behind a proxy that is as strict, and as moody, as Neptune.

It tells of itself as Neptune does, refuses what Neptune does not run itself or does not take, and fails as Neptune
fails: now and then, by a seed. It runs one request that writes after the other, since Neptune locks what such a request
reads, and the server behind it does not. What it cannot show is where Neptune locks more than that, and how fast it is.
"""

import asyncio
import random
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import UUID

import aiohttp
import orjson
from aiohttp import web
from gremlin_python.process.traversal import Bytecode, P
from gremlin_python.structure.io.graphbinaryV1 import DataType, GraphBinaryReader

from services.stores.gremlin.chained_size import LARGEST, steps_of
from tests.neptune.signatures import Keyring
from tests.neptune.steps import faults, maintenance, writes

STATUS = {
    "status": "healthy",
    "dbEngineVersion": "1.4.8.0.R1",
    "role": "writer",
    "gremlin": {"version": "tinkerpop-3.7.1"},
}
_MORE_TO_COME = 206
_LONGEST_REQUEST_SECONDS = 30
_FAIL_OVER_SECONDS = 0.2  #: of a cluster about half a minute


@dataclass
class Moods:
    """How often a request of some kind fails, from 0 to 1."""

    throttled: float = 0.0  #: refused unread
    conflicts: float = 0.0  #: of those that write: a neighbour held a lock
    moved: float = 0.0  #: of those that write: another instance has become the writer
    lost: float = 0.0  #: of those that write: done, and the connection is lost before the answer
    failed_over: float = 0.0  #: of those that write, half of them done: nobody is let in for a while


@dataclass
class NeptuneDouble:
    """The stand-in, on a thread of its own."""

    server: str  #: WebSocket address of the Gremlin Server behind it
    url: str = ""
    moods: Moods = field(default_factory=Moods)
    dice: random.Random = field(default_factory=lambda: random.Random(13))  # noqa: S311 - is to be foreseen
    status: Mapping[str, Any] = field(default_factory=lambda: dict(STATUS))
    refused: list[str] = field(default_factory=list)  #: what was asked, and Neptune would not run
    happened: Counter[str] = field(default_factory=Counter)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    keyring: Keyring | None = None  #: of a cluster with IAM authentication
    down_until: float = 0.0  #: nobody is let in before, by the clock that never goes back
    is_full: bool = False  #: there are as many connections as an instance takes
    clients: set[web.WebSocketResponse] = field(default_factory=set)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    async def tell_status(self, request: web.Request) -> web.Response:
        return self._denied(request) or web.json_response(self.status)

    async def give_keys(self, request: web.Request) -> web.Response:
        return web.Response(status=404) if self.keyring is None else await self.keyring.give(request)

    def lose_connections(self) -> None:
        """Lose all connections, as where the instance restarts; whoever comes back is taken."""
        asyncio.run_coroutine_threadsafe(self._lose_connections(), self.loop).result(30)

    async def _lose_connections(self) -> None:
        for client in [*self.clients]:
            _cut(client)

    def _denied(self, request: web.Request) -> web.Response | None:
        return None if self.keyring is None else self.keyring.refusal(request)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if time.monotonic() < self.down_until and request.transport is not None:
            request.transport.abort()
        refused = self._denied(request) or (web.Response(status=429) if self.is_full else None)
        if refused is not None:
            return refused
        client = web.WebSocketResponse(max_msg_size=0, autoping=True)
        await client.prepare(request)
        self.happened["connected"] += 1
        self.clients.add(client)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(self.server, max_msg_size=0) as server,
        ):
            way = _Way(client, server)
            back = asyncio.create_task(way.pass_back())
            try:
                async for message in client:
                    if message.type is aiohttp.WSMsgType.BINARY and not await self._take(message.data, way):
                        break
            finally:
                self.clients.discard(client)
                await asyncio.gather(*way.writes)
                back.cancel()
                await asyncio.gather(back, return_exceptions=True)
        return client

    async def _take(self, data: bytes, way: "_Way") -> bool:
        """Answer a request, or pass it on; False: the connection is lost."""
        request_id, bytecode = read_request(data)
        refusal = self._refusal(bytecode)
        if refusal:
            self.refused.append(refusal)
            await way.client.send_bytes(error(request_id, 400, "UnsupportedOperationException"))
            return True
        code, name = self._mood(writes(bytecode))
        self.happened[name] += 1
        if code:
            await way.client.send_bytes(error(request_id, code, name))
        elif name == "failed over, not done":
            await self._fail_over()
        elif writes(bytecode):
            way.writes.append(asyncio.create_task(self._write(request_id, data, way)))
        else:
            await way.server.send_bytes(data)
        if name == "failed over, done":
            await asyncio.gather(*way.writes)
            await self._fail_over()
        return name == "done" or bool(code)

    async def _fail_over(self) -> None:
        self.down_until = time.monotonic() + _FAIL_OVER_SECONDS
        await self._lose_connections()

    async def _write(self, request_id: UUID, data: bytes, way: "_Way") -> None:
        async with self.writing:
            done = way.answered[request_id.bytes] = asyncio.Event()
            await way.server.send_bytes(data)
            await asyncio.wait_for(done.wait(), _LONGEST_REQUEST_SECONDS)

    def _refusal(self, bytecode: Bytecode) -> str:
        if steps_of(bytecode) > LARGEST.steps:
            return f"{steps_of(bytecode)} steps"
        if bytecode.bindings:
            return "bindings"
        found = faults(bytecode)
        return f"{found[0]} in {bytecode.step_instructions[:6]}" if found and not maintenance(bytecode) else ""

    def _mood(self, is_write: bool) -> tuple[int, str]:
        draw = self.dice.random()
        moods = [(self.moods.throttled, 500, "ThrottlingException")]
        if is_write:
            moods += [
                (self.moods.conflicts, 500, "ConcurrentModificationException"),
                (self.moods.moved, 400, "ReadOnlyViolationException"),
                (self.moods.lost, 0, "lost"),
                (self.moods.failed_over / 2, 0, "failed over, done"),
                (self.moods.failed_over / 2, 0, "failed over, not done"),
            ]
        for share, code, name in moods:
            if draw < share:
                return code, name
            draw -= share
        return 0, "done"


@contextmanager
def neptune_double(server: str) -> Iterator[NeptuneDouble]:
    """Run a stand-in in front of the Gremlin Server at `server`."""
    double = NeptuneDouble(server)
    loop = double.loop
    thread = threading.Thread(target=loop.run_forever, name="neptune-double", daemon=True)
    thread.start()
    runner: Future[web.AppRunner] = asyncio.run_coroutine_threadsafe(_start(double), loop)
    started = runner.result(30)
    try:
        yield double
    finally:
        asyncio.run_coroutine_threadsafe(started.cleanup(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


async def _start(double: NeptuneDouble) -> web.AppRunner:
    application = web.Application()
    application.router.add_get("/status", double.tell_status)
    application.router.add_get("/gremlin", double.serve)
    application.router.add_get("/role", double.give_keys)
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    _, port = runner.addresses[0]
    double.url = f"ws://127.0.0.1:{port}/gremlin"
    return runner


def _cut(client: web.WebSocketResponse) -> None:
    transport = client._req.transport if client._req is not None else None
    if transport is not None:
        transport.abort()


@dataclass
class _Way:
    """Between one client and the server."""

    client: web.WebSocketResponse
    server: aiohttp.ClientWebSocketResponse
    answered: dict[bytes, asyncio.Event] = field(default_factory=dict)
    writes: list[asyncio.Task[None]] = field(default_factory=list)

    async def pass_back(self) -> None:
        async for message in self.server:
            if message.type is aiohttp.WSMsgType.BINARY:
                (code,) = struct.unpack_from(">i", message.data, 18)
                if code != _MORE_TO_COME and message.data[2:18] in self.answered:
                    self.answered.pop(message.data[2:18]).set()
                with suppress(ConnectionError):  # who was lost gets no answer
                    await self.client.send_bytes(message.data)


class _Predicate:
    """Reads predicates, which the library only writes."""

    @classmethod
    def objectify(cls, buffer: BytesIO, reader: GraphBinaryReader, _nullable: bool = True) -> P:
        buffer.read(1)  # never null here
        name = _string(buffer)
        (count,) = struct.unpack(">i", buffer.read(4))
        values = [reader.read_object(buffer) for _ in range(count)]
        return P(name, values[0] if len(values) == 1 else values)


def read_request(data: bytes) -> tuple[UUID, Bytecode]:
    """The id and the traversal of a request, as a server reads it."""
    buffer = BytesIO(data)
    buffer.read(buffer.read(1)[0] + 1)  # the name of the format, and its version
    request_id = UUID(bytes=buffer.read(16))
    _string(buffer), _string(buffer)  # operation and processor
    (count,) = struct.unpack(">i", buffer.read(4))
    reader = GraphBinaryReader({DataType.p: _Predicate})
    arguments = {reader.read_object(buffer): reader.read_object(buffer) for _ in range(count)}
    return request_id, arguments["gremlin"]


def error(request_id: UUID, code: int, name: str) -> bytes:
    """An error as Neptune words it."""
    message = orjson.dumps({"requestId": str(request_id), "code": name, "detailedMessage": "said by the double"})
    head = b"\x81\x00" + request_id.bytes + struct.pack(">i", code)
    return head + b"\x00" + struct.pack(">i", len(message)) + message + struct.pack(">ii", 0, 0) + b"\xfe\x01"


def _string(buffer: BytesIO) -> str:
    (length,) = struct.unpack(">i", buffer.read(4))
    return buffer.read(length).decode()
