"""Another meaning of the catalogue comes into force in one step, and nobody works on with the former one."""

import asyncio

import pytest

from graph_model.records.tasks import ReResolve
from graph_model.values.positions import Position
from services.stores.port.errors import CatalogueChanged, ClaimLost, CommitConflict
from services.stores.port.protocols import Outbox, Store
from tests.contract.builders import FINGERPRINT, event, person, plan, write_profile, write_task
from tests.contract.conftest import Reopen

NEW = "a" * 64
TASK = write_task("lift", ReResolve())


async def test_a_new_store_has_the_meaning_that_it_was_made_with(store: Store) -> None:
    assert (store.fingerprint, store.generation) == (FINGERPRINT, 0)


async def test_a_change_begins_the_next_generation(store: Store) -> None:
    await store.change_catalogue(NEW, TASK)
    assert (store.fingerprint, store.generation) == (NEW, 1)


async def test_the_generation_is_known_to_who_opens_the_store_later(store: Store, reopen: Reopen) -> None:
    await store.change_catalogue(NEW, TASK)
    await store.change_catalogue("b" * 64, write_task("lift again", ReResolve()))
    assert (await reopen("b" * 64)).generation == 2


async def test_a_store_stays_itself_when_its_catalogue_changes(store: Store, reopen: Reopen) -> None:
    before = store.store_id
    await store.change_catalogue(NEW, TASK)
    assert {store.store_id, (await reopen(NEW)).store_id} == {before}


async def test_the_former_meaning_is_refused_at_opening(store: Store, reopen: Reopen) -> None:
    await store.change_catalogue(NEW, TASK)
    with pytest.raises(CatalogueChanged, match=NEW[:12]):
        await reopen(FINGERPRINT)


async def test_the_work_that_it_owes_is_written_with_the_change(store: Store) -> None:
    await store.change_catalogue(NEW, TASK)
    assert [(stored.task_id, stored.task) for stored in await store.read_tasks()] == [("lift", ReResolve())]


async def test_claims_made_before_a_change_are_lost(store: Store, reopen: Reopen) -> None:
    other = await reopen()
    claims = [(store, await store.claim_outbox("ours")), (other, await other.claim_outbox("theirs"))]
    await store.change_catalogue(NEW, TASK)
    for owner, claim in claims:
        with pytest.raises(ClaimLost):
            await owner.commit(person(1, "ann"), claim)
    assert [stored async for stored in store.scan_records()] == []


async def test_who_changed_the_catalogue_works_on(store: Store, outbox: Outbox) -> None:
    await store.change_catalogue(NEW, TASK)
    await store.commit(person(1, "ann"), await store.claim_outbox("tests"))
    assert await store.read_profile("p1") is not None


async def test_who_opened_the_store_before_a_change_can_claim_no_outbox(store: Store, reopen: Reopen) -> None:
    other = await reopen()
    await store.change_catalogue(NEW, TASK)
    with pytest.raises(CatalogueChanged, match=NEW[:12]):
        await other.claim_outbox("tests")


async def test_a_refused_claim_takes_nobodys_place(store: Store, reopen: Reopen) -> None:
    other = await reopen()
    await store.change_catalogue(NEW, TASK)
    claim = await store.claim_outbox("tests")
    with pytest.raises(CatalogueChanged):
        await other.claim_outbox("tests")
    await store.commit(person(1, "ann"), claim)


async def test_a_claim_after_changes_there_and_back_knows_the_generation(store: Store, reopen: Reopen) -> None:
    other = await reopen()
    await store.change_catalogue(NEW, TASK)
    await store.change_catalogue(FINGERPRINT, write_task("lift back", ReResolve()))
    await other.claim_outbox("tests")
    assert other.generation == 2


async def test_of_many_that_change_the_catalogue_at_once_exactly_one_does(reopen: Reopen) -> None:
    stores = [await reopen() for _ in range(4)]
    results = await asyncio.gather(
        *(
            store.change_catalogue(str(number) * 64, write_task(f"by {number}", ReResolve()))
            for number, store in enumerate(stores)
        ),
        return_exceptions=True,
    )
    assert [type(result) for result in results if result is not None] == [CommitConflict] * 3
    winner = results.index(None)
    assert stores[winner].generation == 1
    assert [stored.task_id for stored in await stores[winner].read_tasks()] == [f"by {winner}"]


async def test_a_change_by_who_does_not_know_the_last_one_is_refused_without_trace(
    store: Store, reopen: Reopen
) -> None:
    other = await reopen()
    await store.change_catalogue(NEW, TASK)
    with pytest.raises(CommitConflict):
        await other.change_catalogue("b" * 64, write_task("too late", ReResolve()))
    assert (other.fingerprint, other.generation) == (FINGERPRINT, 0)
    assert [stored.task_id for stored in await store.read_tasks()] == ["lift"]
    assert (await reopen(NEW)).generation == 1


async def test_a_change_whose_task_was_taken_is_refused_without_trace(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(tasks=(TASK,)), outbox)
    with pytest.raises(CommitConflict):
        await store.change_catalogue(NEW, TASK)
    assert (store.fingerprint, store.generation) == (FINGERPRINT, 0)
    await store.commit(person(1, "ann"), outbox)


async def test_events_and_progress_outlive_a_change(store: Store, outbox: Outbox) -> None:
    one = plan(profiles=[write_profile("p1")], events=[event("p1")], progress=Position(1, 8))
    await store.commit(one, outbox)
    await store.change_catalogue(NEW, TASK)
    claim = await store.claim_outbox("tests")
    assert [entry.commit_id for entry in claim.pending] == [one.commit_id]
    assert claim.progress == Position(1, 8)
