"""A claim lasts until something fails; whoever writes next claims anew, and publishes what was left."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graph_model.records.record import Change
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.positions import Position
from services.ingestion.claim import Claim
from services.ingestion.ingest import Committed
from services.metrics import Metrics
from services.stores.port.errors import StoreUnavailable, TaskTaken
from services.stores.port.protocols import Outbox
from services.stores.sqlite.store import SqliteStore
from tests.contract.published import Published
from tests.unit.services.people import CATALOGUE


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "graph.sqlite", CATALOGUE.fingerprint)
    yield opened
    await opened.close()


async def test_one_claim_serves_many_pieces_of_work(store: SqliteStore) -> None:
    claim = claim_of(store, Published())
    await write(claim, 1)
    outbox = await claim.hold()
    await write(claim, 2)
    assert await claim.hold() is outbox


async def test_what_a_failure_left_is_published_before_the_next_work_begins(store: SqliteStore) -> None:
    published = Published()
    claim = Claim(store, CATALOGUE, "tests", metrics=Metrics(), publish=published, on_commit=_unavailable)
    with pytest.raises(StoreUnavailable):
        await write(claim, 1)
    assert not claim.is_held
    async with claim.lend():
        assert [event.type.value for commit in published.commits for event in commit.events] == ["created"]
    assert claim.is_held


async def test_work_that_another_has_done_leaves_the_claim_as_it_is(store: SqliteStore) -> None:
    claim = claim_of(store, Published())
    outbox = await claim.hold()
    with pytest.raises(TaskTaken):
        async with claim.lend():
            raise TaskTaken("another worker has gone on with this task")
    assert await claim.hold() is outbox


async def test_renewing_takes_the_claim_from_whoever_had_it(store: SqliteStore) -> None:
    first, second = claim_of(store, Published()), claim_of(store, Published())
    outbox = await first.hold()
    assert await second.renew() is not outbox
    assert await first.renew() is not outbox
    await write(first, 1)


def claim_of(store: SqliteStore, publish: Published) -> Claim:
    return Claim(store, CATALOGUE, "tests", metrics=Metrics(), publish=publish)


async def write(claim: Claim, number: int) -> None:
    async with claim.lend() as ingest:
        await ingest.apply([_change(number)])


def _change(number: int) -> Change:
    origin = Origin(position=Position(1, number), observed_at=0)
    return row_change(CATALOGUE.sources["crm"], {"id": number, "email_1": f"{number}"}, origin)


async def _unavailable(_outbox: Outbox, _committed: tuple[Committed, ...]) -> None:
    raise StoreUnavailable("the store does not answer")
