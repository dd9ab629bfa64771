"""The one vertex that tells which store this is, and the checks around it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import orjson
from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import Merge, P, T
from tenacity import AsyncRetrying, retry_if_result, stop_after_delay, wait_random_exponential

from services.clock import new_id
from services.stores.gremlin.connection import Submit
from services.stores.gremlin.graphbinary import ID, Rows
from services.stores.gremlin.ids import STORE_ID, Label, vertex_id
from services.stores.gremlin.plan import OWES
from services.stores.gremlin.socket import Traversal, g, single
from services.stores.gremlin.vertices import Properties, made_with
from services.stores.port.errors import CatalogueChanged, CommitConflict, StoreError, StoreReplaced, StoreUnavailable
from services.stores.port.identity import KeptCatalogue, Pulse
from services.stores.port.stored_form import REFUSAL, SCHEMA_VERSION, UNTOLD_VERSION, StoredForm

#: How often the meaning of the catalogue has changed. `generation` turns away programs that know no schema version.
GENERATION = "meaning_generation"

#: So long whoever is refused while it makes a store tries again.
_MAKING_SECONDS: Final = 10.0

#: What is read of the store; where it lacks a property, as graphs of former forms do, the answer lacks it as well.
_FIELDS = ("store_id", "meaning", "fingerprint", GENERATION, "generation", "schema_version", "migration", "migrator")


@dataclass(frozen=True, slots=True)
class StoreIdentity:
    """Which store this is, and the catalogue in force there."""

    store_id: str
    fingerprint: str  #: the meaning of the catalogue
    generation: int  #: how often the fingerprint has changed
    form: StoredForm  #: how the graph is written
    version_floor: int = 0  #: see `Store.version_floor`
    former_ids: frozenset[str] = frozenset()  #: see `Store.former_ids`


async def identify(
    submit: Submit,
    fingerprint: str,
    *,
    catalogue: KeptCatalogue | None = None,
    any_meaning: bool = False,
    migrator: str | None = None,
    has_transactions: bool = False,
    unique: Properties = MappingProxyType({}),
) -> StoreIdentity:
    """Read which store this is; an empty graph becomes a new store.

    Args:
        submit: runs traversals.
        fingerprint: of the catalogue that comes into force where none is.
        catalogue: the one of this fingerprint; kept where it is in force and none is kept yet.
        any_meaning: take the store with whatever catalogue is in force there.
        migrator: see `StoredForm.require`.
        has_transactions: whether the graph is known to undo failed requests.
        unique: what else stands on the vertex of a new store, so that nobody makes a second one.

    Raises:
        CatalogueChanged: a catalogue of another meaning is in force.
        OtherForm, MigrationUnderWay, MigrationTaken: see `StoredForm.require`.
        StoreError: the graph does not undo failed requests.
    """
    identity = await find_identity(submit)
    if identity is None:
        if not has_transactions:
            await _require_transactions(submit)
        identity = await _make(submit, fingerprint, unique)
    identity.form.require(migrator)
    if identity.fingerprint != fingerprint and not any_meaning:
        raise CatalogueChanged(identity.fingerprint, fingerprint)
    if identity.fingerprint == fingerprint and catalogue is not None:
        await _keep(submit, identity, catalogue)
    return identity


async def require_same(submit: Submit, expected: StoreIdentity, migrator: str | None = None) -> StoreIdentity:
    """Make sure that the same store answers, with the same meaning, and read its generation anew.

    Raises:
        StoreReplaced: it does not.
        CatalogueChanged: a catalogue of another meaning is in force.
        OtherForm, MigrationUnderWay, MigrationTaken: see `StoredForm.require`.
    """
    found = await read_identity(submit, expected)
    found.form.require(migrator)
    if found.fingerprint != expected.fingerprint:
        raise CatalogueChanged(found.fingerprint, expected.fingerprint)
    return found


async def read_identity(submit: Submit, expected: StoreIdentity) -> StoreIdentity:
    """Read what the store says of itself, whatever catalogue is in force by now.

    Raises:
        StoreReplaced: another store answers.
    """
    found = await find_identity(submit)
    _require_store(None if found is None else found.store_id, expected)
    return expected if found is None else found


async def read_pulse(submit: Submit, expected: StoreIdentity) -> Pulse:
    """Read what is in force by now, and how much work is owed.

    Raises:
        StoreReplaced: another store answers.
    """
    rows = await submit(_described("tasks_owed").by(__.out(OWES).count()))
    row: dict[str, Any] = rows[0] if rows else {"store_id": None}
    _require_store(row["store_id"], expected)
    return Pulse(fingerprint=_meaning(row), generation=_generation(row), form=_form(row), tasks_owed=row["tasks_owed"])


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


def meaning() -> Traversal:
    """Step from the store to the fingerprint of the catalogue in force; graphs of form 1 keep it elsewhere."""
    return __.coalesce(__.values("meaning"), __.values("fingerprint"))


def stored_or(name: str, otherwise: int | str) -> Traversal:
    """Step from the store to a property; graphs of former forms do not have it."""
    return __.coalesce(__.values(name), __.constant(otherwise))


def written_for(migrator: str | None, store: Traversal | None = None) -> Traversal:
    """Step on from the store only where it may be written: in the present form, or by who migrates it."""
    begun = __.identity() if store is None else store
    if migrator is not None:
        return begun.has("migrator", migrator)
    return begun.has("schema_version", SCHEMA_VERSION).not_(__.values("migration"))


async def find_identity(submit: Submit) -> StoreIdentity | None:
    """Read what the graph says of itself; None: it is empty."""
    rows = await submit(_described("version_floor", "former_ids").by("version_floor").by("former_ids"))
    if not rows:
        return None
    row = rows[0]
    return StoreIdentity(
        row["store_id"],
        _meaning(row),
        _generation(row),
        _form(row),
        row.get("version_floor", 0),
        frozenset(orjson.loads(row.get("former_ids", "[]"))),
    )


def _described(*further: str) -> Traversal:
    """Read `_FIELDS` of the store, and what is named here, of each of which a `by` must still say how it is read."""
    described = g.V(STORE_ID).project(*_FIELDS, *further)
    for name in _FIELDS:
        described = described.by(name)
    return described


def _meaning(row: Mapping[str, Any]) -> str:
    found: str = row["meaning"] if "meaning" in row else row["fingerprint"]
    return found


def _generation(row: Mapping[str, Any]) -> int:
    found: int = row.get(GENERATION, row.get("generation", 0))
    return found


def _form(row: Mapping[str, Any]) -> StoredForm:
    version = row.get("schema_version", UNTOLD_VERSION)
    return StoredForm(version, row.get("migration") or None, row.get("migrator") or None)


async def _keep(submit: Submit, identity: StoreIdentity, catalogue: KeptCatalogue) -> None:
    """Keep the catalogue in force, unless it is kept already, or another one has come into force meanwhile."""
    kept = g.V(STORE_ID).has("meaning", identity.fingerprint).where(__.not_(__.has("catalogue", P.neq(""))))
    # Refused where somebody else writes there at the same time: whoever opens the store next keeps it.
    with suppress(CommitConflict):
        await submit(kept.property(single, "catalogue", catalogue.to_json()).count())


async def _make(submit: Submit, fingerprint: str, unique: Properties) -> StoreIdentity:
    identity = StoreIdentity(new_id(), fingerprint, 0, StoredForm(SCHEMA_VERSION))
    properties: Properties = {
        "store_id": identity.store_id,
        "meaning": fingerprint,
        GENERATION: 0,
        "schema_version": SCHEMA_VERSION,
        "fingerprint": REFUSAL,
        "generation": REFUSAL,
        **unique,
    }
    make = g.merge_v(Rows({ID: STORE_ID})).option(Merge.on_create, made_with(Label.STORE, properties))

    async def made_or_found() -> StoreIdentity | None:
        with suppress(CommitConflict):  # somebody else makes it at the same time, who may be refused for that as well
            if await submit(make.values("store_id")) == [identity.store_id]:
                return identity
        return await find_identity(submit)

    attempts = AsyncRetrying(
        retry=retry_if_result(lambda found: found is None),
        wait=wait_random_exponential(multiplier=0.05, max=1),
        stop=stop_after_delay(_MAKING_SECONDS),
        retry_error_callback=lambda _: None,
    )
    found: StoreIdentity | None = await attempts(made_or_found)
    if found is None:
        raise StoreUnavailable("the graph is empty, and others were making a store of it; open it again")
    return found


def written_and_removed() -> Traversal:
    """Write a vertex that nobody ever sees: it is gone when the request ends."""
    return g.add_v(Label.STORE.value).property(T.id, vertex_id(Label.STORE, f"proof:{new_id()}")).drop()


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
