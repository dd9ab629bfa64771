"""`identity-graph verify`: is the store what its records say it must be?"""

import typer

from cli.batch import run_batch
from cli.exit_codes import ExitCode
from cli.log_output import set_up_logging
from cli.opening import load_catalogue, opened_store, require_store
from cli.options import CatalogueOption, JsonOption, StoreOption, settings_with
from cli.output import counted, print_json
from graph_model.catalogue import Catalogue
from services.settings import Settings
from services.verify import VerificationReport
from services.verify import verify as verify_store


def verify(catalogue: CatalogueOption = None, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Compute all profiles anew from the stored records, and compare.

    Run it while nobody writes into the store. It holds all records in memory.

    For example:

        identity-graph verify --store sqlite:shop.sqlite

        identity-graph verify --json
    """
    settings = settings_with(catalogue=catalogue, store=store)
    set_up_logging(settings)
    meaning = load_catalogue(settings.catalogue)
    require_store(settings)
    report = run_batch(_verify(settings, meaning))
    if as_json:
        print_json(
            {
                "records": report.records,
                "deleted_records": report.graves,
                "profiles": report.profiles,
                "identifiers": report.identifiers,
                "differences": report.problems,
            }
        )
    else:
        _print(report)
    if report.problems:
        raise typer.Exit(ExitCode.REFUSED)


async def _verify(settings: Settings, catalogue: Catalogue) -> VerificationReport:
    async with opened_store(settings, catalogue) as store:
        return await verify_store(store, catalogue)


def _print(report: VerificationReport) -> None:
    typer.echo(
        f"Checked {counted(report.records, 'record')} ({report.graves:,} deleted beside them), "
        f"{counted(report.profiles, 'profile')} and {counted(report.identifiers, 'identifier')}: memberships, holders, "
        "documents, versions."
    )
    for problem in report.problems:
        typer.echo(f"  - {problem}")
    if report.problems:
        typer.echo(f"{counted(len(report.problems), 'difference')} found.")
    elif not report.records:
        typer.echo("The store is empty: there is nothing to verify; load something with `identity-graph ingest FILE`.")
    else:
        typer.echo("Everything is as the records say.")
