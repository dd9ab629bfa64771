"""`identity-graph verdict`: what a steward decides, where there is no API at hand."""

import getpass
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from cli.opening import load_catalogue, opened_store, require_store
from cli.options import CatalogueOption, JsonOption, StoreOption, settings_with
from cli.output import print_json, warn
from cli.publishing import publishing
from cli.running import run_batch, set_up_logging
from cli.verdict_import import read_back
from graph_model.catalogue.rules import Catalogue
from graph_model.records.verdicts import Judgement, VerdictEntry
from services.ingestion.writer import Writer
from services.lookup.record_names import read_record_name
from services.metrics import Metrics
from services.settings import Settings
from services.stewardship.decisions import DecidedSplit, Given, Signature, Stewardship
from services.stewardship.verdict_documents import verdict_document

Answer = TypeVar("Answer")

#: Between the names of records; not within the brackets of a key of several columns.
_NAMES: Final = re.compile(r",(?![^\[]*\])")

#: The name under which this command claims its part of the outbox.
WRITER: Final = "cli-verdict"

RecordArgument = Annotated[str, typer.Argument(metavar="RECORD", help="For example `crm:1` or `crm[1]`.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept with the verdict.")]
AuthorOption = Annotated[
    str, typer.Option("--author", default_factory=getpass.getuser, help="Who decides; kept with the verdict.")
]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Say that records are one person, or two.",
)


@app.command()
def same(
    one: RecordArgument,
    other: RecordArgument,
    reason: ReasonOption,
    author: AuthorOption,
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that two records are one person, whatever speaks against it.

    For example:

        identity-graph verdict same crm:1 web_shop:50001 --reason "called her"
    """
    _give(Judgement.SAME, (one, other), Signature(author=author, reason=reason), _settings(catalogue, store), as_json)


@app.command()
def different(
    one: RecordArgument,
    other: RecordArgument,
    reason: ReasonOption,
    author: AuthorOption,
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that two records are two people, whatever joins them now or later.

    For example:

        identity-graph verdict different crm:1 crm:2 --reason "father and son"
    """
    signature = Signature(author=author, reason=reason)
    _give(Judgement.DIFFERENT, (one, other), signature, _settings(catalogue, store), as_json)


@app.command()
def withdraw(
    verdict_id: Annotated[str, typer.Argument(help="As `verdict list` shows it.")],
    author: AuthorOption,
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a verdict back; profiles are then what the evidence says without it.

    For example:

        identity-graph verdict withdraw 019aa3d0f0a67cc0b6dcf8f3a1f5d1c2
    """

    async def take_back(steward: Stewardship, _catalogue: Catalogue) -> VerdictEntry:
        return await steward.withdraw(verdict_id, author)

    _tell(_decide(_settings(catalogue, store), take_back), as_json)


@app.command()
def split(
    profile_id: Annotated[str, typer.Argument(help="The profile that is several people.")],
    group: Annotated[
        list[str],
        typer.Option("--group", metavar="RECORD,RECORD", help="The records of one person; once for each person."),
    ],
    reason: ReasonOption,
    author: AuthorOption,
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a profile that is several people into one for each, by one verdict.

    Every record of the profile stands in exactly one group.

    For example:

        identity-graph verdict split 019aa3d0f0a67cc0b6dcf8f3a1f5d1c2 --group crm:1,crm:2 --group web_shop:50001
            --reason "father and son"
    """

    async def separate(steward: Stewardship, meaning: Catalogue) -> DecidedSplit:
        groups = [[read_record_name(name.strip(), meaning) for name in _NAMES.split(names)] for names in group]
        return await steward.split(profile_id, groups, Signature(author=author, reason=reason))

    done = _decide(_settings(catalogue, store), separate)
    if as_json:
        print_json({"profile_ids": done.profile_ids, "verdicts": [verdict_document(done.verdict)]})
        return
    for number, profile in enumerate(done.profile_ids, start=1):
        typer.echo(f"group {number} is profile {profile}")
    typer.echo(_line(done.verdict))


@app.command("import")
def import_verdicts(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="As `export --format verdicts` wrote it; `-`: standard input.")
    ],
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read verdicts back that an export of the ledger has written, for a store that is built anew.

    They may come before or after the rows: what names rows that are not there yet holds once they come. Where keys of
    rows were given to other rows over time, load the rows first. Lines that cannot be used are listed with their
    reasons, all others are in force. Doing it again changes nothing.

    For example:

        identity-graph export --format verdicts --store sqlite:old.sqlite --out verdicts.jsonl

        identity-graph verdict import verdicts.jsonl --store sqlite:new.sqlite
    """
    read_back(file, settings_with(catalogue=catalogue, store=store), as_json=as_json)


@app.command("list")
def list_verdicts(catalogue: CatalogueOption = None, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """List all verdicts, withdrawn ones included, oldest first.

    For example:

        identity-graph verdict list
    """
    entries = run_batch(_listed(_settings(catalogue, store)))
    if as_json:
        print_json({"verdicts": [verdict_document(entry) for entry in entries]})
        return
    for entry in entries:
        typer.echo(_line(entry))
    if not entries:
        typer.echo("There are no verdicts yet.")


def _settings(catalogue: CatalogueOption, store: StoreOption) -> Settings:
    settings = settings_with(catalogue=catalogue, store=store)
    set_up_logging(settings)
    require_store(settings)
    return settings


def _give(
    judgement: Judgement, records: tuple[str, str], signature: Signature, settings: Settings, as_json: bool
) -> None:
    async def give(steward: Stewardship, meaning: Catalogue) -> Given:
        one, other = (read_record_name(name, meaning) for name in records)
        return await steward.give(judgement, one, other, signature)

    given = _decide(settings, give)
    _tell(given.entry, as_json)
    if not given.is_new:
        warn("this verdict was given before; nothing was written")


def _decide(settings: Settings, decision: Callable[[Stewardship, Catalogue], Awaitable[Answer]]) -> Answer:
    meaning = load_catalogue(settings.catalogue)

    async def decide() -> Answer:
        async with _steward(settings, meaning) as steward:
            return await decision(steward, meaning)

    return run_batch(decide())


@asynccontextmanager
async def _steward(settings: Settings, catalogue: Catalogue) -> AsyncIterator[Stewardship]:
    metrics = Metrics()
    async with opened_store(settings, catalogue) as store, publishing(settings, store, metrics) as publish:
        yield Stewardship(store, catalogue, Writer(store, catalogue, WRITER, metrics=metrics, publish=publish))


async def _listed(settings: Settings) -> list[VerdictEntry]:
    async with opened_store(settings, load_catalogue(settings.catalogue)) as store:
        return [entry async for entry in store.scan_verdicts()]


def _tell(entry: VerdictEntry, as_json: bool) -> None:
    if as_json:
        print_json(verdict_document(entry))
    else:
        typer.echo(_line(entry))


def _line(entry: VerdictEntry) -> str:
    taken_back = "" if entry.withdrawal is None else f"; withdrawn by {entry.withdrawal.author}"
    return f"{entry.verdict_id}  {entry.verdict.sentence} ({entry.author}: {entry.reason}{taken_back})"
