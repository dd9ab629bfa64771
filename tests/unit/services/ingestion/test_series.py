"""The batches of one log come into force in order, and nothing behind one that failed does."""

from typing import Any, cast

import pytest

from graph_model.records.record import Outcome
from services.ingestion.ingest import Ingest, IngestResult
from services.ingestion.series import series
from services.stores.port.errors import StoreUnavailable
from services.stores.port.plan import Plan
from services.stores.port.protocols import Outbox, Store
from services.stores.sqlite.store import SqliteStore
from tests.unit.services.people import CATALOGUE, Company


class FailingStore:
    """Passes everything on to a real store, but one commit, counted from 1."""

    def __init__(self, store: SqliteStore, fails: int) -> None:
        self._store = store
        self._fails = fails
        self.commits = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real store has
        return getattr(self._store, name)

    async def commit(self, plan: Plan, outbox: Outbox) -> None:
        self.commits += 1
        if self.commits == self._fails:
            raise StoreUnavailable("for the test")
        await self._store.commit(plan, outbox)


async def test_batches_of_the_same_rows_come_into_force_in_order(company: Company) -> None:
    results: list[IngestResult] = []
    ingest = Ingest(company.store, CATALOGUE, company.outbox, metrics=company.metrics)
    async with series(ingest) as batches:
        for value in "abcab":
            changes = [company.change("crm1", email_1=value), company.change("crm2", email_1="a")]
            await batches.begin(changes, (), results.append)
    applied = [result.outcomes["crm", Outcome.APPLIED] for result in results]
    assert applied == [2, 1, 1, 1, 1]
    assert all(result.refusals == [] for result in results)
    assert await company.profiles() == [["crm1"], ["crm2"]]
    assert await company.is_sound()


async def test_nothing_behind_a_batch_that_failed_comes_into_force(store: SqliteStore) -> None:
    company, failing = await Company.over(store), FailingStore(store, fails=2)
    results: list[IngestResult] = []
    ingest = Ingest(cast("Store", failing), CATALOGUE, company.outbox, metrics=company.metrics)

    async def bring_five() -> None:
        async with series(ingest) as batches:
            for number in range(1, 6):
                await batches.begin([company.change(f"crm{number}", email_1="a")], (), results.append)

    with pytest.raises(StoreUnavailable):
        await bring_five()
    assert len(results) == 1
    assert failing.commits == 2
    assert await company.profiles() == [["crm1"]]
