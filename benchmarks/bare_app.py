"""The raw limit of the web framework: FastAPI alone that answers with one row of SQLite, and nothing around it."""

import os
import sqlite3

from fastapi import FastAPI, Response

_READ = "SELECT body FROM answer WHERE key = ?"

app = FastAPI()
_connection = sqlite3.connect(os.environ["BENCHMARK_ANSWERS"])


@app.get("/rows/{key}")
async def read_row(key: str) -> Response:
    """Answer with the bytes of a row."""
    (body,) = _connection.execute(_READ, (key,)).fetchone()
    return Response(body, media_type="application/json")
