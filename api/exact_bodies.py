"""Bodies of requests, read without losing a digit; FastAPI's own reader rounds numbers that are too long for it."""

from collections.abc import Callable, Coroutine
from json import JSONDecodeError
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from graph_model.values.exact_json import read_exact_json, read_faulty_json


class ExactRequest(Request):
    """A request whose JSON keeps every digit."""

    async def json(self) -> Any:  # noqa: ANN401 - as the class above has it
        """Read the body.

        One row with NaN or broken characters must not cost the other rows of the request, so these come through.

        Raises:
            JSONDecodeError: it is no JSON.
        """
        if not hasattr(self, "_json"):
            content = await self.body()
            try:
                self._json = read_exact_json(content)
            except JSONDecodeError:
                self._json = read_faulty_json(content)
        return self._json


class ExactRoute(APIRoute):
    """A route that reads its body exactly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Hand the request on as one that reads exactly; see FastAPI's "Custom Request and APIRoute class"."""
        handle = super().get_route_handler()

        async def handle_exactly(request: Request) -> Response:
            return await handle(ExactRequest(request.scope, request.receive))

        return handle_exactly
