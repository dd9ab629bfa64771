"""The one vertex that tells which store this is, and the checks around it."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import Merge, P, T

from services.clock import new_id
from services.stores.errors import CatalogueChanged, CommitConflict, StoreError, StoreReplaced
from services.stores.gremlin.connection import Submit
from services.stores.gremlin.ids import STORE_ID, Label, vertex_id
from services.stores.gremlin.plan import OWES
from services.stores.gremlin.socket import Traversal
from services.stores.gremlin.source import g
from services.stores.identity import KeptCatalogue, Pulse


@dataclass(frozen=True, slots=True)
class StoreIdentity:
    """Which store this is, and the catalogue in force there."""

    store_id: str
    fingerprint: str  #: the meaning of the catalogue
    generation: int  #: how often the fingerprint has changed
    version_floor: int = 0  #: see `Store.version_floor`
    former_ids: frozenset[str] = frozenset()  #: see `Store.former_ids`


async def identify(
    submit: Submit, fingerprint: str, *, catalogue: KeptCatalogue | None = None, any_meaning: bool = False
) -> StoreIdentity:
    """Read which store this is; an empty graph becomes a new store.

    Args:
        submit: runs traversals.
        fingerprint: of the catalogue that comes into force where none is.
        catalogue: the one of this fingerprint; kept where it is in force and none is kept yet.
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
    if identity.fingerprint == fingerprint and catalogue is not None:
        await _keep(submit, identity, catalogue)
    return identity


async def require_same(submit: Submit, expected: StoreIdentity) -> StoreIdentity:
    """Make sure that the same store answers, with the same meaning, and read its generation anew.

    Raises:
        StoreReplaced: it does not.
        CatalogueChanged: a catalogue of another meaning is in force.
    """
    found = await read_identity(submit, expected)
    if found.fingerprint != expected.fingerprint:
        raise CatalogueChanged(found.fingerprint, expected.fingerprint)
    return found


async def read_identity(submit: Submit, expected: StoreIdentity) -> StoreIdentity:
    """Read what the store says of itself, whatever catalogue is in force by now.

    Raises:
        StoreReplaced: another store answers.
    """
    found = await _read(submit)
    _require_store(None if found is None else found.store_id, expected)
    return expected if found is None else found


async def read_pulse(submit: Submit, expected: StoreIdentity) -> Pulse:
    """Read what is in force by now, and how much work is owed.

    Raises:
        StoreReplaced: another store answers.
    """
    rows = await submit(
        g.V(STORE_ID)
        .project("store_id", "fingerprint", "generation", "schema_version", "tasks_owed")
        .by("store_id")
        .by("fingerprint")
        .by(generation())
        .by(_stored_or("schema_version", 1))
        .by(__.out(OWES).count())
    )
    row: dict[str, Any] = rows[0] if rows else {"store_id": None}
    _require_store(row.pop("store_id"), expected)
    return Pulse(**row)


async def read_catalogue(submit: Submit) -> KeptCatalogue | None:
    """Read the catalogue in force, where it is kept."""
    kept: list[str] = await submit(g.V(STORE_ID).values("catalogue"))
    return KeptCatalogue.from_json(kept[0] if kept else None)


def _require_store(found: str | None, expected: StoreIdentity) -> None:
    if found != expected.store_id:
        what = "is empty" if found is None else f"is the store {found}"
        raise StoreReplaced(
            f"the graph {what}, but this process works on the store {expected.store_id}: a Gremlin Server that "
            "keeps its graph in memory was probably restarted. Stop the workers, run `identity-graph consume --rewind` "
            "to build the graph again from the log, and start them again. Where it came back from a backup, and "
            "`identity-graph restored` was run on it, only start this process again."
        )


def generation() -> Traversal:
    """Step from the store to its generation; graphs of earlier versions of this service do not have it."""
    return _stored_or("generation", 0)


def _stored_or(name: str, otherwise: int | str) -> Traversal:
    return __.coalesce(__.values(name), __.constant(otherwise))


async def _read(submit: Submit) -> StoreIdentity | None:
    rows = await submit(
        g.V(STORE_ID)
        .project("store_id", "fingerprint", "generation", "version_floor", "former_ids")
        .by("store_id")
        .by("fingerprint")
        .by(generation())
        .by(_stored_or("version_floor", 0))
        .by(_stored_or("former_ids", "[]"))
    )
    if not rows:
        return None
    return StoreIdentity(**{**rows[0], "former_ids": frozenset(orjson.loads(rows[0]["former_ids"]))})


async def _keep(submit: Submit, identity: StoreIdentity, catalogue: KeptCatalogue) -> None:
    """Keep the catalogue in force, unless it is kept already, or another one has come into force meanwhile."""
    kept = g.V(STORE_ID).has("fingerprint", identity.fingerprint).where(__.not_(__.has("catalogue", P.neq(""))))
    # Refused where somebody else writes there at the same time: whoever opens the store next keeps it.
    with suppress(CommitConflict):
        await submit(kept.property("catalogue", catalogue.to_json()).count())


async def _make(submit: Submit, fingerprint: str) -> StoreIdentity:
    identity = StoreIdentity(store_id=new_id(), fingerprint=fingerprint, generation=0)
    properties = {"store_id": identity.store_id, "fingerprint": fingerprint, "generation": 0}
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
