"""What every request passes on its way in and out: a bound, whether we may answer at all, and unforeseen errors."""

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import Services
from api.failures import note_failure
from api.problems import http_problem, internal_problem, problem_response, problem_type
from services.stores.port.errors import CatalogueChanged

#: A thousand changes of ten kilobytes.
MAX_BODY_BYTES: Final = 10 * 1024 * 1024

_TOO_LARGE: Final = HTTPStatus.REQUEST_ENTITY_TOO_LARGE

#: What is answered whatever catalogue is in force: to those who run the service, and to those who read about it.
_ALWAYS: Final = frozenset({"/", "/healthz", "/readyz", "/metrics", "/openapi.json"})
_DOCS: Final = "/docs"

#: So long a failed request waits to learn whether another catalogue came into force.
_SECONDS: Final = 1.0


class BodyLimit:
    """Refuses bodies of more than `MAX_BODY_BYTES`: by their announced length, or once so much has come."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["method"] == "GET":
            await self._app(scope, receive, send)
            return
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if announced.isdigit() and int(announced) > MAX_BODY_BYTES:
            await http_problem(HTTPException(_TOO_LARGE))(scope, receive, send)
            return
        received = 0

        async def counting_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise HTTPException(_TOO_LARGE)
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
