"""`identity-graph bootstrap`: files into a store that has nothing yet."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from cli.exit_codes import ExitCode
from cli.file_load import FileLoad
from cli.ingest_summary import IngestSummary
from cli.input_files import choose_sources, warn_of_order
from cli.logs import set_up_logging
from cli.opening import load_catalogue
from cli.options import CatalogueOption, JsonOption, StoreOption, settings_with
from cli.output import counted, print_json, warn
from cli.running import run_batch, say_last
from cli.terminal import say
from services.bootstrap.load import LoadedByFormer, StoreInUse
from services.bootstrap.loaded import Loaded


@dataclass(slots=True)
class _Report:
    """What a run has done, kept while it goes on."""

    summary: IngestSummary
    loaded: Loaded = field(default_factory=Loaded)
    told: int = 0  #: profiles that were told of

    def to_json(self) -> dict[str, object]:
        """For scripts: as `ingest` tells it, and what only a load has."""
        return {
            **self.summary.to_json(),
            "resumed": self.summary.resumed,
            "records": self.loaded.records,
            "profiles": self.loaded.profiles,
            "told": self.told,
        }

    def print(self) -> None:
        """For people."""
        self.summary.print()
        if self.loaded.was_complete:
            say("\nThe load of these files was complete; they were not read now.")
        elif self.loaded.was_read:
            other = "" if self.loaded.is_of_input else " Load other files with `identity-graph ingest`."
            say(f"\nThe interrupted load had read its files to the end, so none was read now.{other}")
        say(f"\nLoaded: {counted(self.loaded.records, 'record')}, {counted(self.loaded.profiles, 'profile')}")
        if not self.loaded.records and not self.told:  # else an earlier run has loaded what this one told of
            say("The store is as it was, and can have its first load yet.")
        if self.told:
            say(f"Told of: {counted(self.told, 'profile')}")


def bootstrap(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="CSV, JSON lines or JSON; `-` is standard input.")
    ],
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="Source of all files; else told by their names.")
    ] = None,
    spool: Annotated[
        Path | None,
        typer.Option("--spool", metavar="FILE", help="A file on a disk with room for as much as the store will have."),
    ] = None,
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load files into a store that nobody has ever written to: what `ingest` comes to, in less time.

    Every profile is written once, in version 1. Nobody else can work with the store until this has ended. Interrupted,
    the same command goes on. With Kafka configured, the new profiles are told of afterwards, while others work.

    For example:

        identity-graph bootstrap customers-*.csv.gz orders.jsonl --store sqlite:shop.sqlite

        zcat snapshot.jsonl.gz | identity-graph bootstrap -
    """
    settings = settings_with(catalogue=catalogue, store=store)
    set_up_logging(settings)
    meaning = load_catalogue(settings.catalogue)
    chosen = choose_sources(files, source, meaning)
    warn_of_order(chosen, warn)
    report = _Report(IngestSummary(meaning))
    load = FileLoad(settings, meaning, chosen, report.summary, spool=spool, as_logs=True, keeps_spool=True)
    try:
        run_batch(_bootstrap(load, report))
    except KeyboardInterrupt:
        say_last("Interrupted; what is done stays. The same command goes on.")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    if as_json:
        print_json(report.to_json())
    else:
        report.print()
    load.forget()
    if report.loaded.by_former is not None:
        raise LoadedByFormer(report.loaded.by_former, meaning.fingerprint)
    if report.summary.counts.rejections.total:
        raise typer.Exit(ExitCode.REFUSED)


async def _bootstrap(load: FileLoad, report: _Report) -> None:
    try:
        report.loaded = await load.load()
    except StoreInUse:
        # It may be loaded, and nobody told of it yet: somebody interrupted this command then.
        async with load.opened(None) as store:
            if not await load.is_telling_owed(store):
                raise
        report.told = await load.tell()
    if report.loaded.records and report.loaded.by_former is None:  # else whoever works by that catalogue tells of them
        report.told = await load.tell()
