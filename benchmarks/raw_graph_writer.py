"""The raw limit of a graph: records, identifiers, profiles and their edges, written with no logic, guard or outbox.

It stays as it is, whatever the service's own form and traversals become, so that what these save shows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import orjson
from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import Direction, Merge, T

from graph_model.records.record import RecordAddress
from services.stores.gremlin.graphbinary import Rows
from services.stores.gremlin.socket import GremlinSocket, Traversal, g
from services.stores.port.plan import Plan, RecordWrite


@dataclass(frozen=True, slots=True)
class RawRows:
    """What one commit leaves in a graph, as rows of vertices and edges."""

    vertices: Sequence[dict[Any, Any]]
    edges: Sequence[dict[Any, Any]]

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """The rows of a plan of a first load."""
        vertices: list[dict[Any, Any]] = []
        edges: list[dict[Any, Any]] = []
        for write in plan.records:
            vertices.append(_record(write, plan.commit_id))
            record = _record_id(write.record.address)
            edges += [_edge("has", record, f"identifier:{identifier}") for identifier in write.identifiers]
            edges.append(_edge("member_of", record, f"profile:{write.profile_id}"))
        for identifier in plan.identifiers:
            vertex = f"identifier:{identifier.identifier}"
            kind, value = identifier.identifier
            holders = {"holders": identifier.holders, "hub": False, "kind": kind, "value": value}
            vertices.append(_vertex(vertex, "identifier", {**holders, "rev": f"{vertex}#{plan.commit_id}"}))
        for profile in plan.profiles:
            vertex = f"profile:{profile.profile_id}"
            document = {
                "profile_id": profile.profile_id,
                "version": profile.version,
                "status": profile.status.value,
                "document": (profile.document or b"").decode(),
                "component": orjson.dumps(profile.component).decode(),
                "guests": "",
            }
            vertices.append(_vertex(vertex, "profile", {**document, "rev": f"{vertex}#{plan.commit_id}"}))
        return cls(vertices, edges)

    def written(self) -> Traversal:
        """The request that writes them."""
        write_vertices = (
            __.select("vertices")
            .unfold()
            .as_("row")
            .merge_v(__.select("row").select("find"))
            .option(Merge.on_create, __.select("row").select("make"))
            .option(Merge.on_match, __.select("row").select("set"))
        )
        return (
            g.with_side_effect("vertices", Rows(self.vertices))
            .with_side_effect("edges", Rows(self.edges))
            .inject(0)
            .side_effect(write_vertices)
            .side_effect(__.select("edges").unfold().merge_e(__.identity()))
            .constant("written")
        )


async def write_raw(socket: GremlinSocket, commits: Iterable[RawRows]) -> None:
    """Write commits, one request each, one after the other."""
    for commit in commits:
        await socket.submit(commit.written())


def _record(write: RecordWrite, commit_id: str) -> dict[Any, Any]:
    record = write.record
    vertex = _record_id(record.address)
    source, key = record.address
    document = {
        "source": source,
        "key": key,
        "epoch": record.position.epoch,
        "offset": record.position.log_offset,
        "observed_at": record.observed_at,
        "values": record.values,
        "streamed": None,
        "incomplete": [],
    }
    properties = {
        "rev": f"{vertex}#{commit_id}",
        "source": source,
        "key": key,
        "epoch": record.position.epoch,
        "offset": record.position.log_offset,
        "deleted": False,
        "document": orjson.dumps(document).decode(),
    }
    return _vertex(vertex, "record", properties)


def _record_id(address: RecordAddress) -> str:
    return f"record:{address}"


def _vertex(vertex: str, label: str, properties: dict[str, Any]) -> dict[Any, Any]:
    return {"find": {T.id: vertex}, "make": {T.label: label, **properties}, "set": properties}


def _edge(label: str, tail: str, head: str) -> dict[Any, Any]:
    return {T.label: label, Direction.OUT: tail, Direction.IN: head}
