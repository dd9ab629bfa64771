"""`identity-graph migrate`: a store that a former version wrote, brought into the present form."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import typer

from cli.exit_codes import ExitCode
from cli.opening import settings_and_catalogue
from cli.options import CatalogueOption, JsonOption, StoreOption
from cli.output import print_json
from cli.publishing import publishing
from cli.running import run_batch, say_last
from cli.store_progress import scan_progress
from cli.terminal import say
from graph_model.catalogue.rules import Catalogue
from graph_model.records.tasks import ReResolve
from services.ingestion.writer import Writer
from services.maintenance.migration.migrate import Migrated
from services.maintenance.migration.migrate import migrate as bring_over
from services.maintenance.migration.steps import Opened
from services.maintenance.re_resolve import change_meaning
from services.metrics import Metrics
from services.settings import Settings
from services.stores.opening import open_for_migration, open_store
from services.stores.port.errors import MigrationTaken

#: A migration whose mark has not moved for so long is taken over.
_LONGEST_STEP_SECONDS: Final = 15.0

#: The name under which a migration claims its part of the outbox.
WRITER: Final = "migrate"


def migrate(
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a store that a former version of this program wrote into the present form.

    Stop whatever works on the store, and keep a copy of it. Nobody else can work on it until this has ended.
    Interrupted, the same command goes on. A store in the present form stays as it is.

    For example:

        identity-graph migrate --catalogue catalogue.yaml --store sqlite:shop.sqlite
    """
    settings, meaning = settings_and_catalogue(catalogue, store)
    try:
        migrated, owed = run_batch(_migrated(settings, meaning))
    except KeyboardInterrupt:
        say_last("Interrupted; what is done stays. The same command goes on.")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    if as_json:
        print_json(
            {"found": migrated.found, "version": migrated.version, "resumed": migrated.resumed, "re_resolve_owed": owed}
        )
    else:
        say(_told(migrated))
        if owed:
            say("All records are to be read anew, as this version reads the catalogue: run `re-resolve`, or go on.")


async def _migrated(settings: Settings, catalogue: Catalogue) -> tuple[Migrated, bool]:
    """Bring the store over, and tell whether `re-resolve` is owed afterwards."""
    migrated = await migrated_store(settings, catalogue)
    store = await open_store(settings, catalogue, any_meaning=True)
    try:
        return migrated, any(isinstance(owed.task, ReResolve) for owed in await store.read_tasks())
    finally:
        await store.close()


async def migrated_store(settings: Settings, catalogue: Catalogue) -> Migrated:
    """Bring the store of the settings into the present form; does nothing where it is in it.

    Raises:
        StoreError, ConsumerError, UsageRefused: see `services.maintenance.migration.migrate` and `cli.publishing`.
    """
    store = await open_for_migration(settings)
    try:
        with scan_progress() as progress:
            return await bring_over(store, lambda: opened_in_migration(settings, catalogue, store.migrator), progress)
    finally:
        await store.close()


@asynccontextmanager
async def opened_in_migration(settings: Settings, catalogue: Catalogue, migrator: str) -> AsyncIterator[Opened]:
    """The store as the services know it, while it is being migrated.

    A catalogue of another meaning comes into force, as by `re-resolve`: what moves can only be resolved by a catalogue
    that is at hand, and a later version of this program may read the same one otherwise.
    """
    metrics = Metrics()
    store = await open_store(settings, catalogue, any_meaning=True, migrator=migrator)
    try:
        async with publishing(settings, store, metrics) as publish:
            await change_meaning(store, catalogue)
            yield Opened(store, Writer(store, catalogue, WRITER, metrics=metrics, publish=publish).lend)
    finally:
        await store.close()


async def migrate_first(settings: Settings, catalogue: Catalogue) -> None:
    """Bring the store into the present form before it is worked on.

    Of several processes that are started at once one does, and the others wait for it.

    Raises:
        StoreError, ConsumerError, UsageRefused: see `migrated_store`.
    """
    while True:
        try:
            await migrated_store(settings, catalogue)
        except MigrationTaken:
            await _until_nothing_moves(settings)
        else:
            return


async def _until_nothing_moves(settings: Settings) -> None:
    """Wait as long as another process goes on with the migration."""
    store = await open_for_migration(settings)
    try:
        seen = None
        while (form := await store.read_form()) is not None and form.mark is not None and form != seen:
            seen = form
            await asyncio.sleep(_LONGEST_STEP_SECONDS)
    finally:
        await store.close()


def _told(migrated: Migrated) -> str:
    if migrated.found == migrated.version:
        return f"The store is in form {migrated.version} already."
    return f"The store was in form {migrated.found} and is in form {migrated.version} now."
