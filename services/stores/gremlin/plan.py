"""What one commit does to the graph, step by step, before it is spelled as a traversal.

The spelling depends on what an endpoint runs fast (`bulk_writes`); the steps do not.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from gremlin_python.statics import long

from graph_model.identifiers import Identifier
from services.stores.gremlin.documents import component_document, record_document
from services.stores.gremlin.ids import Label, identifier_id, profile_id, record_id, revision
from services.stores.port import IdentifierWrite, Plan, ProfileWrite, RecordWrite

HAS = "has"  #: from a live record to an identifier that it carries
MEMBER_OF = "member_of"  #: from a live record to its profile
WAS_MEMBER_OF = "was_member_of"  #: from a grave to the last profile of the row

#: Property values are single scalars, so that they mean the same on every graph.
Properties: TypeAlias = Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class VertexWrite:
    """A vertex to make or to change."""

    vertex: str
    label: Label
    expected: str | None  #: revision it must have; None: it must not exist
    properties: Properties


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge, known by its ends and its label only."""

    label: str
    tail: str
    head: str


@dataclass(frozen=True, slots=True)
class GraphWrites:
    """The steps of one commit, in this order; all of them happen or none."""

    vertices: tuple[VertexWrite, ...]
    leave: tuple[str, ...]  #: records whose membership edges go
    let_go: tuple[tuple[str, tuple[str, ...]], ...]  #: (record, identifiers that it keeps); its other `has` edges go
    edges: tuple[Edge, ...]  #: edges that exist afterwards
    drops: tuple[str, ...]  #: vertices that go, with all their edges; each is among `vertices`, and so asserted


def graph_writes(plan: Plan, slot: VertexWrite) -> GraphWrites:
    """Turn a plan into writes on vertices and edges, together with the writer's place in the outbox.

    An edge to an identifier that the plan does not write exists already, since with every new holder an identifier is
    written; so that a record that changes never touches the other identifiers that it carries, which may be hubs.
    """
    changed = {write.identifier for write in plan.identifiers}
    moved = [(record_id(address), profile_id(profile)) for address, profile in plan.memberships]
    redrawn = [write for write in plan.records if write.edges_changed]
    stored = [write for write in redrawn if write.expected is not None]
    return GraphWrites(
        vertices=(
            slot,
            *(_record(write, plan.commit_id) for write in plan.records),
            *(_identifier(write, plan.commit_id) for write in plan.identifiers),
            *(_profile(write, plan.commit_id) for write in plan.profiles),
        ),
        leave=(*(record_id(write.record.address) for write in stored), *(record for record, _ in moved)),
        let_go=tuple(
            (record_id(write.record.address), tuple(map(identifier_id, write.identifiers))) for write in stored
        ),
        edges=(
            *(edge for write in redrawn for edge in _edges(write, changed)),
            *(Edge(MEMBER_OF, record, profile) for record, profile in moved),
        ),
        drops=tuple(identifier_id(write.identifier) for write in plan.identifiers if not write.holders),
    )


def _record(write: RecordWrite, commit_id: str) -> VertexWrite:
    record = write.record
    vertex = record_id(record.address)
    properties: dict[str, str | int | bool] = {
        "rev": revision(vertex, commit_id),
        "epoch": record.position.epoch,
        "offset": long(record.position.offset),
        "deleted": record.is_grave,
        "document": record_document(record),
    }
    if write.expected is None:
        properties |= {"source": record.address.source, "key": record.address.key}
    return VertexWrite(vertex, Label.RECORD, write.expected, properties)


def _identifier(write: IdentifierWrite, commit_id: str) -> VertexWrite:
    vertex = identifier_id(write.identifier)
    properties: dict[str, str | int | bool] = {"rev": revision(vertex, commit_id), "holders": write.holders}
    if write.expected is None:
        properties |= {"kind": write.identifier.kind, "value": write.identifier.value}
    return VertexWrite(vertex, Label.IDENTIFIER, write.expected, properties)


def _profile(write: ProfileWrite, commit_id: str) -> VertexWrite:
    vertex = profile_id(write.profile_id)
    properties: dict[str, str | int | bool] = {"rev": revision(vertex, commit_id)}
    if write.document is not None:
        properties |= {
            "version": write.version,
            "status": write.status.value,
            "document": write.document.decode(),
            "component": component_document(write.component),
        }
    if write.expected is None:
        properties["profile_id"] = write.profile_id
    return VertexWrite(vertex, Label.PROFILE, write.expected, properties)


def _edges(write: RecordWrite, changed: Container[Identifier]) -> Iterator[Edge]:
    record = record_id(write.record.address)
    for identifier in write.identifiers:
        if identifier in changed:
            yield Edge(HAS, record, identifier_id(identifier))
    if write.profile_id is not None:
        label = WAS_MEMBER_OF if write.record.is_grave else MEMBER_OF
        yield Edge(label, record, profile_id(write.profile_id))
