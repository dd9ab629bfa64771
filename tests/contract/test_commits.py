"""A commit happens as a whole, and only if nothing that it rests on has changed."""

import asyncio

import pytest

from services.stores.port.errors import CommitConflict
from services.stores.port.protocols import Outbox, Store
from tests.contract.builders import (
    address,
    email,
    identifier_revision,
    make_profile,
    person,
    plan,
    profile_revision,
    record,
    record_revision,
    write_identifier,
    write_profile,
    write_record,
)
from tests.contract.refusals import assert_refused_without_trace, outcomes

ROUNDS = 30


async def test_a_stale_revision_of_a_record_is_refused(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    stale = await record_revision(store, address(1))
    newer = plan(records=[write_record(record(address(1), offset=2), "p1", [email("ann")], expected=stale)])
    await store.commit(newer, outbox)
    refused = plan(records=[write_record(record(address(1), offset=3), "p1", [email("ann")], expected=stale)])
    await assert_refused_without_trace(store, outbox, refused)


async def test_a_stale_revision_of_an_identifier_is_refused(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    stale = await identifier_revision(store, email("ann"))
    await store.commit(plan(identifiers=[write_identifier(email("ann"), 2, expected=stale)]), outbox)
    await assert_refused_without_trace(
        store, outbox, plan(identifiers=[write_identifier(email("ann"), 3, expected=stale)])
    )


async def test_a_stale_revision_of_a_profile_is_refused(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    stale = await profile_revision(store, "p1")
    await store.commit(plan(profiles=[write_profile("p1", expected=stale, version=2)]), outbox)
    await assert_refused_without_trace(store, outbox, plan(profiles=[write_profile("p1", expected=stale, version=3)]))


async def test_a_record_that_must_not_exist_and_does_is_refused(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    await assert_refused_without_trace(store, outbox, plan(records=[write_record(record(address(1)), "p1")]))


async def test_an_identifier_that_must_not_exist_and_does_is_refused(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    await assert_refused_without_trace(store, outbox, plan(identifiers=[write_identifier(email("ann"))]))


async def test_a_profile_that_must_not_exist_and_does_is_refused(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    await assert_refused_without_trace(store, outbox, plan(profiles=[write_profile("p1")]))


async def test_what_must_exist_and_does_not_is_refused(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    revision = await identifier_revision(store, email("ann"))
    gone = plan(
        records=[write_record(record(address(1), offset=2), "p1", expected=await record_revision(store, address(1)))],
        identifiers=[write_identifier(email("ann"), 0, expected=revision)],
    )
    await store.commit(gone, outbox)
    await assert_refused_without_trace(
        store, outbox, plan(identifiers=[write_identifier(email("ann"), 2, expected=revision)])
    )


async def test_the_revision_of_another_profile_does_not_pass(store: Store, outbox: Outbox) -> None:
    await make_profile(store, outbox, "p1", 1)
    await make_profile(store, outbox, "p2", 2)
    await assert_refused_without_trace(
        store, outbox, plan(profiles=[write_profile("p1", expected=await profile_revision(store, "p2"))])
    )


async def test_a_refused_commit_does_not_stop_the_next(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    for _ in range(20):
        with pytest.raises(CommitConflict):
            await store.commit(person(1, "ann"), outbox)
    await store.commit(person(2, "bob"), outbox)
    assert await store.read_profile("p2") is not None


async def test_of_two_commits_that_make_the_same_identifier_exactly_one_wins(store: Store) -> None:
    first, second = await store.claim_outbox("first"), await store.claim_outbox("second")
    for number in range(ROUNDS):
        plans = [person(2 * number + side, f"same{number}", profile_id=f"p{number}x{side}") for side in (0, 1)]
        accepted = await outcomes([store.commit(plans[0], first), store.commit(plans[1], second)])
        assert accepted.count(True) == 1
        winner = f"p{number}x{accepted.index(True)}"
        found = await store.find_profiles(email(f"same{number}"), 10)
        assert [profile.profile_id for profile in found] == [winner]


async def test_of_many_commits_on_one_revision_exactly_one_wins(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    claims = [await store.claim_outbox(f"writer{number}") for number in range(4)]
    for _ in range(ROUNDS):
        stale = await profile_revision(store, "p1")
        plans = [plan(profiles=[write_profile("p1", expected=stale, text=f"by {side}")]) for side in range(len(claims))]
        accepted = await outcomes([store.commit(p, claim) for p, claim in zip(plans, claims, strict=True)])
        assert accepted.count(True) == 1
        stored = await store.read_profile("p1")
        assert stored is not None
        assert stored.document == plans[accepted.index(True)].profiles[0].document


async def test_increments_that_race_are_never_lost(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(identifiers=[write_identifier(email(name), 1) for name in "ab"]), outbox)
    increments, workers = 8, 4

    async def increment(worker: int) -> None:
        claim = await store.claim_outbox(f"writer{worker}")
        done = 0
        while done < increments:
            found = await store.read_identifiers({email(name): 0 for name in "ab"})
            writes = [
                write_identifier(identifier, stored.holders + 1, expected=stored.revision)
                for identifier, stored in found.items()
            ]
            done += (await outcomes([store.commit(plan(identifiers=writes), claim)])).count(True)

    await asyncio.gather(*(increment(worker) for worker in range(workers)))
    counts = [stored.holders async for _, stored in store.scan_identifiers()]
    assert counts == [1 + increments * workers] * 2


async def test_an_identifier_that_goes_while_another_record_takes_it_stays_whole(store: Store) -> None:
    first, second = await store.claim_outbox("first"), await store.claim_outbox("second")
    for number in range(ROUNDS):
        one, two, name = 2 * number, 2 * number + 1, f"ann{number}"
        await store.commit(person(one, name), first)
        revision = await identifier_revision(store, email(name))
        leaves = plan(
            records=[
                write_record(
                    record(address(one), offset=2), f"p{one}", expected=await record_revision(store, address(one))
                )
            ],
            identifiers=[write_identifier(email(name), 0, expected=revision)],
        )
        joins = plan(
            records=[write_record(record(address(two)), f"p{two}", [email(name)])],
            identifiers=[write_identifier(email(name), 2, expected=revision)],
            profiles=[write_profile(f"p{two}")],
        )
        left, joined = await outcomes([store.commit(leaves, first), store.commit(joins, second)])
        assert left != joined
        found = {profile.profile_id for profile in await store.find_profiles(email(name), 10)}
        assert found == (set() if left else {f"p{one}", f"p{two}"})


async def test_a_large_plan_is_one_commit(store: Store, outbox: Outbox) -> None:
    numbers = range(400)
    people = [person(number, f"name{number}") for number in numbers]
    await store.commit(
        plan(
            records=[write for one in people for write in one.records],
            identifiers=[write for one in people for write in one.identifiers],
            profiles=[write for one in people for write in one.profiles],
        ),
        outbox,
    )
    assert len((await store.read_components([f"p{number}" for number in numbers])).records) == len(numbers)
