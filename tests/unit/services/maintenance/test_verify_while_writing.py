"""A store may be written to while it is verified: what moves is told apart from what is wrong."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change, RecordAddress
from graph_model.records.verdicts import Judgement
from services.ingestion.ingest import Ingest
from services.maintenance.re_resolve import change_meaning
from services.maintenance.tasks import work_off
from services.maintenance.verification.verify import verify
from services.metrics import Metrics
from services.stores.port.errors import StoreError
from services.stores.port.stored import StoredRecord
from services.stores.sqlite import scans as sqlite_scans
from services.stores.sqlite.store import SqliteStore
from tests.properties import worlds
from tests.unit.services.maintenance.test_verify import damage, small_company
from tests.unit.services.people import CATALOGUE, Company


class BusyStore(SqliteStore):
    """Somebody writes while it is scanned: after the profiles, before the records."""

    async def meanwhile(self) -> None:
        """What happens then; tests say it."""

    async def scan_records(self, after: RecordAddress | None = None) -> AsyncIterator[StoredRecord]:
        await self.meanwhile()
        async for stored in super().scan_records(after):
            yield stored


@pytest.fixture
async def busy(tmp_path: Path) -> AsyncIterator[BusyStore]:
    opened = await BusyStore.open(tmp_path / "graph.sqlite", CATALOGUE.fingerprint)
    yield opened
    await opened.close()


Happening = Callable[[Company], Awaitable[object]]

HAPPENINGS: dict[str, Happening] = {
    "a new record": lambda company: company.put("crm9", email_1="new"),
    "a merge": lambda company: company.put("shop1", email_1="ann", phone_1="1", email_2="bob"),
    "a split": lambda company: company.put("shop1", email_1="other"),
    "a deletion": lambda company: company.put("crm2"),
    "a return": lambda company: company.put("crm3", email_1="bob"),
    "a generic identifier": lambda company: company.apply(
        *(company.change(f"shop{key}", email_1="ann") for key in range(4, 8))
    ),
    "a verdict": lambda company: company.decide(Judgement.DIFFERENT, "crm1", "shop1"),
    "a verdict that joins": lambda company: company.decide(Judgement.SAME, "crm1", "crm2"),
}  # fmt: skip


@pytest.mark.parametrize("happening", HAPPENINGS.values(), ids=HAPPENINGS)
async def test_what_moves_while_it_is_read_is_no_difference(
    happening: Happening, busy: BusyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await Company.over(busy)
    await small_company(company)

    async def meanwhile() -> None:
        await happening(company)

    monkeypatch.setattr(busy, "meanwhile", meanwhile)
    report = await verify(busy, CATALOGUE)
    assert report.problems == ()
    assert report.moved > 0
    monkeypatch.undo()
    assert (await verify(busy, CATALOGUE)).moved == 0


@pytest.mark.parametrize("happening", HAPPENINGS.values(), ids=HAPPENINGS)
async def test_damage_is_found_while_something_else_moves(
    happening: Happening, busy: BusyStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    company = await Company.over(busy)
    await small_company(company)
    await company.put("shop8", email_1="dan", name="Dan")
    await company.put("crm8", email_1="dan", name="Dan")
    damaged = (
        "UPDATE profile SET document = json_set(document, '$.traits', 1) WHERE CAST(document AS TEXT) LIKE '%dan%'"
    )
    damage(tmp_path, damaged, "UPDATE identifier SET holders = 9 WHERE value = 'dan'")

    async def meanwhile() -> None:
        await happening(company)

    monkeypatch.setattr(busy, "meanwhile", meanwhile)
    count, document = (await verify(busy, CATALOGUE)).problems
    assert count == "an identifier of kind 'email' that record crm[8] carries counts 9 holders, and 2 carry it"
    assert document.endswith("shows other traits than its records say")


async def test_a_store_that_never_stands_still_is_never_blamed(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_scans, "PAGE", 2)  # so that others get their turn in the middle of every scan
    chance = random.Random(4)  # noqa: S311
    done = asyncio.Event()

    def any_change() -> Change:
        row = {column: chance.choice("abcd") for column in chance.sample(("email_1", "phone_1", "name"), 2)}
        return company.change(f"{chance.choice(worlds.SOURCES)}{chance.randrange(10)}", **chance.choice((row, row, {})))

    async def write() -> None:
        while not done.is_set():
            await company.apply(*(any_change() for _ in range(3)))

    await small_company(company)
    writing = asyncio.create_task(write())
    reports = []
    while company.offset < 300:
        reports.append(await verify(company.store, CATALOGUE))
    done.set()
    await writing
    assert [report.problems for report in reports if report.problems] == []
    assert any(report.moved for report in reports)
    assert await company.is_sound()


async def test_a_catalogue_that_changes_meanwhile_is_told(
    busy: BusyStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    company = await Company.over(busy)
    await small_company(company)
    other: Catalogue = replace(CATALOGUE, fingerprint="other")

    async def meanwhile() -> None:
        elsewhere = await SqliteStore.open(tmp_path / "graph.sqlite", CATALOGUE.fingerprint)
        await change_meaning(elsewhere, other)
        ingest = Ingest(elsewhere, other, await elsewhere.claim_outbox("elsewhere"), metrics=Metrics())
        await work_off(elsewhere, lambda: nullcontext(ingest))
        await elsewhere.close()

    monkeypatch.setattr(busy, "meanwhile", meanwhile)
    with pytest.raises(StoreError, match="another meaning of the catalogue has come into force"):
        await verify(busy, CATALOGUE)
