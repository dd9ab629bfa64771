"""The first load: claim the store, spool, group, resolve each component once, write each profile once.

1. Claim the store for this load alone, as a migration does: everybody else is told `LoadUnderWay`.
2. Fill the spool with the last word about each row, group it, and seal it.
3. Write group by group, each portion in one commit that also says how far it is.
4. Say of each log how far it was among what was loaded, owe what is to be told of the new profiles, and give the store
   free.

Killed before the spool is sealed, the load begins again; killed later, it goes on behind the last portion in force.
What it leaves is what the stream would have made of the same changes, but for the heads: every profile is live, in its
first version.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import BrokenExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

from graph_model.catalogue.rules import Catalogue
from graph_model.records.tasks import AnnounceProfiles
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position
from services.bootstrap.filling import Filling, FillingApart, FillingHere, Taken
from services.bootstrap.portions import Resolved, plan_portion
from services.bootstrap.resolving import Resolving, ResolvingApart, ResolvingHere, Wanted
from services.bootstrap.spool import LoadSpool
from services.clock import new_id
from services.stores.port.errors import CommitTooLarge, StoreError, StoreUnavailable
from services.stores.port.identity import KeptCatalogue
from services.stores.port.migration import MigratingStore
from services.stores.port.plan import Plan, TaskWrite
from services.stores.port.protocols import DurableOutbox, LoadableStore, Outbox, Store
from services.stores.port.stored import StoredIdentifier
from services.stores.port.stored_form import SCHEMA_VERSION, StoredForm, load_mark

#: The name under which a load claims its part of the outbox.
WRITER: Final = "bootstrap"

#: Records of one commit.
PORTION: Final = 2_000
#: Likewise of a store that takes many at once: pages all over a file are then written once for more of them.
MANY: Final = 10_000

#: The progress of a load of which everything is in force.
_DONE: Final = Position(1, 0)

#: Opens the store, for who works with it by this id (see `StoredForm.require`), or for everybody.
OpenStore: TypeAlias = Callable[[str | None], AbstractAsyncContextManager[Store]]

#: Fills a spool.
Fill: TypeAlias = Callable[[Filling], Awaitable[None]]

#: Hears what is being written, and how much of it has been.
Progress: TypeAlias = Callable[[str, int], None]


class StoreInUse(StoreError):
    """Somebody has written into the store, so that it can have no first load any more."""

    def __init__(self, writers: Mapping[str, object]) -> None:
        super().__init__(
            f"this store has been written to, by {', '.join(sorted(writers)[:5])}; a first load needs a store that "
            "nobody has ever claimed. Load the files with `identity-graph ingest`, or name another store"
        )


class SpoolLost(StoreError):
    """A part of the load is in force, and what is left of it is gone."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"the first load of this store was interrupted, and its spool {path} is missing. Put it back, or remove "
            "the store and load it anew"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a load is done."""

    announce: bool
    """Whether the new profiles are to be told of one by one; else nobody hears of them, but that readers of a durable
    outbox are told to read anew."""
    apart: bool = False
    """Whether another process fills the spool while this one reads, and then resolves while this one writes."""
    portion: int | None = None
    """So many records are written in one commit, if their groups allow it; None: as many as suits the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a load has made."""

    records: int = 0  #: written by this process, live and deleted
    profiles: int = 0  #: likewise
    taken: Taken = field(default_factory=Taken)  #: what became of the changes that this process read
    resumed: bool = False  #: whether it went on with one that was interrupted


async def load_store(
    marking: MigratingStore,
    opened: OpenStore,
    catalogue: Catalogue,
    path: Path,
    fill: Fill,
    progress: Progress,
    manner: Manner,
) -> Loaded:
    """Load a store for the first time, or go on with that.

    Args:
        marking: the store, to be claimed.
        opened: opens the same store.
        catalogue: what the data means.
        path: the spool, on a disk with room for about as much as the store will have.
        fill: puts what is to be loaded into the spool; not asked where an interrupted load had all of it.
        progress: hears how far it is.
        manner: how it is done.

    Raises:
        NoPlaceForSpool: there can be no spool where one is to be; the store is as it was.
        StoreInUse: somebody has written into the store before.
        SpoolLost: see there.
        MigrationTaken: another process has gone on with the load.
        StoreError: see `Store.commit`; what is done stays, and the next run goes on from there.
    """
    LoadSpool.require_place(path)
    load_id, resumed = await _claim(marking, opened)
    taken = Taken()
    async with opened(marking.migrator) as store:
        spool = LoadSpool.sealed(path, load_id)
        if spool is None:
            taken = await _filled(marking, store, path, _filling(catalogue, path, load_id, apart=manner.apart), fill)
            spool = LoadSpool.sealed(path, load_id)
        if spool is None:
            raise SpoolLost(path)
        try:
            written = await _write(store, spool, _resolving(catalogue, spool, path, load_id, manner), progress, manner)
        finally:
            spool.close()
    await marking.move_mark(SCHEMA_VERSION, None)
    spool.remove()
    return replace(written, resumed=resumed, taken=taken)


def _filling(catalogue: Catalogue, path: Path, load_id: str, *, apart: bool) -> Callable[[int], Filling]:
    kept = KeptCatalogue.of(catalogue)
    if apart and kept is not None:
        return lambda generation: FillingApart(path, load_id, kept, generation)
    return lambda generation: FillingHere(path, load_id, catalogue, generation)


async def _claim(marking: MigratingStore, opened: OpenStore) -> tuple[str, bool]:
    """Claim the store for a load; gives its id, and whether it had begun before."""
    form = await marking.read_form()
    if form is not None and form.load_id is not None:
        await marking.begin(form, load_mark(form.load_id))
        return form.load_id, True
    async with opened(None) as store:
        if writers := await store.read_writers():
            raise StoreInUse(writers)
    form = await marking.read_form() or StoredForm(SCHEMA_VERSION)
    load_id = new_id()
    await marking.begin(form, load_mark(load_id))
    async with opened(marking.migrator) as store:
        # From now on nobody else can claim; somebody may have done so just before.
        writers = await store.read_writers()
    if writers:
        await marking.move_mark(SCHEMA_VERSION, None)
        raise StoreInUse(writers)
    return load_id, False


async def _filled(
    marking: MigratingStore, store: Store, path: Path, filling: Callable[[int], Filling], fill: Fill
) -> Taken:
    """Fill the spool of a load; where that cannot be done the store is free again."""
    if WRITER in await store.read_writers():
        raise SpoolLost(path)
    try:
        filled = filling(store.generation)
        try:
            await fill(filled)
            return await asyncio.to_thread(filled.finish)
        except BaseException:
            filled.abandon()
            raise
    except BaseException as error:
        await marking.move_mark(SCHEMA_VERSION, None)
        if isinstance(error, OSError | sqlite3.Error):
            raise StoreUnavailable(f"the spool {path} cannot be written: {error}; give it more room") from error
        if isinstance(error, BrokenExecutor):
            raise StoreUnavailable("the process that filled the spool has been killed; give it more memory") from error
        raise


def _resolving(
    catalogue: Catalogue, spool: LoadSpool, path: Path, load_id: str, manner: Manner
) -> Callable[[Wanted], Resolving]:
    kept = KeptCatalogue.of(catalogue)
    if manner.apart and kept is not None:
        return lambda wanted: ResolvingApart(path, load_id, kept, wanted)
    return lambda wanted: ResolvingHere(spool, catalogue, wanted)


async def _write(
    store: Store, spool: LoadSpool, resolving: Callable[[Wanted], Resolving], progress: Progress, manner: Manner
) -> Loaded:
    """Write what is not in force yet; portions are resolved while those before them are committed."""
    outbox = await store.claim_outbox(WRITER)
    if outbox.progress == _DONE:
        return Loaded()
    written, newest, accepted = Loaded(), "", spool.accepted
    resolved_ones = resolving(
        Wanted(
            after=0 if outbox.progress is None else outbox.progress.log_offset,
            size=manner.portion or (MANY if isinstance(store, LoadableStore) else PORTION),
            version_floor=store.version_floor,
        )
    )
    try:
        while resolved := await resolved_ones.next():
            await _commit(store, outbox, resolved, accepted)
            written = replace(
                written,
                records=written.records + len(resolved.records),
                profiles=written.profiles + len(resolved.profiles),
            )
            newest = max((newest, *(write.profile_id for write in resolved.profiles)))
            progress("records", written.records)
    except BrokenExecutor as error:
        raise StoreUnavailable("the process that resolved records has been killed; give it more memory") from error
    finally:
        await resolved_ones.close()
    if isinstance(store, DurableOutbox):
        await store.leave_gap()
    for writer, position in spool.progress.items():
        await store.commit(_empty(position), await store.claim_outbox(writer))
    await store.commit(_end(store, newest if manner.announce else None), outbox)
    return written


async def _commit(store: Store, outbox: Outbox, resolved: Resolved, accepted: int | None) -> None:
    """Commit a portion, in parts where it is too large for one request.

    Raises:
        CommitTooLarge: one of its groups is too large by itself.
    """
    commit = store.load if isinstance(store, LoadableStore) else store.commit
    waiting = [resolved]
    while waiting:
        part = waiting.pop()
        stored: Mapping[Identifier, StoredIdentifier] = {}
        if part.generic:
            stored = await store.read_identifiers(dict.fromkeys(part.generic, 0))
        try:
            await commit(plan_portion(part, stored, new_id(), accepted), outbox)
        except CommitTooLarge:
            halves = part.halves()
            if halves is None:
                raise
            waiting += reversed(halves)


def _end(store: Store, newest: str | None) -> Plan:
    """The commit that ends the writing; with the newest id that this process gave, if profiles are to be told of."""
    tasks: tuple[TaskWrite, ...] = ()
    if newest is not None:
        # Ids sort by time, also those that another process gave before this load was interrupted.
        task = AnnounceProfiles(version=store.version_floor + 1, last=max(newest, new_id()))
        tasks = (TaskWrite(task_id=new_id(), expected=None, task=task),)
    return replace(_empty(_DONE), tasks=tasks)


def _empty(progress: Position) -> Plan:
    return Plan(
        commit_id=new_id(),
        records=(),
        memberships=(),
        identifiers=(),
        profiles=(),
        events=(),
        progress=progress,
    )
