"""Writes spelled for Amazon Neptune: one step after the other, each with constant arguments.

Neptune runs chained `mergeV` and `mergeE` by id itself, and hands whatever follows a step that it does not know to a
slow interpreter: so nothing is injected, no value is bound, and each step passes on exactly one traverser. The guard
comes first, then the vertices that are new. All else are branches of one `union` at the end, none of which meets what
another one writes, so that their order does not matter. A long chain would be a fault by itself, since servers go one
level deeper with each of its steps.
What Neptune runs itself: https://docs.aws.amazon.com/neptune/latest/userguide/gremlin-step-support.html
"""

from collections.abc import Iterable, Iterator
from typing import Final

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import Merge, P, T

from services.stores.gremlin.chained_size import LARGEST, PACKED, require_room
from services.stores.gremlin.graphbinary import ID, IN, LABEL, OUT, Rows
from services.stores.gremlin.guarded import GuardedRequest
from services.stores.gremlin.plan import HAS, MEMBER_OF, WAS_MEMBER_OF, Edge, GraphWrites
from services.stores.gremlin.socket import Traversal, g, single

_PER_BRANCH: Final = 100
_MEMBERSHIPS: Final = (MEMBER_OF, WAS_MEMBER_OF)


def chained_commit(writes: GraphWrites, *, divisible: bool) -> GuardedRequest:
    """Spell all writes as one traversal behind a guard; it answers the first vertex, the writer's place.

    The guard holds if every vertex that must exist has the revision it was read at, and no other exists. Neptune locks
    what a request that writes has read, ids that it found free included.

    Args:
        writes: the writer's place first, which exists.
        divisible: whether the caller could commit a part of it alone.

    Raises:
        CommitTooLarge: more than is good in one request where it is divisible, or than one request may ever hold.
    """
    request = finished(guarded(g, writes), writes, writes.vertices[0].vertex)
    require_room(writes, request.traversal.bytecode, PACKED if divisible else LARGEST)
    return request


def guarded(begun: Traversal, writes: GraphWrites) -> Traversal:
    """Go on from `begun` with one traverser if all vertices are as they were read, else with none."""
    expected = {write.vertex: write.expected for write in writes.vertices if write.expected is not None}
    absent = [write.vertex for write in writes.vertices if write.expected is None]
    traversal = begun
    if expected:
        found = traversal.V(Rows([*expected])).has("rev", P.within(*expected.values()))
        traversal = found.count().is_(len(expected))
    return traversal.not_(__.V(Rows(absent))) if absent else traversal


def finished(traversal: Traversal, writes: GraphWrites, sign: str, *last: Traversal) -> GuardedRequest:
    """Append all writes, further branches, and the answer `sign`, the id of a vertex that stays.

    A vertex that must not exist is added, which fails where another commit has made it since the guard looked. One that
    goes is not written before.
    """
    for write in writes.vertices:
        if write.expected is None:
            traversal = traversal.add_v(write.label.value).property(T.id, write.vertex)
    branches = (*_properties(writes), *_edges(writes.edges), *_drops(writes), *last, __.V(sign).id_())
    return GuardedRequest(traversal.union(*branches), sign)


def edge_id(edge: Edge) -> str:
    """The id of an edge, by which it is found without looking through the edges of its tail."""
    return f"{edge.label}|{edge.tail}|{edge.head}"


def _properties(writes: GraphWrites) -> Iterator[Traversal]:
    """Set the properties of vertices, which exist by then."""
    gone = set(writes.drops)
    staying = [write for write in writes.vertices if write.vertex not in gone]
    for start in range(0, len(staying), _PER_BRANCH):
        branch = __
        for write in staying[start : start + _PER_BRANCH]:
            found = branch.merge_v(Rows({ID: write.vertex}))
            branch = found.option(Merge.on_match, Rows(write.properties), single)
        yield branch.id_()


def _edges(edges: Iterable[Edge]) -> Iterator[Traversal]:
    """Make edges, each unless it is there; their ends exist by then."""
    different = list(dict.fromkeys(edges))
    for start in range(0, len(different), _PER_BRANCH):
        branch = __
        for edge in different[start : start + _PER_BRANCH]:
            ends = {LABEL: edge.label, OUT: edge.tail, IN: edge.head}
            branch = branch.merge_e(Rows({ID: edge_id(edge)})).option(Merge.on_create, Rows(ends))
        yield branch.id_()


def _drops(writes: GraphWrites) -> Iterator[Traversal]:
    yield from _former_memberships(writes)
    for record, kept in writes.let_go:
        yield __.V(record).out_e(HAS).where(_other_than(kept)).drop()
    if writes.bare:
        yield __.V(Rows(writes.bare)).in_e(HAS).drop()
    if writes.drops:
        yield __.V(Rows(writes.drops)).drop()


def _former_memberships(writes: GraphWrites) -> Iterator[Traversal]:
    """Drop the membership edges of records that leave, but for the one that each has from now on."""
    staying = {edge.tail: edge for edge in writes.edges if edge.label in _MEMBERSHIPS}
    leaving = list(dict.fromkeys(writes.leave))
    for start in range(0, len(leaving), _PER_BRANCH):
        records = leaving[start : start + _PER_BRANCH]
        edges = __.V(Rows(records)).out_e(*_MEMBERSHIPS)
        for edge in (staying[record] for record in records if record in staying):
            edges = edges.has(T.id, P.neq(edge_id(edge)))
        yield edges.drop()


def _other_than(vertices: Iterable[str]) -> Traversal:
    """Whether an edge leads elsewhere; one comparison each, as Neptune compares ids for equality only."""
    head = __.in_v()
    for vertex in vertices:
        head = head.has(T.id, P.neq(vertex))
    return head
