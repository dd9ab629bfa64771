"""Reads of what hangs on many vertices, spelled for Amazon Neptune.

Neptune gathers lists itself only as the values of a group, so what hangs on vertices is a request of its own. It
follows the one that reads their revisions: a revision is always read before the contents that it stands for.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import T

from services.stores.gremlin.graphbinary import Rows
from services.stores.gremlin.plan import HAS, MEMBER_OF
from services.stores.gremlin.reads import Read, Row, profiles_traversal
from services.stores.gremlin.socket import Traversal, g


async def chained_identifier_rows(read: Read, up_to: Mapping[str, int]) -> list[Row]:
    """See `reads.identifier_rows`."""
    rows = await read(own_traversal, up_to)
    few = [row["id"] for row in rows if row["holders"] <= up_to[row["id"]]]
    components = await _grouped(read, holders_components_groups, few)
    return [{**row, "components": components.get(row["id"], ())} for row in rows]


async def chained_bucket_rows(read: Read, vertices: Iterable[str]) -> list[Row]:
    """See `reads.bucket_rows`."""
    components = await _grouped(read, holders_components_groups, vertices)
    return [{"id": vertex, "components": found} for vertex, found in components.items()]


async def chained_component_rows(read: Read, vertices: Iterable[str]) -> list[Row]:
    """See `reads.component_rows`."""
    wanted = list(vertices)
    rows = await read(profiles_traversal, wanted)
    members = await _grouped(read, members_groups, wanted)
    return [{**row, "records": members.get(row["profile_id"], ())} for row in rows]


async def chained_link_rows(read: Read, vertices: Iterable[str]) -> list[Row]:
    """See `reads.link_rows`."""
    return [{"id": vertex, "links": links} for vertex, links in (await _grouped(read, links_groups, vertices)).items()]


def own_traversal(vertices: Collection[str]) -> Traversal:
    """What identifiers say of themselves."""
    return g.V(Rows([*vertices])).project("id", "rev", "hub", "holders").by(T.id).by("rev").by("hub").by("holders")


def holders_components_groups(vertices: Collection[str]) -> Traversal:
    """The components of the records that hang on each identifier or bucket, as often as there are such records."""
    return g.V(Rows([*vertices])).group().by(T.id).by(__.in_(HAS).out(MEMBER_OF).values("component").fold())


def members_groups(vertices: Collection[str]) -> Traversal:
    """The live records of each profile."""
    return g.V(Rows([*vertices])).group().by("profile_id").by(__.in_(MEMBER_OF).values("document").fold())


def links_groups(vertices: Collection[str]) -> Traversal:
    """The identifiers that each record is linked with, itself or by a bucket."""
    linked = __.out(HAS).project("kind", "value").by("kind").by("value")
    return g.V(Rows([*vertices])).group().by(T.id).by(linked.fold())


async def _grouped(
    read: Read, traversal: Callable[[Collection[str]], Traversal], vertices: Iterable[str]
) -> dict[str, list[Any]]:
    """What hangs on each vertex; each portion of vertices is answered by one map."""
    return {vertex: found for groups in await read(traversal, vertices) for vertex, found in groups.items()}
