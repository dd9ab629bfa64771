"""Claims, changes of the catalogue and restores, spelled for Amazon Neptune; see `chained_writes`."""

import orjson
from gremlin_python.process.traversal import Merge
from gremlin_python.statics import long

from services.clock import new_id
from services.stores.gremlin.chained_writes import finished, guarded
from services.stores.gremlin.graphbinary import ID, Rows
from services.stores.gremlin.guarded import GuardedRequest
from services.stores.gremlin.ids import STORE_ID, Label, revision
from services.stores.gremlin.opening import GENERATION, StoreIdentity, written_for
from services.stores.gremlin.outbox import empty_place, fenced, places_of
from services.stores.gremlin.plan import OUTBOX, Edge, GraphWrites, owed
from services.stores.gremlin.socket import g, single
from services.stores.gremlin.vertices import made_with, task_vertex
from services.stores.port.plan import TaskWrite


def chained_claim(writer: str, fence: str, fingerprint: str, migrator: str | None) -> GuardedRequest:
    """Make or bump all places of a writer, if the meaning of the catalogue is the writer's, and so is the form."""
    traversal = g.V(STORE_ID).has("meaning", fingerprint)
    traversal = written_for(migrator, traversal).property(single, "claim", fence)
    for slot, vertex in enumerate(places_of(writer)):
        traversal = (
            traversal.merge_v(Rows({ID: vertex}))
            .option(Merge.on_create, made_with(Label.PENDING, empty_place(writer, slot, fence)))
            .option(Merge.on_match, Rows({"rev": revision(vertex, fence)}), single)
        )
    hung = GraphWrites(edges=tuple(Edge(OUTBOX, STORE_ID, vertex) for vertex in places_of(writer)))
    return finished(traversal, hung, STORE_ID)


def chained_change(before: StoreIdentity, after: StoreIdentity, task: TaskWrite, kept: str) -> GuardedRequest:
    """Bring another meaning of the catalogue into force, with the task that it owes."""
    change_id = f"catalogue:{new_id()}"
    vertex = task_vertex(task, change_id)
    writes = GraphWrites(vertices=(vertex,), edges=tuple(owed(task)))
    unchanged = g.V(STORE_ID).has("meaning", before.fingerprint).has(GENERATION, before.generation)
    changed = (
        guarded(unchanged, writes)
        .V(STORE_ID)
        .property(single, "meaning", after.fingerprint)
        .property(single, GENERATION, after.generation)
        .property(single, "catalogue", kept)
    )
    return finished(changed, writes, STORE_ID, fenced(change_id).id_())


def chained_restore(before: StoreIdentity, after: StoreIdentity) -> GuardedRequest:
    """Make a graph that came from a backup another store."""
    changed = (
        g.V(STORE_ID)
        .has("store_id", before.store_id)
        .property(single, "store_id", after.store_id)
        .property(single, "version_floor", long(after.version_floor))
        .property(single, "former_ids", orjson.dumps(sorted(after.former_ids)).decode())
    )
    return finished(changed, GraphWrites(), STORE_ID, fenced(f"restored:{new_id()}").id_())
