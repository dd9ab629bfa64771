"""The steps of a profile's life are kept with the commits that made them, for good."""

from graph_model.profile.document import ProfileStatus
from services.stores.port.protocols import Outbox, Store
from tests.contract.builders import person, plan, profile_revision, step, write_profile
from tests.contract.refusals import assert_refused_without_trace


async def test_the_steps_of_a_profile_are_read_oldest_first(store: Store, outbox: Outbox) -> None:
    revision = None
    for version in range(1, 12):
        written = write_profile("p1", expected=revision, version=version)
        await store.commit(plan(profiles=[written], history=(step("p1", version),)), outbox)
        revision = await profile_revision(store, "p1")
    assert await store.read_history("p1") == tuple(step("p1", version) for version in range(1, 12))


async def test_profiles_do_not_share_their_steps(store: Store, outbox: Outbox) -> None:
    await store.commit(
        plan(profiles=[write_profile("p1"), write_profile("p2")], history=(step("p1", 1), step("p2", 1))), outbox
    )
    assert await store.read_history("p2") == (step("p2", 1),)


async def test_a_profile_without_steps_has_no_history(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1), outbox)
    assert await store.read_history("p1") == ()


async def test_the_steps_of_an_absorbed_profile_stay(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(profiles=[write_profile("p1")], history=(step("p1", 1),)), outbox)
    revision = await profile_revision(store, "p1")
    absorbed = write_profile("p1", expected=revision, version=2, status=ProfileStatus.ABSORBED)
    later = plan(profiles=[absorbed], history=(step("p1", 2),))
    await store.commit(later, outbox)
    assert await store.read_history("p1") == (step("p1", 1), step("p1", 2))


async def test_a_refused_commit_leaves_no_step(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1), outbox)
    await assert_refused_without_trace(store, outbox, plan(profiles=[write_profile("p1")], history=(step("p1", 1),)))
    assert await store.read_history("p1") == ()


async def test_steps_are_no_profiles(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(profiles=[write_profile("p1")], history=(step("p1", 1),)), outbox)
    assert [stored.profile_id async for stored in store.scan_profiles()] == ["p1"]
