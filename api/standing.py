"""Whether this process may answer at all: not with a catalogue that is no longer in force."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from api.dependencies import Services
from api.problems import problem_response, problem_type

#: What is answered all the same: to those who run the service, and to those who read about it.
_ALWAYS: Final = frozenset({"/", "/healthz", "/readyz", "/metrics", "/openapi.json"})
_DOCS: Final = "/docs"


class Standing:
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
                await problem_response(problem_type(type(refusal)), str(refusal))(scope, receive, send)
                return
        await self._app(scope, receive, send)
