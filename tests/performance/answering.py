"""Answers of the API beside FastAPI alone that answers with one row of SQLite of the same bytes; no sockets between."""

import json
import os
import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from fastapi import FastAPI

from api.app import create_app
from benchmarks.workload import catalogue
from cli.main import collect_rarely
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.positions import Position
from services.ingestion.writer import Writer
from services.metrics import Metrics
from services.settings import Settings
from services.stores.sqlite.store import SqliteStore
from tests.performance.pairs import ROUNDS, processor_seconds, share_of_raw

BY_ID: Final = "GET /v1/profiles/{id}"
BY_IDENTIFIER: Final = "GET /v1/profiles?identifier="
CONTEXT: Final = "POST /v1/context"
OPERATIONS: Final = (BY_ID, BY_IDENTIFIER, CONTEXT)

#: More people than the service keeps answers of: asked one after the other, nobody's answer is at hand.
PEOPLE: Final = 1_100


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    path: str
    query: str = ""
    body: bytes = b""


async def measure() -> dict[str, float]:
    """Which shares of the bare framework's speed are reached."""
    collect_rarely()
    rules = catalogue()
    with TemporaryDirectory() as name:
        folder = Path(name)
        store = await SqliteStore.open(folder / "people.sqlite", rules.fingerprint)
        writer = Writer(store, rules, "performance", metrics=Metrics(), publish=None)
        await writer.open()
        async with writer.lend() as ingest:
            await ingest.apply(
                [
                    row_change(
                        rules.sources["crm"],
                        {"id": number, "email": _email(number), "name": f"Person {number}", "city": "Oslo"},
                        Origin(position=Position(1, number), observed_at=1_700_000_000_000),
                    )
                    for number in range(PEOPLE)
                ]
            )
        ours = create_app(Settings(), rules, store, metrics=Metrics())
        async with ours.router.lifespan_context(ours):
            asked = await _asked(ours)
            bare = await _bare(ours, asked, folder / "answers.sqlite")
            shares = {what: await _share(ours, requests, bare, what) for what, requests in asked.items()}
        await store.close()
    return shares


def _email(number: int) -> str:
    return f"person{number}@example.com"


async def _asked(ours: FastAPI) -> dict[str, list[Request]]:
    finding = [Request("/v1/profiles", query=f"identifier=email:{_email(number)}") for number in range(PEOPLE)]
    found = [json.loads(await _answer(ours, request)) for request in finding]
    return {
        BY_ID: [Request(f"/v1/profiles/{each['profiles'][0]['profile_id']}") for each in found],
        BY_IDENTIFIER: finding,
        CONTEXT: [
            Request("/v1/context", body=json.dumps({"identifier": f"email:{_email(number)}"}).encode())
            for number in range(PEOPLE)
        ],
    }


async def _bare(ours: FastAPI, asked: dict[str, list[Request]], file: Path) -> FastAPI:
    """The bare framework, over a file of the same answers."""
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE answer (key TEXT PRIMARY KEY, body BLOB NOT NULL)")
        for what, requests in asked.items():
            for number, request in enumerate(requests):
                row = (_key(what, number), await _answer(ours, request))
                connection.execute("INSERT INTO answer VALUES (?, ?)", row)
    os.environ["BENCHMARK_ANSWERS"] = str(file)
    app: FastAPI = import_module("benchmarks.bare_app").app
    return app


def _key(what: str, number: int) -> str:
    return f"{OPERATIONS.index(what)}-{number}"


async def _share(ours: FastAPI, requests: Sequence[Request], bare: FastAPI, what: str) -> float:
    raw = [Request(f"/rows/{_key(what, number)}") for number in range(PEOPLE)]
    pairs = [(await _taken(ours, requests), await _taken(bare, raw)) for _ in range(ROUNDS + 1)]
    return share_of_raw(pairs[1:])


async def _taken(app: FastAPI, requests: Sequence[Request]) -> float:
    before = processor_seconds()
    for request in requests:
        await _answer(app, request)
    return processor_seconds() - before


async def _answer(app: FastAPI, request: Request) -> bytes:
    """The body of an answer, asked for as a server does."""
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope: MutableMapping[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST" if request.body else "GET",
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    said: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    called: Callable[..., Awaitable[None]] = app
    await called(scope, receive, send)
    if said[0]["status"] != 200:
        raise RuntimeError(f"{request.path} is answered with {said[0]['status']}")
    return b"".join(message.get("body", b"") for message in said)
