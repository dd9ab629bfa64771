from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from services.metrics import Metrics
from services.settings import Settings
from services.stores.sqlite.store import SqliteStore

CATALOGUE = """
version: 1
identifiers:
  number: {normalise: digits, holders: few, exclusive: true, priority: 100}
  email: {normalise: email, holders: few, priority: 90}
  phone: {normalise: phone, region: US, holders: one, priority: 60}
  person:
    composite: [{trait: name, normalise: name}, {trait: birth_date, normalise: date}]
    holders: few
    priority: 30
traits: {name: text, birth_date: date, email: text, note: text}
sources:
  crm:
    file: "crm*.csv"
    key: [id]
    event_time: updated_at
    columns:
      number: {identifier: number}
      email: {identifier: email, trait: email}
      mobile: {identifier: phone}
      full_name: {trait: name}
      born: {trait: birth_date}
      note: {trait: note}
  shop:
    file: "shop*.csv"
    key: [id]
    columns:
      mail: {identifier: email}
      tel: {identifier: phone}
  billing:
    topic: billing.public.customers
    format: debezium
    key: [id]
    columns:
      email: {identifier: email}
"""

#: 2026-11-21 10:00 UTC.
NOW = 1_795_255_200_000


@dataclass
class SetClock:
    now: int = NOW

    def __call__(self) -> int:
        return self.now


@dataclass
class Service:
    """The application over a real store in a file, as a caller sees it."""

    http: httpx.AsyncClient
    app: FastAPI
    store: SqliteStore
    clock: SetClock

    async def send(self, source: str, *rows: Mapping[str, object]) -> None:
        changes = [{"key": row, "deleted": True} if len(row) == 1 else {"row": row} for row in rows]
        answer = await self.http.post("/v1/changes", json={"source": source, "changes": changes})
        assert answer.status_code == 200, answer.text
        assert answer.json()["rejected"] == []

    async def profile_id(self, identifier: str) -> str:
        answer = await self.http.get("/v1/profiles", params={"identifier": identifier})
        (profile,) = answer.json()["profiles"]
        return str(profile["profile_id"])


ANN = {
    "id": 1,
    "full_name": "Ann Lee",
    "email": "ann@example.com",
    "mobile": "+1 202 555 0123",
    "born": "1984-05-01",
    "updated_at": "2026-11-20T08:00:00Z",
}


@pytest.fixture
def catalogue() -> Catalogue:
    return parse_catalogue(CATALOGUE, "catalogue.yaml")


@pytest.fixture
async def store(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "graph.sqlite", catalogue.fingerprint)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def service(store: SqliteStore, catalogue: Catalogue, clock: Callable[[], int]) -> AsyncIterator[Service]:
    app = create_app(Settings(), catalogue, store, metrics=Metrics(), clock=clock)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        assert isinstance(clock, SetClock)
        yield Service(http, app, store, clock)
