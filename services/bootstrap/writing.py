"""Writes what a sealed spool holds into its store: portion by portion, each in one commit that says how far it is."""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import Final, TypeAlias

from graph_model.profile.document import ProfileStatus
from graph_model.records.tasks import AnnounceProfiles, ReResolve
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position
from services.bootstrap.portions import Resolved, plan_portion
from services.bootstrap.resolving import Resolving, Wanted
from services.bootstrap.spool import LoadSpool
from services.clock import new_id
from services.stores.port.errors import CommitTooLarge, StoreUnavailable
from services.stores.port.plan import Plan, TaskWrite
from services.stores.port.protocols import DurableOutbox, LoadableStore, Outbox, Store
from services.stores.port.stored import StoredIdentifier

#: The name under which a load claims its part of the outbox.
WRITER: Final = "bootstrap"

#: Records of one commit.
PORTION: Final = 2_000
#: Likewise of a store that takes many at once: pages all over a file are then written once for more of them.
MANY: Final = 10_000

#: So many of the largest profiles are told.
LARGEST: Final = 5

#: The progress of a load of which everything is in force.
_DONE: Final = Position(1, 0)

#: Hears what is being written, and how much of it has been.
Progress: TypeAlias = Callable[[str, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The profiles of a load that are in force."""

    profiles: int = 0
    largest: tuple[tuple[str, int], ...] = ()  #: id, its records; of those with most records, most first

    def with_profiles(self, sizes: Mapping[str, int]) -> "Written":
        """With further ones, id -> its records."""
        return Written(
            profiles=self.profiles + len(sizes),
            largest=tuple(nsmallest(LARGEST, (*self.largest, *sizes.items()), key=_by_size)),
        )


async def write_load(
    store: Store,
    spool: LoadSpool,
    resolving: Callable[[Wanted], Resolving],
    progress: Progress,
    *,
    announce: bool,
    portion: int | None,
) -> Written:
    """Write what is not in force yet; portions are resolved while those before them are committed.

    Args:
        store: where to.
        spool: what is to be written.
        resolving: resolves its portions.
        progress: hears how many records this process has written.
        announce: whether the new profiles are to be told of.
        portion: so many records are written in one commit; None: as many as suits the store.
    """
    outbox = await store.claim_outbox(WRITER)
    if outbox.progress == _DONE:
        return await profiles_of(store)
    written, records, newest, accepted = Written(), 0, "", spool.accepted
    resolved_ones = resolving(
        Wanted(
            after=0 if outbox.progress is None else outbox.progress.log_offset,
            size=portion or _suitable(store),
            version_floor=store.version_floor,
        )
    )
    try:
        while resolved := await resolved_ones.next():
            await _commit(store, outbox, resolved, accepted)
            written = written.with_profiles(Counter(w.profile_id for w in resolved.records if w.profile_id is not None))
            records += len(resolved.records)
            newest = max((newest, *(write.profile_id for write in resolved.profiles)))
            progress("records", records)
    except BrokenExecutor as error:
        raise StoreUnavailable("the process that resolved records has been killed; give it more memory") from error
    finally:
        await resolved_ones.close()
    if isinstance(store, DurableOutbox):
        await store.leave_gap()
    for writer, position in spool.progress.items():
        await store.commit(_empty(position), await store.claim_outbox(writer))
    await store.commit(await _end(store, newest if announce else None), outbox)
    return written if outbox.progress is None else await profiles_of(store)


def _suitable(store: Store) -> int:
    if isinstance(store, LoadableStore):
        return MANY
    return store.guarantees.rows_per_commit or PORTION


async def profiles_of(store: Store) -> Written:
    """What the store itself says of the profiles of its load."""
    written = Written()
    sizes: dict[str, int] = {}
    async for stored in store.scan_profiles():
        if stored.status is ProfileStatus.LIVE:
            sizes[stored.profile_id] = len(stored.read().records)
        if len(sizes) == PORTION:
            written, sizes = written.with_profiles(sizes), {}
    return written.with_profiles(sizes)


def _by_size(profile: tuple[str, int]) -> tuple[int, str]:
    return -profile[1], profile[0]


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


async def _end(store: Store, newest: str | None) -> Plan:
    """The commit that ends the writing; with the newest id that this process gave, if profiles are to be told of."""
    # Every record was read by the catalogue in force, also where that has changed before the first of them.
    owed = [each for each in await store.read_tasks() if isinstance(each.task, ReResolve)]
    tasks = [TaskWrite(task_id=each.task_id, expected=each.revision, task=None) for each in owed]
    if newest is not None:
        # Ids sort by time, also those that another process gave before this load was interrupted.
        task = AnnounceProfiles(version=store.version_floor + 1, last=max(newest, new_id()))
        tasks.append(TaskWrite(task_id=new_id(), expected=None, task=task))
    return replace(_empty(_DONE), tasks=tuple(tasks))


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
