"""The reads that are asked for thousands of times a second, answered without FastAPI's way to an operation.

FastAPI looks a request's operation up in lists of lists, and gets ready for what these reads do not have: dependencies,
files, work afterwards. That takes several times as long as the reads themselves. Here they are told by their address,
and the same functions are called at once. They stand in the schema and in the routes like all others, and whatever is
not plainly a valid request of theirs goes FastAPI's way, which knows how to say what is wrong with it.
"""

from collections.abc import Awaitable, Mapping
from typing import Final
from urllib.parse import unquote_plus

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.context import read_context
from api.exact_bodies import ExactRequest
from api.problems import product_problem, validation_problem
from api.profiles import LONGEST_IDENTIFIER, find_profiles, read_profile
from api.request_documents import ContextRequest
from graph_model.errors import IdentityGraphError

_PROFILES: Final = "/v1/profiles"
_PROFILE: Final = f"{_PROFILES}/"
_CONTEXT: Final = "/v1/context"
_IDENTIFIER: Final = b"identifier="


class DirectReads:
    """Answers what it knows, and passes everything else on."""

    def __init__(self, app: ASGIApp, routes: Mapping[str, BaseRoute]) -> None:
        """Stand before `app`, which has these routes, by name."""
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        found = _read(scope, receive) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        name, request, reading = found
        scope["route"] = self._routes[name]
        try:
            response = await reading
        except IdentityGraphError as error:
            response = await product_problem(request, error)
        except RequestValidationError as error:
            response = await validation_problem(request, error)
        await response(scope, receive, send)


def _read(scope: Scope, receive: Receive) -> tuple[str, Request, Awaitable[Response]] | None:
    """Tell which read this is, with what answers it; None: one for FastAPI."""
    path: str = scope["path"]
    if path == _CONTEXT and scope["method"] == "POST":
        exact = ExactRequest(scope, receive)
        return "read_context", exact, _context(exact)
    if scope["method"] != "GET":
        return None
    if path == _PROFILES:
        identifier = _identifier(scope["query_string"])
        if identifier is None:
            return None
        request = Request(scope, receive)
        return "find_profiles", request, find_profiles(request, identifier)
    profile_id = path[len(_PROFILE) :]
    if not profile_id or "/" in profile_id or not path.startswith(_PROFILE):
        return None
    scope["path_params"] = {"profile_id": profile_id}
    request = Request(scope, receive)
    return "read_profile", request, read_profile(request)


def _identifier(query: bytes) -> str | None:
    """Read the only parameter, as Starlette reads it; None where there is more, less, or too much of it."""
    if not query.startswith(_IDENTIFIER) or b"&" in query:
        return None
    identifier = unquote_plus(query[len(_IDENTIFIER) :].decode("latin-1"))
    return identifier if len(identifier) <= LONGEST_IDENTIFIER else None


async def _context(request: ExactRequest) -> Response:
    """Answer who asks for a context.

    Raises:
        RequestValidationError: the body is JSON, and not what is expected.
        IdentityGraphError: see `ExactRequest.read` and `read_context`.
    """
    if not await request.read():
        raise RequestValidationError([{"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}])
    try:
        asked = ContextRequest.model_validate(await request.json(), from_attributes=True)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors(include_url=False)]
        raise RequestValidationError(faults) from None
    return await read_context(request, asked)
