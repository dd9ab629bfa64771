"""`identity-graph verify`: is the store what its records say it must be?"""

from typing import Annotated, Final

import typer

from cli.exit_codes import ExitCode
from cli.opening import opened_store, settings_and_catalogue
from cli.options import CatalogueOption, JsonOption, StoreOption
from cli.output import counted, print_json
from cli.publishing import publishing
from cli.running import run_batch
from cli.store_progress import scan_progress, task_name
from cli.terminal import say
from graph_model.catalogue.rules import Catalogue
from services.ingestion.writer import Writer
from services.maintenance.verification.verify import VerificationReport, verify_and_repair
from services.maintenance.verification.verify import verify as verify_store
from services.metrics import Metrics
from services.settings import Settings

#: The name under which repairs claim their part of the outbox.
WRITER: Final = "cli-repair"


def verify(
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Resolve what is wrong again from its records, then check once more.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compute all profiles anew from the stored records, compare, and name every difference.

    Others may go on writing meanwhile; what they change at the same time is said not to have been checked. Memory
    stays small; on the disk for temporary files there must be room for about as much as the store holds.

    For example:

        identity-graph verify --store sqlite:shop.sqlite

        identity-graph verify --repair

        identity-graph verify --json
    """
    settings, meaning = settings_and_catalogue(catalogue, store)
    if repair:
        found, left = run_batch(_repair(settings, meaning))
    else:
        found = left = run_batch(_verify(settings, meaning))
    if as_json:
        print_json(_to_json(found, left))
    else:
        _print(found, left, repair=repair)
    if left.differences:
        raise typer.Exit(ExitCode.REFUSED)


async def _verify(settings: Settings, catalogue: Catalogue) -> VerificationReport:
    async with opened_store(settings, catalogue, read_only=True) as store:
        with scan_progress() as progress:
            return await verify_store(store, catalogue, progress)


async def _repair(settings: Settings, catalogue: Catalogue) -> tuple[VerificationReport, VerificationReport]:
    metrics = Metrics()
    async with opened_store(settings, catalogue) as store, publishing(settings, store, metrics) as publish:
        writer = Writer(store, catalogue, WRITER, metrics=metrics, publish=publish)
        async with writer.lend() as ingest:
            with scan_progress() as progress:
                return await verify_and_repair(store, catalogue, ingest, progress)


def _to_json(found: VerificationReport, left: VerificationReport) -> dict[str, object]:
    return {
        "records": left.records,
        "deleted_records": left.tombstones,
        "profiles": left.profiles,
        "identifiers": left.identifiers,
        "verdicts": left.verdicts,
        "differences": left.problems,
        "differences_total": left.differences,
        "repaired": max(0, found.differences - left.differences),
        "not_checked": {"moved": left.moved, "waiting_records": left.waiting},
        "owed": [task_name(task) for task in left.owed],
    }


def _print(found: VerificationReport, left: VerificationReport, *, repair: bool) -> None:
    say(
        f"Checked {counted(left.records, 'record')} ({left.tombstones:,} deleted beside them), "
        f"{counted(left.profiles, 'profile')}, {counted(left.identifiers, 'identifier')} and "
        f"{counted(left.verdicts, 'verdict')}: memberships, holders, links, documents, versions."
    )
    _print_differences(found)
    if repair and found.differences:
        say(f"Repaired by resolving again: {counted(left.differences, 'difference')} left.")
        _print_differences(left)
    for task in left.owed:
        say(f"Work is owed: {task_name(task)}.")
    if left.waiting:
        told = counted(left.waiting, "record")
        say(f"Not checked: the components of {told} not read yet by the present catalogue.")
    if left.moved:
        say(f"Not checked: {counted(left.moved, 'place')} where others wrote meanwhile; run it again.")
    if not left.records:
        say("The store is empty: there is nothing to verify; load something with `identity-graph ingest FILE`.")
    elif not left.differences:
        all_of_it = "Everything that was checked" if left.moved or left.waiting else "Everything"
        say(f"{all_of_it} is as the records say.")
    elif not repair:
        say(f"{counted(left.differences, 'difference')} found; `--repair` resolves these places again.")


def _print_differences(report: VerificationReport) -> None:
    for problem in report.problems:
        say(f"  - {problem}")
    if report.unnamed:
        say(f"  - and {report.unnamed:,} more")
