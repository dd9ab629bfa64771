"""Events survive until they are published, and only the last claim of a writer may commit."""

import asyncio
from decimal import Decimal

import pytest
from msgspec.structs import replace

from graph_model.values.positions import Offset, Position
from services.stores.port.errors import ClaimLost
from services.stores.port.plan import Plan
from services.stores.port.protocols import Outbox, Store
from tests.contract.builders import event, plan, write_profile


def with_event(number: int, *, progress: Position | None = None) -> Plan:
    profile_id = f"p{number:03}"
    return plan(profiles=[write_profile(profile_id)], events=[event(profile_id, text="Zoë")], progress=progress)


async def test_a_new_writer_has_nothing_pending_and_no_progress(store: Store) -> None:
    outbox = await store.claim_outbox("new")
    assert (outbox.pending, outbox.progress) == ((), None)


async def test_events_that_were_not_acknowledged_are_handed_over_oldest_first(store: Store, outbox: Outbox) -> None:
    plans = [with_event(number) for number in range(5)]
    for one in plans:
        await store.commit(one, outbox)
    pending = (await store.claim_outbox("tests")).pending
    assert [(entry.commit_id, entry.events) for entry in pending] == [(one.commit_id, one.events) for one in plans]


async def test_events_are_handed_over_again_until_they_are_acknowledged(store: Store, outbox: Outbox) -> None:
    await store.commit(with_event(1), outbox)
    again = [await store.claim_outbox("tests") for _ in range(3)]
    assert len({claim.pending for claim in again}) == 1
    assert again[0].pending


async def test_an_event_that_is_handed_over_again_has_the_same_bytes(store: Store, outbox: Outbox) -> None:
    exact = b'{"n":1.10,"great":123456789012345678901234567890,"small":1e-400,"text":"Zo\xc3\xab \\u00eb"}'
    told = replace(event("p001"), data=exact)
    await store.commit(plan(profiles=[write_profile("p001")], events=[told]), outbox)
    ((again,),) = [entry.events for entry in (await store.claim_outbox("tests")).pending]
    assert again == told


async def test_what_was_acknowledged_before_the_next_commit_is_not_handed_over(store: Store, outbox: Outbox) -> None:
    first, second = with_event(1), with_event(2)
    await store.commit(first, outbox)
    await outbox.acknowledge(first.commit_id)
    await store.commit(second, outbox)
    pending = (await store.claim_outbox("tests")).pending
    assert [entry.commit_id for entry in pending] == [second.commit_id]


async def test_an_older_commit_is_handed_over_although_a_later_one_was_acknowledged(
    store: Store, outbox: Outbox
) -> None:
    plans = [with_event(number) for number in range(3)]
    for one in plans:
        await store.commit(one, outbox)
    await outbox.acknowledge(plans[1].commit_id)
    last = with_event(9)
    await store.commit(last, outbox)
    handed_over = [entry.commit_id for entry in (await store.claim_outbox("tests")).pending]
    assert handed_over[0] == plans[0].commit_id
    assert {plans[0].commit_id, plans[2].commit_id, last.commit_id} <= set(handed_over)


@pytest.mark.parametrize("offset", [7, 2**63, 10**56 + 1, Decimal("7.9"), "shard-1:7"])
async def test_progress_is_exact_whatever_the_log_counts_by(store: Store, outbox: Outbox, offset: Offset) -> None:
    await store.commit(with_event(1, progress=Position(2, offset)), outbox)
    assert (await store.claim_outbox("tests")).progress == Position(2, offset)


async def test_a_commit_without_events_is_not_handed_over(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(profiles=[write_profile("p1")]), outbox)
    assert (await store.claim_outbox("tests")).pending == ()


async def test_writers_do_not_see_each_others_events(store: Store, outbox: Outbox) -> None:
    await store.commit(with_event(1), outbox)
    assert (await store.claim_outbox("another")).pending == ()


async def test_a_commit_through_a_lost_claim_is_refused_and_writes_nothing(store: Store, outbox: Outbox) -> None:
    await store.claim_outbox("tests")
    with pytest.raises(ClaimLost):
        await store.commit(with_event(1), outbox)
    assert await store.read_profile("p001") is None


async def test_a_lost_claim_stays_lost(store: Store, outbox: Outbox) -> None:
    await store.claim_outbox("tests")
    for number in range(10):
        with pytest.raises(ClaimLost):
            await store.commit(with_event(number), outbox)


async def test_another_writers_claim_is_none_of_ours(store: Store, outbox: Outbox) -> None:
    await store.claim_outbox("another")
    await store.commit(with_event(1), outbox)
    assert await store.read_profile("p001") is not None


async def test_acknowledged_places_are_used_again(store: Store, outbox: Outbox) -> None:
    for number in range(40):
        one = with_event(number)
        await store.commit(one, outbox)
        await outbox.acknowledge(one.commit_id)
    assert await store.read_profile("p039") is not None


async def test_what_was_handed_over_can_be_acknowledged(store: Store, outbox: Outbox) -> None:
    first = with_event(1)
    await store.commit(first, outbox)
    successor = await store.claim_outbox("tests")
    await successor.acknowledge(first.commit_id)
    second = with_event(2)
    await store.commit(second, successor)
    pending = (await store.claim_outbox("tests")).pending
    assert [entry.commit_id for entry in pending] == [second.commit_id]


async def test_acknowledging_something_unknown_does_nothing(store: Store, outbox: Outbox) -> None:
    await outbox.acknowledge("unknown")
    await store.commit(with_event(1), outbox)


async def test_commits_through_one_claim_may_run_at_the_same_time(store: Store, outbox: Outbox) -> None:
    plans = [with_event(number) for number in range(12)]

    async def publish(one: Plan) -> None:
        await store.commit(one, outbox)
        await outbox.acknowledge(one.commit_id)

    await asyncio.gather(*map(publish, plans))
    assert len(await store.read_profiles([f"p{number:03}" for number in range(12)])) == len(plans)


async def test_progress_is_that_of_the_last_commit_that_had_one(store: Store, outbox: Outbox) -> None:
    await store.commit(with_event(1, progress=Position(1, 2**40)), outbox)
    for number in range(2, 20):
        one = with_event(number)
        await store.commit(one, outbox)
        await outbox.acknowledge(one.commit_id)
    assert (await store.claim_outbox("tests")).progress == Position(1, 2**40)


async def test_progress_of_a_new_epoch_follows_that_of_the_old_one(store: Store, outbox: Outbox) -> None:
    await store.commit(with_event(1, progress=Position(1, 500)), outbox)
    await store.commit(with_event(2, progress=Position(2, 3)), outbox)
    assert (await store.claim_outbox("tests")).progress == Position(2, 3)
