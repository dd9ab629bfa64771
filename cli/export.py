"""`identity-graph export`: all live profiles, as documents or as a list of members, or the ledger of verdicts."""

from collections.abc import AsyncIterator
from typing import Annotated, BinaryIO, Literal

import orjson
import typer

from cli.opening import opened_store, settings_and_catalogue
from cli.options import STANDARD_STREAM, CatalogueOption, OutOption, StoreOption
from cli.output import MEMBER_COLUMNS, csv_rows, result_file
from cli.running import run_batch
from graph_model.catalogue.rules import Catalogue
from graph_model.profile.document import ProfileStatus
from services.settings import Settings
from services.stewardship.verdict_documents import verdict_document
from services.stores.port.protocols import Store
from services.stores.port.stored import StoredProfile

ExportFormat = Literal["jsonl", "csv", "verdicts"]


def export(
    out: OutOption = STANDARD_STREAM,
    export_format: Annotated[
        ExportFormat,
        typer.Option(
            "--format",
            help="`jsonl`: profile documents; `csv`: source,key,profile_id; `verdicts`: JSON lines of the ledger.",
        ),
    ] = "jsonl",
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
) -> None:
    """Write all live profiles, in order of their ids, or all verdicts, oldest first; nothing is held in memory.

    For example:

        identity-graph export --out profiles.jsonl

        identity-graph export --format csv --out members.csv

        identity-graph export --format verdicts --out verdicts.jsonl
    """
    settings, meaning = settings_and_catalogue(catalogue, store, only_reads=True)
    with result_file(out) as file:
        run_batch(_export(settings, meaning, export_format, file))


async def _export(settings: Settings, catalogue: Catalogue, export_format: ExportFormat, file: BinaryIO) -> None:
    async with opened_store(settings, catalogue, read_only=True) as store:
        if export_format == "jsonl":
            async for profile in _live(store):
                file.write(profile.told + b"\n")
            return
        if export_format == "verdicts":
            async for entry in store.scan_verdicts():
                file.write(orjson.dumps(verdict_document(entry)) + b"\n")
            return
        with csv_rows(file) as write_row:
            write_row(MEMBER_COLUMNS)
            async for profile in _live(store):
                for address in profile.read().members:
                    write_row((address.source, address.key, profile.profile_id))


async def _live(store: Store) -> AsyncIterator[StoredProfile]:
    async for profile in store.scan_profiles():
        if profile.status is ProfileStatus.LIVE:
            yield profile
