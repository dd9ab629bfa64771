"""`identity-graph explain`: why are these records one person?"""

import re
from typing import Annotated, Final

import orjson
import typer

from cli.batch import run_batch
from cli.exit_codes import ExitCode
from cli.log_output import set_up_logging
from cli.opening import load_catalogue, opened_store, require_store
from cli.options import CatalogueOption, StoreOption, settings_with
from cli.output import counted
from graph_model.catalogue import Catalogue
from graph_model.profiles import Document, document_members
from services.explain import Explanation, explain_profile
from services.lookup import LISTED_PROFILES, ProfileGone, list_by_identifier, one_by_id, read_identifier
from services.settings import Settings
from services.stores.port import Store

_PROFILE_ID: Final = re.compile("[0-9a-f]{32}")


def explain(
    subject: Annotated[
        str, typer.Argument(metavar="PROFILE_ID_OR_IDENTIFIER", help="For example `email:ann.lee@example.com`.")
    ],
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
) -> None:
    """Tell which evidence joins the records of a profile, strongest first, and what kept others apart.

    For example:

        identity-graph explain email:ann.lee@example.com

        identity-graph explain 019aa3d0f0a67cc0b6dcf8f3a1f5d1c2
    """
    settings = settings_with(catalogue=catalogue, store=store)
    set_up_logging(settings)
    meaning = load_catalogue(settings.catalogue)
    require_store(settings)
    run_batch(_explain(settings, meaning, subject))


async def _explain(settings: Settings, catalogue: Catalogue, subject: str) -> None:
    async with opened_store(settings, catalogue) as store:
        document = await _document(store, catalogue, subject)
        explanation = await explain_profile(store, catalogue, document["profile_id"])
        if explanation is None:  # it has been absorbed since it was read
            raise ProfileGone
        _print(document, explanation)


async def _document(store: Store, catalogue: Catalogue, subject: str) -> Document:
    if _PROFILE_ID.fullmatch(subject):
        by_id: Document = orjson.loads((await one_by_id(store, subject)).document)
        return by_id
    found = await list_by_identifier(store, read_identifier(subject, catalogue))
    if len(found) > 1:
        typer.echo("more than one profile carries this identifier; name one of them:", err=True)
        for profile in found[:LISTED_PROFILES]:
            typer.echo(f"  {profile.profile_id}", err=True)
        raise typer.Exit(ExitCode.REFUSED)
    document: Document = orjson.loads(found[0].document)
    return document


def _print(document: Document, explanation: Explanation) -> None:
    records = counted(len(document["records"]), "record")
    typer.echo(f"Profile {explanation.profile_id}, version {document['version']}, has {records}:")
    for join in explanation.joins:
        typer.echo(f"  {join}")
    if not explanation.joins:
        typer.echo(f"  {document_members(document)[0]} alone")
    for conflict in document["conflicts"]:
        low, high = document_members(conflict)
        shared = "" if conflict["refused"] is None else f", though they share {conflict['refused']}"
        typer.echo(f"  kept apart: {low} and {high} have different values of {conflict['kind']}{shared}")
