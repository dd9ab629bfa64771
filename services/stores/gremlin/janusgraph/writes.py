"""Commits spelled for JanusGraph: as for Gremlin Server, and each new vertex with a name that only one may have."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from gremlin_python.process.graph_traversal import __
from msgspec.structs import replace as changed

from services.stores.gremlin.bulk_claims import bulk_change
from services.stores.gremlin.bulk_writes import bulk_commit
from services.stores.gremlin.engines import JANUSGRAPHS, Engine
from services.stores.gremlin.graphbinary import Rows
from services.stores.gremlin.guarded import GuardedRequest
from services.stores.gremlin.ids import STORE_ID, Label
from services.stores.gremlin.janusgraph.schema import LIFE, NAME, ROW_KEY
from services.stores.gremlin.opening import StoreIdentity
from services.stores.gremlin.plan import GraphWrites
from services.stores.gremlin.socket import Traversal, g, single
from services.stores.gremlin.vertices import Properties, VertexWrite
from services.stores.port.plan import TaskWrite

#: Buckets go with their tallies, and nothing is asserted of them.
_DROPPED: Final = frozenset({Label.RECORD, Label.IDENTIFIER, Label.TALLY, Label.TASK})


def named_commit(writes: GraphWrites, *, divisible: bool) -> GuardedRequest:
    """See `bulk_commit`; what is written says besides what only one commit may make or drop (`schema`)."""
    named = replace(writes, vertices=tuple(map(_named, writes.vertices)))
    return bulk_commit(named, divisible=divisible, revisions=_compared)


def named_change(before: StoreIdentity, after: StoreIdentity, task: TaskWrite, kept: str) -> GuardedRequest:
    """See `bulk_change`."""
    return bulk_change(before, after, task, kept, _named, _compared)


def named_removal(vertices: Collection[str]) -> Traversal:
    """Drop those of some records that are deleted, unless one becomes a live one meanwhile.

    What is locked must be read first: it counts as what was there when all else was read.
    """
    revisions_read = g.V(Rows([*vertices])).side_effect(__.values(LIFE))
    return revisions_read.has("deleted", True).property(single, LIFE, __.id_()).drop()


def _compared(vertices: Traversal) -> Traversal:
    """Step to revisions, to those in the index where there are any: what is read here is what is locked."""
    return vertices.coalesce(__.values(LIFE), __.values("rev"))


def unique_properties(engine: Engine) -> Properties:
    """What the vertex of a new store has besides on an engine, so that nobody makes a second one."""
    return {NAME: STORE_ID} if engine in JANUSGRAPHS else {}


def _named(write: VertexWrite) -> VertexWrite:
    properties = dict(write.properties)
    if write.label in _DROPPED:
        properties[LIFE] = properties["rev"]
    if write.expected is None:
        properties[NAME] = write.vertex
        if write.label is Label.RECORD:
            properties[ROW_KEY] = properties.pop("key")
    return changed(write, properties=properties)
