"""The one vertex that tells which store this is, and the checks around it."""

from dataclasses import dataclass

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import Merge, T

from services.clock import new_id
from services.stores.errors import CatalogueChanged, CommitConflict, StoreError, StoreReplaced
from services.stores.gremlin.connection import Submit
from services.stores.gremlin.ids import STORE_ID, Label, vertex_id
from services.stores.gremlin.source import g


@dataclass(frozen=True, slots=True)
class StoreIdentity:
    """Which store this is, and what it was built with."""

    store_id: str
    fingerprint: str


async def identify(submit: Submit, fingerprint: str) -> StoreIdentity:
    """Read which store this is; an empty graph becomes a new store.

    Raises:
        CatalogueChanged: it was built with a catalogue of another meaning.
        StoreError: the graph does not undo failed requests.
    """
    identity = await _read(submit)
    if identity is None:
        await _require_transactions(submit)
        identity = await _make(submit, fingerprint)
    if identity.fingerprint != fingerprint:
        raise CatalogueChanged(identity.fingerprint, fingerprint)
    return identity


async def require_same(submit: Submit, expected: StoreIdentity) -> None:
    """Make sure after a reconnection that the same store answers.

    Raises:
        StoreReplaced: it does not.
        CatalogueChanged: it was built anew with a catalogue of another meaning.
    """
    found = await _read(submit)
    if found is None or found.store_id != expected.store_id:
        what = "is empty" if found is None else f"is the store {found.store_id}"
        raise StoreReplaced(
            f"the graph {what}, but this process works on the store {expected.store_id}: a Gremlin Server that "
            "keeps its graph in memory was probably restarted. Stop the workers, run `identity-graph consume --rewind` "
            "to build the graph again from the log, and start them again."
        )
    if found.fingerprint != expected.fingerprint:
        raise CatalogueChanged(found.fingerprint, expected.fingerprint)


async def _read(submit: Submit) -> StoreIdentity | None:
    rows = await submit(g.V(STORE_ID).project("store_id", "fingerprint").by("store_id").by("fingerprint"))
    return StoreIdentity(**rows[0]) if rows else None


async def _make(submit: Submit, fingerprint: str) -> StoreIdentity:
    identity = StoreIdentity(new_id(), fingerprint)
    properties = {"store_id": identity.store_id, "fingerprint": identity.fingerprint}
    made = {T.id: STORE_ID, T.label: Label.STORE.value, **properties}
    try:
        await submit(g.merge_v(made).option(Merge.on_match, __.fail("exists")).count())
    except CommitConflict:
        found = await _read(submit)
        if found is None:
            raise
        return found
    return identity


async def _require_transactions(submit: Submit) -> None:
    """A commit that fails half-way must leave nothing; a plain TinkerGraph keeps the first half."""
    probe = vertex_id(Label.STORE, f"probe:{new_id()}")
    try:
        await submit(g.add_v(Label.STORE.value).property(T.id, probe).fail("undo"))
    except CommitConflict:
        if await submit(g.V(probe).id_()):
            await submit(g.V(probe).drop())
            raise StoreError(
                "this graph does not undo failed requests; use one with transactions (TinkerTransactionGraph instead "
                "of TinkerGraph)"
            ) from None
