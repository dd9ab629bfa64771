"""One WebSocket to a Gremlin Server: many requests in flight, answers matched by request id.

gremlinpython builds the traversals and serializes them; its own driver occupies one connection per
request and runs an event loop inside ours, so the transport is here.
"""

import asyncio
import base64
import logging
import math
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid4

import aiohttp
from gremlin_python.driver.request import RequestMessage
from gremlin_python.driver.serializer import GraphBinarySerializersV1
from gremlin_python.process.graph_traversal import GraphTraversalSource
from gremlin_python.process.traversal import Cardinality, TraversalStrategies
from gremlin_python.structure.graph import Graph

from services.stores.gremlin.faults import FORBIDDEN, server_fault, socket_faults
from services.stores.gremlin.graphbinary import read_message, rows_writer
from services.stores.gremlin.opening_faults import opening_faults
from services.stores.gremlin.signing import Signer
from services.stores.port.errors import CommitTooLarge, StoreError, StoreUnavailable

#: A gremlinpython traversal; the library has no types of its own.
Traversal: TypeAlias = Any

#: Where every traversal begins. Nothing is sent from here: traversals are only written down.
g = GraphTraversalSource(Graph(), TraversalStrategies())

#: How every property is set. It must be said: Amazon Neptune would add a value to those that are there.
single = Cardinality.single

LARGEST_REQUEST = 8 * 2**20  #: bytes; servers take 10 MiB in one message
CONNECT_SECONDS = 2.5
ANSWER_SECONDS = 60.0  #: servers give up on a request after 30
_FAREWELL_SECONDS = 1.0
ROWS_PER_MESSAGE = 1000
LARGEST_ON_LOOP = 128 * 1024  #: bytes of a message that is read on the event loop; it takes about 2 ms
_DONE = frozenset({200, 204})
_MORE_TO_COME = 206
_CREDENTIALS_WANTED = 407

