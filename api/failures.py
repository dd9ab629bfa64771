"""Every answer of 500 and more is told: one line of the log, with reason and cause, a figure, and to readiness."""

from http import HTTPStatus
from typing import Any, Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import Services
from graph_model.errors import IdentityGraphError
from services.failures import cause_of, reason_of
from services.stores.port.errors import is_failure

_log = structlog.get_logger()

#: Under these names a request carries what has failed, and which problem it is answered with.
_FAILURE: Final = "failure"
_PROBLEM: Final = "problem"
#: What asks whether we are ready asks every few seconds: why we are not is told when it begins.
_READINESS: Final = "/readyz"


def note_failure(scope: Scope, failure: BaseException, problem: str) -> None:
    """Let the request know what it fails with; told once it is answered."""
    scope.setdefault("state", {}).update({_FAILURE: failure, _PROBLEM: problem})


class TellFailures:
    """Tells what the inner layers could not answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def noting_send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        await self._app(scope, receive, noting_send)
        noted: dict[str, Any] = scope.get("state") or {}
        failure: BaseException | None = noted.get(_FAILURE)
        if failure is not None and status < HTTPStatus.BAD_REQUEST:
            # Begun well and broken off; that the answer had begun already is not the reason.
            cause = failure.__cause__
            _tell(scope, status, noted[_PROBLEM], cause if isinstance(cause, IdentityGraphError) else failure)
        elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _tell(scope, status, noted.get(_PROBLEM, "http-error"), failure)


def _tell(scope: Scope, status: int, problem: str, failure: BaseException | None) -> None:
    services: Services = scope["app"].state.services
    services.metrics.failed_requests.labels(str(status), problem).inc()
    if failure is not None and is_failure(failure):
        services.metrics.store_failures.labels(type(failure).__name__).inc()
        services.heartbeat.met(failure)
    route = scope.get("route")
    path = getattr(route, "path", "")  # not the address itself, which may name somebody
    if path == _READINESS:
        return
    told = {"method": scope["method"], "path": path, "status": status, "problem": problem}
    if failure is not None:
        told |= {"reason": reason_of(failure), "cause": cause_of(failure)}
    _log.error("request failed", **told)
