"""Opens what nearly every command needs: the catalogue and the store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.exit_codes import UsageRefused
from cli.logs import set_up_logging, set_up_logs_of_libraries
from cli.options import settings_with
from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.errors import CatalogueError

if TYPE_CHECKING:
    from services.settings import Settings
    from services.stores.port.protocols import Store


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


def require_store(settings: "Settings") -> None:
    """Refuse to read from a store file that is not there; opening it would make an empty one.

    Raises:
        UsageRefused: there is no such file.
    """
    scheme, _, path = settings.store.partition(":")
    if scheme == "sqlite" and path and not Path(path).exists():
        raise UsageRefused(
            f"there is no store {path}; load files into it with `identity-graph ingest FILE`, or name another one "
            "with --store or IDENTITY_GRAPH_STORE"
        )


def settings_and_catalogue(
    catalogue: Path | None, store: str | None, *, only_reads: bool = False
) -> tuple["Settings", Catalogue]:
    """What a command begins with that works on a store that is there; from then on it logs as its settings say.

    Args:
        catalogue: the file, as it was given; None: the environment tells.
        store: likewise.
        only_reads: the command only reads, and so has nothing to log itself.

    Raises:
        CatalogueError: see `load_catalogue`.
        UsageRefused: see `require_store`.
    """
    settings = settings_with(catalogue=catalogue, store=store)
    (set_up_logs_of_libraries if only_reads else set_up_logging)(settings)
    meaning = load_catalogue(settings.catalogue)
    require_store(settings)
    return settings, meaning


@asynccontextmanager
async def opened_store(
    settings: "Settings", catalogue: Catalogue, *, read_only: bool = False
) -> AsyncIterator["Store"]:
    """The store of the settings, closed at the end; what only reads it cannot change it."""
    from services.stores.opening import open_store

    store = await open_store(settings, catalogue, read_only=read_only)
    try:
        yield store
    finally:
        await store.close()
