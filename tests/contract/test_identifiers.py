"""Identifiers know how many records carry them, and lead to the components of these."""

from graph_model.values.identifiers import Identifier
from services.stores.port.protocols import Outbox, Store
from tests.contract.builders import (
    address,
    email,
    identifier_revision,
    make_profile,
    person,
    plan,
    record,
    record_revision,
    write_identifier,
    write_profile,
    write_record,
)


async def two_profiles_of_one_identifier(store: Store, outbox: Outbox) -> Identifier:
    """`p1` and `p2`, each with a component of two, share `shared@example.com`."""
    shared = email("shared")
    components = {"p1": ("p1", "q1"), "p2": ("p2", "q2")}
    await store.commit(
        plan(
            records=[
                write_record(record(address(1)), "p1", [shared]),
                write_record(record(address(2)), "p2", [shared]),
            ],
            identifiers=[write_identifier(shared, 2)],
            profiles=[write_profile(name, component=component) for name, component in components.items()],
        ),
        outbox,
    )
    return shared


async def test_an_identifier_is_read_with_its_holders_and_all_their_components(store: Store, outbox: Outbox) -> None:
    shared = await two_profiles_of_one_identifier(store, outbox)
    stored = (await store.read_identifiers({shared: 2}))[shared]
    assert (stored.holders, stored.component) == (2, ("p1", "p2", "q1", "q2"))


async def test_components_are_left_out_where_there_are_more_holders_than_asked_for(
    store: Store, outbox: Outbox
) -> None:
    shared = await two_profiles_of_one_identifier(store, outbox)
    stored = (await store.read_identifiers({shared: 1}))[shared]
    assert (stored.holders, stored.component) == (2, ())


async def test_each_identifier_has_its_own_limit(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann", "lee"), outbox)
    found = await store.read_identifiers({email("ann"): 1, email("lee"): 0})
    assert [found[email(name)].component for name in ("ann", "lee")] == [("p1",), ()]


async def test_an_unknown_identifier_is_left_out(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    assert list(await store.read_identifiers({email("ann"): 5, email("bob"): 5})) == [email("ann")]


async def test_identifiers_may_hold_any_character(store: Store, outbox: Outbox) -> None:
    odd = Identifier("passport", "№ 7-7/%25:x@y#z 李 " + "long " * 100)
    await store.commit(
        plan(
            records=[write_record(record(address(1)), "p1", [odd])],
            identifiers=[write_identifier(odd)],
            profiles=[write_profile("p1")],
        ),
        outbox,
    )
    assert (await store.read_identifiers({odd: 5}))[odd].component == ("p1",)
    assert [identifier async for identifier, _ in store.scan_identifiers()] == [odd]


async def test_an_identifier_that_nobody_carries_any_more_is_gone(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    await store.commit(
        plan(
            records=[
                write_record(record(address(1), offset=2), "p1", expected=await record_revision(store, address(1)))
            ],
            identifiers=[write_identifier(email("ann"), 0, expected=await identifier_revision(store, email("ann")))],
        ),
        outbox,
    )
    assert await store.read_identifiers({email("ann"): 5}) == {}


async def test_an_identifier_that_was_gone_can_come_back(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    revision = await record_revision(store, address(1))
    await store.commit(
        plan(
            records=[write_record(record(address(1), offset=2), "p1", expected=revision)],
            identifiers=[write_identifier(email("ann"), 0, expected=await identifier_revision(store, email("ann")))],
        ),
        outbox,
    )
    await store.commit(person(2, "ann"), outbox)
    assert [found.profile_id for found in await store.find_profiles(email("ann"), 10)] == ["p2"]


async def test_a_second_holder_joins_the_first(store: Store, outbox: Outbox) -> None:
    await make_profile(store, outbox, "p1", 1, of="ann")
    await store.commit(
        plan(
            records=[write_record(record(address(2)), "p2", [email("ann")])],
            identifiers=[write_identifier(email("ann"), 2, expected=await identifier_revision(store, email("ann")))],
            profiles=[write_profile("p2")],
        ),
        outbox,
    )
    stored = (await store.read_identifiers({email("ann"): 2}))[email("ann")]
    assert (stored.holders, stored.component) == (2, ("p1", "p2"))


async def test_the_holders_of_an_identifier_are_read_in_order(store: Store, outbox: Outbox) -> None:
    await make_profile(store, outbox, "p1", 3, 1, 2, of="ann")
    assert await store.read_holders(email("ann")) == (address(1), address(2), address(3))


async def test_an_unknown_identifier_has_no_holders(store: Store) -> None:
    assert await store.read_holders(email("nobody")) == ()


async def test_an_identifier_that_lists_its_holders_has_no_buckets(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    stored = (await store.read_identifiers({email("ann"): 1}))[email("ann")]
    assert (stored.is_hub, stored.buckets) == (False, {})
