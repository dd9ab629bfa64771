"""How often the graph is asked: each request is a way there and back, and work for the server whatever it asks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest

from consumers.producer import Outgoing, Producer
from consumers.publisher import Publisher
from graph_model.records.record import Change
from services.ingestion.ingest import Ingest
from services.metrics import Metrics
from services.settings import KafkaSettings
from services.stores.gremlin import outbox as outboxes
from services.stores.gremlin.socket import Traversal
from services.stores.gremlin.spelling import BULK
from services.stores.gremlin.store import GremlinStore
from services.stores.port.errors import CommitConflict, StoreUnavailable
from tests.contract.conftest import empty_graph
from tests.unit.services.people import CATALOGUE, Company

pytestmark = pytest.mark.gremlin

PARTITIONS = 50
REQUESTS_PER_CLAIM = 4  #: the claim; its places, and what all have numbered; whether the store is still the same
REQUESTS_PER_BATCH = 4
PEOPLE = range(1, 41)


@pytest.fixture
async def store(gremlin_url: str) -> AsyncIterator[GremlinStore]:
    await empty_graph(gremlin_url)
    store = await GremlinStore.open(gremlin_url, CATALOGUE.fingerprint)
    yield store
    await store.close()


class Asked:
    """Counts the requests of a store."""

    def __init__(self, store: GremlinStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._submit = store._submit
        monkeypatch.setattr(store, "_submit", self.submit)

    async def submit(self, traversal: Traversal) -> list[Any]:
        self.count += 1
        return await self._submit(traversal)


class Sent:
    """Takes what would go to the broker."""

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """All of it has arrived."""


async def test_a_batch_costs_four_requests_up_to_its_published_events(
    store: GremlinStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, company = Asked(store, monkeypatch), await Company.over(store)
    ingest = Ingest(store, CATALOGUE, company.outbox, metrics=Metrics())
    publisher = Publisher(store, cast("Producer", Sent()), KafkaSettings(), Metrics())

    async def requests_for(changes: Sequence[Change]) -> int:
        before = asked.count
        await publisher.publish(company.outbox, (await ingest.apply(changes)).committed)
        return asked.count - before

    new = await requests_for([company.change(f"crm{n}", email_1=f"{n}", name="a") for n in PEOPLE])
    await requests_for([company.change("crm1", email_1="1", name="b")])  # the first asks once what is owed
    changed = await requests_for([company.change(f"crm{n}", email_1=f"{n}", name="c") for n in PEOPLE])
    assert (new, changed) == (REQUESTS_PER_BATCH, REQUESTS_PER_BATCH)


async def test_claims_of_one_process_do_not_refuse_each_other(
    store: GremlinStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(store, monkeypatch)
    await asyncio.gather(*(store.claim_outbox(f"topic/{number}") for number in range(PARTITIONS)))
    assert asked.count == REQUESTS_PER_CLAIM * PARTITIONS


async def test_who_is_refused_by_claims_of_others_all_the_time_is_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outboxes, "CLAIM_SECONDS", 0.1)

    async def refused(_: Traversal) -> list[Any]:
        raise CommitConflict("another commit was faster")

    with pytest.raises(StoreUnavailable, match="could not be claimed"):
        await outboxes.GremlinOutbox.claim(refused, BULK.claim, "tests", CATALOGUE.fingerprint)
