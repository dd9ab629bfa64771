"""`identity-graph verdict`: what a steward decides, where there is no API at hand."""

import getpass
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Generic, TypeVar

import typer

from cli.consequences import consequences_text
from cli.explanation_trees import MaskOption
from cli.logs import set_up_logging
from cli.opening import load_catalogue, opened_store, require_store
from cli.options import CatalogueOption, JsonOption, StoreOption, settings_with
from cli.output import print_json, warn
from cli.publishing import publishing
from cli.running import run_batch
from cli.terminal import say, say_lines
from cli.verdict_import import read_back
from graph_model.catalogue.rules import Catalogue
from graph_model.explain.masking import Visibility
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Judgement, VerdictEntry
from graph_model.values.equality import JsonObject
from services.ingestion.writer import Writer
from services.lookup.record_names import read_record_name
from services.metrics import Metrics
from services.settings import Settings
from services.stewardship.consequences import Consequences, consequences_document, observed, records_of_verdict
from services.stewardship.decisions import DecidedSplit, Given, Signature, Stewardship
from services.stewardship.verdict_documents import verdict_document
from services.stores.port.protocols import Store

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
    mask: MaskOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say that two records are one person, whatever speaks against it.

    For example:

        identity-graph verdict same crm:1 web_shop:50001 --reason "called her"
    """
    telling = _Telling(as_json=as_json, mask=mask)
    signature = Signature(author=author, reason=reason)
    _give(Judgement.SAME, (one, other), signature, _settings(catalogue, store), telling)


@app.command()
def different(
    one: RecordArgument,
    other: RecordArgument,
    reason: ReasonOption,
    author: AuthorOption,
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
    mask: MaskOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say that two records are two people, whatever joins them now or later.

    For example:

        identity-graph verdict different crm:1 crm:2 --reason "father and son"
    """
    signature = Signature(author=author, reason=reason)
    telling = _Telling(as_json=as_json, mask=mask)
    _give(Judgement.DIFFERENT, (one, other), signature, _settings(catalogue, store), telling)


@app.command()
def withdraw(
    verdict_id: Annotated[str, typer.Argument(help="As `verdict list` shows it.")],
    author: AuthorOption,
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
    mask: MaskOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take a verdict back; profiles are then what the evidence says without it.

    For example:

        identity-graph verdict withdraw 019aa3d0f0a67cc0b6dcf8f3a1f5d1c2
    """

    async def take_back(desk: _Desk) -> _Decided[VerdictEntry]:
        named = await records_of_verdict(desk.store, verdict_id)
        return await desk.observed(named, partial(desk.steward.withdraw, verdict_id, author), lambda entry: entry)

    done = _decide(_settings(catalogue, store), take_back)
    _Telling(as_json=as_json, mask=mask).verdict(done.answer, done)


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
    mask: MaskOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a profile that is several people into one for each, by one verdict.

    Every record of the profile stands in exactly one group.

    For example:

        identity-graph verdict split 019aa3d0f0a67cc0b6dcf8f3a1f5d1c2 --group crm:1,crm:2 --group web_shop:50001
            --reason "father and son"
    """

    async def separate(desk: _Desk) -> _Decided[DecidedSplit]:
        groups = [[read_record_name(name.strip(), desk.catalogue) for name in _NAMES.split(names)] for names in group]
        named = [address for addresses in groups for address in addresses]
        decision = partial(desk.steward.split, profile_id, groups, Signature(author=author, reason=reason))
        return await desk.observed(named, decision, lambda done: done.verdict)

    done = _decide(_settings(catalogue, store), separate)
    ids, verdict = done.answer.profile_ids, done.answer.verdict
    document = done.document(mask=mask)
    if as_json:
        print_json({"profile_ids": ids, "verdicts": [verdict_document(verdict)], **document})
        return
    for number, profile in enumerate(ids, start=1):
        say(f"group {number} is profile {profile}")
    say(_line(verdict))
    say_lines(consequences_text(document))


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
        say(_line(entry))
    if not entries:
        say("There are no verdicts yet.")


def _settings(catalogue: CatalogueOption, store: StoreOption) -> Settings:
    settings = settings_with(catalogue=catalogue, store=store)
    set_up_logging(settings)
    require_store(settings)
    return settings


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided(Generic[Answer]):
    """A decision in force, and what came of it."""

    answer: Answer
    consequences: Consequences
    catalogue: Catalogue

    def document(self, *, mask: bool) -> JsonObject:
        return consequences_document(self.consequences, Visibility.of(self.catalogue, may_see_values=not mask))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Where a steward decides."""

    steward: Stewardship
    store: Store
    catalogue: Catalogue

    async def observed(
        self,
        named: Collection[RecordAddress],
        decision: Callable[[], Awaitable[Answer]],
        entry_of: Callable[[Answer], VerdictEntry],
    ) -> _Decided[Answer]:
        answer, consequences = await observed(self.store, self.catalogue, named, decision, entry_of)
        return _Decided(answer=answer, consequences=consequences, catalogue=self.catalogue)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    """How a verdict is told."""

    as_json: bool
    mask: bool

    def verdict(self, entry: VerdictEntry, decided: _Decided[Any]) -> None:
        document = decided.document(mask=self.mask)
        if self.as_json:
            print_json({**verdict_document(entry), **document})
            return
        say(_line(entry))
        say_lines(consequences_text(document))


def _give(
    judgement: Judgement, records: tuple[str, str], signature: Signature, settings: Settings, telling: _Telling
) -> None:
    async def give(desk: _Desk) -> _Decided[Given]:
        one, other = (read_record_name(name, desk.catalogue) for name in records)
        decision = partial(desk.steward.give, judgement, one, other, signature)
        return await desk.observed((one, other), decision, lambda given: given.entry)

    done = _decide(settings, give)
    telling.verdict(done.answer.entry, done)
    if not done.answer.is_new:
        warn("this verdict was given before; nothing was written")


def _decide(settings: Settings, decision: Callable[[_Desk], Awaitable[_Decided[Answer]]]) -> _Decided[Answer]:
    meaning = load_catalogue(settings.catalogue)

    async def decide() -> _Decided[Answer]:
        async with _desk(settings, meaning) as desk:
            return await decision(desk)

    return run_batch(decide())


@asynccontextmanager
async def _desk(settings: Settings, catalogue: Catalogue) -> AsyncIterator[_Desk]:
    metrics = Metrics()
    async with opened_store(settings, catalogue) as store, publishing(settings, store, metrics) as publish:
        writer = Writer(store, catalogue, WRITER, metrics=metrics, publish=publish)
        yield _Desk(steward=Stewardship(store, catalogue, writer), store=store, catalogue=catalogue)


async def _listed(settings: Settings) -> list[VerdictEntry]:
    async with opened_store(settings, load_catalogue(settings.catalogue), read_only=True) as store:
        return [entry async for entry in store.scan_verdicts()]


def _line(entry: VerdictEntry) -> str:
    taken_back = "" if entry.withdrawal is None else f"; withdrawn by {entry.withdrawal.author}"
    return f"{entry.verdict_id}  {entry.verdict.sentence} ({entry.author}: {entry.reason}{taken_back})"
