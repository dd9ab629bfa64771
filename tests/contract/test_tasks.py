"""Work owed is written with what causes it, moves with what is done, and no two workers do the same step."""

import pytest

from graph_model.records.record import RecordAddress
from graph_model.records.tasks import DeleteAbsent, ReResolve, Task, TruncateSource
from graph_model.values.positions import Position, SourcePosition
from services.clock import new_id
from services.stores.port.protocols import Outbox, Store
from services.stores.port.stored import StoredTask
from tests.contract.builders import OBSERVED_AT, address, person, plan, write_task
from tests.contract.refusals import assert_refused_without_trace, outcomes

TASKS: dict[str, Task] = {
    "truncation": TruncateSource(
        source="shop.public.customers",
        topic=None,
        position=Position(2, 2**40),
        source_position=None,
        observed_at=OBSERVED_AT,
    ),
    "truncation half done": TruncateSource(
        source="shop",
        topic="shop-eu.public.customers",
        position=Position(0, 7),
        source_position=SourcePosition("postgresql", (27306032, 2**40)),
        observed_at=OBSERVED_AT,
        trace="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        done_to=RecordAddress.of("shop", ["Zoë", 1]),
    ),
    "truncation at a position that 64 bits do not hold": TruncateSource(
        source="shop",
        topic=None,
        position=Position(2, 10**56 + 1),
        source_position=SourcePosition("kinesis", (10**56 + 1,)),
        observed_at=OBSERVED_AT,
    ),
    "rows that are absent": DeleteAbsent(
        source="crm",
        rows=(("[1]", Position(0, 1_795_900_000_000_000)), ('["a",2]', Position(0, 10**56 + 1))),
        observed_at=OBSERVED_AT,
    ),
    "re-resolution": ReResolve(),
    "re-resolution half done": ReResolve(done_to=address(1)),
}


async def only_task(store: Store) -> StoredTask:
    (stored,) = await store.read_tasks()
    return stored


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
async def test_a_task_is_read_back_as_written(store: Store, outbox: Outbox, task: Task) -> None:
    await store.commit(plan(tasks=(write_task("t1", task),)), outbox)
    stored = await only_task(store)
    assert (stored.task_id, stored.task) == ("t1", task)


async def test_a_new_store_owes_nothing(store: Store) -> None:
    assert await store.read_tasks() == ()


async def test_tasks_come_oldest_first(store: Store, outbox: Outbox) -> None:
    task_ids = [new_id() for _ in range(5)]
    for task_id in task_ids:
        await store.commit(plan(tasks=(write_task(task_id, ReResolve()),)), outbox)
    assert [stored.task_id for stored in await store.read_tasks()] == task_ids


async def test_a_task_that_moves_on_keeps_its_place(store: Store, outbox: Outbox) -> None:
    for task_id in ("t1", "t2"):
        await store.commit(plan(tasks=(write_task(task_id, ReResolve()),)), outbox)
    first = (await store.read_tasks())[0]
    further = ReResolve(done_to=address(5))
    await store.commit(plan(tasks=(write_task("t1", further, expected=first.revision),)), outbox)
    assert [(stored.task_id, stored.task) for stored in await store.read_tasks()] == [
        ("t1", further),
        ("t2", ReResolve()),
    ]


async def test_a_task_that_moves_on_has_another_revision(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(tasks=(write_task("t1", ReResolve()),)), outbox)
    before = (await only_task(store)).revision
    await store.commit(plan(tasks=(write_task("t1", ReResolve(), expected=before),)), outbox)
    assert (await only_task(store)).revision != before


async def test_a_task_that_is_done_is_gone(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(tasks=(write_task("t1", ReResolve()),)), outbox)
    revision = (await only_task(store)).revision
    await store.commit(plan(tasks=(write_task("t1", None, expected=revision),)), outbox)
    assert await store.read_tasks() == ()


async def test_a_task_is_written_with_the_progress_that_owes_it(store: Store, outbox: Outbox) -> None:
    owed = plan(tasks=(write_task("t1", TASKS["truncation"]),), progress=Position(1, 8))
    await store.commit(owed, outbox)
    assert (await store.claim_outbox("tests")).progress == Position(1, 8)


async def test_a_task_moves_with_what_was_done(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(tasks=(write_task("t1", ReResolve()),)), outbox)
    done = person(1, "ann")
    mark = write_task("t1", ReResolve(done_to=address(1)), expected=(await only_task(store)).revision)
    await store.commit(
        plan(records=done.records, identifiers=done.identifiers, profiles=done.profiles, tasks=(mark,)), outbox
    )
    assert (await only_task(store)).task == ReResolve(done_to=address(1))
    assert await store.read_profile("p1") is not None


@pytest.mark.parametrize("task", [ReResolve(), None], ids=["moved", "done"])
async def test_a_stale_revision_of_a_task_is_refused(store: Store, outbox: Outbox, task: Task | None) -> None:
    await store.commit(plan(tasks=(write_task("t1", ReResolve()),)), outbox)
    stale = (await only_task(store)).revision
    await store.commit(plan(tasks=(write_task("t1", ReResolve(), expected=stale),)), outbox)
    await assert_refused_without_trace(store, outbox, plan(tasks=(write_task("t1", task, expected=stale),)))


async def test_a_task_that_must_not_exist_and_does_is_refused(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(tasks=(write_task("t1", ReResolve()),)), outbox)
    await assert_refused_without_trace(store, outbox, plan(tasks=(write_task("t1", ReResolve()),)))


async def test_a_task_that_is_done_cannot_be_done_again(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(tasks=(write_task("t1", ReResolve()),)), outbox)
    done = write_task("t1", None, expected=(await only_task(store)).revision)
    await store.commit(plan(tasks=(done,)), outbox)
    await assert_refused_without_trace(store, outbox, plan(tasks=(done,)))


async def test_of_two_workers_that_take_one_step_exactly_one_does(store: Store) -> None:
    claims = [await store.claim_outbox(name) for name in ("first", "second")]
    await store.commit(plan(tasks=(write_task("t1", ReResolve()),)), claims[0])
    for number in range(20):
        revision = (await only_task(store)).revision
        marks = [ReResolve(done_to=address(number, source=name)) for name in ("first", "second")]
        accepted = await outcomes(
            [
                store.commit(plan(tasks=(write_task("t1", mark, expected=revision),)), claim)
                for mark, claim in zip(marks, claims, strict=True)
            ]
        )
        assert accepted.count(True) == 1
        assert (await only_task(store)).task == marks[accepted.index(True)]
