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
from services.bootstrap.loaded import INPUT, TOLD, Loaded, Manner
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
class LoadedStore:
    """A store to be loaded, and what a load needs."""

    marking: MigratingStore
    opened: OpenStore
    catalogue: Catalogue
    path: Path  #: of the spool
    progress: Progress
    manner: Manner


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
        SpoolLost, CatalogueLost: see there.
        LoadUnderWay: another process of this machine loads it.
        MigrationTaken: another process has gone on with the load.
        StoreError: see `Store.commit`; what is done stays, and the next run goes on from there.
    """
    LoadSpool.require_place(path)
    store = LoadedStore(
        marking=marking, opened=opened, catalogue=catalogue, path=path, progress=progress, manner=manner
    )
    form = await marking.read_form()
    if form is not None and form.load_id is not None:
        with Turn.take(path, form.load_id) as turn:
            await marking.begin(form, load_mark(form.load_id))
            return await _load(store, turn, fill, resumed=True)
    complete = await _complete(store)
    if complete is not None:
        return complete
    with Turn.take(path, new_id()) as turn:
        await _claim(store, turn)
        return await _load(store, turn, fill, resumed=False)


async def end_interrupted(
    marking: MigratingStore, opened: OpenStore, catalogue: Catalogue, path: Path, progress: Progress, manner: Manner
) -> Loaded | None:
    """End a load that was interrupted on this machine.

    Args: see `load_store`.

    Returns:
        What it has made; None: it had not read everything, so that the store is given back, as if nobody had begun.

    Raises:
        LoadUnderWay: it is done by another process, or was begun by one of another machine or with another spool.
        StoreError: see `load_store`.
    """
    form = await marking.read_form()
    if form is None or form.load_id is None:
        return None
    if load_begun(path) != form.load_id:
        raise LoadUnderWay
    store = LoadedStore(
        marking=marking, opened=opened, catalogue=catalogue, path=path, progress=progress, manner=manner
    )
    with Turn.take(path, form.load_id) as turn:
        await marking.begin(form, load_mark(form.load_id))
        async with opened(marking.migrator) as found:
            spool = await _whole_spool(store, found, turn)
            if spool is None:
                await _bring_into_force(found, catalogue)
        if spool is None:
            await _give_back(store, turn)
            return None
        spool.close()
        return await _load(store, turn, _never, resumed=True)


async def _never(_filling: Filling) -> None:
    raise AssertionError("the spool is whole")


async def _complete(store: LoadedStore) -> Loaded | None:
    """What the load of the same input has made, where it is complete; None: nobody has ever written to the store.

    Raises:
        StoreInUse: somebody else has written, or something else was loaded.
    """
    async with store.opened(None) as found:
        writers = await found.read_writers()
        if not writers:
            return None
        spool = LoadSpool.of_store(store.path, found.store_id)
        try:
            if (
                spool is None
                or store.manner.input_name is None
                or spool.kept(INPUT) != store.manner.input_name
                or writers.keys() != {WRITER, *spool.progress}
            ):
                raise StoreInUse(writers)
            return Loaded.of(
                spool,
                await profiles_of(found),
                resumed=True,
                was_read=True,
                was_complete=True,
                by_former=None if found.fingerprint == store.catalogue.fingerprint else found.fingerprint,
            )
        finally:
            if spool is not None:
                spool.close()


async def _claim(store: LoadedStore, turn: Turn) -> None:
    """Claim a store for a load, which nobody has written to."""
    form = await store.marking.read_form() or StoredForm(SCHEMA_VERSION)
    await store.marking.begin(form, load_mark(turn.load_id))
    async with store.opened(store.marking.migrator) as found:
        # From now on nobody else can claim; somebody may have done so just before.
        writers = await found.read_writers()
    if writers:
        await _give_back(store, turn)
        raise StoreInUse(writers)


async def _give_back(store: LoadedStore, turn: Turn) -> None:
    """Let everybody work with the store, with what is in it."""
    await store.marking.move_mark(SCHEMA_VERSION, None)
    turn.is_over = True
    LoadSpool.clear(store.path)


async def _load(store: LoadedStore, turn: Turn, fill: Fill, *, resumed: bool) -> Loaded:
    """Load a store that is claimed."""
    apart = Apart() if store.manner.apart and KeptCatalogue.of(store.catalogue) is not None else None
    try:
        async with store.opened(store.marking.migrator) as found:
            loaded = await _brought_into_force(store, found, turn, fill, apart, resumed=resumed)
    finally:
        if apart is not None:
            await asyncio.to_thread(apart.end)
    if loaded.records and store.manner.keeps_spool:
        await store.marking.move_mark(SCHEMA_VERSION, None)
        turn.is_over = True
    else:
        await _give_back(store, turn)
    return loaded


async def _brought_into_force(
    store: LoadedStore, found: Store, turn: Turn, fill: Fill, apart: Apart | None, *, resumed: bool
) -> Loaded:
    """Bring into force what is in the spool, or comes into it."""
    spool = await _whole_spool(store, found, turn)
    was_read = spool is not None
    spool = spool or await _filled(store, found, turn, fill, apart)
    try:
        catalogue = await _catalogue_of(store, found)
        written = Written()
        if spool.records:
            resolving = _resolving(store, spool, catalogue, turn, apart)
            manner = store.manner
            written = await write_load(
                found, spool, resolving, store.progress, announce=manner.announce, portion=manner.portion
            )
        return Loaded.of(
            spool,
            written,
            resumed=resumed,
            was_read=was_read,
            is_of_input=not was_read or spool.kept(INPUT) == store.manner.input_name,
            by_former=None if catalogue is store.catalogue else catalogue.fingerprint,
        )
    finally:
        spool.close()


async def _whole_spool(store: LoadedStore, found: Store, turn: Turn) -> LoadSpool | None:
    """The spool that is to be written into the store, if there is one.

    One of another catalogue than the one given is removed as long as nothing of it is in force: it is filled anew.

    Raises:
        SpoolLost: a part of it is in force, and it is not there.
    """
    spool = LoadSpool.sealed(store.path, turn.load_id)
    is_begun = WRITER in await found.read_writers()
    if spool is None and is_begun:
        raise SpoolLost(store.path)
    if spool is None or is_begun or found.fingerprint == store.catalogue.fingerprint:
        return spool
    spool.remove()
    return None


async def _catalogue_of(store: LoadedStore, found: Store) -> Catalogue:
    """The catalogue that the load follows.

    Raises:
        CatalogueLost: it is not the one given, and is not kept, or cannot be read.
    """
    if found.fingerprint == store.catalogue.fingerprint:
        return store.catalogue
    kept = await found.read_catalogue()
    with suppress(CatalogueError):
        if kept is not None and (catalogue := parse_catalogue(kept.text, kept.name)).fingerprint == found.fingerprint:
            return catalogue
    raise CatalogueLost(found.fingerprint)


async def _bring_into_force(found: Store, catalogue: Catalogue) -> None:
    """Let a store that nobody has written to follow this catalogue, if it was made with another one."""
    if found.fingerprint != catalogue.fingerprint:
        task = TaskWrite(task_id=new_id(), expected=None, task=ReResolve())
        await found.change_catalogue(catalogue.fingerprint, task, KeptCatalogue.of(catalogue))


async def _filled(store: LoadedStore, found: Store, turn: Turn, fill: Fill, apart: Apart | None) -> LoadSpool:
    """Fill the spool of a load; where that cannot be done the store is free again."""
    path = store.path
    try:
        await _bring_into_force(found, store.catalogue)
        filling = _filling(store, turn.load_id, found.generation, apart)
        try:
            told = await fill(filling)
            kept = {STORE_ID: found.store_id, INPUT: store.manner.input_name, TOLD: told}
            await asyncio.to_thread(filling.finish, {name: value for name, value in kept.items() if value is not None})
        except BaseException:
            filling.abandon()
            raise
    except BaseException as error:
        await _give_back(store, turn)
        if isinstance(error, OSError | sqlite3.Error):
            raise StoreUnavailable(f"the spool {path} cannot be written: {error}; give it more room") from error
        if isinstance(error, BrokenExecutor):
            raise StoreUnavailable("the process that filled the spool has been killed; give it more memory") from error
        raise
    spool = LoadSpool.sealed(path, turn.load_id)
    if spool is None:
        raise SpoolLost(path)
    return spool


def _filling(store: LoadedStore, load_id: str, generation: int, apart: Apart | None) -> Filling:
    kept = KeptCatalogue.of(store.catalogue)
    if apart is not None and kept is not None:
        return FillingApart(apart, store.path, load_id, kept, generation)
    return FillingHere(store.path, load_id, store.catalogue, generation)


def _resolving(
    store: LoadedStore, spool: LoadSpool, catalogue: Catalogue, turn: Turn, apart: Apart | None
) -> Callable[[Wanted], Resolving]:
    kept = KeptCatalogue.of(catalogue)
    if apart is not None and kept is not None:
        return lambda wanted: ResolvingApart(apart, store.path, turn.load_id, kept, wanted)
    return lambda wanted: ResolvingHere(spool, catalogue, wanted)
