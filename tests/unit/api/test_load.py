"""A process takes on no more than it can do, and says so at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.types import Receive, Scope, Send

from api.app import create_app
from api.load import Admission
from api.measuring import HttpFigures
from graph_model.catalogue.rules import Catalogue
from services.ingestion.writer import Writer
from services.metrics import Metrics
from services.settings import ServerLimits, Settings
from services.stores.sqlite.store import SqliteStore

from .conftest import ANN, SetClock

REQUESTS = 3


@asynccontextmanager
async def busy(store: SqliteStore, catalogue: Catalogue) -> AsyncIterator[tuple[httpx.AsyncClient, asyncio.Event]]:
    """The application with as many requests at work as it takes, until the event is set."""
    app = create_app(
        Settings(limits=ServerLimits(requests=REQUESTS)), catalogue, store, metrics=Metrics(), clock=SetClock()
    )
    let_go = asyncio.Event()
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        holding = asyncio.create_task(_hold(app.state.services.writer, let_go))
        body = {"source": "crm", "changes": [{"row": ANN}]}
        sent = [asyncio.create_task(http.post("/v1/changes", json=body)) for _ in range(REQUESTS + 1)]
        await asyncio.wait(sent, return_when=asyncio.FIRST_COMPLETED)
        yield http, let_go
        let_go.set()
        statuses = [answer.status_code for answer in await asyncio.gather(*sent)]
        assert sorted(statuses) == [200] * REQUESTS + [503]
        await holding


async def _hold(writer: Writer, let_go: asyncio.Event) -> None:
    """Keep whoever wants to write waiting."""
    async with writer.lend():
        await let_go.wait()


async def test_a_request_too_many_is_a_503_problem(store: SqliteStore, catalogue: Catalogue) -> None:
    async with busy(store, catalogue) as (http, _):
        refused = await http.get("/v1/verdicts")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert refused.json()["type"] == "urn:identity-graph:problem:overloaded"


async def test_an_operator_is_answered_whatever_the_load(store: SqliteStore, catalogue: Catalogue) -> None:
    async with busy(store, catalogue) as (http, _):
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await http.get(path)).status_code == 200


async def test_when_others_have_ended_there_is_room_again(store: SqliteStore, catalogue: Catalogue) -> None:
    async with busy(store, catalogue) as (http, let_go):
        let_go.set()
        for _ in range(1_000):
            if (await http.get("/v1/verdicts")).status_code == 200:
                return
            await asyncio.sleep(0.01)
        pytest.fail("there was never room")


async def test_bodies_that_are_held_together_are_bounded() -> None:
    half = 600_000

    async def echo(_scope: Scope, receive: Receive, send: Send) -> None:
        size = len((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(size).encode()})

    limits = ServerLimits(held_bytes=1_048_576, body_bytes=2 * half)
    app = Admission(echo, limits=limits, figures=HttpFigures(CollectorRegistry()))
    first_half_sent, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"x" * half
        first_half_sent.set()
        await go_on.wait()
        yield b"x"

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        first = asyncio.create_task(http.post("/v1/changes", content=slowly()))
        await first_half_sent.wait()
        refused = await http.post("/v1/changes", content=b"x" * half)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:identity-graph:problem:overloaded")
        go_on.set()
        assert (await first).text == str(half + 1)
        assert (await http.post("/v1/changes", content=b"x" * half)).status_code == 200
