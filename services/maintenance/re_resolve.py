"""Brings another meaning of the catalogue into force: at once for everything new, step by step for what is stored.

The switch is one commit: from then on whoever works with the former meaning is refused, and the walk over all records
is owed. Until it ends, a record that it has not reached is linked by the former meaning, and its `generation` says so;
its component is resolved by the present one with these links.
"""

from graph_model.catalogue.rules import Catalogue
from graph_model.records.tasks import ReResolve
from services.clock import new_id
from services.stores.port.identity import KeptCatalogue
from services.stores.port.plan import TaskWrite
from services.stores.port.protocols import Store


async def change_meaning(store: Store, catalogue: Catalogue) -> bool:
    """Put the catalogue's meaning in force, and write the task that re-reads what is stored (`tasks` works it off).

    Returns:
        Whether anything is owed: false where this is the meaning in force already and all records follow it.

    Raises:
        CommitConflict: somebody else changed it at the same time.
    """
    if store.fingerprint != catalogue.fingerprint:
        await store.change_catalogue(
            catalogue.fingerprint,
            TaskWrite(task_id=new_id(), expected=None, task=ReResolve()),
            KeptCatalogue.of(catalogue),
        )
        return True
    return any(isinstance(stored.task, ReResolve) for stored in await store.read_tasks())
