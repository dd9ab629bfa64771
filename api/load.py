"""How much one process takes on at a time: requests, streams, and bodies that are held."""

from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.measuring import HttpFigures
from api.problems import ProblemType, problem_response
from services.settings import ServerLimits

#: What is answered whatever the load: an operator wants to know how it is.
_ALWAYS: Final = frozenset({"/healthz", "/readyz", "/metrics"})

#: What does not end by itself, and is counted apart.
_STREAMS: Final = "/v1/profile-updates"

OVERLOADED: Final = ProblemType(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", "The service has too much to do")


class Admission:
    """Lets a request in once it is there as a whole, if there is not too much to do; else it is answered with 503.

    Whoever sends slowly so takes no place from others. A request keeps its place until its answer begins, or until the
    work is given up: also where its caller has long gone.
    """

    def __init__(self, app: ASGIApp, *, limits: ServerLimits, figures: HttpFigures) -> None:
        """Stand before `app`, which itself refuses bodies that are too long."""
        self._app = app
        self._limits = limits
        self._requests = 0
        self._streams = 0
        self._held = 0  #: bytes of bodies
        figures.most.set(limits.requests)
        figures.in_progress.set_function(lambda: self._requests)
        figures.streams.set_function(lambda: self._streams)
        figures.held_bytes.set_function(lambda: self._held)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http" or scope["path"] in _ALWAYS:
            await self._app(scope, receive, send)
        elif scope["path"] == _STREAMS:
            await self._stream(scope, receive, send)
        elif _announced(scope) == 0:
            await self._answer(scope, receive, send)
        else:
            await self._hold(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._limits.streams
        if self._streams >= most:
            await _refuse(f"{most} readers follow the updates, the most that this process has", scope, receive, send)
            return
        self._streams += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._streams -= 1

    async def _hold(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, up to what is refused for its length anyway, and answer then."""
        if _announced(scope) > self._limits.body_bytes:
            await self._answer(scope, receive, send)
            return
        parts: list[bytes] = []
        held, more = 0, True
        try:
            while more and held <= self._limits.body_bytes:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                part = message.get("body", b"")
                held += len(part)
                self._held += len(part)
                if self._held > self._limits.held_bytes:
                    detail = f"{self._limits.held_bytes} bytes of bodies are held, the most that this process holds"
                    await _refuse(detail, scope, receive, send)
                    return
                parts.append(part)
                more = message.get("more_body", False)
            body: Message | None = {"type": "http.request", "body": b"".join(parts), "more_body": more}
            parts.clear()

            async def receive_whole() -> Message:
                nonlocal body
                if body is None:
                    return await receive()
                message, body = body, None
                return message

            await self._answer(scope, receive_whole, send)
        finally:
            self._held -= held

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._limits.requests
        if self._requests >= most:
            await _refuse(f"{most} requests are being worked on, the most that this process does", scope, receive, send)
            return
        self._requests += 1
        has_place = True

        def leave() -> None:
            nonlocal has_place
            self._requests -= has_place
            has_place = False

        async def leaving_send(message: Message) -> None:
            leave()
            await send(message)

        try:
            await self._app(scope, receive, leaving_send)
        finally:
            leave()


async def _refuse(found: str, scope: Scope, receive: Receive, send: Send) -> None:
    await problem_response(OVERLOADED, f"{found}; send the request again")(scope, receive, send)


def _announced(scope: Scope) -> int:
    """How long the body is said to be; 1 where that is not said, and something comes."""
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return 1
        if name == b"content-length" and value.isdigit():
            return int(value[:19])
    return 0
