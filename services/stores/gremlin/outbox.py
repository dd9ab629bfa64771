"""One writer's part of the outbox in the graph: a fixed number of places with known ids.

A commit puts its events into a free place, in the same request, and asserts and bumps the revision of that place.
Whoever claims the outbox rewrites the revisions of all places, which refuses every later commit of an earlier holder.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import P, T
from gremlin_python.statics import long
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random, wait_random_exponential

from graph_model.profile.events import read_events
from graph_model.values.positions import Position
from services.clock import new_id, now_milliseconds
from services.stores.gremlin.connection import Submit
from services.stores.gremlin.documents import events_document, progress_document, read_progress
from services.stores.gremlin.guarded import GuardedRequest
from services.stores.gremlin.ids import STORE_ID, Label, revision, slot_id
from services.stores.gremlin.plan import OUTBOX
from services.stores.gremlin.socket import Traversal, g, single
from services.stores.gremlin.vertices import Properties, VertexWrite
from services.stores.port.errors import ClaimLost, CommitConflict, StoreUnavailable
from services.stores.port.identity import WriterState
from services.stores.port.plan import Plan
from services.stores.port.stored import PendingEvents

#: Spells a claim: of whose outbox, the fence, the meaning of the catalogue that must be in force, who migrates.
ClaimRequest: TypeAlias = Callable[[str, str, str, str | None], GuardedRequest]

SLOTS = 8  #: commits of one writer whose events may wait for the broker
CLAIM_SECONDS = 20.0  #: how long a claim tries again where others claim at the same time
#: How long a commit with an unknown outcome looks for a server that answers; later its place is asked for again.
SETTLE_SECONDS = 3.0
_FIELDS = ("id", "slot", "sequence", "acknowledged", "commit", "events", "progress", "accepted")


@dataclass(slots=True)
class Place:
    """One place of the outbox, as its holder knows it."""

    vertex: str
    revision: str
    sequence: int  #: number of the last commit through this place, in the order of commits
    doubtful: str | None = None  #: a commit through this place whose outcome is unknown


class GremlinOutbox:
    """One writer's claim; implements `services.stores.port.protocols.Outbox`."""

    def __init__(self, submit: Submit, fence: str, rows: Iterable[Mapping[str, Any]], accepted: int) -> None:
        """Read the places in `rows`, whose revisions have just become those of the commit `fence`.

        Args:
            submit: runs traversals.
            fence: the claim.
            rows: the places.
            accepted: see `Outbox.accepted`.
        """
        places = sorted(rows, key=lambda row: (row["sequence"], row["slot"]))
        acknowledged = max(row["acknowledged"] for row in places)
        self._submit = submit
        self._accepted = accepted
        self._numbered: int = max(row.get("accepted", 0) for row in places)  #: by this writer
        self._told: int = acknowledged  #: up to which number the graph knows that everything is published
        self._sequence: int = places[-1]["sequence"]
        self._progress = max(filter(None, (read_progress(row["progress"]) for row in places)), default=None)
        self._free: deque[Place] = deque()
        self._used: dict[str, Place] = {}
        self._unpublished: set[int] = set()  #: numbers of commits that are, or may be, in force and not acknowledged
        self._changed = asyncio.Condition()
        pending: list[PendingEvents] = []
        for row in places:
            place = Place(row["id"], revision(row["id"], fence), row["sequence"])
            events = read_events(row["events"]) if row["sequence"] > acknowledged else ()
            if events:
                pending.append(PendingEvents(commit_id=row["commit"], events=events))
                self._used[row["commit"]] = place
                self._unpublished.add(place.sequence)
            else:
                self._free.append(place)
        self._pending = tuple(pending)

    @classmethod
    async def claim(
        cls, submit: Submit, request: ClaimRequest, writer: str, fingerprint: str, migrator: str | None = None
    ) -> "GremlinOutbox | None":
        """Take over the outbox of `writer`, and make its places where there are none yet.

        Args:
            submit: runs traversals.
            request: spells the claim for the engine.
            writer: whose outbox.
            fingerprint: the meaning of the catalogue that the writer works with; with another one in force nothing is
                taken over, and the answer is None.
            migrator: by this id the caller migrates the graph; None: nothing is taken over while somebody does.

        Raises:
            StoreUnavailable: others have claimed all the time.
        """
        fence = f"claim:{new_id()}"
        retries = AsyncRetrying(
            retry=retry_if_exception_type(CommitConflict),
            wait=wait_random(0, 0.05),
            stop=stop_after_delay(CLAIM_SECONDS),
            reraise=True,
        )
        claim = request(writer, fence, fingerprint, migrator)
        try:
            answer: list[Any] = await retries(submit, claim.traversal)
        except CommitConflict as conflict:
            raise StoreUnavailable(
                f"outboxes could not be claimed for {CLAIM_SECONDS:.0f} seconds, since others claimed theirs at the "
                "same time; it is tried again"
            ) from conflict
        if not claim.is_accepted(answer):
            return None
        numbered = g.V(STORE_ID).out(OUTBOX).values("accepted")
        rows, accepted = await asyncio.gather(submit(_places_traversal(writer)), submit(numbered))
        return cls(submit, fence, rows, max(accepted, default=0))

    @property
    def pending(self) -> tuple[PendingEvents, ...]:
        """See `Outbox.pending`."""
        return self._pending

    @property
    def progress(self) -> Position | None:
        """See `Outbox.progress`."""
        return self._progress

    @property
    def accepted(self) -> int:
        """See `Outbox.accepted`."""
        return self._accepted

    async def acknowledge(self, commit_id: str) -> None:
        """See `Outbox.acknowledge`; the graph learns of it with the next commit."""
        place = self._used.pop(commit_id, None)
        if place is not None:
            await self._release(place)

    async def settle(self) -> None:
        """See `Outbox.settle`."""
        acknowledged = min(self._unpublished, default=self._sequence + 1) - 1
        if acknowledged <= self._told:
            return
        place = await self._take()
        try:
            known = g.V(place.vertex).has("rev", place.revision)
            if await self._submit(known.property(single, "acknowledged", long(acknowledged)).count()) != [1]:
                raise ClaimLost(_TAKEN_OVER)
        finally:
            await self._give_back(place)
        self._told = acknowledged

    @asynccontextmanager
    async def place_for(self, plan: Plan) -> AsyncIterator[VertexWrite]:
        """Lend a free place to the commit of `plan`, which happens inside the block.

        Raises:
            ClaimLost: the outbox belongs to another claim by now.
            StoreUnavailable: it is unknown what became of the commit, and the server does not say.
        """
        place = await self._take()
        write = self._write(plan, place)
        try:
            yield write
        except StoreUnavailable:
            place.doubtful = plan.commit_id
            if not await self._settle(place):
                raise
        except CommitConflict as conflict:
            await self._refused(place, conflict)
            raise
        except BaseException:
            place.doubtful = plan.commit_id
            await self._give_back(place)
            raise
        place.revision, place.doubtful = str(write.properties["rev"]), None
        self._progress = _later(self._progress, plan.progress)
        if plan.events:
            self._used[plan.commit_id] = place
        else:
            await self._release(place)

    def _write(self, plan: Plan, place: Place) -> VertexWrite:
        self._sequence += 1
        place.sequence = self._sequence
        self._numbered = max(self._numbered, plan.accepted or 0)
        self._unpublished.add(place.sequence)
        return VertexWrite(
            vertex=place.vertex,
            label=Label.PENDING,
            expected=place.revision,
            properties={
                "rev": revision(place.vertex, plan.commit_id),
                "sequence": long(place.sequence),
                "acknowledged": long(min(self._unpublished) - 1),
                "written_at": long(now_milliseconds()),
                "commit": plan.commit_id,
                "events": events_document(plan.events),
                "progress": progress_document(_later(self._progress, plan.progress)),
                "accepted": long(self._numbered),
            },
        )

    async def _take(self) -> Place:
        """Wait for a free place, and make sure of the commit that went through it before."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._free)
                place = self._free.popleft()
            if place.doubtful is None:
                return place
            if await self._settle(place):
                await self._give_back(place)
                raise ClaimLost(
                    "an earlier commit, whose outcome was unknown, turned out to be in force: claim the outbox again "
                    "and publish what it holds"
                )

    async def _give_back(self, place: Place) -> None:
        async with self._changed:
            self._free.append(place)
            self._changed.notify()

    async def _release(self, place: Place) -> None:
        """Give back a place whose commit has nothing left to be published."""
        self._unpublished.discard(place.sequence)
        await self._give_back(place)

    async def _refused(self, place: Place, conflict: CommitConflict) -> None:
        """Give back the place of a refused commit, and tell whether the claim was the reason."""
        try:
            found = await self._revision(place)
        finally:
            await self._release(place)
        if found != place.revision:
            raise ClaimLost(_TAKEN_OVER) from conflict

    async def _settle(self, place: Place) -> bool:
        """Find out whether the doubtful commit is in force; if not, see to it that it never comes into force.

        The place is given back unless the commit is in force.
        """
        ours = revision(place.vertex, str(place.doubtful))
        fence = revision(place.vertex, f"refused:{new_id()}")
        try:
            found = await self._bump(place, fence)
        except BaseException:
            await self._give_back(place)
            raise
        if found == ours:
            return True
        if found == fence:
            place.revision, place.doubtful = fence, None
        await self._release(place)
        if found != fence:
            raise ClaimLost(_TAKEN_OVER)
        return False

    async def _bump(self, place: Place, fence: str) -> str | None:
        """Give the place another revision if it still has the one we know; answers the one it has then."""
        bump = g.V(place.vertex).has("rev", place.revision).property(single, "rev", fence).count()
        retries = AsyncRetrying(
            retry=retry_if_exception_type((StoreUnavailable, CommitConflict)),
            wait=wait_random_exponential(0.05, max=1.0),
            stop=stop_after_delay(SETTLE_SECONDS),
            reraise=True,
        )
        await retries(self._submit, bump)
        return await retries(self._revision, place)

    async def _revision(self, place: Place) -> str | None:
        revisions: list[str] = await self._submit(g.V(place.vertex).values("rev"))
        return revisions[0] if revisions else None


_TAKEN_OVER = "the outbox has been taken over by another worker; this one must stop writing"


def _later(first: Position | None, second: Position | None) -> Position | None:
    return max((position for position in (first, second) if position is not None), default=None)


def _places_traversal(writer: str) -> Traversal:
    traversal = g.V(*places_of(writer)).project(*_FIELDS).by(T.id)
    for field in _FIELDS[1:]:
        traversal = traversal.by(field)
    return traversal


async def read_writers(submit: Submit) -> dict[str, WriterState]:
    """See `Store.read_writers`."""
    rows = await submit(
        g.V(STORE_ID)
        .out(OUTBOX)
        .project("writer", "sequence", "acknowledged", "written_at", "accepted", "has_events")
        .by("writer")
        .by("sequence")
        .by("acknowledged")
        .by("written_at")
        .by("accepted")
        .by(__.has("events", P.neq("[]")).count())
    )
    places: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        places.setdefault(row["writer"], []).append(row)
    return {writer: _writer_state(found) for writer, found in places.items()}


def _writer_state(places: Iterable[Mapping[str, Any]]) -> WriterState:
    acknowledged = max(place["acknowledged"] for place in places)
    waiting = [
        place.get("written_at", 0) for place in places if place["has_events"] and place["sequence"] > acknowledged
    ]
    accepted = max(place.get("accepted", 0) for place in places)  # graphs of former versions have neither
    return WriterState(waiting_since=min(waiting, default=None), accepted=accepted)


def empty_place(writer: str, slot: int, fence: str) -> Properties:
    """What stands in a place when it is made."""
    return {
        "writer": writer,
        "slot": slot,
        "sequence": long(0),
        "acknowledged": long(0),
        "written_at": long(0),
        "commit": "",
        "events": "[]",
        "progress": "null",
        "rev": revision(slot_id(writer, slot), fence),
    }


def places_of(writer: str) -> list[str]:
    """The vertices of a writer's places, by their numbers."""
    return [slot_id(writer, slot) for slot in range(SLOTS)]


def fenced(change_id: str) -> Traversal:
    """Invalidate all claims: no place of any outbox has this revision among those that its holder expects."""
    return __.V(STORE_ID).out(OUTBOX).property(single, "rev", revision(STORE_ID, change_id))
