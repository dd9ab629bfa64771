"""What the API does over a store that keeps no events, as a graph database is one."""

from collections.abc import AsyncIterator
from typing import cast

import httpx
import pytest

from api.app import create_app
from graph_model.catalogue.rules import Catalogue
from services.ingestion.claim import BrokerTrouble
from services.ingestion.ingest import Committed
from services.metrics import Metrics
from services.settings import Settings
from services.stores.port.protocols import DurableOutbox, Outbox, Store
from services.stores.sqlite.store import SqliteStore


class GraphDatabase:
    """A store that offers the port and no durable outbox; the embedded store stands behind it."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> object:
        if hasattr(DurableOutbox, name):
            raise AttributeError(name)
        return getattr(self._store, name)


@pytest.fixture
async def http(store: SqliteStore, catalogue: Catalogue) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(), catalogue, cast("Store", GraphDatabase(store)), metrics=Metrics())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client,
    ):
        yield client


async def test_changes_whose_events_nobody_would_publish_are_a_409_problem(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/changes", json={"source": "crm", "changes": [{"row": {"id": 1}}]})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:identity-graph:problem:nobody-publishes")
    assert "IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS" in answer.json()["detail"]


async def test_the_stream_is_a_501_problem_that_names_the_topic(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/profile-updates")
    assert (answer.status_code, answer.json()["type"]) == (501, "urn:identity-graph:problem:no-event-stream")
    assert "profile-updated" in answer.json()["detail"]


async def test_a_broker_that_takes_no_events_is_a_503_problem_and_the_change_is_not_lost(
    store: SqliteStore, catalogue: Catalogue
) -> None:
    refusing = True

    async def publish(outbox: Outbox, commits: tuple[Committed, ...]) -> None:
        for commit in commits:
            if refusing:
                raise BrokerTrouble("the broker does not let us in")
            await outbox.acknowledge(commit.commit_id)

    app = create_app(Settings(), catalogue, cast("Store", GraphDatabase(store)), metrics=Metrics(), publish=publish)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        body = {"source": "crm", "changes": [{"row": {"id": 1, "email": "ann@example.com"}}]}
        answer = await http.post("/v1/changes", json=body)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:identity-graph:problem:events-unpublished")
        refusing = False
        assert (await http.post("/v1/changes", json=body)).status_code == 200
        assert len((await http.get("/v1/profiles?identifier=email:ann@example.com")).json()["profiles"]) == 1
