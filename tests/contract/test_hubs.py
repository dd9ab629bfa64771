"""A hub's holders hang on buckets: the sum is exact, and who adds holders to two buckets is in nobody's way."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence

import pytest
from msgspec import structs

from graph_model.records.record import RecordAddress
from graph_model.resolution.hubs import BUCKETS, bucket_of
from graph_model.values.identifiers import Identifier
from services.stores.port.plan import BucketWrite, Plan
from services.stores.port.protocols import Outbox, Store
from services.stores.port.stored import StoredIdentifier, SufficientBuckets
from tests.contract.builders import (
    address,
    email,
    make_profile,
    plan,
    record,
    record_revision,
    write_bucket,
    write_identifier,
    write_profile,
    write_record,
)
from tests.contract.refusals import assert_refused_without_trace, outcomes

TILL = email("till")
ADDRESSES = tuple(address(number) for number in range(10))
#: Records on two buckets that hold none of `ADDRESSES`, two on each.
FREE = sorted(set(range(BUCKETS)) - set(map(bucket_of, ADDRESSES)))[:2]
ON_FIRST, ON_SECOND = ([at for at in map(address, range(10, 2_000)) if bucket_of(at) == number][:20] for number in FREE)


async def read(store: Store, identifier: Identifier = TILL, *, up_to: int = 0) -> StoredIdentifier:
    return (await store.read_identifiers({identifier: up_to}))[identifier]


def all_buckets(addresses: Iterable[RecordAddress]) -> tuple[BucketWrite, ...]:
    counts = Counter(map(bucket_of, addresses))
    return tuple(write_bucket(TILL, number, counts[number]) for number in range(BUCKETS))


async def make_hub(store: Store, outbox: Outbox, holders: Sequence[RecordAddress] = ADDRESSES) -> None:
    """Each of the holders is a profile of its own, and all carry `TILL`."""
    await store.commit(
        plan(
            records=[write_record(record(at), f"p{number}", [TILL]) for number, at in enumerate(holders)],
            identifiers=[write_identifier(TILL, 0, is_hub=True)],
            profiles=[write_profile(f"p{number}") for number in range(len(holders))],
            buckets=all_buckets(holders),
            hubs=frozenset({TILL}),
        ),
        outbox,
    )


def joining(stored: StoredIdentifier, at: RecordAddress, profile_id: str) -> Plan:
    """A new record hangs on its bucket; the identifier itself is left alone."""
    number = bucket_of(at)
    bucket = stored.buckets[number]
    return plan(
        records=[write_record(record(at), profile_id, [TILL])],
        profiles=[write_profile(profile_id)],
        buckets=(write_bucket(TILL, number, bucket.holders + 1, expected=bucket.revision),),
        hubs=frozenset({TILL}),
    )


async def leaving(store: Store, at: RecordAddress) -> Plan:
    """The record carries nothing any more."""
    number = bucket_of(at)
    bucket = (await read(store)).buckets[number]
    stored = (await store.read_records([at]))[at]
    return plan(
        records=[write_record(record(at, offset=2), stored.profile_id, expected=stored.revision)],
        buckets=(write_bucket(TILL, number, bucket.holders - 1, expected=bucket.revision),),
        hubs=frozenset({TILL}),
    )


def dissolving(stored: StoredIdentifier, staying: tuple[RecordAddress, ...]) -> Plan:
    """The identifier lists the records that stay itself again."""
    return plan(
        identifiers=[write_identifier(TILL, len(staying), expected=stored.revision)],
        buckets=tuple(
            write_bucket(TILL, number, None, expected=bucket.revision) for number, bucket in stored.buckets.items()
        ),
        moved_links=((TILL, staying),),
    )


async def profiles_found(store: Store) -> set[str]:
    return {stored.profile_id for stored in await store.find_profiles(TILL, 1_000)}


async def test_the_holders_of_a_hub_are_the_sum_of_its_buckets(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    stored = await read(store)
    counts = Counter(map(bucket_of, ADDRESSES))
    assert stored.is_hub
    assert stored.holders == len(ADDRESSES)
    assert {number: bucket.holders for number, bucket in stored.buckets.items()} == {
        number: counts[number] for number in range(BUCKETS)
    }


async def test_a_hub_leads_to_its_records_and_profiles(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    assert await store.read_holders(TILL) == tuple(sorted(ADDRESSES))
    assert await store.read_links(ADDRESSES) == dict.fromkeys(ADDRESSES, (TILL,))
    assert await profiles_found(store) == {f"p{number}" for number in range(len(ADDRESSES))}


async def test_a_hub_is_read_with_the_components_of_its_holders_where_they_are_few_enough(
    store: Store, outbox: Outbox
) -> None:
    await make_hub(store, outbox)
    everybody = tuple(sorted(f"p{number}" for number in range(len(ADDRESSES))))
    assert (await read(store, up_to=len(ADDRESSES))).component == everybody
    assert (await read(store, up_to=len(ADDRESSES) - 1)).component == ()


async def test_hubs_and_others_are_read_together(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    await make_profile(store, outbox, "ann", 100, 101, of="ann")
    found = await store.read_identifiers({TILL: 0, email("ann"): 0})
    assert {identifier: (stored.holders, stored.is_hub) for identifier, stored in found.items()} == {
        TILL: (len(ADDRESSES), True),
        email("ann"): (2, False),
    }


async def test_of_a_hub_only_the_buckets_that_are_needed_are_read_where_they_suffice(
    store: Store, outbox: Outbox
) -> None:
    await make_hub(store, outbox, [*ON_FIRST, *ON_SECOND])
    everything = await read(store)
    needed = SufficientBuckets(numbers=frozenset(FREE), above=19)
    for _ in range(2):  # as somebody who has not met the hub before, and as somebody who has
        found = (await store.read_identifiers({TILL: 19}, lambda _: needed))[TILL]
        buckets = {number: everything.buckets[number] for number in FREE}
        assert found == structs.replace(everything, buckets=buckets, holders=40)


@pytest.mark.parametrize("numbers", [FREE, [FREE[0]], [FREE[0], bucket_of(ADDRESSES[0])]])
async def test_of_a_hub_all_buckets_are_read_where_one_that_is_needed_has_too_few_holders(
    store: Store, outbox: Outbox, numbers: list[int]
) -> None:
    await make_hub(store, outbox, [*ON_FIRST, *ADDRESSES])
    everything = await read(store)
    needed = SufficientBuckets(numbers=frozenset(numbers), above=20)
    for _ in range(2):
        assert await store.read_identifiers({TILL: 0}, lambda _: needed) == {TILL: everything}


async def test_a_scan_meets_a_hub_with_its_buckets(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    assert [found async for found in store.scan_identifiers()] == [(TILL, await read(store))]


async def test_the_links_of_a_hub_are_counted(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    assert [found async for found in store.scan_links()] == [(TILL, len(ADDRESSES))]


async def test_a_record_that_joins_a_hub_changes_its_own_bucket_only(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    before = await read(store)
    await store.commit(joining(before, ON_FIRST[0], "new"), outbox)
    after = await read(store)
    changed = [number for number in range(BUCKETS) if before.buckets[number] != after.buckets[number]]
    assert (changed, after.revision, after.holders) == ([FREE[0]], before.revision, len(ADDRESSES) + 1)
    assert await store.read_links([ON_FIRST[0]]) == {ON_FIRST[0]: (TILL,)}
    assert await profiles_found(store) == {"new", *(f"p{number}" for number in range(len(ADDRESSES)))}


async def test_a_record_that_leaves_a_hub_is_no_holder_any_more(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    await store.commit(await leaving(store, ADDRESSES[0]), outbox)
    assert (await read(store)).holders == len(ADDRESSES) - 1
    assert await store.read_holders(TILL) == tuple(sorted(ADDRESSES[1:]))
    assert await profiles_found(store) == {f"p{number}" for number in range(1, len(ADDRESSES))}


async def test_a_bucket_without_holders_stays(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    await store.commit(joining(await read(store), ON_FIRST[0], "new"), outbox)
    await store.commit(await leaving(store, ON_FIRST[0]), outbox)
    assert (await read(store)).buckets[FREE[0]].holders == 0


async def test_a_record_rewritten_without_edges_stays_on_its_hub(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    revision = await record_revision(store, ADDRESSES[0])
    newer = write_record(record(ADDRESSES[0], offset=2), "p0", [TILL], expected=revision, edges_changed=False)
    await store.commit(plan(records=[newer]), outbox)
    assert await store.read_holders(TILL) == tuple(sorted(ADDRESSES))


async def test_an_asserted_bucket_changes_its_revision_only(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    before = (await read(store)).buckets[0]
    asserted = write_bucket(TILL, 0, before.holders, expected=before.revision)
    await store.commit(plan(buckets=(asserted,), hubs=frozenset({TILL})), outbox)
    after = (await read(store)).buckets[0]
    assert after.holders == before.holders
    assert after.revision != before.revision


async def become_a_hub(store: Store, outbox: Outbox) -> None:
    """`p1` has four records that carry `TILL`; a fifth, new one makes it a hub."""
    await make_profile(store, outbox, "p1", 1, 2, 3, 4, of="till")
    known, new = tuple(map(address, (1, 2, 3, 4))), address(5)
    await store.commit(
        plan(
            records=[write_record(record(new), "p2", [TILL])],
            identifiers=[write_identifier(TILL, 0, expected=(await read(store)).revision, is_hub=True)],
            profiles=[write_profile("p2")],
            buckets=all_buckets((*known, new)),
            hubs=frozenset({TILL}),
            moved_links=((TILL, known),),
        ),
        outbox,
    )


async def test_an_identifier_that_becomes_a_hub_keeps_its_holders(store: Store, outbox: Outbox) -> None:
    await become_a_hub(store, outbox)
    stored = await read(store, up_to=5)
    assert (stored.is_hub, stored.holders, stored.component) == (True, 5, ("p1", "p2"))
    assert await store.read_holders(TILL) == tuple(map(address, (1, 2, 3, 4, 5)))
    assert [found async for found in store.scan_links()] == [(TILL, 5)]


async def test_a_record_whose_link_was_moved_can_leave(store: Store, outbox: Outbox) -> None:
    await become_a_hub(store, outbox)
    await store.commit(await leaving(store, address(2)), outbox)
    assert await store.read_holders(TILL) == tuple(map(address, (1, 3, 4, 5)))
    assert (await read(store)).holders == 4


async def test_a_hub_that_gives_up_its_buckets_keeps_its_holders(store: Store, outbox: Outbox) -> None:
    await become_a_hub(store, outbox)
    await store.commit(dissolving(await read(store), tuple(map(address, (1, 2, 3, 4, 5)))), outbox)
    stored = await read(store, up_to=5)
    assert (stored.is_hub, stored.buckets, stored.holders) == (False, {}, 5)
    assert stored.component == ("p1", "p2")
    assert await store.read_holders(TILL) == tuple(map(address, (1, 2, 3, 4, 5)))
    assert await store.read_links([address(1)]) == {address(1): (TILL,)}
    assert [found async for found in store.scan_links()] == [(TILL, 5)]


async def test_a_hub_that_gives_up_its_buckets_can_lose_a_holder_in_the_same_commit(
    store: Store, outbox: Outbox
) -> None:
    await become_a_hub(store, outbox)
    staying = tuple(map(address, (1, 2, 3, 4)))
    commit = dissolving(await read(store), staying)
    left = write_record(record(address(5), offset=2), "p2", expected=await record_revision(store, address(5)))
    await store.commit(
        plan(
            records=[left],
            identifiers=commit.identifiers,
            buckets=commit.buckets,
            moved_links=commit.moved_links,
        ),
        outbox,
    )
    assert await store.read_holders(TILL) == staying
    assert await profiles_found(store) == {"p1"}


async def test_a_former_hub_can_become_one_again(store: Store, outbox: Outbox) -> None:
    await become_a_hub(store, outbox)
    everybody = tuple(map(address, (1, 2, 3, 4, 5)))
    await store.commit(dissolving(await read(store), everybody), outbox)
    await store.commit(
        plan(
            identifiers=[write_identifier(TILL, 0, expected=(await read(store)).revision, is_hub=True)],
            buckets=all_buckets(everybody),
            hubs=frozenset({TILL}),
            moved_links=((TILL, everybody),),
        ),
        outbox,
    )
    assert (await read(store)).holders == 5
    assert await store.read_holders(TILL) == everybody


async def test_an_identifier_that_was_a_hub_can_go(store: Store, outbox: Outbox) -> None:
    await become_a_hub(store, outbox)
    await store.commit(dissolving(await read(store), tuple(map(address, (1, 2, 3, 4, 5)))), outbox)
    left = [
        write_record(record(address(number), offset=2), "p1", expected=await record_revision(store, address(number)))
        for number in (1, 2, 3, 4, 5)
    ]
    gone = write_identifier(TILL, 0, expected=(await read(store)).revision)
    await store.commit(plan(records=left, identifiers=[gone]), outbox)
    assert await store.read_identifiers({TILL: 0}) == {}
    assert [found async for found in store.scan_identifiers()] == []


async def test_a_hub_whose_holders_all_leave_at_once_is_gone(store: Store, outbox: Outbox) -> None:
    await become_a_hub(store, outbox)
    left = [
        write_record(record(address(number), offset=2), "p1", expected=await record_revision(store, address(number)))
        for number in (1, 2, 3, 4, 5)
    ]
    gone = dissolving(await read(store), ())
    await store.commit(plan(records=left, identifiers=gone.identifiers, buckets=gone.buckets), outbox)
    assert await store.read_identifiers({TILL: 0}) == {}
    await make_profile(store, outbox, "p6", 6, of="till")
    assert (await read(store)).buckets == {}


async def test_a_stale_revision_of_a_bucket_is_refused(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    stale = await read(store)
    await store.commit(joining(stale, ON_FIRST[0], "first"), outbox)
    await assert_refused_without_trace(store, outbox, joining(stale, ON_FIRST[1], "second"))


async def test_a_bucket_that_must_not_exist_and_does_is_refused(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    again = plan(buckets=(write_bucket(TILL, 0, 1),), hubs=frozenset({TILL}))
    await assert_refused_without_trace(store, outbox, again)


async def test_a_bucket_that_was_given_up_is_refused(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    stale = await read(store)
    await store.commit(dissolving(stale, ADDRESSES), outbox)
    await assert_refused_without_trace(store, outbox, joining(stale, ON_FIRST[0], "late"))


async def test_the_revision_of_another_bucket_does_not_pass(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    await store.commit(joining(await read(store), ON_FIRST[0], "new"), outbox)
    other = (await read(store)).buckets[FREE[0]].revision
    wrong = plan(buckets=(write_bucket(TILL, FREE[1], 1, expected=other),), hubs=frozenset({TILL}))
    await assert_refused_without_trace(store, outbox, wrong)


async def test_records_that_join_different_buckets_at_once_are_in_nobodys_way(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    claims = [await store.claim_outbox(name) for name in ("first", "second")]
    for number, pair in enumerate(zip(ON_FIRST, ON_SECOND, strict=True)):
        stored = await read(store)
        plans = [joining(stored, at, f"{number}x{side}") for side, at in enumerate(pair)]
        results = await outcomes([store.commit(one, claim) for one, claim in zip(plans, claims, strict=True)])
        assert results == [True, True]
    assert (await read(store)).holders == len(ADDRESSES) + len(ON_FIRST) + len(ON_SECOND)


async def test_of_two_records_that_join_one_bucket_at_once_exactly_one_does(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    claims = [await store.claim_outbox(name) for name in ("first", "second")]
    for number, pair in enumerate(zip(ON_FIRST[::2], ON_FIRST[1::2], strict=True)):
        stored = await read(store)
        plans = [joining(stored, at, f"{number}x{side}") for side, at in enumerate(pair)]
        results = await outcomes([store.commit(one, claim) for one, claim in zip(plans, claims, strict=True)])
        assert results.count(True) == 1
    stored = await read(store)
    assert stored.holders == len(ADDRESSES) + len(ON_FIRST) // 2
    assert len(await store.read_holders(TILL)) == stored.holders


async def test_a_hub_that_gives_up_its_buckets_while_a_record_joins_stays_whole(store: Store) -> None:
    claims = [await store.claim_outbox(name) for name in ("first", "second")]
    await make_hub(store, claims[0])
    holders = ADDRESSES
    for number, at in enumerate(ON_FIRST):
        stored = await read(store)
        plans = [dissolving(stored, holders), joining(stored, at, f"late{number}")]
        dissolved, joined = await outcomes([store.commit(one, claim) for one, claim in zip(plans, claims, strict=True)])
        assert dissolved != joined
        holders = (*holders, at) if joined else holders
        found = await read(store)
        assert (found.is_hub, found.holders) == (joined, len(holders))
        assert await store.read_holders(TILL) == tuple(sorted(holders))
        if dissolved:
            back = plan(
                identifiers=[write_identifier(TILL, 0, expected=found.revision, is_hub=True)],
                buckets=all_buckets(holders),
                hubs=frozenset({TILL}),
                moved_links=((TILL, holders),),
            )
            await store.commit(back, claims[0])


async def test_records_that_join_a_hub_from_many_sides_are_all_counted(store: Store, outbox: Outbox) -> None:
    await make_hub(store, outbox)
    claims = [await store.claim_outbox(f"writer{number}") for number in range(4)]
    joiners = list(map(address, range(100, 140)))

    async def join(worker: int) -> None:
        for at in joiners[worker :: len(claims)]:
            while not (await outcomes([store.commit(joining(await read(store), at, at.key), claims[worker])]))[0]:
                pass

    await asyncio.gather(*map(join, range(len(claims))))
    assert (await read(store)).holders == len(ADDRESSES) + len(joiners)
    assert await store.read_holders(TILL) == tuple(sorted((*ADDRESSES, *joiners)))
