"""One WebSocket to a Gremlin Server: many requests in flight, answers matched by request id.

gremlinpython builds the traversals and serializes them; its own driver occupies one connection per
request and runs an event loop inside ours, so the transport is here.
"""

import asyncio
import base64
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import aiohttp
from gremlin_python.driver.request import RequestMessage
from gremlin_python.driver.serializer import GraphBinarySerializersV1
from gremlin_python.process.graph_traversal import GraphTraversalSource
from gremlin_python.process.traversal import TraversalStrategies
from gremlin_python.structure.graph import Graph

from services.stores.gremlin.faults import server_fault, socket_faults
from services.stores.gremlin.graphbinary import read_message, rows_writer
from services.stores.port.errors import CommitTooLarge, StoreError, StoreUnavailable

#: A gremlinpython traversal; the library has no types of its own.
Traversal: TypeAlias = Any

#: Where every traversal begins. Nothing is sent from here: traversals are only written down.
g = GraphTraversalSource(Graph(), TraversalStrategies())

LARGEST_REQUEST = 8 * 2**20  #: bytes; servers take 10 MiB in one message
CONNECT_SECONDS = 10.0
HEARTBEAT_SECONDS = 15.0
ANSWER_SECONDS = 60.0  #: servers give up on a request after 30
ROWS_PER_MESSAGE = 1000
LARGEST_ON_LOOP = 128 * 1024  #: bytes of a message that is read on the event loop; it takes about 2 ms
_DONE = frozenset({200, 204})
_MORE_TO_COME = 206
_CREDENTIALS_WANTED = 407

# What the library logs on errors contains whole requests, and so personal data.
for _name in ("gremlinpython", "gremlin_python"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Name and password for a server that asks for them; empty otherwise."""

    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def sasl_plain(self) -> str:
        """The answer to the server's challenge, by RFC 4616."""
        return base64.b64encode(f"\0{self.username}\0{self.password}".encode()).decode()


@dataclass(slots=True)
class _Answer:
    """What has come of one request so far."""

    done: asyncio.Future[list[Any]]
    rows: list[Any]


class GremlinSocket:
    """A live WebSocket. Once closed it stays closed; `Connection` opens another."""

    def __init__(
        self, session: aiohttp.ClientSession, websocket: aiohttp.ClientWebSocketResponse, credentials: Credentials
    ) -> None:
        self._session = session
        self._websocket = websocket
        self._credentials = credentials
        self._serializer = GraphBinarySerializersV1(writer=rows_writer())
        self._answers: dict[UUID, _Answer] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, url: str, credentials: Credentials) -> "GremlinSocket":
        """Connect to `url`.

        Raises:
            StoreUnavailable: nothing answers there.
        """
        session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CONNECT_SECONDS))
        try:
            with socket_faults():
                websocket = await session.ws_connect(url, heartbeat=HEARTBEAT_SECONDS, max_msg_size=0)
        except BaseException:
            await session.close()
            raise
        return cls(session, websocket, credentials)

    @property
    def is_open(self) -> bool:
        """Whether requests can still be sent."""
        return not self._websocket.closed and not self._reader.done()

    async def submit(self, traversal: Traversal) -> list[Any]:
        """Run a traversal and return all it answers.

        Raises:
            CommitTooLarge: the server would not take the message.
            CommitConflict: another transaction changed what this one read, or a `fail()` step was reached.
            StoreUnavailable: the socket is lost or the server does not answer; what became of the request is unknown.
        """
        request_id = uuid4()
        arguments = {"gremlin": traversal.bytecode, "aliases": {"g": "g"}, "batchSize": ROWS_PER_MESSAGE}
        message = self._serialize(request_id, "bytecode", arguments)
        if len(message) > LARGEST_REQUEST:
            raise CommitTooLarge(len(message), LARGEST_REQUEST)
        answer = _Answer(asyncio.get_running_loop().create_future(), [])
        self._answers[request_id] = answer
        try:
            with socket_faults():
                await self._websocket.send_bytes(message)
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await answer.done
        finally:
            del self._answers[request_id]

    async def close(self) -> None:
        """Close the socket; requests in flight fail."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        with suppress(aiohttp.ClientError, OSError):
            await self._websocket.close()
        await self._session.close()

    def _serialize(self, request_id: UUID, operation: str, arguments: dict[str, Any]) -> bytes:
        message: bytes = self._serializer.serialize_message(
            request_id, RequestMessage("traversal", operation, arguments)
        )
        return message

    async def _read(self) -> None:
        """Hand every message to the request that waits for it, until the socket closes."""
        try:
            async for message in self._websocket:
                if message.type is aiohttp.WSMsgType.BINARY:
                    await self._receive(message.data)
        finally:
            self._fail_all(StoreUnavailable("the connection to the Gremlin Server was lost"))

    async def _receive(self, data: bytes) -> None:
        small = len(data) <= LARGEST_ON_LOOP
        message = read_message(data) if small else await asyncio.to_thread(read_message, data)
        if message.request_id is None:
            self._fail_all(StoreError("the Gremlin Server could not decode a request; its log says more"))
            return
        answer = self._answers.get(message.request_id)
        if answer is None or answer.done.done():
            return
        if message.code == _CREDENTIALS_WANTED:
            reply = {"sasl": self._credentials.sasl_plain}
            with suppress(aiohttp.ClientError, OSError):
                await self._websocket.send_bytes(self._serialize(message.request_id, "authentication", reply))
        elif message.code == _MORE_TO_COME:
            answer.rows.extend(message.rows)
            await asyncio.sleep(0)  # the next part may be there already
        elif message.code in _DONE:
            answer.rows.extend(message.rows)
            answer.done.set_result(answer.rows)
        else:
            answer.done.set_exception(server_fault(message.code, message.text, message.attributes))

    def _fail_all(self, error: StoreError) -> None:
        for answer in self._answers.values():
            if not answer.done.done():
                answer.done.set_exception(error)
