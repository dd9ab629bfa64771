"""Marks and documents of a graph that is loaded or brought into another form, spelled for Gremlin Server."""

from collections.abc import Mapping
from typing import Final

from gremlin_python.process.graph_traversal import __

from services.stores.gremlin.bulk_writes import change_rows
from services.stores.gremlin.graphbinary import ID, Rows
from services.stores.gremlin.guarded import GuardedRequest
from services.stores.gremlin.ids import STORE_ID, Label
from services.stores.gremlin.opening import GENERATION, StoreIdentity, meaning, stored_or, written_for
from services.stores.gremlin.outbox import fenced
from services.stores.gremlin.socket import Traversal, g, single
from services.stores.port.stored_form import REFUSAL, UNTOLD_VERSION, StoredForm

_DONE: Final = "done"  #: the answer to what was written; another answer means that nothing was


def bulk_begin(identity: StoreIdentity, found: StoredForm, migrator: str, mark: str) -> GuardedRequest:
    """Take a graph that is as it was found; see `MigratingStore.begin`."""
    unchanged = (
        __.where(stored_or("schema_version", UNTOLD_VERSION).is_(found.version))
        .where(stored_or("migration", "").is_(found.mark or ""))
        .where(stored_or("migrator", "").is_(found.migrator or ""))
        .where(meaning().is_(identity.fingerprint))
    )
    return _request(
        g.V(STORE_ID)
        .where(unchanged)
        .property(single, "meaning", identity.fingerprint)
        .property(single, GENERATION, identity.generation)
        .property(single, "fingerprint", REFUSAL)
        .property(single, "generation", REFUSAL)
        .property(single, "migrator", migrator)
        .property(single, "migration", mark)
        .side_effect(fenced(f"migration:{migrator}"))
    )


def bulk_documents(
    migrator: str,
    label: Label,  # noqa: ARG001 - the vertices are there
    documents: Mapping[str, str],
    mark: str,
) -> GuardedRequest:
    """Write documents anew, by their vertices, and move the mark."""
    rows = Rows([{"find": {ID: vertex}, "set": {"document": text}} for vertex, text in documents.items()])
    source = g.with_side_effect("changed", rows)
    return _request(_marked(migrator, mark, source.V(STORE_ID)).side_effect(change_rows()))


def bulk_mark(migrator: str, version: int, mark: str | None) -> GuardedRequest:
    """Move the mark, or end; see `MigratingStore.move_mark`."""
    moved = _marked(migrator, mark or "", g.V(STORE_ID)).property(single, "schema_version", version)
    if mark is None:
        moved = moved.side_effect(__.properties("migration", "migrator").drop())
    return _request(moved)


def _marked(migrator: str, mark: str, store: Traversal) -> Traversal:
    return store.where(written_for(migrator)).property(single, "migration", mark)


def _request(traversal: Traversal) -> GuardedRequest:
    return GuardedRequest(traversal.constant(_DONE), _DONE)
