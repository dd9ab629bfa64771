"""`identity-graph record`: what did a source send, and what became of it?"""

from typing import Annotated

import typer

from cli.explanation_trees import MaskOption
from cli.opening import opened_store, settings_and_catalogue
from cli.options import CatalogueOption, JsonOption, StoreOption
from cli.output import print_json
from cli.row_tables import record_text
from cli.running import run_batch
from cli.terminal import say_lines
from graph_model.catalogue.rules import Catalogue
from graph_model.explain.masking import Visibility
from services.lookup.record_names import read_record_key, read_record_name
from services.lookup.records import RecordAccount, look_up_record
from services.lookup.row_documents import record_document
from services.settings import Settings


def record(
    subject: Annotated[str, typer.Argument(metavar="RECORD", help="For example `crm:1`; or the source alone.")],
    key: Annotated[str | None, typer.Argument(metavar="[KEY]", help="After a source: the key of the row.")] = None,
    mask: MaskOption = False,
    as_json: JsonOption = False,
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
) -> None:
    """Show one row as it was received: its values, its place in its source's history, its profile.

    For example:

        identity-graph record crm:1

        identity-graph record crm 1 --json
    """
    settings, meaning = settings_and_catalogue(catalogue, store, only_reads=True)
    account = run_batch(_look_up(settings, meaning, subject, key))
    document = record_document(account, Visibility.of(meaning, may_see_values=not mask))
    if as_json:
        print_json(document)
    else:
        say_lines(record_text(document))


async def _look_up(settings: Settings, catalogue: Catalogue, subject: str, key: str | None) -> RecordAccount:
    address = read_record_name(subject, catalogue) if key is None else read_record_key(subject, key, catalogue)
    async with opened_store(settings, catalogue, read_only=True) as store:
        return await look_up_record(store, catalogue, address)
