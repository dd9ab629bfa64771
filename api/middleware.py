"""What every request passes on its way in and out.

Whether it was meant for us, a bound, whether we may answer at all, unforeseen errors, and what every answer says.
"""

import asyncio
from contextlib import suppress
from functools import lru_cache
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import Services
from api.errors import BodyTooLarge, UnknownHost
from api.failures import note_failure
from api.hosts import KnownHosts
from api.problems import internal_problem, problem_response, problem_type
from services.stores.port.errors import CatalogueChanged

#: What is answered whatever catalogue is in force: to those who run the service, and to those who read about it.
_ALWAYS: Final = frozenset({"/", "/healthz", "/readyz", "/metrics", "/openapi.json"})
_DOCS: Final = "/docs"

#: So long a failed request waits to learn whether another catalogue came into force.
_SECONDS: Final = 1.0

#: What every answer says that does not say otherwise: it is what its header says, nobody keeps it, and as a page it
#: may load nothing and stand in no other page.
SAID_ANYWAY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class SaidAnyway:
    """Gives every answer the headers of `SAID_ANYWAY` that it does not have."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def saying_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                said = [name for name, _ in headers]
                message = {**message, "headers": [*headers, *[each for each in SAID_ANYWAY if each[0] not in said]]}
            await send(message)

        await self._app(scope, receive, saying_send)


class RefuseUnknownHosts:
    """Refuses requests for another name: a page may have led its own name to our address (DNS rebinding)."""

    def __init__(self, app: ASGIApp, known: KnownHosts) -> None:
        self._app = app
        self._includes = lru_cache(maxsize=100)(known.includes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, if it is for us. Without the header it comes from a program, and is."""
        if scope["type"] == "http" and not all(
            self._includes(value.decode("latin-1")) for name, value in scope["headers"] if name == b"host"
        ):
            await problem_response(problem_type(UnknownHost), str(UnknownHost()))(scope, receive, send)
            return
        await self._app(scope, receive, send)


class AnswerHead:
    """Answers HEAD with what GET would be answered with, without the body (RFC 9110, section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as GET; once the headers are told, nothing is left to do, least of all to stream."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        told = asyncio.Event()

        async def send_head(message: Message) -> None:
            if not told.is_set():
                await send(message)
                await send({"type": "http.response.body", "body": b""})
                told.set()

        answering = asyncio.ensure_future(self._app({**scope, "method": "GET"}, receive, send_head))
        answering.add_done_callback(lambda _: told.set())
        try:
            await told.wait()
        finally:
            answering.cancel()
            with suppress(asyncio.CancelledError):
                await answering


class BodyLimit:
    """Refuses bodies of more than `most` bytes: by their announced length, or once so much has come."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["method"] == "GET":
            await self._app(scope, receive, send)
            return
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        length = int(announced) if announced.isdigit() and len(announced) < 20 else 0  # the server refuses longer ones
        if length > self._most:
            error = BodyTooLarge.of_bytes(length, self._most)
            await problem_response(problem_type(BodyTooLarge), str(error))(scope, receive, send)
            return
        received = 0

        async def counting_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._most:
                raise BodyTooLarge.of_bytes(received, self._most)
            return message

        await self._app(scope, counting_receive, send)


class RefuseWhenOutdated:
    """Answers with a problem document as long as the heartbeat has a refusal; what was begun before is finished."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless the store has gone on without us."""
        if scope["type"] == "http":
            services: Services = scope["app"].state.services
            refusal = services.heartbeat.refusal
            path: str = scope["path"]
            if refusal is not None and path not in _ALWAYS and not path.startswith(_DOCS):
                problem = problem_type(type(refusal))
                note_failure(scope, refusal, problem.slug)
                await problem_response(problem, str(refusal))(scope, receive, send)
                return
        await self._app(scope, receive, send)


class UnforeseenFailures:
    """Answers 500 without a stack trace; `TellFailures` tells its type and place, not its text, which may hold data."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, before = False, scope["app"].state.services

        async def noting_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, noting_send)
        except Exception as failure:  # noqa: BLE001 - nothing may reach the caller as a stack trace
            if await _another_catalogue(scope, before) and not started:
                problem = problem_type(CatalogueChanged)
                note_failure(scope, failure, problem.slug)
                await problem_response(problem, "")(scope, receive, send)
                return
            note_failure(scope, failure, problem_type(type(failure)).slug)
            if not started:
                await internal_problem()(scope, receive, send)


async def _another_catalogue(scope: Scope, before: Services) -> bool:
    """Whether another catalogue came into force under a request: what it read is not what it knew how to read."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_SECONDS):
            await before.heartbeat.beat()
    return scope["app"].state.services is not before or before.heartbeat.refusal is not None
