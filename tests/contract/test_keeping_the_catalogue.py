"""The store keeps the catalogue in force, and tells in one request what has changed."""

import pytest

from graph_model.records.tasks import ReResolve
from services.stores.port.errors import CatalogueChanged, ClaimLost, StoreReplaced
from services.stores.port.identity import VERSIONS_PER_RESTORE, KeptCatalogue, Pulse
from services.stores.port.protocols import Outbox, Store
from services.stores.port.stored_form import SCHEMA_VERSION, StoredForm
from tests.contract.builders import FINGERPRINT, person, plan, write_task
from tests.contract.conftest import Reopen

NEW = "a" * 64
TASK = write_task("lift", ReResolve())
FIRST = KeptCatalogue(name="first.yaml", text="version: 1 # größer als 'x'\n")
SECOND = KeptCatalogue(name="second.yaml", text="version: 2\n")


async def test_a_store_that_has_no_catalogue_yet_keeps_that_of_the_next_who_opens_it(
    store: Store, reopen: Reopen
) -> None:
    assert await store.read_catalogue() is None
    await reopen(catalogue=FIRST)
    assert await store.read_catalogue() == FIRST
    await reopen(catalogue=SECOND)
    assert await store.read_catalogue() == FIRST


async def test_a_changed_catalogue_is_kept(store: Store, reopen: Reopen) -> None:
    await reopen(catalogue=FIRST)
    await store.change_catalogue(NEW, TASK, SECOND)
    assert await store.read_catalogue() == SECOND


async def test_of_a_change_without_text_the_former_text_is_not_kept(store: Store, reopen: Reopen) -> None:
    await reopen(catalogue=FIRST)
    await store.change_catalogue(NEW, TASK)
    assert await store.read_catalogue() is None
    await reopen(NEW, catalogue=SECOND)
    assert await store.read_catalogue() == SECOND


async def test_who_is_refused_leaves_no_catalogue(store: Store, reopen: Reopen) -> None:
    with pytest.raises(CatalogueChanged):
        await reopen(NEW, catalogue=FIRST)
    assert await store.read_catalogue() is None


PRESENT = StoredForm(SCHEMA_VERSION)


async def test_the_pulse_tells_what_is_in_force_and_owed_by_others(store: Store, reopen: Reopen) -> None:
    other = await reopen()
    assert await other.read_pulse() == Pulse(fingerprint=FINGERPRINT, generation=0, form=PRESENT, tasks_owed=0)
    await store.change_catalogue(NEW, TASK)
    outbox = await store.claim_outbox("tests")
    await store.commit(plan(tasks=(write_task("more", ReResolve()),)), outbox)
    assert await other.read_pulse() == Pulse(fingerprint=NEW, generation=1, form=PRESENT, tasks_owed=2)
    assert other.fingerprint == FINGERPRINT


async def test_a_store_goes_on_with_the_meaning_that_it_adopts(store: Store, reopen: Reopen) -> None:
    other = await reopen()
    claim = await other.claim_outbox("theirs")
    await store.change_catalogue(NEW, TASK)
    await other.adopt(NEW)
    assert (other.fingerprint, other.generation) == (NEW, 1)
    with pytest.raises(ClaimLost):
        await other.commit(person(1, "ann"), claim)
    await other.commit(person(1, "ann"), await other.claim_outbox("theirs"))


async def test_what_is_not_in_force_any_more_is_not_adopted(store: Store, reopen: Reopen) -> None:
    other = await reopen()
    await store.change_catalogue(NEW, TASK)
    await store.change_catalogue("b" * 64, write_task("lift again", ReResolve()))
    with pytest.raises(CatalogueChanged):
        await other.adopt(NEW)
    assert (other.fingerprint, other.generation) == (FINGERPRINT, 0)


async def test_a_restored_store_has_another_id_and_knows_its_former_ones(store: Store, reopen: Reopen) -> None:
    first = store.store_id
    await store.restored()
    second = store.store_id
    await store.restored()
    assert len({first, second, store.store_id}) == 3
    again = await reopen()
    assert (again.store_id, again.former_ids) == (store.store_id, frozenset({first, second}))


async def test_every_restore_raises_the_floor_of_versions(store: Store, reopen: Reopen) -> None:
    assert store.version_floor == 0
    for restore in (1, 2, 3):
        await store.restored()
        assert store.version_floor == restore * VERSIONS_PER_RESTORE
    assert (await reopen()).version_floor == 3 * VERSIONS_PER_RESTORE


async def test_nobody_goes_on_with_a_store_from_before_its_restore(
    store: Store, outbox: Outbox, reopen: Reopen
) -> None:
    other = await reopen()
    await other.restored()
    with pytest.raises(ClaimLost):
        await store.commit(person(1, "ann"), outbox)
    for asked in (store.read_pulse(), store.claim_outbox("tests"), store.adopt(FINGERPRINT)):
        with pytest.raises(StoreReplaced):
            await asked
    assert [stored async for stored in other.scan_records()] == []


async def test_who_restores_works_on(store: Store) -> None:
    await store.restored()
    await store.commit(person(1, "ann"), await store.claim_outbox("tests"))
    assert await store.read_profile("p1") is not None
