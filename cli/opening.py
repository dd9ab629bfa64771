"""Opens what nearly every command needs: the catalogue and the store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from graph_model.catalogue import Catalogue
from graph_model.catalogue_document import parse_catalogue
from graph_model.errors import CatalogueError
from services.settings import Settings
from services.stores.opening import open_store
from services.stores.port import Store


def load_catalogue(path: Path) -> Catalogue:
    """Read the catalogue file.

    Raises:
        CatalogueError: it cannot be read, or has problems; all of them are named.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        hint = "give it with --catalogue or IDENTITY_GRAPH_CATALOGUE; `identity-graph catalogue draft` makes one"
        raise CatalogueError(str(path), [f"cannot be read: {error.strerror}; {hint}"]) from error
    except UnicodeDecodeError as error:
        raise CatalogueError(str(path), [f"is not valid UTF-8 at byte {error.start}; save it as UTF-8"]) from error
    return parse_catalogue(text, str(path))


@asynccontextmanager
async def opened_store(settings: Settings, catalogue: Catalogue) -> AsyncIterator[Store]:
    """The store of the settings, closed at the end."""
    store = await open_store(settings, catalogue)
    try:
        yield store
    finally:
        await store.close()
