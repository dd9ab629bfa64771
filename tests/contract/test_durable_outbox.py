"""The embedded store keeps published events, so that readers can resume."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from graph_model.profile.events import ProfileEventType
from services.stores.port.plan import Plan
from services.stores.port.stored import EventHead
from services.stores.sqlite import events
from services.stores.sqlite.store import SqliteStore
from tests.contract.builders import FINGERPRINT, OBSERVED_AT, event, plan, write_profile


@pytest.fixture
async def durable(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(tmp_path / "graph.sqlite", FINGERPRINT)
    yield store
    await store.close()


def with_events(*profile_ids: str) -> Plan:
    return plan(
        profiles=[write_profile(name) for name in profile_ids], events=[event(name, text="Zoë") for name in profile_ids]
    )


async def test_events_are_read_in_order_of_their_commits(durable: SqliteStore) -> None:
    outbox = await durable.claim_outbox("tests")
    plans = [with_events("p1", "p2"), with_events("p3")]
    for one in plans:
        await durable.commit(one, outbox)
    entries = await durable.read_outbox(0, 10)
    assert [entry.event for entry in entries] == [told for one in plans for told in one.events]
    assert [entry.sequence for entry in entries] == sorted({entry.sequence for entry in entries})


async def test_reading_goes_on_after_a_sequence_number(durable: SqliteStore) -> None:
    await durable.commit(with_events("p1", "p2", "p3"), await durable.claim_outbox("tests"))
    first = await durable.read_outbox(0, 2)
    rest = await durable.read_outbox(first[-1].sequence, 2)
    assert [entry.head.profile_id for entry in (*first, *rest)] == ["p1", "p2", "p3"]


async def test_acknowledged_events_can_still_be_read(durable: SqliteStore) -> None:
    outbox = await durable.claim_outbox("tests")
    one = with_events("p1")
    await durable.commit(one, outbox)
    await outbox.acknowledge(one.commit_id)
    assert len(await durable.read_outbox(0, 10)) == 1


async def test_of_acknowledged_events_only_the_newest_say_what_they_said(
    durable: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "EXACT_EVENTS", 2)
    outbox = await durable.claim_outbox("tests")
    one = with_events("p1", "p2", "p3")
    await durable.commit(one, outbox)
    await outbox.acknowledge(one.commit_id)
    entries = await durable.read_outbox(0, 10)
    assert [entry.event for entry in entries] == [None, *one.events[1:]]
    assert entries[0].head == EventHead(
        profile_id="p1", version=1, previous_version=0, type=ProfileEventType.CREATED, occurred_at=OBSERVED_AT
    )


async def test_what_is_not_acknowledged_is_kept_exactly_however_much_follows(
    durable: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "EXACT_EVENTS", 1)
    waiting, others = await durable.claim_outbox("waiting"), await durable.claim_outbox("others")
    one, another = with_events("p1"), with_events("p2", "p3")
    await durable.commit(one, waiting)
    await durable.commit(another, others)
    await others.acknowledge(another.commit_id)
    told = [entry.event for entry in await durable.read_outbox(0, 10)]
    assert told == [one.events[0], None, another.events[1]]
    (pending,) = (await durable.claim_outbox("waiting")).pending
    assert pending.events == one.events


async def test_a_head_names_the_version_that_the_event_came_after(
    durable: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "EXACT_EVENTS", 0)
    outbox = await durable.claim_outbox("tests")
    told = replace(event("p1", version=1_000_000_001), data=b'{"previous_version":3}')
    await durable.commit(one := plan(profiles=[write_profile("p1")], events=[told]), outbox)
    await outbox.acknowledge(one.commit_id)
    (entry,) = await durable.read_outbox(0, 10)
    assert (entry.event, entry.head.previous_version) == (None, 3)


async def test_the_bounds_enclose_what_can_be_read(durable: SqliteStore) -> None:
    await durable.commit(with_events("p1", "p2"), await durable.claim_outbox("tests"))
    before_oldest, newest = await durable.outbox_bounds()
    entries = await durable.read_outbox(before_oldest, 10)
    assert (entries[0].sequence, entries[-1].sequence) == (before_oldest + 1, newest)


async def test_an_empty_outbox_has_equal_bounds(durable: SqliteStore) -> None:
    before_oldest, newest = await durable.outbox_bounds()
    assert before_oldest == newest


async def test_whoever_waits_is_woken_by_a_commit(durable: SqliteStore) -> None:
    outbox = await durable.claim_outbox("tests")
    waiting = asyncio.create_task(durable.wait_for_events(0, timeout_seconds=60))
    await durable.commit(with_events("p1"), outbox)
    await asyncio.wait_for(waiting, timeout=10)


async def test_whoever_waits_for_an_event_that_is_there_does_not_wait(durable: SqliteStore) -> None:
    await durable.commit(with_events("p1"), await durable.claim_outbox("tests"))
    await asyncio.wait_for(durable.wait_for_events(0, timeout_seconds=60), timeout=10)


async def test_waiting_ends_with_the_time_out(durable: SqliteStore) -> None:
    await asyncio.wait_for(durable.wait_for_events(0, timeout_seconds=0.01), timeout=10)
