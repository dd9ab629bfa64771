"""The first load: claim the store, spool, group, resolve each component once, write each profile once.

1. Claim the store for this load alone, as a migration does: everybody else is told `LoadUnderWay`.
2. Fill the spool with the last word about each row, group it, and seal it. If it holds no row, the store is given back
   as it was.
3. Write group by group, each portion in one commit that also says how far it is.
4. Say of each log how far it was among what was loaded, owe what is to be told of the new profiles, and give the store
   free.

Killed before the spool is sealed, the load begins again; killed later, it goes on behind the last portion in force.
What was read, and what was rejected of it, stands in the spool, so that whoever ends a load tells of all of it.
What it leaves is what the stream would have made of the same changes, but for the heads: every profile is live, in its
first version.

As long as nothing is in force, the catalogue given decides, whatever the store was made or the spool was filled with.
Later the one decides that the load has begun with, which the store keeps.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import BrokenExecutor
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.errors import CatalogueError
from graph_model.records.tasks import ReResolve
from services.bootstrap.apart import Apart
from services.bootstrap.filling import Filling, FillingApart, FillingHere
from services.bootstrap.loaded import INPUT, READING, TOLD, Loaded, Manner
from services.bootstrap.resolving import Resolving, ResolvingApart, ResolvingHere, Wanted
from services.bootstrap.spool import STORE_ID, LoadSpool
from services.bootstrap.turn import Turn, load_begun
from services.bootstrap.writing import WRITER, Progress, Written, profiles_of, write_load
from services.clock import new_id
from services.stores.port.errors import LoadUnderWay, StoreError, StoreUnavailable
from services.stores.port.identity import KeptCatalogue
from services.stores.port.migration import MigratingStore
from services.stores.port.plan import TaskWrite
from services.stores.port.protocols import Store
from services.stores.port.stored_form import SCHEMA_VERSION, StoredForm, load_mark

#: Opens the store, whatever catalogue is in force there, for who works with it by this id (see `StoredForm.require`),
#: or for everybody.
OpenStore: TypeAlias = Callable[[str | None], AbstractAsyncContextManager[Store]]

#: Fills a spool; gives what is to be told in the end of what was read, whoever ends the load.
Fill: TypeAlias = Callable[[Filling], Awaitable[str | None]]


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


class CatalogueLost(StoreError):
    """A part of the load is in force, and the catalogue that it has begun with cannot be read."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__(
            "the first load of this store was interrupted, and the catalogue that it has begun with (its fingerprint "
            f"is {fingerprint[:12]}) is not the one given, and cannot be read from the store. Name the file as it was "
            "then, with --catalogue, in the version of this program that began the load; or remove the store and load "
            "it anew"
        )


