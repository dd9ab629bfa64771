"""How another meaning of the catalogue comes into force: in one request, which stops whoever works with the old one."""

from dataclasses import replace

import orjson
from gremlin_python.process.graph_traversal import __
from gremlin_python.statics import long
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from services.clock import new_id
from services.stores.gremlin.bulk_writes import ACCEPTED, guarded, written
from services.stores.gremlin.connection import Submit
from services.stores.gremlin.ids import STORE_ID, revision, task_id
from services.stores.gremlin.opening import GENERATION, StoreIdentity, generation
from services.stores.gremlin.plan import OUTBOX, GraphWrites, owed
from services.stores.gremlin.socket import Traversal, g
from services.stores.gremlin.vertices import task_vertex
from services.stores.port.errors import CommitConflict
from services.stores.port.identity import VERSIONS_PER_RESTORE, KeptCatalogue
from services.stores.port.plan import TaskWrite

RETRY_SECONDS = 20.0


async def change_catalogue(
    submit: Submit, before: StoreIdentity, fingerprint: str, task: TaskWrite, catalogue: KeptCatalogue | None
) -> StoreIdentity:
    """Bring the meaning `fingerprint` into force, and write down the work that it owes.

    Workers commit meanwhile, and each of their commits may collide with this; so it is tried for a while.

    Raises:
        CommitConflict: the store, or the task, is no longer as it was read; nothing was written.
    """
    after = replace(before, fingerprint=fingerprint, generation=before.generation + 1)
    kept = "" if catalogue is None else catalogue.to_json()
    if await _retries()(submit, _change_traversal(before, after, task, kept)) != ACCEPTED:
        raise CommitConflict("the catalogue, or the work it owes, was changed by somebody else; open the store again")
    return after


async def restored(submit: Submit, before: StoreIdentity) -> StoreIdentity:
    """See `Store.restored`; tried for a while, as a change of the catalogue is.

    Raises:
        CommitConflict: the store is no longer as it was read; nothing was written.
    """
    after = replace(
        before,
        store_id=new_id(),
        version_floor=before.version_floor + VERSIONS_PER_RESTORE,
        former_ids=before.former_ids | {before.store_id},
    )
    changed = (
        g.V(STORE_ID)
        .has("store_id", before.store_id)
        .side_effect(_fenced(f"restored:{new_id()}"))
        .property("store_id", after.store_id)
        .property("version_floor", long(after.version_floor))
        .property("former_ids", orjson.dumps(sorted(after.former_ids)).decode())
        .constant(ACCEPTED[0])
    )
    if await _retries()(submit, changed) != ACCEPTED:
        raise CommitConflict("somebody else has changed which store this is; open the store again")
    return after


def _retries() -> AsyncRetrying:
    return AsyncRetrying(
        retry=retry_if_exception_type(CommitConflict),
        wait=wait_random_exponential(0.02, max=0.5),
        stop=stop_after_delay(RETRY_SECONDS),
        reraise=True,
    )


def _change_traversal(before: StoreIdentity, after: StoreIdentity, task: TaskWrite, kept: str) -> Traversal:
    change_id = f"catalogue:{new_id()}"
    writes = GraphWrites(
        vertices=(task_vertex(task, change_id),), leave=(), let_go=(), bare=(), edges=tuple(owed(task)), drops=()
    )
    unchanged = __.V(STORE_ID).has("meaning", before.fingerprint).where(generation().is_(before.generation))
    changed = (
        __.V(STORE_ID)
        .property("meaning", after.fingerprint)
        .property(GENERATION, after.generation)
        .property("catalogue", kept)
    )
    # A task that must not exist is looked for before it is made: else it would look like a collision.
    task_fits = __.V(task_id(task.task_id)).count().is_(0 if task.expected is None else 1)
    return (
        written(guarded(writes).where(unchanged).where(task_fits), writes)
        .side_effect(changed)
        .side_effect(_fenced(change_id))
        .constant(ACCEPTED[0])
    )


def _fenced(change_id: str) -> Traversal:
    """Invalidate all claims: no place of any outbox has this revision among those that its holder expects."""
    return __.V(STORE_ID).out(OUTBOX).property("rev", revision(STORE_ID, change_id))
