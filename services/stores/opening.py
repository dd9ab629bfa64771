"""Opens the store that the settings name."""

from pathlib import Path

from graph_model.catalogue import Catalogue
from services.settings import Settings
from services.stores.errors import StoreError
from services.stores.gremlin.store import GremlinStore
from services.stores.identity import KeptCatalogue
from services.stores.port import Store
from services.stores.sqlite import SqliteStore


async def open_store(settings: Settings, catalogue: Catalogue, *, any_meaning: bool = False) -> Store:
    """Open, and where there is none yet make, the store of `settings`.

    Args:
        settings: where it is.
        catalogue: what the data means.
        any_meaning: open it whatever catalogue it was built with, to compare or to change that.

    Raises:
        StoreError: the setting names no store that we know.
        CatalogueChanged: the store was built with a catalogue of another meaning.
        StoreUnavailable: it does not answer.
    """
    kept = KeptCatalogue.of(catalogue)
    scheme, separator, rest = settings.store.partition(":")
    if separator and scheme == "sqlite" and rest:
        return await SqliteStore.open(Path(rest), catalogue.fingerprint, catalogue=kept, any_meaning=any_meaning)
    if separator and scheme in ("ws", "wss"):
        return await GremlinStore.open(
            settings.store,
            catalogue.fingerprint,
            catalogue=kept,
            any_meaning=any_meaning,
            username=settings.store_username,
            password=settings.store_password.get_secret_value(),
        )
    raise StoreError(
        f"IDENTITY_GRAPH_STORE is {settings.store!r}; `sqlite:FILE` or the ws:// or wss:// address of a Gremlin "
        "endpoint is expected"
    )
