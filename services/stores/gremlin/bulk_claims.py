"""Claims, changes of the catalogue and restores, spelled for Gremlin Server; see `bulk_writes`."""

from collections.abc import Callable

import orjson
from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import Merge
from gremlin_python.statics import long

from services.clock import new_id
from services.stores.gremlin.bulk_writes import ACCEPTED, guarded, to_revisions, written
from services.stores.gremlin.graphbinary import ID, IN, LABEL, OUT, Rows
from services.stores.gremlin.guarded import GuardedRequest
from services.stores.gremlin.ids import STORE_ID, Label, revision, task_id
from services.stores.gremlin.opening import GENERATION, StoreIdentity, written_for
from services.stores.gremlin.outbox import empty_place, fenced, places_of
from services.stores.gremlin.plan import OUTBOX, GraphWrites, owed
from services.stores.gremlin.socket import Traversal, g, single
from services.stores.gremlin.vertices import VertexWrite, task_vertex
from services.stores.port.plan import TaskWrite


def _as_it_is(write: VertexWrite) -> VertexWrite:
    return write


def bulk_claim(writer: str, fence: str, fingerprint: str, migrator: str | None) -> GuardedRequest:
    """Make or bump all places of a writer, if the meaning of the catalogue is the writer's, and so is the form.

    It writes on the store, too: so a claim and a change of the catalogue at the same time are a conflict, and no change
    misses a place that is only just being made.
    """
    edges = [{LABEL: OUTBOX, OUT: STORE_ID, IN: vertex} for vertex in places_of(writer)]
    rows = [
        {
            "find": {ID: vertex},
            "set": {"rev": revision(vertex, fence)},
            "make": {LABEL: Label.PENDING.value, **empty_place(writer, slot, fence)},
        }
        for slot, vertex in enumerate(places_of(writer))
    ]
    made_or_bumped = (
        __.select("places")
        .unfold()
        .as_("row")
        .merge_v(__.select("row").select("find"))
        .option(Merge.on_create, __.select("row").select("make"))
        .option(Merge.on_match, __.select("row").select("set"))
    )
    claimed = (
        g.with_side_effect("places", Rows(rows))
        .with_side_effect("edges", Rows(edges))
        .V(STORE_ID)
        .has("meaning", fingerprint)
        .where(written_for(migrator))
        .property(single, "claim", fence)
        .side_effect(made_or_bumped)
        .side_effect(__.select("edges").unfold().merge_e(__.identity()))
        .constant(ACCEPTED)
    )
    return GuardedRequest(claimed, ACCEPTED)


def bulk_change(
    before: StoreIdentity,
    after: StoreIdentity,
    task: TaskWrite,
    kept: str,
    named: Callable[[VertexWrite], VertexWrite] = _as_it_is,
    revisions: Callable[[Traversal], Traversal] = to_revisions,
) -> GuardedRequest:
    """Bring another meaning of the catalogue into force, with the task that it owes.

    As claims do, it writes who has claimed last: so that it is refused also where only what both write is compared.

    Args:
        before: the store as it was read.
        after: the store as it becomes.
        task: what is owed.
        kept: the catalogue, as a document.
        named: says besides what lets nobody else make the task.
        revisions: see `bulk_commit`.
    """
    change_id = f"catalogue:{new_id()}"
    vertex = named(task_vertex(task, change_id))
    writes = GraphWrites(vertices=(vertex,), edges=tuple(owed(task)))
    unchanged = __.V(STORE_ID).has("meaning", before.fingerprint).has(GENERATION, before.generation)
    changed = (
        __.V(STORE_ID)
        .property(single, "meaning", after.fingerprint)
        .property(single, GENERATION, after.generation)
        .property(single, "catalogue", kept)
        .property(single, "claim", change_id)
    )
    # A task that must not exist is looked for before it is made: else it would look like a collision.
    task_fits = __.V(task_id(task.task_id)).count().is_(0 if task.expected is None else 1)
    request = (
        written(guarded(writes, revisions).where(unchanged).where(task_fits), writes)
        .side_effect(changed)
        .side_effect(fenced(change_id))
        .constant(ACCEPTED)
    )
    return GuardedRequest(request, ACCEPTED)


def bulk_restore(before: StoreIdentity, after: StoreIdentity) -> GuardedRequest:
    """Make a graph that came from a backup another store."""
    request = (
        g.V(STORE_ID)
        .has("store_id", before.store_id)
        .property(single, "claim", f"restored:{new_id()}")
        .side_effect(fenced(f"restored:{new_id()}"))
        .property(single, "store_id", after.store_id)
        .property(single, "version_floor", long(after.version_floor))
        .property(single, "former_ids", orjson.dumps(sorted(after.former_ids)).decode())
        .constant(ACCEPTED)
    )
    return GuardedRequest(request, ACCEPTED)
