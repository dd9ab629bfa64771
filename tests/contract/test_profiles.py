"""Profiles are read whole, alone or with their component's records."""

from graph_model.profile.document import ProfileStatus
from services.stores.port.protocols import Outbox, Store
from tests.contract.builders import (
    address,
    document,
    email,
    make_profile,
    plan,
    profile_revision,
    record,
    write_identifier,
    write_profile,
    write_record,
)


async def test_a_profile_is_read_back_as_written(store: Store, outbox: Outbox) -> None:
    written = write_profile("p1", version=7, status=ProfileStatus.ABSORBED, text="Zoë", component=("p1", "p2"))
    await store.commit(plan(profiles=[written]), outbox)
    stored = await store.read_profile("p1")
    assert stored is not None
    assert (stored.profile_id, stored.version, stored.status) == ("p1", 7, ProfileStatus.ABSORBED)
    assert (stored.document, stored.component) == (document("Zoë"), ("p1", "p2"))


async def test_an_unknown_profile_is_none(store: Store) -> None:
    assert await store.read_profile("p1") is None


async def test_profiles_are_read_together_and_unknown_ones_left_out(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(profiles=[write_profile("p1"), write_profile("p2")]), outbox)
    assert set(await store.read_profiles(["p1", "p2", "p3"])) == {"p1", "p2"}


async def test_versions_are_read_together_and_unknown_ones_left_out(store: Store, outbox: Outbox) -> None:
    written = [write_profile("p1", version=3), write_profile("p2", version=5)]
    await store.commit(plan(profiles=written), outbox)
    assert await store.read_versions(["p1", "p2", "p3"]) == {"p1": 3, "p2": 5}


async def test_a_bumped_profile_keeps_its_content_and_changes_its_revision(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(profiles=[write_profile("p1", version=3)]), outbox)
    before = await store.read_profile("p1")
    assert before is not None
    await store.commit(plan(profiles=[write_profile("p1", expected=before.revision, version=3, text=None)]), outbox)
    after = await store.read_profile("p1")
    assert after is not None
    assert after.revision != before.revision
    assert (after.version, after.document, after.component) == (3, before.document, before.component)


async def test_a_component_is_read_with_its_records_and_the_profile_of_each(store: Store, outbox: Outbox) -> None:
    await make_profile(store, outbox, "p1", 1, 2)
    await make_profile(store, outbox, "p2", 3)
    await make_profile(store, outbox, "p3", 4)
    components = await store.read_components(["p1", "p2", "nobody"])
    assert set(components.profiles) == {"p1", "p2"}
    assert components.memberships == {address(1): "p1", address(2): "p1", address(3): "p2"}
    assert components.records[address(3)] == record(address(3))


async def test_records_move_to_another_profile_without_being_written(store: Store, outbox: Outbox) -> None:
    await make_profile(store, outbox, "p1", 1, of="ann")
    await make_profile(store, outbox, "p2", 2)
    await store.commit(
        plan(
            memberships=[(address(1), "p2")],
            profiles=[
                write_profile("p1", expected=await profile_revision(store, "p1"), status=ProfileStatus.ABSORBED),
                write_profile("p2", expected=await profile_revision(store, "p2")),
            ],
        ),
        outbox,
    )
    assert (await store.read_records([address(1)]))[address(1)].profile_id == "p2"
    assert (await store.read_components(["p1", "p2"])).memberships == {address(1): "p2", address(2): "p2"}
    assert [found.profile_id for found in await store.find_profiles(email("ann"), 10)] == ["p2"]


async def test_profiles_are_found_by_identifier_in_order_of_their_ids(store: Store, outbox: Outbox) -> None:
    shared = email("shared")
    await store.commit(
        plan(
            records=[write_record(record(address(number)), f"p{number % 3}", [shared]) for number in range(6)],
            identifiers=[write_identifier(shared, 6)],
            profiles=[write_profile(f"p{number}") for number in (2, 0, 1)],
        ),
        outbox,
    )
    assert [found.profile_id for found in await store.find_profiles(shared, 10)] == ["p0", "p1", "p2"]


async def test_no_more_profiles_are_found_than_asked_for(store: Store, outbox: Outbox) -> None:
    shared = email("shared")
    await store.commit(
        plan(
            records=[write_record(record(address(number)), f"p{number}", [shared]) for number in range(3)],
            identifiers=[write_identifier(shared, 3)],
            profiles=[write_profile(f"p{number}") for number in range(3)],
        ),
        outbox,
    )
    assert [found.profile_id for found in await store.find_profiles(shared, 2)] == ["p0", "p1"]


async def test_an_unknown_identifier_finds_no_profile(store: Store) -> None:
    assert await store.find_profiles(email("nobody"), 10) == ()
