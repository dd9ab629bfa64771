"""Opens the store that the settings name; an engine and its driver are imported when they are asked for."""

from pathlib import Path
from typing import TYPE_CHECKING

from graph_model.catalogue.rules import Catalogue
from services.settings import Settings
from services.stores.port.errors import StoreError
from services.stores.port.identity import KeptCatalogue
from services.stores.port.migration import MigratingStore
from services.stores.port.protocols import Store

if TYPE_CHECKING:
    from services.stores.gremlin.socket import Credentials


async def open_store(
    settings: Settings,
    catalogue: Catalogue,
    *,
    any_meaning: bool = False,
    read_only: bool = False,
    migrator: str | None = None,
) -> Store:
    """Open, and where there is none yet make, the store of `settings`.

    Args:
        settings: where it is.
        catalogue: what the data means.
        any_meaning: open it whatever catalogue it was built with, to compare or to change that.
        read_only: of an embedded store: it must be there, and nothing can be written.
        migrator: of who migrates the store: the id by which it does.

    Raises:
        StoreError: the setting names no store that we know; ForeignFile: the file is one of another program.
        OtherForm, MigrationUnderWay, MigrationTaken: see `StoredForm.require`.
        CatalogueChanged: the store was built with a catalogue of another meaning.
        StoreUnavailable: it does not answer.
    """
    scheme, separator, rest = settings.store.partition(":")
    if separator and scheme == "sqlite" and rest:
        from services.stores.sqlite.store import SqliteStore  # noqa: PLC0415 - see above

        return await SqliteStore.open(
            Path(rest),
            catalogue.fingerprint,
            catalogue=KeptCatalogue.of(catalogue),
            any_meaning=any_meaning,
            migrator=migrator,
            lock_seconds=settings.store_lock_seconds,
            read_only=read_only,
        )
    if separator and scheme in ("ws", "wss"):
        from services.stores.gremlin.store import GremlinStore  # noqa: PLC0415 - see above

        return await GremlinStore.open(
            settings.store,
            catalogue.fingerprint,
            catalogue=KeptCatalogue.of(catalogue),
            any_meaning=any_meaning,
            migrator=migrator,
            credentials=_credentials(settings),
            engine=settings.store_engine,
        )
    raise _unknown(settings)


async def open_for_migration(settings: Settings) -> MigratingStore:
    """Open the store of `settings` to bring it into another form; what is there stays untouched until that begins.

    Raises:
        StoreError: the setting names no store that we know, or one that cannot be brought into another form.
        StoreUnavailable: it does not answer.
    """
    scheme, separator, rest = settings.store.partition(":")
    if separator and scheme == "sqlite" and rest:
        from services.stores.sqlite.migration import SqliteMigration  # noqa: PLC0415 - see above

        return SqliteMigration(Path(rest))
    if separator and scheme in ("ws", "wss"):
        from services.stores.gremlin.migration import GremlinMigration  # noqa: PLC0415 - see above

        return await GremlinMigration.open(settings.store, _credentials(settings), settings.store_engine)
    raise _unknown(settings)


def _credentials(settings: Settings) -> "Credentials":
    from services.stores.gremlin.socket import Credentials  # noqa: PLC0415 - see above

    return Credentials(settings.store_username, settings.store_password.get_secret_value(), settings.store_aws_region)


def _unknown(settings: Settings) -> StoreError:
    return StoreError(
        f"IDENTITY_GRAPH_STORE is {settings.store!r}; `sqlite:FILE` or the ws:// or wss:// address of a Gremlin "
        "endpoint is expected"
    )
