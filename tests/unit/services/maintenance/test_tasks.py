"""Work owed: a table that was emptied, a catalogue that says something else now."""

from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from graph_model.catalogue.rules import Catalogue, Trait
from graph_model.profile.document import ProfileStatus
from graph_model.records.record import RecordAddress
from graph_model.records.tasks import DeleteAbsent, ReResolve, Task, TruncateSource
from graph_model.values.positions import Position
from graph_model.values.trait_values import TraitType
from services.ingestion.ingest import Ingest
from services.maintenance import tasks
from services.maintenance.re_resolve import change_meaning
from services.maintenance.tasks import work_off
from services.stores.port.errors import CatalogueChanged, ClaimLost, TaskTaken
from services.stores.port.plan import TaskWrite
from services.stores.sqlite.store import SqliteStore
from tests.properties import worlds
from tests.unit.services.people import CATALOGUE, Company

#: Phones are exclusive there, and only two records may share an e-mail.
NEW = replace(worlds.catalogue((2, 3, 3), (90, 50, 100), (False, True, True)), fingerprint="new")


def lender(company: Company) -> tasks.Lend:
    ingest = Ingest(company.store, company.catalogue, company.outbox, metrics=company.metrics)
    return lambda: nullcontext(ingest)


async def finish(company: Company) -> None:
    await work_off(company.store, lender(company))


async def truncate(company: Company, source: str) -> None:
    company.offset += 1
    task = TruncateSource(
        source=source, topic=None, position=Position(1, company.offset), source_position=None, observed_at=9_000
    )
    await owe(company, task)


async def owe(company: Company, task: Task) -> None:
    ingest = Ingest(company.store, company.catalogue, company.outbox, metrics=company.metrics)
    await ingest.apply((), tasks=[TaskWrite(task_id=f"task{company.offset}", expected=None, task=task)])


