"""Loaded into Schemathesis: of a stream that does not end it gets the head, and the stream is closed."""

from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

_send = HTTPAdapter.send


def _send_without_waiting(self: HTTPAdapter, request: PreparedRequest, **wanted: Any) -> Response:  # noqa: ANN401
    response = _send(self, request, **wanted | {"stream": True})
    if response.headers.get("Content-Type", "").startswith("text/event-stream"):
        response._content = b""
        response.close()
    return response


HTTPAdapter.send = _send_without_waiting  # type: ignore[method-assign, assignment]