class LoadedByFormer(StoreError):
    """An interrupted load is complete, by the catalogue that it had begun with; another one was given."""

    def __init__(self, in_force: str, given: str) -> None:
        super().__init__(
            "the interrupted first load of this store was finished, by the catalogue that it had begun with (its "
            f"fingerprint is {in_force[:12]}, that of the catalogue given {given[:12]}). See what the new one would "
            "change with `identity-graph preview --catalogue FILE`, and bring it into force with `identity-graph "
            "re-resolve --catalogue FILE`"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLoad:
    """A first load: of which store, by what, how."""

    marking: MigratingStore  #: the store, to be claimed
    opened: OpenStore  #: opens the same store
    catalogue: Catalogue  #: what the data means
    path: Path  #: of the spool, on a disk with room for about as much as the store will have
    progress: Progress  #: hears how far it is
    manner: Manner  #: how it is done


async def load_store(load: FirstLoad, fill: Fill) -> Loaded:
    """Load a store for the first time, or go on with that.

    Args:
        load: which store, and how.
        fill: puts what is to be loaded into the spool; not asked where an interrupted load had all of it.

    Raises:
        NoPlaceForSpool: there can be no spool where one is to be; the store is as it was.
        StoreInUse: somebody has written into the store before.
        SpoolLost, CatalogueLost: see there.
        LoadUnderWay: another process of this machine loads it.
        MigrationTaken: another process has gone on with the load.
        StoreError: see `Store.commit`; what is done stays, and the next run goes on from there.
    """
    LoadSpool.require_place(load.path)
    form = await load.marking.read_form()
    if form is not None and form.load_id is not None:
        with Turn.take(load.path, form.load_id) as turn:
            await load.marking.begin(form, load_mark(form.load_id))
            return await _load(load, turn, fill, resumed=True)
    complete = await _complete(load)
    if complete is not None:
        return complete
    with Turn.take(load.path, new_id()) as turn:
        await _claim(load, turn)
        return await _load(load, turn, fill, resumed=False)


async def end_interrupted(load: FirstLoad) -> Loaded | None:
    """End a load that was interrupted on this machine.

    Returns:
        What it has made; None: it had not read everything, so that the store is given back, as if nobody had begun.

    Raises:
        LoadUnderWay: it is done by another process, or was begun by one of another machine or with another spool.
        StoreError: see `load_store`.
    """
    LoadSpool.require_place(load.path)
    form = await load.marking.read_form()
    if form is None or form.load_id is None:
        return None
    if load_begun(load.path) != form.load_id:
        raise LoadUnderWay
    with Turn.take(load.path, form.load_id) as turn:
        await load.marking.begin(form, load_mark(form.load_id))
        async with load.opened(load.marking.migrator) as store:
            spool = await _whole_spool(load, store, turn)
            if spool is None:
                await _bring_into_force(store, load.catalogue)
        if spool is None:
            await _give_back(load, turn)
            return None
        spool.close()
        return await _load(load, turn, _never, resumed=True)


async def _never(_filling: Filling) -> None:
    raise AssertionError("the spool is whole")


async def _complete(load: FirstLoad) -> Loaded | None:
    """What the load of the same input has made, where it is complete; None: nobody has ever written to the store.

    Raises:
        StoreInUse: somebody else has written, or something else was loaded.
    """
    async with load.opened(None) as store:
        writers = await store.read_writers()
        if not writers:
            return None
        spool = LoadSpool.of_store(load.path, store.store_id)
        try:
            if (
                spool is None
                or load.manner.input_name is None
                or not _is_of_input(spool, load)
                or writers.keys() != {WRITER, *spool.progress}
            ):
                raise StoreInUse(writers)
            return Loaded.of(
                spool,
                await profiles_of(store),
                resumed=True,
                was_read=True,
                was_complete=True,
                by_former=None if store.fingerprint == load.catalogue.fingerprint else store.fingerprint,
            )
        finally:
            if spool is not None:
                spool.close()


async def _claim(load: FirstLoad, turn: Turn) -> None:
    """Claim a store for a load, which nobody has written to."""
    form = await load.marking.read_form() or StoredForm(SCHEMA_VERSION)
    await load.marking.begin(form, load_mark(turn.load_id))
    async with load.opened(load.marking.migrator) as store:
        # From now on nobody else can claim; somebody may have done so just before.
        writers = await store.read_writers()
    if writers:
        await _give_back(load, turn)
        raise StoreInUse(writers)


async def _give_back(load: FirstLoad, turn: Turn) -> None:
    """Let everybody work with the store, with what is in it."""
    await load.marking.move_mark(SCHEMA_VERSION, None)
    turn.is_over = True
    LoadSpool.clear(load.path)


async def _load(load: FirstLoad, turn: Turn, fill: Fill, *, resumed: bool) -> Loaded:
    """Load a store that is claimed."""
    apart = _started() if load.manner.apart and KeptCatalogue.of(load.catalogue) is not None else None
    try:
        async with load.opened(load.marking.migrator) as store:
            loaded = await _brought_into_force(load, store, turn, fill, apart, resumed=resumed)
    finally:
        if apart is not None:
            await asyncio.to_thread(apart.end)
    if loaded.records and load.manner.keeps_spool:
        await load.marking.move_mark(SCHEMA_VERSION, None)
        turn.is_over = True
    else:
        await _give_back(load, turn)
    return loaded


async def _brought_into_force(
    load: FirstLoad, store: Store, turn: Turn, fill: Fill, apart: Apart | None, *, resumed: bool
) -> Loaded:
    """Bring into force what is in the spool, or comes into it."""
    spool = await _whole_spool(load, store, turn)
    was_read = spool is not None
    spool = spool or await _filled(load, store, turn, fill, apart)
    try:
        catalogue = await _catalogue_of(load, store)
        written = Written()
        if spool.records:
            resolving = _resolving(load, spool, catalogue, turn, apart)
            manner = load.manner
            written = await write_load(
                store, spool, resolving, load.progress, announce=manner.announce, portion=manner.portion
            )
        return Loaded.of(
            spool,
            written,
            resumed=resumed,
            was_read=was_read,
            is_of_input=not was_read or _is_of_input(spool, load),
            by_former=None if catalogue is load.catalogue else catalogue.fingerprint,
        )
    finally:
        spool.close()


async def _whole_spool(load: FirstLoad, store: Store, turn: Turn) -> LoadSpool | None:
    """The spool that is to be written into the store, if there is one.

    One of another catalogue than the one given, or that was read in another way, is removed as long as nothing of it is
    in force: it is filled anew.

    Raises:
        SpoolLost: a part of it is in force, and it is not there.
    """
    spool = LoadSpool.sealed(load.path, turn.load_id)
    is_begun = WRITER in await store.read_writers() and await _has_records(store)
    if spool is None and is_begun:
        raise SpoolLost(load.path)
    is_as_given = spool is not None and spool.kept(READING) == load.manner.reading
    if spool is None or is_begun or (is_as_given and store.fingerprint == load.catalogue.fingerprint):
        return spool
    spool.remove()
    return None


async def _has_records(store: Store) -> bool:
    async for _ in store.scan_records():
        return True
    return False


def _is_of_input(spool: LoadSpool, load: FirstLoad) -> bool:
    return spool.kept(INPUT) == load.manner.input_name and spool.kept(READING) == load.manner.reading


def _started() -> Apart | None:
    """A process of its own; None: the system gives us none, and this one does all the work."""
    with suppress(OSError, ImportError):
        return Apart()
    return None


async def _catalogue_of(load: FirstLoad, store: Store) -> Catalogue:
    """The catalogue that the load follows.

    Raises:
        CatalogueLost: it is not the one given, and is not kept, or cannot be read.
    """
    if store.fingerprint == load.catalogue.fingerprint:
        return load.catalogue
    kept = await store.read_catalogue()
    with suppress(CatalogueError):
        if kept is not None and (catalogue := parse_catalogue(kept.text, kept.name)).fingerprint == store.fingerprint:
            return catalogue
    raise CatalogueLost(store.fingerprint)


async def _bring_into_force(store: Store, catalogue: Catalogue) -> None:
    """Let a store that nobody has written to follow this catalogue, if it was made with another one."""
    if store.fingerprint != catalogue.fingerprint:
        task = TaskWrite(task_id=new_id(), expected=None, task=ReResolve())
        await store.change_catalogue(catalogue.fingerprint, task, KeptCatalogue.of(catalogue))


async def _filled(load: FirstLoad, store: Store, turn: Turn, fill: Fill, apart: Apart | None) -> LoadSpool:
    """Fill the spool of a load; where that cannot be done the store is free again."""
    path = load.path
    try:
        await _bring_into_force(store, load.catalogue)
        filling = _filling(load, turn.load_id, store.generation, apart)
        try:
            told = await fill(filling)
            manner = load.manner
            kept = {STORE_ID: store.store_id, INPUT: manner.input_name, READING: manner.reading, TOLD: told}
            await asyncio.to_thread(filling.finish, {name: value for name, value in kept.items() if value is not None})
        except BaseException:
            filling.abandon()
            raise
    except BaseException as error:
        await _give_back(load, turn)
        if isinstance(error, OSError | sqlite3.Error):
            raise StoreUnavailable(f"the spool {path} cannot be written: {error}; give it more room") from error
        if isinstance(error, BrokenExecutor):
            raise StoreUnavailable("the process that filled the spool has been killed; give it more memory") from error
        raise
    spool = LoadSpool.sealed(path, turn.load_id)
    if spool is None:
        raise SpoolLost(path)
    return spool


def _filling(load: FirstLoad, load_id: str, generation: int, apart: Apart | None) -> Filling:
    kept = KeptCatalogue.of(load.catalogue)
    if apart is not None and kept is not None:
        return FillingApart(apart, load.path, load_id, kept, generation)
    return FillingHere(load.path, load_id, load.catalogue, generation)


def _resolving(
    load: FirstLoad, spool: LoadSpool, catalogue: Catalogue, turn: Turn, apart: Apart | None
) -> Callable[[Wanted], Resolving]:
    kept = KeptCatalogue.of(catalogue)
    if apart is not None and kept is not None:
        return lambda wanted: ResolvingApart(apart, load.path, turn.load_id, kept, wanted)
    return lambda wanted: ResolvingHere(spool, catalogue, wanted)
