"""The last door: a failure that nobody foresaw is logged by its type and answered with a problem document."""

import asyncio
import traceback
from contextlib import suppress
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import Services
from api.problems import internal_problem, problem_response, problem_type
from services.stores.port.errors import CatalogueChanged

_log = structlog.get_logger(__name__)
_SECONDS: Final = 1.0


class UnforeseenFailures:
    """Answers 500 without a stack trace; the log gets type and place, never the message, which may hold data."""

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
                await problem_response(problem_type(CatalogueChanged), "")(scope, receive, send)
                return
            last = traceback.extract_tb(failure.__traceback__)[-1]
            _log.error("request failed", error=type(failure).__name__, at=f"{last.name}:{last.lineno}")
            if not started:
                await internal_problem()(scope, receive, send)


async def _another_catalogue(scope: Scope, before: Services) -> bool:
    """Whether another catalogue came into force under a request: what it read is not what it knew how to read."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_SECONDS):
            await before.heartbeat.beat()
    return scope["app"].state.services is not before or before.heartbeat.refusal is not None
