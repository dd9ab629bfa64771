"""Brings changes into force: load, resolve, plan, commit, again and again until the store accepts.

A refused batch waits, a different time for every worker, and is read again. Refused again and again it is halved,
so that one conflict never blocks the rest, and since the smaller of two commits is the faster one. Not at once: where
many workers collide, many small commits collide more often than few large ones.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

import structlog

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.events import ProfileEvent, ProfileEventType
from graph_model.records.record import Change, Outcome, Record, RecordAddress
from graph_model.records.tasks import AnnounceProfiles
from graph_model.resolution.mapping import MappedRecord
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position
from services.clock import new_id, now_milliseconds
from services.computing import collecting_later, computed
from services.ingestion.announcements import first_events
from services.ingestion.batches import Batch, RecordChange, accepted_number, gather, halve
from services.ingestion.line import Line, NeverInForceError, NotBegunError, Place
from services.ingestion.loading import Loaded, load
from services.ingestion.planning import Commit, make_plan
from services.ingestion.refusals import REFUSALS_PER_HALVING, Disagreements, waiting_time
from services.metrics import Metrics
from services.stores.port.errors import ClaimLost, CommitConflict, CommitTooLarge, TaskTaken
from services.stores.port.plan import Plan, RecordWrite, TaskWrite, VerdictWrite
from services.stores.port.protocols import Outbox, Store, SurroundingsReader

#: Looks at what a commit is going to rest on, and raises what speaks against it.
Check: TypeAlias = Callable[[Loaded], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit in force, with the events that it left in the outbox."""

    commit_id: str
    events: tuple[ProfileEvent, ...]


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of a batch of changes."""

    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)  #: (source, outcome) -> changes
    committed: list[Committed] = field(default_factory=list)  #: in order of commit
    became_generic: list[Identifier] = field(default_factory=list)
    taken_apart: list[str] = field(default_factory=list)  #: profiles that were split by commits that made some generic
    refusals: list[int] = field(default_factory=list)  #: how many records each refused attempt was about
    rewound: Counter[str] = field(default_factory=Counter)  #: source -> changes; see `AppliedChange.is_rewound`
    changed: list[MappedRecord] = field(default_factory=list)  #: live records that say something new
    unchanged: list[Record] = field(default_factory=list)  #: live ones of which it was said again


_log = structlog.get_logger()

#: What to do where a database was restored or its replication slot made anew.
WAY_OUT_OF_REWOUND: Final = (
    "if the database was restored, or its replication slot or binlog made anew, give the connector another "
    "`topic.prefix` and let it take a snapshot, name the new topics in the catalogue, and raise `epoch` of the source "
    "there; of files, raise `epoch` and load what was written since"
)


class Ingest:
    """Brings changes into force in one store, through one claim on its outbox."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        outbox: Outbox,
        *,
        metrics: Metrics,
        clock: Callable[[], int] = now_milliseconds,
        on_commit: Callable[[Committed], Awaitable[None]] | None = None,
        line: Line | None = None,
    ) -> None:
        """Prepare to write.

        Args:
            store: where to.
            catalogue: what the data means.
            outbox: this writer's claim on the store's outbox.
            metrics: where commits, conflicts and outcomes are counted.
            clock: the present time, milliseconds since 1970.
            on_commit: awaited for every commit as soon as it is in force. A batch can take more commits than an
                outbox has places, so whoever publishes must not wait for the end of `apply`.
            line: where its work stands in line with that of others in this process; None: all by itself.
        """
        self._store = store
        self._catalogue = catalogue
        self._outbox = outbox
        self._metrics = metrics
        self._clock = clock
        self._on_commit = on_commit
        self._line = line or Line()
        self._failures = 0  #: pieces of work that have ended with an error
        self._all_announced = False  #: whether all profiles of a first load are known to have been told of
        self._told_rewound: set[str] = set()

    @property
    def accepted(self) -> int:
        """The greatest number that is known to have been given at acceptance, by anybody."""
        return self._outbox.accepted

    async def apply(
        self,
        changes: Sequence[Change],
        progress: Position | None = None,
        tasks: Sequence[TaskWrite] = (),
        *,
        leaving: asyncio.Event | None = None,
    ) -> IngestResult:
        """Bring changes into force; those of one record in the order given.

        Args:
            changes: of any number of records and sources.
            progress: the log position that is in force when all of them are; kept with the last commit.
            tasks: work owed from now on, or done with these changes; written with the last commit.
            leaving: set once the caller begins nothing more, also while it waits for its turn.

        Returns:
            One outcome for each change, and the commits made. Their events are in the outbox until whoever
            publishes them acknowledges each commit.

        Raises:
            NotBegunError: `leaving` was set before its turn came, or before it was refused as a whole.
            StoreUnavailable: the store does not answer; some of the changes may be in force, and giving
                them again is safe.
            ClaimLost: another worker has taken over the outbox.
            CommitTooLarge: what a single record changes is more than the store takes.
            StoreDamaged: what is stored contradicts itself.
            TaskTaken: another worker has done a part of the work meanwhile.
        """
        batch = Batch(changes=gather(changes), progress=progress, tasks=tuple(tasks))
        return await self._bring_into_force(batch, leaving=leaving)

    async def decide(
        self,
        verdicts: Sequence[VerdictWrite],
        check: Check | None = None,
        *,
        awaiting: bool = False,
        strays: Collection[RecordAddress] = (),
    ) -> IngestResult:
        """Bring verdicts, given or withdrawn, into force in one commit.

        Args:
            verdicts: as they are from now on.
            check: awaited after each reading and before each commit. What it reads of the records and their profiles
                still holds when the commit is accepted; what it raises ends the attempt.
            awaiting: the verdicts may name records that no source has sent yet: they hold once one does.
            strays: further records that may carry these verdicts, and are not to.

        Raises:
            UnknownRecord: a verdict is about a record that was never there.
            CommitConflict: somebody else has written one of these verdicts meanwhile.
            StoreUnavailable, ClaimLost, CommitTooLarge, StoreDamaged: see `apply`.
        """
        batch = Batch(changes={}, verdicts=tuple(verdicts), awaiting=awaiting, strays=frozenset(strays))
        return await self._bring_into_force(batch, check)

    async def recompute(
        self,
        addresses: Collection[RecordAddress],
        profiles: Collection[str] = (),
        identifiers: Collection[Identifier] = (),
        tasks: Sequence[TaskWrite] = (),
    ) -> IngestResult:
        """Read records anew, and resolve their components again; what is linked with them now is what was before.

        Args:
            addresses: records that another meaning of the catalogue has stored, or a store has damaged.
            profiles: profiles to resolve again as well, whether they have records or not.
            identifiers: identifiers whose holders are to be counted anew.
            tasks: see `apply`.

        Raises:
            StoreUnavailable, ClaimLost, CommitTooLarge, StoreDamaged, TaskTaken: see `apply`.
        """
        batch = Batch(
            changes={},
            recompute=frozenset(addresses),
            profiles=frozenset(profiles),
            recount=frozenset(identifiers),
            tasks=tuple(tasks),
        )
        return await self._bring_into_force(batch)

    async def write_tombstones(self, tombstones: Sequence[RecordWrite]) -> None:
        """Write tombstones from which nothing follows for other records.

        Raises:
            CommitConflict: one of them is no longer as it was read.
            StoreUnavailable, ClaimLost: see `apply`.
        """
        plan = Plan(
            commit_id=new_id(), records=tuple(tombstones), memberships=(), identifiers=(), profiles=(), events=()
        )
        await self._store.commit(plan, self._outbox)

    async def _bring_into_force(
        self, batch: Batch, check: Check | None = None, leaving: asyncio.Event | None = None
    ) -> IngestResult:
        failures = self._failures
        async with self._line.place(leaving) as place:
            work = _Work(batch, check, place, failures, leaving or asyncio.Event())
            try:
                while work.waiting:
                    await self._go_on(work)
            except BaseException:
                self._failures += 1
                raise
            place.leave(in_force=True)
        return work.result

    async def _go_on(self, work: "_Work") -> None:
        """Bring the next batch into force, or see to what becomes of it where it is refused."""
        batch, refusals = work.waiting.popleft()
        started = time.perf_counter()
        try:
            with collecting_later():
                await self._commit(batch, work)
        except ClaimLost:
            raise
        except CommitConflict as error:
            if work.leaving.is_set() and not work.result.committed:
                raise NotBegunError from error
            took = time.perf_counter() - started
            too_large = isinstance(error, CommitTooLarge)
            if too_large and not batch.can_be_halved:
                raise
            self._metrics.conflicts.inc()
            work.result.refusals.append(len(batch.addresses))
            work.disagreements.note(error)
            await self._require_still_owed(batch)
            await self._require_unchanged_ledger(batch, error)
            refusals += 1
            self._metrics.refusals.set(refusals)
            if batch.can_be_halved and (too_large or refusals % REFUSALS_PER_HALVING == 0):
                first, second = halve(batch)
                work.waiting.extendleft([(second, 0), (first, refusals)])
            else:
                work.waiting.appendleft((batch, refusals))
            if not too_large:
                await asyncio.sleep(waiting_time(refusals, took))

    async def _commit(self, batch: Batch, work: "_Work") -> None:
        started = time.perf_counter()
        loaded, plan = await self._planned(batch, work)
        if self._failures != work.failures:
            raise ClaimLost("what came before it in this writer's log has failed; claim the outbox again")
        if not plan.is_empty:
            if not work.waiting:
                work.place.let_follow(loaded, plan)
            try:
                await self._store.commit(plan, self._outbox)
            except CommitConflict:
                work.place.throw_away()
                raise
            committed = Committed(plan.commit_id, plan.events)
            work.result.committed.append(committed)
            if self._on_commit is not None:
                await self._on_commit(committed)
            if not work.waiting:
                work.place.leave(in_force=True)
            self._count_commit(loaded, plan, work.result)
        self._count_changes(loaded, work.result)
        self._metrics.refusals.set(0)
        self._metrics.commit_seconds.observe(time.perf_counter() - started)

    async def _planned(self, batch: Batch, work: "_Work") -> tuple[Loaded, Plan]:
        """Load and plan a batch; the plan may be committed at once.

        What is planned while another piece of work is at the head of the line rests on that. Where that has not come
        into force, or where anything went wrong over it, it is planned again: nothing was lost but time.
        """
        if not work.place.is_head and work.check is None:
            try:
                planned = await self._plan(await work.place.reader(self._store), batch)
            except (CommitConflict, NeverInForceError):
                planned = None
            except Exception as fault:  # noqa: BLE001 - it comes again where the plan ahead is not the reason
                _log.warning("planning ahead failed; it is planned again", fault=type(fault).__name__)
                planned = None
            if await work.place.become_head() and planned is not None:
                return planned
        await work.place.become_head()
        return await self._plan(self._store, batch, work.check)

    async def _plan(self, reader: SurroundingsReader, batch: Batch, check: Check | None = None) -> tuple[Loaded, Plan]:
        loaded = await load(reader, self._catalogue, batch)
        if check is not None:
            await check(loaded)
        commit = Commit(
            commit_id=new_id(),
            now=self._clock(),
            new_profile_id=new_id,
            version_floor=self._store.version_floor,
        )
        rows = max(len(loaded.changes), len(loaded.mapped))
        plan = await computed(rows, make_plan, loaded, self._catalogue, commit)
        events = (*await self._first_events(plan.events, loaded), *plan.events)
        return loaded, replace(plan, accepted=accepted_number(batch), events=events, divisible=batch.can_be_halved)

    def _count_commit(self, loaded: Loaded, plan: Plan, result: IngestResult) -> None:
        generic = sorted(i for i in loaded.crossing if loaded.growth(i) > 0)
        result.became_generic.extend(generic)
        if generic:
            split = (event.profile_id for event in plan.events if event.type is ProfileEventType.SPLIT)
            result.taken_apart.extend(split)
        self._metrics.commits.inc()
        for event_type, count in Counter(event.type.value for event in plan.events).items():
            self._metrics.events.labels(event_type).inc(count)

    def _count_changes(self, loaded: Loaded, result: IngestResult) -> None:
        outcomes = Counter(
            (change.address.source, outcome) for change in loaded.changes.values() for outcome in change.outcomes
        )
        for (source, outcome), count in outcomes.items():
            self._metrics.changes.labels(source, outcome.value).inc(count)
        result.outcomes.update(outcomes)
        for address, change in loaded.changes.items():
            if change.last is None or change.record.is_tombstone:
                continue
            if change.is_changed:
                result.changed.append(loaded.mapped[address])
            elif change.is_new_version:
                result.unchanged.append(change.record)
        self._tell_rewound([change for change in loaded.changes.values() if change.rewound], result)

    async def _first_events(self, events: Sequence[ProfileEvent], loaded: Loaded) -> Sequence[ProfileEvent]:
        """What must be told before these events, as long as profiles of a first load are still to be told of.

        A load makes every claim before it invalid, so that nothing new of that kind is owed as long as this one holds.
        """
        known = loaded.components.profiles
        if self._all_announced or not any(event.profile_id in known for event in events):
            return ()
        tasks = [stored.task for stored in await self._store.read_tasks()]
        owed = next((task for task in tasks if isinstance(task, AnnounceProfiles)), None)
        self._all_announced = owed is None
        return () if owed is None else tuple(first_events(events, known, owed))

    def _tell_rewound(self, rewound: Sequence[RecordChange], result: IngestResult) -> None:
        """Count the changes whose positions jumped back while times go on, and warn of each source once."""
        for change in rewound:
            source = change.address.source
            result.rewound[source] += change.rewound
            self._metrics.rewound.labels(source).inc(change.rewound)
            if source not in self._told_rewound:
                self._told_rewound.add(source)
                _log.warning(
                    "log positions of the source jump back while its times go on, so its changes count as sent again",
                    source=source,
                    way_out=WAY_OUT_OF_REWOUND,
                )

    async def _require_still_owed(self, batch: Batch) -> None:
        """Reading again does not help where another worker has moved the mark of the task."""
        expected = {write.task_id: write.expected for write in batch.tasks if write.expected is not None}
        if expected:
            owed = {stored.task_id: stored.revision for stored in await self._store.read_tasks()}
            if any(owed.get(task_id) != revision for task_id, revision in expected.items()):
                raise TaskTaken("another worker has gone on with this task; read what is owed again")

    async def _require_unchanged_ledger(self, batch: Batch, conflict: CommitConflict) -> None:
        """Refuse if somebody else has written the same verdict."""
        expected = {write.entry.verdict_id: write.expected for write in batch.verdicts}
        if expected:
            stored = await self._store.read_verdicts(expected)
            if any(revision != (stored[i].revision if i in stored else None) for i, revision in expected.items()):
                raise conflict


class _Work:
    """A piece of work on its way into force."""

    def __init__(self, batch: Batch, check: Check | None, place: Place, failures: int, leaving: asyncio.Event) -> None:
        self.leaving = leaving
        self.check = check
        self.place = place
        self.failures = failures  #: of the `Ingest` when it was asked for
        self.waiting: deque[tuple[Batch, int]] = deque([(batch, 0)])  #: with how often each was refused
        self.disagreements = Disagreements()
        self.result = IngestResult()
