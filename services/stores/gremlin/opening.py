"""The one vertex that tells which store this is, and the checks around it."""

from dataclasses import asdict, dataclass

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import Merge, T

from services.clock import new_id
from services.stores.errors import CatalogueChanged, CommitConflict, StoreError, StoreReplaced
from services.stores.gremlin.connection import Submit
from services.stores.gremlin.ids import STORE_ID, Label, vertex_id
from services.stores.gremlin.socket import Traversal
from services.stores.gremlin.source import g


@dataclass(frozen=True, slots=True)
class StoreIdentity:
    """Which store this is, and the catalogue in force there."""

    store_id: str
    fingerprint: str  #: the meaning of the catalogue
    generation: int  #: how often the fingerprint has changed


async def identify(submit: Submit, fingerprint: str, *, any_meaning: bool = False) -> StoreIdentity:
    """Read which store this is; an empty graph becomes a new store.

    Args:
        submit: runs traversals.
        fingerprint: of the catalogue that comes into force where none is.
        any_meaning: take the store with whatever catalogue is in force there.

    Raises:
        CatalogueChanged: a catalogue of another meaning is in force.
        StoreError: the graph does not undo failed requests.
    """
    identity = await _read(submit)
    if identity is None:
        await _require_transactions(submit)
        identity = await _make(submit, fingerprint)
    if identity.fingerprint != fingerprint and not any_meaning:
        raise CatalogueChanged(identity.fingerprint, fingerprint)
    return identity


async def require_same(submit: Submit, expected: StoreIdentity) -> StoreIdentity:
    """Make sure that the same store answers, with the same meaning, and read its generation anew.

    Raises:
        StoreReplaced: it does not.
        CatalogueChanged: a catalogue of another meaning is in force.
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
    return found


def generation() -> Traversal:
    """Step from the store to its generation; graphs of earlier versions of this service do not have it."""
    return __.coalesce(__.values("generation"), __.constant(0))


async def _read(submit: Submit) -> StoreIdentity | None:
    rows = await submit(
        g.V(STORE_ID).project("store_id", "fingerprint", "generation").by("store_id").by("fingerprint").by(generation())
    )
    return StoreIdentity(**rows[0]) if rows else None


async def _make(submit: Submit, fingerprint: str) -> StoreIdentity:
    identity = StoreIdentity(store_id=new_id(), fingerprint=fingerprint, generation=0)
    made = {T.id: STORE_ID, T.label: Label.STORE.value, **asdict(identity)}
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
