"""Several processes write into one store, each under its own name, and none loses what another left."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from graph_model.records.record import Change
from graph_model.records.tasks import ReResolve
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.positions import Position
from services.ingestion.ingest import Committed
from services.ingestion.writer import ABANDONED_MILLISECONDS, Writer
from services.metrics import Metrics
from services.stores.port.errors import CatalogueChanged, ClaimLost
from services.stores.port.plan import TaskWrite
from services.stores.port.protocols import Outbox
from services.stores.sqlite.store import SqliteStore
from tests.contract.published import Published
from tests.unit.services.people import CATALOGUE

NOW = 1_795_255_200_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "graph.sqlite", CATALOGUE.fingerprint)
    yield opened
    await opened.close()


class DyingBroker:
    """Never acknowledges anything: whoever publishes there is killed while waiting."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def __call__(self, _outbox: Outbox, _committed: tuple[Committed, ...]) -> None:
        self.asked.set()
        await asyncio.Event().wait()


def change(number: int) -> Change:
    origin = Origin(position=Position(1, number), observed_at=0)
    return row_change(CATALOGUE.sources["crm"], {"id": number, "email_1": f"{number}"}, origin)


async def write(writer: Writer, number: int) -> None:
    async with writer.lend() as ingest:
        await ingest.apply([change(number)])


def writer(
    store: SqliteStore, name: str, publish: Published | DyingBroker, clock: Callable[[], int] = lambda: NOW
) -> Writer:
    return Writer(store, CATALOGUE, name, metrics=Metrics(), publish=publish, clock=clock)


async def test_processes_with_names_of_their_own_write_in_turn(store: SqliteStore, tmp_path: Path) -> None:
    other = await SqliteStore.open(tmp_path / "graph.sqlite", CATALOGUE.fingerprint)
    published = Published()
    writers = [writer(store, "api/a:1", published), writer(other, "api/b:1", published)]
    for number in range(6):
        await write(writers[number % 2], number)
    await other.close()
    assert len(published.commits) == 6


async def test_what_a_killed_process_left_is_published_by_the_next_that_opens(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.stores.sqlite.events.now_milliseconds", lambda: NOW)
    broker, published = DyingBroker(), Published()
    killed = asyncio.create_task(write(writer(store, "api/killed:1", broker), 1))
    await broker.asked.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    await writer(store, "api/early:1", published, lambda: NOW + 1).open()
    assert published.commits == []
    await writer(store, "api/late:1", published, lambda: NOW + ABANDONED_MILLISECONDS).open()
    assert [event.type.value for commit in published.commits for event in commit.events] == ["created"]


async def test_a_writer_of_the_former_catalogue_claims_nothing_once_the_store_has_gone_on(store: SqliteStore) -> None:
    former = writer(store, "api/a:1", Published())
    await former.open()
    await store.change_catalogue("a" * 64, TaskWrite(task_id="1", expected=None, task=ReResolve()))
    for refusal in (ClaimLost, CatalogueChanged, CatalogueChanged):
        with pytest.raises(refusal):
            await write(former, 1)
    assert [stored async for stored in store.scan_records()] == []
