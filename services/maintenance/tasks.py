"""Does the work that is owed, in bounded batches, while events flow.

Every batch moves the mark of its task in the same commit. So a worker that is killed loses nothing, and of two that do
the same work one is refused and goes on from where the other is.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Final, TypeAlias

from graph_model.records.record import RecordAddress
from graph_model.records.tasks import AnnounceProfiles, DeleteAbsent, Task, TruncateSource
from services.clock import new_id
from services.ingestion.announcements import first_event
from services.ingestion.ingest import Committed, Ingest
from services.maintenance.pages import pages
from services.stores.port.errors import CommitTooLarge, TaskTaken
from services.stores.port.plan import TaskWrite
from services.stores.port.protocols import Store
from services.stores.port.stored import StoredRecord, StoredTask

#: Records read for one batch: few, so that events need not wait long.
BATCH_SIZE: Final = 200

#: Gives an `Ingest` for one batch, or raises `WorkStopped`.
Lend: TypeAlias = Callable[[], AbstractAsyncContextManager[Ingest]]

#: Tells events that are in no outbox; it may tell some of them twice.
Tell: TypeAlias = Callable[[Sequence[Committed]], Awaitable[None]]

#: Hears of each batch: the task, and how many records, or profiles, were read.
Progress: TypeAlias = Callable[[Task, int], None]


class WorkStopped(Exception):
    """Raised instead of lending where no further work is to be begun; what is left stays owed."""


async def work_off(store: Store, lend: Lend, progress: Progress | None = None, tell: Tell | None = None) -> None:
    """Do what is owed until nothing is.

    Args:
        store: where it is owed.
        lend: asked for each batch, so that events have their turn in between.
        progress: hears of each batch.
        tell: tells of profiles that nobody has been told of; None: that stays owed.

    Raises:
        CommitTooLarge: a task cannot be done, what it changes is too large for one commit; all others are done.
        StoreUnavailable, ClaimLost: see `Ingest.apply`; doing it again goes on from where it ended.
        CatalogueChanged: see `Store.read_tasks`.
    """
    failed: dict[str, CommitTooLarge] = {}
    while owed := [
        stored
        for stored in await store.read_tasks()
        if stored.task_id not in failed and (tell is not None or not isinstance(stored.task, AnnounceProfiles))
    ]:
        try:
            if isinstance(owed[0].task, AnnounceProfiles) and tell is not None:
                await _announce(owed[0].task, owed[0], store, lend, progress, tell)
            else:
                await _do(owed[0], store, lend, progress)
        except TaskTaken:
            continue
        except CommitTooLarge as error:
            failed[owed[0].task_id] = error
    if failed:
        raise next(iter(failed.values()))


async def _do(stored: StoredTask, store: Store, lend: Lend, progress: Progress | None) -> None:
    task, revision = stored.task, stored.revision
    if isinstance(task, DeleteAbsent):
        done = TaskWrite(task_id=stored.task_id, expected=revision, task=None)
        async with lend() as ingest:
            await ingest.apply(task.deletions(), tasks=(done,))
        if progress is not None:
            progress(task, len(task.rows))
        return
    async for records in pages(store.scan_records(_start(task)), BATCH_SIZE):
        task = replace(task, done_to=records[-1].record.address)
        async with lend() as ingest:
            await _commit(ingest, store, task, records, TaskWrite(task_id=stored.task_id, expected=revision, task=task))
        if progress is not None:
            progress(task, len(records))
        revision = await _revision(store, stored.task_id, task)
        if isinstance(task, TruncateSource) and records[-1].record.address.source != task.source:
            break
    async with lend() as ingest:
        await ingest.apply((), tasks=(TaskWrite(task_id=stored.task_id, expected=revision, task=None),))


async def _announce(
    task: AnnounceProfiles, stored: StoredTask, store: Store, lend: Lend, progress: Progress | None, tell: Tell
) -> None:
    """Tell of each profile that is still as the load made it. Of the others those have told who changed them."""
    revision = stored.revision
    async for profiles in pages(store.scan_profiles(task.told_to), BATCH_SIZE):
        found = (first_event(each) for each in profiles if task.concerns(each.profile_id, each.version))
        events = tuple(event for event in found if event is not None)
        async with lend() as ingest:
            await tell((Committed(new_id(), events),))
            task = replace(task, told_to=profiles[-1].profile_id)
            await ingest.apply((), tasks=(TaskWrite(task_id=stored.task_id, expected=revision, task=task),))
        if progress is not None:
            progress(task, len(profiles))
        revision = await _revision(store, stored.task_id, task)
        if task.told_to >= task.last:
            break
    async with lend() as ingest:
        await ingest.apply((), tasks=(TaskWrite(task_id=stored.task_id, expected=revision, task=None),))


async def _commit(ingest: Ingest, store: Store, task: Task, records: list[StoredRecord], mark: TaskWrite) -> None:
    if isinstance(task, TruncateSource):
        live = (stored.record.address for stored in records if not stored.record.is_tombstone)
        await ingest.apply([task.deletion(address) for address in live if task.empties(address)], tasks=(mark,))
    else:
        old = [
            r.record.address for r in records if not r.record.is_tombstone and r.record.generation != store.generation
        ]
        await ingest.recompute(old, tasks=(mark,))


async def _revision(store: Store, task_id: str, task: Task) -> str:
    for stored in await store.read_tasks():
        if stored.task_id == task_id and stored.task == task:
            return stored.revision
    raise TaskTaken("another worker has gone on with this task")


def _start(task: Task) -> RecordAddress | None:
    if isinstance(task, TruncateSource) and task.done_to is None:
        return RecordAddress(task.source, "")
    return task.done_to
