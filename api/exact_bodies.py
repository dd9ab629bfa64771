"""Bodies of requests: bounded before anything works on them, and read without losing a digit.

FastAPI's own reader takes whatever comes, and rounds numbers that are too long for it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from email.message import Message
from json import JSONDecodeError
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from api.body_limits import require_bounded, require_few_parts
from api.dependencies import services_of
from api.errors import NotSentAsJson, UnreadableBody
from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import read_exact_json, read_faulty_json

#: What is larger is read on a thread: it takes more than a millisecond.
_LARGE_BYTES: Final = 64 * 1024


class ExactRequest(Request):
    """A request whose JSON is bounded and keeps every digit."""

    async def body(self) -> bytes:
        """Gather the body in one piece; a list of all the pieces that it came in may be many times as large."""
        if not hasattr(self, "_body"):
            gathered, more = bytearray(), True
            while more:
                message = await self.receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                gathered += message.get("body", b"")
                more = message.get("more_body", False)
            self._body = bytes(gathered)
        return self._body

    async def read(self) -> bool:
        """Read the body, so that `json` has it at hand; without a body there is nothing to read.

        Returns:
            Whether there is a body.

        Raises:
            NotSentAsJson: its header says that it is something else.
            BodyTooLarge: it is more than a request may be.
            UnreadableBody: it is no JSON.
        """
        content = await self.body()
        if not content:
            return False
        if not self._is_json():
            raise NotSentAsJson
        most_values = services_of(self).settings.limits.body_values
        if len(content) > _LARGE_BYTES:
            self._json = await asyncio.to_thread(_read, content, most_values)
        else:
            self._json = _read(content, most_values)
        return True

    def _is_json(self) -> bool:
        # Not through `headers`: making them takes longer than reading a small body.
        content_type = next((value for name, value in self.scope["headers"] if name == b"content-type"), b"")
        if content_type == b"application/json":  # as nearly all send it
            return True
        header = Message()
        header["content-type"] = content_type.decode("latin-1")
        subtype = header.get_content_subtype()
        return header.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))


class ExactRoute(APIRoute):
    """A route that bounds its body, and reads it exactly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Hand the request on as one that is read; see FastAPI's "Custom Request and APIRoute class"."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def handle_exactly(request: Request) -> Response:
            exact = ExactRequest(request.scope, request.receive)
            await exact.read()
            return await handle(exact)

        return handle_exactly


def _read(content: bytes, most_values: int) -> JsonValue:
    """Read a body.

    One row with NaN or broken characters must not cost the other rows of the request, so these come through.
    """
    require_bounded(content, most_values)
    try:
        value = read_exact_json(content)
    except JSONDecodeError:
        value = _read_faulty(content)
    require_few_parts(value)
    return value


def _read_faulty(content: bytes) -> JsonValue:
    try:
        return read_faulty_json(content)
    except JSONDecodeError as error:
        raise UnreadableBody(error.pos, error.msg) from None
