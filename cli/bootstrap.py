"""`identity-graph bootstrap`: files into a store that has nothing yet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.exit_codes import ExitCode
from cli.input_files import Entry, InputFile, choose_sources, read_entries, warn_of_order
from cli.line_counts import LineCounts
from cli.logs import set_up_logging
from cli.opening import load_catalogue
from cli.options import CatalogueOption, JsonOption, StoreOption, settings_with
from cli.output import counted, print_json, warn
from cli.progress import file_progress
from cli.publishing import announcing, publishing
from cli.running import run_batch, say_last
from cli.store_progress import finish_owed_work, scan_progress
from cli.terminal import say
from consumers.routing import epoch_of_topic, partition_writer
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change
from graph_model.records.tasks import AnnounceProfiles, TruncateSource
from graph_model.values.positions import Position
from services.bootstrap.filling import Filling
from services.bootstrap.load import WRITER, Loaded, Manner, StoreInUse, load_store
from services.bootstrap.spool import BATCH
from services.clock import now_milliseconds
from services.ingestion.acceptance import AcceptanceClock
from services.ingestion.writer import Writer
from services.metrics import Metrics
from services.settings import Settings
from services.stores.opening import open_for_migration, open_store
from services.stores.port.protocols import Store

#: Where the spool of a store is that is no file.
_SPOOL: Final = Path("identity-graph.load")


@dataclass(slots=True)
class _Report:
    """What a run has done, kept while it goes on."""

    counts: LineCounts = field(default_factory=LineCounts)
    loaded: Loaded = field(default_factory=Loaded)
    told: int = 0  #: profiles that were told of

    def count_entry(self, file: InputFile, entry: Entry) -> None:
        """Count what came in, and what comes to nothing."""
        self.counts.count_entry(file, entry)
        for task in entry.tasks:
            self.counts.count_task(task)

    def count_loaded(self, loaded: Loaded) -> None:
        """Count what became of changes, and what was made of them."""
        self.loaded = loaded
        self.counts.count_outcomes(loaded.taken.outcomes)

    @property
    def unread(self) -> list[dict[str, object]]:
        """Values that could not be read, by column and reason; never the values themselves."""
        return [
            {"source": source, "column": column, "reason": reason, "count": count}
            for (source, column, reason), count in sorted(self.loaded.taken.unread.items())
        ]

    def to_json(self) -> dict[str, object]:
        """For scripts."""
        return {
            "sources": self.counts.to_json(),
            "resumed": self.loaded.resumed,
            "records": self.loaded.records,
            "profiles": self.loaded.profiles,
            "told": self.told,
            "positions_jumped_back": dict(sorted(self.loaded.taken.rewound.items())),
            "unread_values": self.unread,
            "rejected": self.counts.rejections.to_json(),
        }

    def print(self) -> None:
        """For people."""
        if self.counts.lines:
            self.counts.print()
        if self.loaded.resumed and self.counts.lines:
            say("\nAn interrupted load was finished; the counts are those of this run.")
        elif self.loaded.resumed:
            say(
                "\nAn interrupted load was finished. It had read its files to the end, so none was read now; what it "
                "rejected is not told again. Load other files with `identity-graph ingest`."
            )
        say(f"\nLoaded: {counted(self.loaded.records, 'record')}, {counted(self.loaded.profiles, 'profile')}")
        if self.told:
            say(f"Told of: {counted(self.told, 'profile')}")
        for source, count in sorted(self.loaded.taken.rewound.items()):
            say(f"\nPositions of {source} jump back, so these changes count as sent again: {count}")
        if self.unread:
            say("\nValues that could not be read (their rows are used without them):")
        for found in self.unread:
            say(f"  {found['source']}.{found['column']}  {found['count']}: the value {found['reason']}")
        for line in self.counts.rejections.lines():
            say(line)


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
    report = _Report()
    try:
        run_batch(_bootstrap(settings, meaning, chosen, spool or _beside(settings), report))
    except KeyboardInterrupt:
        say_last("Interrupted; what is done stays. The same command goes on.")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    if as_json:
        print_json(report.to_json())
    else:
        report.print()
    if report.counts.rejections.total:
        raise typer.Exit(ExitCode.REFUSED)


def _beside(settings: Settings) -> Path:
    scheme, _, path = settings.store.partition(":")
    return Path(f"{path}-load") if scheme == "sqlite" and path else _SPOOL


async def _bootstrap(
    settings: Settings, catalogue: Catalogue, files: list[InputFile], spool: Path, report: _Report
) -> None:
    @asynccontextmanager
    async def opened(migrator: str | None) -> AsyncIterator[Store]:
        store = await open_store(settings, catalogue, migrator=migrator)
        try:
            yield store
        finally:
            await store.close()

    async def fill(filling: Filling) -> None:
        _Reading(filling, catalogue, settings.kafka.group, report).read(files)

    marking = await open_for_migration(settings)
    try:
        with scan_progress() as progress:
            manner = Manner(announce=bool(settings.kafka.bootstrap_servers), apart=True)
            loaded = await load_store(marking, opened, catalogue, spool, fill, progress, manner)
            report.count_loaded(loaded)
    except StoreInUse:
        # It may be loaded, and nobody told of it yet: somebody interrupted this command then.
        async with opened(None) as store:
            if not any(isinstance(owed.task, AnnounceProfiles) for owed in await store.read_tasks()):
                raise
    finally:
        await marking.close()
    async with opened(None) as store:
        await _tell(settings, catalogue, store, report)


async def _tell(settings: Settings, catalogue: Catalogue, store: Store, report: _Report) -> None:
    """Tell of the new profiles; interrupted, any worker goes on with it."""
    if not settings.kafka.bootstrap_servers:
        return
    metrics = Metrics()
    async with publishing(settings, store, metrics) as publish, announcing(settings, store, metrics) as tell:
        writer = Writer(store, catalogue, WRITER, metrics=metrics, publish=publish)
        await writer.open()
        report.told = await finish_owed_work(store, writer, tell)


class _Reading:
    """From files to a spool."""

    def __init__(self, filling: Filling, catalogue: Catalogue, group: str, report: _Report) -> None:
        self._filling = filling
        self._catalogue = catalogue
        self._group = group  #: of the workers that will read the topics
        self._report = report
        self._acceptance = AcceptanceClock()
        self._waiting: list[Change] = []
        self._truncations: list[TruncateSource] = []
        self._read_to: dict[tuple[str, int], int] = {}  #: (topic, partition) -> the last offset

    def read(self, files: list[InputFile]) -> None:
        """Read all files; what truncates tables does so in the end, as where it is owed."""
        with file_progress() as progress:
            for file in files:
                with progress.reading(file) as reading:
                    for entry in read_entries(file, reading.stream, self._catalogue, self._accept, warn, as_logs=True):
                        self._take(file, entry)
                        reading.count()
        self._hand_over()
        self._filling.note_progress({self._writer(*log): self._position(*log) for log in self._read_to})
        for task in self._truncations:
            self._filling.truncate(task)

    def _accept(self) -> tuple[int, int]:
        return self._acceptance.next(1), now_milliseconds()

    def _take(self, file: InputFile, entry: Entry) -> None:
        self._report.count_entry(file, entry)
        if entry.place is not None:
            log = entry.place.topic, entry.place.partition
            self._read_to[log] = max(entry.place.offset, self._read_to.get(log, 0))
        self._waiting += entry.changes
        self._truncations += entry.tasks
        if len(self._waiting) >= BATCH:
            self._hand_over()

    def _hand_over(self) -> None:
        self._filling.take(self._waiting)
        self._waiting.clear()

    def _writer(self, topic: str, partition: int) -> str:
        return partition_writer(self._group, topic, partition)

    def _position(self, topic: str, partition: int) -> Position:
        return Position(epoch_of_topic(self._catalogue, topic), self._read_to[topic, partition])
