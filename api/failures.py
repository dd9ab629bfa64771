"""The last door: a failure that nobody foresaw is logged by its type and answered with a problem document."""

import traceback

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import internal_problem

_log = structlog.get_logger(__name__)


class UnforeseenFailures:
    """Answers 500 without a stack trace; the log gets type and place, never the message, which may hold data."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noting_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, noting_send)
        except Exception as failure:  # noqa: BLE001 - nothing may reach the caller as a stack trace
            last = traceback.extract_tb(failure.__traceback__)[-1]
            _log.error("request failed", error=type(failure).__name__, at=f"{last.name}:{last.lineno}")
            if not started:
                await internal_problem()(scope, receive, send)