# What the library logs on errors contains whole requests, and so personal data.
for _name in ("gremlinpython", "gremlin_python"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """How a connection is looked after, and when another one takes its place."""

    look_seconds: float
    #: After so many looks at which nothing had come, not even the answer to a ping, the server hangs. Where this
    #: process is held up itself, that is one look, however long it takes.
    silent_looks: int
    oldest_seconds: float = math.inf  #: so long it is used
    idle_seconds: float = math.inf  #: so long nothing may have been asked on it, signs of life aside


#: Of a Gremlin Server, which closes nothing by itself.
NEAR: Final = Upkeep(look_seconds=0.4, silent_looks=6)


@dataclass(frozen=True, slots=True)
class Credentials:
    """How this process proves who it is, to a server that asks; empty otherwise."""

    username: str = ""  #: for a Gremlin Server
    password: str = field(default="", repr=False)
    aws_region: str = ""  #: for Amazon Neptune, see `Signer.of`

    @property
    def sasl_plain(self) -> str:
        """The answer to the server's challenge, by RFC 4616."""
        return base64.b64encode(f"\0{self.username}\0{self.password}".encode()).decode()


#: For a server that asks nobody.
NOBODY: Final = Credentials()


@dataclass(slots=True)
class _Answer:
    """What has come of one request so far."""

    done: asyncio.Future[list[Any]]
    rows: list[Any]
    patience: asyncio.Timeout


class GremlinSocket:
    """A live WebSocket. Once closed it stays closed; `Connection` opens another."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        websocket: aiohttp.ClientWebSocketResponse,
        credentials: Credentials,
        upkeep: Upkeep,
    ) -> None:
        self._upkeep = upkeep
        self._opened_at = self._asked_at = time.monotonic()
        self._session = session
        self._websocket = websocket
        self._credentials = credentials
        self._serializer = GraphBinarySerializersV1(writer=rows_writer())
        self._answers: dict[UUID, _Answer] = {}
        self._heard = True  #: whether anything has come since the last look
        self._reading = False  #: whether a large answer is being read, and what comes after it waits
        self._lost: StoreUnavailable | None = None
        self._reader = asyncio.create_task(self._read())
        self._watch = asyncio.create_task(self._look_after())

    @classmethod
    async def open(
        cls, url: str, credentials: Credentials, signer: Signer | None = None, upkeep: Upkeep = NEAR
    ) -> "GremlinSocket":
        """Connect to `url`.

        Raises:
            AccessRefused: nothing can be signed by `signer`, or what it signs is refused.
            StoreUnavailable: nothing answers there.
        """
        session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CONNECT_SECONDS))
        try:
            with opening_faults(url):
                websocket = await _connected(session, url, signer)
        except BaseException:
            await session.close()
            raise
        return cls(session, websocket, credentials, upkeep)

    @property
    def is_open(self) -> bool:
        """Whether requests can still be sent."""
        return self._lost is None and not self._websocket.closed and not self._reader.done()

    @property
    def is_due(self) -> bool:
        """Whether another one should take its place, before the server closes it in the midst of a request."""
        now = time.monotonic()
        return now - self._opened_at > self._upkeep.oldest_seconds or now - self._asked_at > self._upkeep.idle_seconds

    async def submit(self, traversal: Traversal) -> list[Any]:
        """Run a traversal and return all it answers.

        Raises:
            CommitTooLarge: the server would not take the message.
            CommitConflict: another transaction changed what this one read, or a `fail()` step was reached.
            StoreUnavailable: the socket is lost or the server does not answer; what became of the request is unknown.
        """
        arguments = {"gremlin": traversal.bytecode, "aliases": {"g": "g"}, "batchSize": ROWS_PER_MESSAGE}
        return await self._request("traversal", "bytecode", arguments)

    async def run_script(self, text: str, bindings: Mapping[str, Any]) -> list[Any]:
        """Run a script in Groovy, for what no traversal can say; answers and raises as `submit` does.

        Args:
            text: the script, in which `g` is the graph's traversal source.
            bindings: further names that it knows.
        """
        arguments = {"gremlin": text, "bindings": dict(bindings), "language": "gremlin-groovy", "aliases": {"g": "g"}}
        return await self._request("", "eval", arguments)

    async def _request(self, processor: str, operation: str, arguments: dict[str, Any]) -> list[Any]:
        self._asked_at = time.monotonic()
        request_id = uuid4()
        message = self._serialize(request_id, processor, operation, arguments)
        if len(message) > LARGEST_REQUEST:
            raise CommitTooLarge.of(len(message), LARGEST_REQUEST)
        answer = _Answer(asyncio.get_running_loop().create_future(), [], asyncio.timeout(ANSWER_SECONDS))
        self._answers[request_id] = answer
        try:
            with socket_faults():
                async with answer.patience:
                    await self._websocket.send_bytes(message)
                    return await answer.done
        except StoreUnavailable as error:
            raise self._named(error) from error.__cause__
        finally:
            del self._answers[request_id]
            if answer.done.done() and not answer.done.cancelled():
                answer.done.exception()  # it was asked for, also where the message could not be sent

    async def retire(self) -> None:
        """Close the socket as soon as all is answered that was asked on it; nothing more is."""
        waiting = [answer.done for answer in self._answers.values()]
        if waiting:
            await asyncio.wait(waiting)
        await self.close()

    async def close(self) -> None:
        """Close the socket; requests in flight fail. Who hangs is not waited for."""
        self._watch.cancel()
        self._reader.cancel()
        await asyncio.gather(self._reader, self._watch, return_exceptions=True)
        if self._lost is not None:
            self._abort()
        with suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS if self._lost is None else 0):
                await self._websocket.close()
        await self._session.close()

    def _abort(self) -> None:
        """Throw away what was not sent: a close in good order waits until the server takes it, which is given up."""
        connection = self._websocket._response.connection  # noqa: SLF001 - the library has no name for it
        if connection is not None and connection.transport is not None:
            connection.transport.abort()

    def _serialize(self, request_id: UUID, processor: str, operation: str, arguments: dict[str, Any]) -> bytes:
        message: bytes = self._serializer.serialize_message(request_id, RequestMessage(processor, operation, arguments))
        return message

    async def _read(self) -> None:
        """Hand every message to the request that waits for it, until the socket closes."""
        try:
            async for message in self._websocket:
                self._heard = True
                if message.type is aiohttp.WSMsgType.BINARY:
                    await self._receive(message.data)
                elif message.type is aiohttp.WSMsgType.PING:
                    await self._websocket.pong(message.data)
        finally:
            self._fail_all(self._lost or StoreUnavailable("the connection to the Gremlin Server was lost"))

    async def _look_after(self) -> None:
        """Ask for a sign of life where nothing comes by itself, and give up a server that gives none."""
        silent = 0
        while silent < self._upkeep.silent_looks:
            await asyncio.sleep(self._upkeep.look_seconds)
            if self._reader.done():
                return
            silent = 0 if self._heard or self._reading else silent + 1
            self._heard = False
            if silent > 1:
                with suppress(aiohttp.ClientError, OSError, TimeoutError):
                    async with asyncio.timeout(0):  # what the server does not take now waits behind a request
                        await self._websocket.ping()
        seconds = self._upkeep.silent_looks * self._upkeep.look_seconds
        self._lost = StoreUnavailable(
            f"the Gremlin Server hangs: it has given no sign of life for {seconds:.1f} seconds. "
            "Look at its process and its log; it is asked again"
        )
        self._reader.cancel()

    def _named(self, error: StoreUnavailable) -> StoreUnavailable:
        """The fault of a request by what is known of the server; by itself it only knows that its time has run out."""
        if self._lost is not None:
            return StoreUnavailable(str(self._lost))
        if isinstance(error.__cause__, TimeoutError):
            return StoreUnavailable(
                f"the Gremlin Server is alive, and has not answered a request for {ANSWER_SECONDS:.0f} seconds; its "
                "log says more"
            )
        return error

    async def _receive(self, data: bytes) -> None:
        if len(data) <= LARGEST_ON_LOOP:
            message = read_message(data)
        else:
            self._reading = True
            message = await asyncio.to_thread(read_message, data)
            self._reading = False
        if message.request_id is None:
            self._fail_all(StoreError("the Gremlin Server could not decode a request; its log says more"))
            return
        answer = self._answers.get(message.request_id)
        if answer is None or answer.done.done():
            return
        if message.code == _CREDENTIALS_WANTED:
            reply = {"sasl": self._credentials.sasl_plain}
            with suppress(aiohttp.ClientError, OSError):
                await self._websocket.send_bytes(
                    self._serialize(message.request_id, "traversal", "authentication", reply)
                )
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
                if not answer.patience.expired():
                    answer.patience.reschedule(0)  # it may still wait for its message to be taken


async def _connected(
    session: aiohttp.ClientSession, url: str, signer: Signer | None
) -> aiohttp.ClientWebSocketResponse:
    headers = {} if signer is None else await signer.headers(url.replace("ws", "http", 1))
    try:
        return await session.ws_connect(url, autoping=False, max_msg_size=0, headers=headers)
    except aiohttp.WSServerHandshakeError as error:
        if signer is None or error.status != FORBIDDEN:
            raise
        raise signer.refusal(url, error.status) from error