async def test_an_emptied_table_has_no_records_left(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.put("crm2", email_1="b")
    await company.put("shop1", email_1="a")
    await truncate(company, "crm")
    await finish(company)
    assert await company.profiles() == [["shop1"]]
    assert await company.store.read_tasks() == ()
    assert await company.is_sound()


async def test_rows_that_came_after_the_truncation_stay(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await truncate(company, "crm")
    await company.put("crm2", email_1="b")
    await finish(company)
    assert await company.profiles() == [["crm2"]]


async def test_what_was_truncated_does_not_come_back_by_a_replay(company: Company) -> None:
    change = company.change("crm1", email_1="a")
    await company.apply(change)
    await truncate(company, "crm")
    await finish(company)
    await company.apply(change)
    assert await company.profiles() == []


async def absent(company: Company, *numbers: int) -> None:
    """Owe the deletion of rows of `crm` that a snapshot did not hold, as they are now."""
    addresses = [RecordAddress.of("crm", [number]) for number in numbers]
    stored = await company.store.read_records(addresses)
    rows = tuple((address.key, stored[address].record.position) for address in addresses)
    company.offset += 1
    await owe(company, DeleteAbsent(source="crm", rows=rows, observed_at=9_000))


async def test_rows_that_a_snapshot_did_not_hold_are_gone(company: Company) -> None:
    for number in (1, 2, 3):
        await company.put(f"crm{number}", email_1="a")
    await absent(company, 1, 3)
    await finish(company)
    assert await company.profiles() == [["crm2"]]
    assert await company.store.read_tasks() == ()
    assert await company.is_sound()


async def test_a_row_that_came_again_after_the_snapshot_stays_whatever_it_says(company: Company) -> None:
    for number in (1, 2, 3):
        await company.put(f"crm{number}", email_1="a")
    await absent(company, 1, 2, 3)
    await company.put("crm1", email_1="b")
    await company.put("crm2", email_1="a")
    await finish(company)
    assert await company.profiles() == [["crm1"], ["crm2"]]
    assert await company.is_sound()


async def test_an_absent_row_that_comes_again_has_the_id_of_its_profile(company: Company) -> None:
    await company.put("crm1", email_1="a")
    (before,) = [profile.profile_id async for profile in company.store.scan_profiles()]
    await absent(company, 1)
    await finish(company)
    assert await company.profiles() == []
    await company.put("crm1", email_1="b")
    live = [p.profile_id async for p in company.store.scan_profiles() if p.status is ProfileStatus.LIVE]
    assert live == [before]


async def test_deletions_of_absent_rows_go_on_where_they_were_interrupted(company: Company) -> None:
    for number in range(1, 5):
        await company.put(f"crm{number}", email_1=f"mail{number}")
    await absent(company, 1, 2)
    await absent(company, 3, 4)

    def interrupt(_task: Task, _records: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await work_off(company.store, lender(company), interrupt)
    assert await company.profiles() == [["crm3"], ["crm4"]]
    assert len(await company.store.read_tasks()) == 1
    await finish(company)
    assert await company.profiles() == []
    assert await company.is_sound()


async def test_work_goes_on_where_it_was_interrupted(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "BATCH_SIZE", 2)
    for number in range(1, 8):
        await company.put(f"crm{number}", email_1=f"mail{number}")
    await truncate(company, "crm")
    batches = 0

    def interrupt(_task: Task, _records: int) -> None:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await work_off(company.store, lender(company), interrupt)
    (left,) = await company.store.read_tasks()
    assert left.task.done_to == RecordAddress.of("crm", [4])
    await finish(company)
    assert await company.profiles() == []
    assert await company.store.read_tasks() == ()


async def test_of_two_that_do_the_same_work_one_is_refused(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await truncate(company, "crm")
    (owed,) = await company.store.read_tasks()
    ingest = Ingest(company.store, company.catalogue, company.outbox, metrics=company.metrics)
    moved = TaskWrite(task_id=owed.task_id, expected=owed.revision, task=replace(owed.task, done_to=None))
    await ingest.apply((), tasks=[moved])
    with pytest.raises(TaskTaken):
        await ingest.apply((), tasks=[moved])


async def re_resolved(company: Company, catalogue: Catalogue) -> Company:
    """Switch to another catalogue, and do not yet do what that owes."""
    assert await change_meaning(company.store, catalogue)
    other = await Company.over(company.store, catalogue)
    other.offset = company.offset
    return other


async def people(company: Company) -> None:
    """Four share an e-mail, which is generic at three; two share a phone that keeps apart what has another one."""
    for number in (1, 2, 3):
        await company.put(f"crm{number}", email_1="a", phone_1=f"{number}")
    await company.put("shop1", email_1="b", phone_1="1")
    await company.put("shop2", email_1="b", phone_1="2")
    await company.put("shop3", email_1="b")


async def test_another_catalogue_leads_to_what_it_would_have_led_to_from_the_start(company: Company) -> None:
    await people(company)
    other = await re_resolved(company, NEW)
    await finish(other)
    assert await other.profiles() == [["crm1", "shop1"], ["crm2", "shop2"], ["crm3"], ["shop3"]]
    assert await other.is_sound()


async def test_a_trait_of_another_type_has_the_value_of_that_type(company: Company) -> None:
    whole, truth = (
        replace(CATALOGUE, traits={"name": Trait(trait_type)}, fingerprint=trait_type)
        for trait_type in (TraitType.INTEGER, TraitType.BOOLEAN)
    )
    before = await re_resolved(company, whole)
    await before.put("crm1", email_1="a", name=1)
    after = await re_resolved(before, truth)
    await finish(after)
    (document,) = await after.documents(ProfileStatus.LIVE)
    assert document["traits"]["name"]["value"] is True
    assert await after.is_sound()


async def test_back_to_the_former_catalogue_leads_back(company: Company) -> None:
    await people(company)
    before = await company.profiles()
    other = await re_resolved(company, NEW)
    await finish(other)
    back = await re_resolved(other, CATALOGUE)
    await finish(back)
    assert await back.profiles() == before
    assert await back.is_sound()


@pytest.mark.parametrize("done", range(7))
async def test_changes_flow_while_the_new_catalogue_walks(
    company: Company, done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "BATCH_SIZE", 1)
    await people(company)
    other = await re_resolved(company, NEW)
    steps = 0

    def pause(_task: Task, _records: int) -> None:
        nonlocal steps
        steps += 1
        if steps == done:
            raise KeyboardInterrupt

    if done:
        with pytest.raises(KeyboardInterrupt):
            await work_off(other.store, lender(other), pause)
    await other.put("crm2")
    await other.put("shop3", email_1="b", phone_1="9")
    await other.put("crm4", email_1="a")
    await finish(other)
    assert await other.profiles() == [["crm1", "shop1"], ["crm3"], ["crm4"], ["shop2"], ["shop3"]]
    assert await other.is_sound()


async def test_a_hub_may_be_evidence_by_a_new_limit(company: Company) -> None:
    await company.apply(*(company.change(f"crm{number}", email_1="till") for number in range(1, 31)))
    assert len(await company.profiles()) == 30
    wide = worlds.catalogue((50, 3, 3), (90, 50, 100), (False, False, True))
    other = await re_resolved(company, replace(wide, fingerprint="wide"))
    await finish(other)
    assert len(await other.profiles()) == 1
    assert await other.is_sound()


async def test_whoever_works_with_the_former_catalogue_is_refused(company: Company, tmp_path: Path) -> None:
    await company.put("crm1", email_1="a")
    reader = await SqliteStore.open(tmp_path / "graph.sqlite", CATALOGUE.fingerprint)
    old = await Company.over(reader, writer="old")
    await re_resolved(company, NEW)
    with pytest.raises(ClaimLost):
        await old.put("crm2", email_1="b")
    with pytest.raises(CatalogueChanged):
        await reader.claim_outbox("old")
    await reader.close()


async def test_every_profile_is_published_when_a_new_catalogue_changes_it(company: Company) -> None:
    await people(company)
    other = await re_resolved(company, NEW)
    told: list[str] = []
    ingest = Ingest(other.store, NEW, other.outbox, metrics=other.metrics)

    def lend() -> AbstractAsyncContextManager[Ingest]:
        return nullcontext(ingest)

    await work_off(other.store, lend, lambda _task, records: told.append(str(records)))
    live = [p async for p in other.store.scan_profiles() if p.status is ProfileStatus.LIVE]
    pending = (await other.store.claim_outbox("test")).pending
    newest = {event.profile_id: event.version for each in pending for event in each.events}
    assert {p.profile_id: p.version for p in live if p.profile_id in newest}.items() <= newest.items()
    assert told == ["6"]


async def test_the_meaning_in_force_owes_nothing(company: Company) -> None:
    assert not await change_meaning(company.store, CATALOGUE)
    await owe(company, ReResolve())
    assert await change_meaning(company.store, CATALOGUE)
