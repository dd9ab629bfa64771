"""`identity-graph restored`: for a store that came back from a backup."""

from cli.opening import settings_and_catalogue
from cli.options import CatalogueOption, JsonOption, StoreOption
from cli.output import print_json
from cli.running import run_batch
from cli.terminal import say
from graph_model.catalogue.rules import Catalogue
from services.settings import Settings
from services.stores.opening import open_store


def restored(catalogue: CatalogueOption = None, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Take the store for one that came back from a backup: run it once, before anything else is started.

    What was published after the backup is not in the store any more. So that whoever heard of it is right again, the
    store gets another id, and every version of a profile is from now on greater than any that was published. Workers
    go on where the store is, and read again what it has forgotten.

    For example:

        identity-graph restored --store sqlite:shop.sqlite
    """
    settings, meaning = settings_and_catalogue(catalogue, store)
    former, present, floor = run_batch(_restored(settings, meaning))
    if as_json:
        print_json({"former_store_id": former, "store_id": present, "versions_above": floor})
    else:
        say(f"The store {former} is {present} now; versions of profiles go on above {floor:,}.")
        say("Start workers and API again; what the store has forgotten they read again from the topics.")


async def _restored(settings: Settings, catalogue: Catalogue) -> tuple[str, str, int]:
    store = await open_store(settings, catalogue, any_meaning=True)
    try:
        former = store.store_id
        await store.restored()
        return former, store.store_id, store.version_floor
    finally:
        await store.close()
