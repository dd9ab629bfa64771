"""The raw limit of the web framework: an answer of the same size, with nothing behind it."""

import os

from fastapi import FastAPI, Response

_BODY = b"x" * int(os.environ.get("BENCHMARK_BODY_BYTES", "1000"))

app = FastAPI()


@app.get("/bare")
async def bare() -> Response:
    """Answer at once."""
    return Response(_BODY, media_type="application/json")
