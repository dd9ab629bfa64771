"""The one vertex that tells which store this is, and the checks around it."""

from dataclasses import dataclass

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import Merge, T

from services.clock import new_id
from services.stores.errors import CatalogueChanged, CommitConflict, StoreError, StoreReplaced
from services.stores.gremlin.connection import Submit
from services.stores.gremlin.ids import STORE_ID, Label, vertex_id
from services.stores.gremlin.socket import Traversal
from services.stores.gremlin.source import g
from services.stores.stored_form import REFUSAL, SCHEMA_VERSION, UNTOLD_VERSION, StoredForm

#: How often the meaning of the catalogue has changed. `generation` turns away programs that know no schema version.
GENERATION = "meaning_generation"


@dataclass(frozen=True, slots=True)
class StoreIdentity:
    """Which store this is, and the catalogue in force there."""

    store_id: str
    fingerprint: str  #: the meaning of the catalogue
    generation: int  #: how often the fingerprint has changed
    form: StoredForm  #: how the graph is written


async def identify(
    submit: Submit, fingerprint: str, *, any_meaning: bool = False, migrator: str | None = None
) -> StoreIdentity:
    """Read which store this is; an empty graph becomes a new store.

    Args:
        submit: runs traversals.
        fingerprint: of the catalogue that comes into force where none is.
        any_meaning: take the store with whatever catalogue is in force there.
        migrator: see `StoredForm.require`.

    Raises:
        CatalogueChanged: a catalogue of another meaning is in force.
        OtherForm, MigrationUnderWay, MigrationTaken: see `StoredForm.require`.
        StoreError: the graph does not undo failed requests.
    """
    identity = await read_identity(submit)
    if identity is None:
        await _require_transactions(submit)
        identity = await _make(submit, fingerprint)
    identity.form.require(migrator)
    if identity.fingerprint != fingerprint and not any_meaning:
        raise CatalogueChanged(identity.fingerprint, fingerprint)
    return identity


async def require_same(submit: Submit, expected: StoreIdentity, migrator: str | None = None) -> StoreIdentity:
    """Make sure that the same store answers, with the same meaning, and read its generation anew.

    Raises:
        StoreReplaced: it does not.
        CatalogueChanged: a catalogue of another meaning is in force.
        OtherForm, MigrationUnderWay, MigrationTaken: see `StoredForm.require`.
    """
    found = await read_identity(submit)
    if found is None or found.store_id != expected.store_id:
        what = "is empty" if found is None else f"is the store {found.store_id}"
        raise StoreReplaced(
            f"the graph {what}, but this process works on the store {expected.store_id}: a Gremlin Server that "
            "keeps its graph in memory was probably restarted. Stop the workers, run `identity-graph consume --rewind` "
            "to build the graph again from the log, and start them again."
        )
    found.form.require(migrator)
    if found.fingerprint != expected.fingerprint:
        raise CatalogueChanged(found.fingerprint, expected.fingerprint)
    return found


def generation() -> Traversal:
    """Step from the store to its generation; graphs of form 1 keep it elsewhere, or do not have it."""
    return __.coalesce(__.values(GENERATION), __.values("generation"), __.constant(0))


def written_for(migrator: str | None) -> Traversal:
    """Step on from the store only where it may be written: in the present form, or by who migrates it."""
    if migrator is not None:
        return __.has("migrator", migrator)
    return __.has("schema_version", SCHEMA_VERSION).has_not("migration")


async def read_identity(submit: Submit) -> StoreIdentity | None:
    """What the graph says of itself; None: it is empty."""
    rows = await submit(
        g.V(STORE_ID)
        .project("store_id", "fingerprint", "generation", "version", "mark", "migrator")
        .by("store_id")
        .by(__.coalesce(__.values("meaning"), __.values("fingerprint")))
        .by(generation())
        .by(__.coalesce(__.values("schema_version"), __.constant(UNTOLD_VERSION)))
        .by(__.coalesce(__.values("migration"), __.constant("")))
        .by(__.coalesce(__.values("migrator"), __.constant("")))
    )
    if not rows:
        return None
    row = rows[0]
    form = StoredForm(row["version"], row["mark"] or None, row["migrator"] or None)
    return StoreIdentity(row["store_id"], row["fingerprint"], row["generation"], form)


async def _make(submit: Submit, fingerprint: str) -> StoreIdentity:
    identity = StoreIdentity(new_id(), fingerprint, 0, StoredForm(SCHEMA_VERSION))
    made = {
        T.id: STORE_ID,
        T.label: Label.STORE.value,
        "store_id": identity.store_id,
        "meaning": fingerprint,
        GENERATION: 0,
        "schema_version": SCHEMA_VERSION,
        "fingerprint": REFUSAL,
        "generation": REFUSAL,
    }
    try:
        await submit(g.merge_v(made).option(Merge.on_match, __.fail("exists")).count())
    except CommitConflict:
        found = await read_identity(submit)
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
