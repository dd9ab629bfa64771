"""A bound on what one request may make the service read."""

from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import http_problem

#: A thousand changes of ten kilobytes.
MAX_BODY_BYTES: Final = 10 * 1024 * 1024

_TOO_LARGE: Final = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


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
