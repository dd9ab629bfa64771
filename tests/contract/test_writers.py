"""What writers leave in their outboxes, and what they have numbered."""

from dataclasses import replace

import pytest

from graph_model.values.positions import Position
from services.clock import now_milliseconds
from services.ingestion.writer import ABANDONED_MILLISECONDS, publish_abandoned
from services.stores.port.errors import ClaimLost
from services.stores.port.protocols import Outbox, Store
from tests.contract.builders import event, plan, write_profile
from tests.contract.conftest import Reopen
from tests.contract.published import Published


async def test_a_writer_whose_events_wait_is_named_with_the_time_of_the_oldest(store: Store, outbox: Outbox) -> None:
    before = now_milliseconds()
    assert (await store.read_writers())["tests"].waiting_since is None
    first = plan(profiles=[write_profile("p1")], events=[event("p1")])
    second = plan(profiles=[write_profile("p2")], events=[event("p2")])
    await store.commit(first, outbox)
    between = now_milliseconds()
    await store.commit(second, outbox)
    since = (await store.read_writers())["tests"].waiting_since
    assert since is not None
    assert before <= since <= between
    await outbox.acknowledge(first.commit_id)
    await outbox.acknowledge(second.commit_id)
    await outbox.settle()
    assert (await store.read_writers())["tests"].waiting_since is None


async def test_a_commit_without_events_leaves_nobody_waiting(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(profiles=[write_profile("p1")]), outbox)
    assert (await store.read_writers())["tests"].waiting_since is None


async def test_settling_leaves_the_claim_as_it_is(store: Store, outbox: Outbox) -> None:
    for number in range(20):
        one = plan(profiles=[write_profile(f"p{number}")], events=[event(f"p{number}")], progress=Position(1, number))
        await store.commit(one, outbox)
        await outbox.acknowledge(one.commit_id)
        await outbox.settle()
    assert (await store.claim_outbox("tests")).pending == ()


async def test_nothing_is_settled_by_who_has_lost_the_claim(store: Store, outbox: Outbox) -> None:
    one = plan(profiles=[write_profile("p1")], events=[event("p1")])
    await store.commit(one, outbox)
    later = await store.claim_outbox("tests")
    await outbox.acknowledge(one.commit_id)
    if store.guarantees.durable:
        return  # there every acknowledgement is written at once, and says nothing that is wrong
    with pytest.raises(ClaimLost):
        await outbox.settle()
    assert [pending.commit_id for pending in later.pending] == [one.commit_id]


async def test_a_progress_without_anything_else_is_kept(store: Store, outbox: Outbox) -> None:
    nothing_but_progress = plan(progress=Position(1, 7))
    assert not nothing_but_progress.is_empty
    await store.commit(nothing_but_progress, outbox)
    assert (await store.claim_outbox("tests")).progress == Position(1, 7)


async def test_the_greatest_number_given_at_acceptance_is_known_to_every_later_claim(
    store: Store, outbox: Outbox, reopen: Reopen
) -> None:
    assert outbox.accepted == 0
    other = await reopen()
    claim = await other.claim_outbox("other")
    for number in (4_000_000_000_000_000, 1_795_255_200_000_000):
        await store.commit(replace(plan(profiles=[write_profile(f"p{number}")]), accepted=number), outbox)
    await other.commit(replace(plan(profiles=[write_profile("p2")]), accepted=5), claim)
    await other.commit(plan(profiles=[write_profile("p3")]), claim)
    assert (await (await reopen()).claim_outbox("third")).accepted == 4_000_000_000_000_000
    accepted = {name: state.accepted for name, state in (await store.read_writers()).items()}
    assert accepted == {"tests": 4_000_000_000_000_000, "other": 5, "third": 0}


async def test_what_an_api_process_left_for_long_is_published_once_by_another(store: Store, reopen: Reopen) -> None:
    gone = await store.claim_outbox("api/gone:8080")
    left = plan(profiles=[write_profile("p1")], events=[event("p1")])
    await store.commit(left, gone)
    other, published = await reopen(), Published()
    now = now_milliseconds()
    await publish_abandoned(other, published, now=now, except_for="api/other:8080")
    assert published.commits == []
    for _ in range(2):
        await publish_abandoned(other, published, now=now + ABANDONED_MILLISECONDS + 5_000, except_for="api/other:8080")
    assert [commit.commit_id for commit in published.commits] == [left.commit_id]


async def test_nobody_else_takes_what_belongs_to_a_partition_or_to_itself(store: Store) -> None:
    for writer in ("group/topic/0", "apian", "api/self:8080"):
        one = plan(profiles=[write_profile(writer)], events=[event(writer)])
        await store.commit(one, await store.claim_outbox(writer))
    published = Published()
    await publish_abandoned(store, published, now=now_milliseconds() + 10**9, except_for="api/self:8080")
    assert published.commits == []


async def test_who_was_only_slow_claims_its_outbox_again(store: Store, reopen: Reopen) -> None:
    slow = await store.claim_outbox("api/slow:8080")
    one = plan(profiles=[write_profile("p1")], events=[event("p1")])
    await store.commit(one, slow)
    await publish_abandoned(await reopen(), Published(), now=now_milliseconds() + 10**9)
    with pytest.raises(ClaimLost):
        await store.commit(plan(profiles=[write_profile("p2")]), slow)
    again = await store.claim_outbox("api/slow:8080")
    assert again.pending == ()
    await store.commit(plan(profiles=[write_profile("p2")]), again)
