"""Marks and documents of a graph that is loaded or brought into another form, spelled for Amazon Neptune."""

from collections.abc import Mapping

from gremlin_python.process.graph_traversal import __

from services.stores.gremlin.chained_writes import finished
from services.stores.gremlin.guarded import GuardedRequest
from services.stores.gremlin.ids import STORE_ID, Label
from services.stores.gremlin.opening import GENERATION, StoreIdentity, written_for
from services.stores.gremlin.outbox import fenced
from services.stores.gremlin.plan import GraphWrites
from services.stores.gremlin.socket import Traversal, g, single
from services.stores.gremlin.vertices import VertexWrite
from services.stores.port.stored_form import REFUSAL, StoredForm


def chained_begin(identity: StoreIdentity, found: StoredForm, migrator: str, mark: str) -> GuardedRequest:
    """Take a graph that is as it was found; see `MigratingStore.begin`."""
    store = g.V(STORE_ID).has("schema_version", found.version).has("meaning", identity.fingerprint)
    for name, value in (("migration", found.mark), ("migrator", found.migrator)):
        store = store.not_(__.values(name)) if value is None else store.has(name, value)
    taken = (
        store.property(single, GENERATION, identity.generation)
        .property(single, "fingerprint", REFUSAL)
        .property(single, "generation", REFUSAL)
        .property(single, "migrator", migrator)
        .property(single, "migration", mark)
    )
    return finished(taken, GraphWrites(), STORE_ID, fenced(f"migration:{migrator}").id_())


def chained_documents(migrator: str, label: Label, documents: Mapping[str, str], mark: str) -> GuardedRequest:
    """Write documents anew, by their vertices, and move the mark."""
    written = tuple(VertexWrite(vertex, label, "", {"document": text}) for vertex, text in documents.items())
    return finished(_marked(migrator, mark), GraphWrites(vertices=written), STORE_ID)


def chained_mark(migrator: str, version: int, mark: str | None) -> GuardedRequest:
    """Move the mark, or end; see `MigratingStore.move_mark`."""
    moved = _marked(migrator, mark or "").property(single, "schema_version", version)
    gone = () if mark is not None else (__.V(STORE_ID).properties("migration", "migrator").drop(),)
    return finished(moved, GraphWrites(), STORE_ID, *gone)


def _marked(migrator: str, mark: str) -> Traversal:
    return written_for(migrator, g.V(STORE_ID)).property(single, "migration", mark)
