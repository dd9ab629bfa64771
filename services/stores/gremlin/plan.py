"""What one commit does to the graph, step by step, before it is spelled as a traversal.

The spelling depends on what an endpoint runs fast (`bulk_writes`); the steps do not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from msgspec import Struct

from graph_model.records.record import RecordAddress
from graph_model.resolution.hubs import bucket_of
from graph_model.values.identifiers import Identifier
from services.stores.gremlin.ids import (
    STORE_ID,
    bucket_id,
    history_id,
    identifier_id,
    profile_id,
    record_id,
    tally_id,
    task_id,
    verdict_id,
)
from services.stores.gremlin.vertices import (
    VertexWrite,
    bucket_vertices,
    history_vertex,
    identifier_vertex,
    profile_vertex,
    record_vertex,
    task_vertex,
    verdict_vertex,
)
from services.stores.port.plan import BucketWrite, Plan, RecordWrite, TaskWrite

HAS = "has"  #: from a live record to an identifier that it carries; of a hub to its bucket
MEMBER_OF = "member_of"  #: from a live record to its profile
WAS_MEMBER_OF = "was_member_of"  #: from a tombstone to the last profile of the row
BECAME = "became"  #: from a profile to the steps of its life
ABOUT = "about"  #: from a verdict to the records that it names, or has named
OWES = "owes"  #: from the store to work that is owed
OUTBOX = "outbox"  #: from the store to the places of all outboxes


class Edge(Struct, frozen=True, gc=False):
    """An edge, known by its ends and its label only."""

    label: str
    tail: str
    head: str


@dataclass(frozen=True, slots=True)
class GraphWrites:
    """The steps of one commit, in this order; all of them happen or none."""

    vertices: tuple[VertexWrite, ...] = ()
    leave: tuple[str, ...] = ()  #: records whose membership edges go
    let_go: tuple[tuple[str, tuple[str, ...]], ...] = ()  #: (record, vertices that it keeps); its other `has` edges go
    bare: tuple[str, ...] = ()  #: identifiers that no longer list holders themselves; the `has` edges to them go
    edges: tuple[Edge, ...] = ()  #: edges that exist afterwards
    drops: tuple[str, ...] = ()  #: vertices that go, with all their edges; each, or its tally, is among `vertices`


def graph_writes(plan: Plan, slot: VertexWrite) -> GraphWrites:
    """Turn a plan into writes on vertices and edges, together with the writer's place in the outbox."""
    moved = [(record_id(address), profile_id(profile)) for address, profile in plan.memberships]
    redrawn = [write for write in plan.records if write.edges_changed]
    stored = [write for write in redrawn if write.expected is not None]
    links = _Links(plan)
    return GraphWrites(
        vertices=(slot, *_vertices(plan)),
        leave=(*(record_id(write.record.address) for write in stored), *(record for record, _ in moved)),
        let_go=tuple((record_id(write.record.address), links.kept(write)) for write in stored),
        bare=tuple(identifier_id(write.identifier) for write in plan.identifiers if write.is_hub),
        edges=(
            *(edge for write in redrawn for edge in (*links.new(write), *_membership(write))),
            *(Edge(MEMBER_OF, record, profile) for record, profile in moved),
            *links.moved(),
            *_about(plan),
            *(edge for task in plan.tasks for edge in owed(task)),
            *(Edge(BECAME, profile_id(e.profile_id), history_id(e.profile_id, e.version)) for e in plan.history),
        ),
        drops=(
            *(identifier_id(write.identifier) for write in plan.identifiers if not (write.holders or write.is_hub)),
            *(vertex for write in plan.buckets if write.holders is None for vertex in _bucket_and_tally(write)),
            *(task_id(task.task_id) for task in plan.tasks if task.task is None),
        ),
    )


def owed(write: TaskWrite) -> Iterator[Edge]:
    """The edge by which work that is new hangs on the store."""
    if write.expected is None:
        yield Edge(OWES, STORE_ID, task_id(write.task_id))


class _Links:
    """Where records hang: on an identifier that they carry, or on a bucket of it.

    An edge to a vertex that the plan does not write exists already, since with every new holder the identifier or the
    bucket is written; so that a record that changes never touches the other identifiers that it carries.
    """

    def __init__(self, plan: Plan) -> None:
        self._hubs = plan.hubs
        self._moved = plan.moved_links
        self._known = {write.identifier for write in plan.identifiers} | {write.identifier for write in plan.buckets}
        self._written = {identifier_id(write.identifier) for write in plan.identifiers}
        self._written.update(bucket_id(write.identifier, write.number) for write in plan.buckets)

    def new(self, write: RecordWrite) -> Iterator[Edge]:
        """The edges of a record to what the plan writes."""
        address = write.record.address
        for identifier in write.identifiers:
            place = self._place(address, identifier)
            if place in self._written:
                yield Edge(HAS, record_id(address), place)

    def kept(self, write: RecordWrite) -> tuple[str, ...]:
        """The vertices that a record may still hang on; of an identifier not written here we cannot tell which."""
        address = write.record.address
        return tuple(chain.from_iterable(self._possible(address, identifier) for identifier in write.identifiers))

    def moved(self) -> Iterator[Edge]:
        """The edges of those who carried an identifier before it gets or loses its buckets, and still do."""
        for identifier, addresses in self._moved:
            for address in addresses:
                yield Edge(HAS, record_id(address), self._place(address, identifier))

    def _place(self, address: RecordAddress, identifier: Identifier) -> str:
        return bucket_id(identifier, bucket_of(address)) if identifier in self._hubs else identifier_id(identifier)

    def _possible(self, address: RecordAddress, identifier: Identifier) -> tuple[str, ...]:
        if identifier in self._known:
            return (self._place(address, identifier),)
        return identifier_id(identifier), bucket_id(identifier, bucket_of(address))


def _vertices(plan: Plan) -> Iterator[VertexWrite]:
    commit_id = plan.commit_id
    for record in plan.records:
        yield record_vertex(record, commit_id)
    for identifier in plan.identifiers:
        yield identifier_vertex(identifier, commit_id)
    for bucket in plan.buckets:
        yield from bucket_vertices(bucket, commit_id)
    for profile in plan.profiles:
        yield profile_vertex(profile, commit_id)
    for verdict in plan.verdicts:
        yield verdict_vertex(verdict, commit_id)
    for task in plan.tasks:
        yield task_vertex(task, commit_id)
    yield from map(history_vertex, plan.history)


def _bucket_and_tally(write: BucketWrite) -> tuple[str, str]:
    return bucket_id(write.identifier, write.number), tally_id(write.identifier, write.number)


def _membership(write: RecordWrite) -> Iterator[Edge]:
    if write.profile_id is not None:
        label = WAS_MEMBER_OF if write.record.is_tombstone else MEMBER_OF
        yield Edge(label, record_id(write.record.address), profile_id(write.profile_id))


def _about(plan: Plan) -> Iterator[Edge]:
    """The edges of verdicts that are in force, or new, to those of their records that are written with them."""
    if plan.verdicts:
        records = {write.record.address for write in plan.records}
        for write in plan.verdicts:
            verdict = write.entry.verdict
            is_told = write.entry.is_in_force or write.expected is None
            for address in records.intersection(verdict.records) if is_told else ():
                yield Edge(ABOUT, verdict_id(verdict.verdict_id), record_id(address))
