"""How another meaning of the catalogue comes into force: in one request, which stops whoever works with the old one."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from services.clock import new_id
from services.stores.gremlin.connection import Submit
from services.stores.gremlin.guarded import GuardedRequest
from services.stores.gremlin.opening import StoreIdentity
from services.stores.port.errors import CommitConflict
from services.stores.port.identity import VERSIONS_PER_RESTORE, KeptCatalogue
from services.stores.port.plan import TaskWrite

#: Spells a change of the catalogue: the store before and after, the task that is owed, the catalogue that is kept.
ChangeRequest: TypeAlias = Callable[[StoreIdentity, StoreIdentity, TaskWrite, str], GuardedRequest]
#: Spells a restore: the store before and after.
RestoreRequest: TypeAlias = Callable[[StoreIdentity, StoreIdentity], GuardedRequest]

RETRY_SECONDS = 20.0


async def change_catalogue(
    submit: Submit,
    request: ChangeRequest,
    before: StoreIdentity,
    fingerprint: str,
    task: TaskWrite,
    catalogue: KeptCatalogue | None,
) -> StoreIdentity:
    """Bring the meaning `fingerprint` into force, and write down the work that it owes.

    Workers commit meanwhile, and each of their commits may collide with this; so it is tried for a while.

    Raises:
        CommitConflict: the store, or the task, is no longer as it was read; nothing was written.
    """
    after = replace(before, fingerprint=fingerprint, generation=before.generation + 1)
    kept = "" if catalogue is None else catalogue.to_json()
    change = request(before, after, task, kept)
    if not change.is_accepted(await _retries()(submit, change.traversal)):
        raise CommitConflict("the catalogue, or the work it owes, was changed by somebody else; open the store again")
    return after


async def restored(submit: Submit, request: RestoreRequest, before: StoreIdentity) -> StoreIdentity:
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
    restore = request(before, after)
    if not restore.is_accepted(await _retries()(submit, restore.traversal)):
        raise CommitConflict("somebody else has changed which store this is; open the store again")
    return after


def _retries() -> AsyncRetrying:
    return AsyncRetrying(
        retry=retry_if_exception_type(CommitConflict),
        wait=wait_random_exponential(0.02, max=0.5),
        stop=stop_after_delay(RETRY_SECONDS),
        reraise=True,
    )
