"""`identity-graph ingest`: files of rows or of change envelopes, into the store."""

from pathlib import Path
from typing import Annotated, Final

import typer

from cli.exit_codes import ExitCode, UsageRefused
from cli.file_load import FileLoad
from cli.ingest_summary import IngestSummary, largest_profiles
from cli.input_files import InputFile, choose_sources, read_entries, warn_of_order
from cli.logs import set_up_logging
from cli.opening import load_catalogue, opened_store
from cli.options import CatalogueOption, JsonOption, StoreOption, settings_with
from cli.output import counted, print_json, warn
from cli.progress import FileProgress, file_progress
from cli.publishing import publishing
from cli.running import run_batch, say_last
from cli.snapshot import AsOfOption, MostDeletedOption, Snapshot, SnapshotOption
from cli.store_progress import finish_owed_work
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change, RecordAddress
from graph_model.records.tasks import TruncateSource
from services.bootstrap.load import LoadedByFormer, StoreInUse
from services.clock import new_id, now_milliseconds
from services.files.unread_values import Place
from services.ingestion.acceptance import AcceptanceClock
from services.ingestion.claim import Publish
from services.ingestion.ingest import Committed
from services.ingestion.series import Series
from services.ingestion.writer import Writer
from services.metrics import Metrics
from services.settings import Settings
from services.stores.port.errors import LoadUnderWay
from services.stores.port.plan import TaskWrite
from services.stores.port.protocols import Outbox, Store

#: The name under which this command claims its part of the outbox.
WRITER: Final = "cli-ingest"

BATCH_SIZE: Final = 2_000  #: changes in one commit of an embedded store, which waits for the disk once for each


def ingest(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="CSV, JSON lines or JSON; `-` is standard input.")
    ],
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="Source of all files; else told by their names.")
    ] = None,
    snapshot: SnapshotOption = False,
    as_of: AsOfOption = None,
    most_deleted: MostDeletedOption = 5.0,
    catalogue: CatalogueOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring files of rows, or of change envelopes, into the store.

    A file belongs to the source whose `file` pattern its name fits, or to the one given with `--source`.
    Change envelopes (Debezium, one on each line) find their source by their table; where one truncates its table, the
    rows before it are deleted at the end. Rows that cannot be used are listed with line and reason; all others are in
    force. Doing it again changes nothing. Large files go into a new store as `bootstrap` loads them, in less time;
    nobody else can work with it meanwhile.

    For example:

        identity-graph ingest crm.csv shop.jsonl

        identity-graph ingest --source crm export-2026.csv --json

        identity-graph ingest --snapshot customers-*.csv.gz

        zcat changes.jsonl.gz | identity-graph ingest -
    """
    settings = settings_with(catalogue=catalogue, store=store)
    set_up_logging(settings)
    meaning = load_catalogue(settings.catalogue)
    chosen = choose_sources(files, source, meaning)
    warn_of_order(chosen, warn)
    summary = IngestSummary(meaning)
    if snapshot:
        summary.snapshot = Snapshot.of(chosen, as_of, most_deleted, now_milliseconds())
    elif as_of is not None:
        raise UsageRefused("--as-of says when a snapshot was read; expected --snapshot beside it")
    try:
        refused = run_batch(_ingest(settings, meaning, chosen, summary))
    except KeyboardInterrupt:
        are = "is" if summary.in_force == 1 else "are"
        told = f"Interrupted; at least {counted(summary.in_force, 'row')} {are} in force; the same command goes on."
        say_last(told)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    _tell(summary, refused, as_json=as_json)


def _tell(summary: IngestSummary, refused: LoadedByFormer | None, *, as_json: bool) -> None:
    """Print what became of everything; what was rejected or refused shows in the exit code."""
    if as_json:
        print_json(summary.to_json())
    else:
        summary.print()
    if refused is not None:
        raise refused
    if summary.counts.rejections.total or (summary.snapshot is not None and summary.snapshot.refused):
        raise typer.Exit(ExitCode.REFUSED)


async def _ingest(
    settings: Settings, catalogue: Catalogue, files: list[InputFile], summary: IngestSummary
) -> LoadedByFormer | None:
    """Bring files into force, behind a first load that was interrupted here.

    Returns:
        Why the files are not in force where that load follows another catalogue.
    """
    load = FileLoad(settings, catalogue, files, summary)
    try:
        await _by_shorter_way(settings, catalogue, files, summary, load)
    except LoadUnderWay:
        ended = await load.end_interrupted()
        if ended is not None:
            if ended.by_former is not None:  # whoever works by that catalogue tells of it
                return LoadedByFormer(ended.by_former, catalogue.fingerprint)
            if ended.records:
                await load.tell()
            if summary.snapshot is None and ended.is_of_input and load.is_known:
                return None
        await _by_shorter_way(settings, catalogue, files, summary, load)
    return None


async def _by_shorter_way(
    settings: Settings, catalogue: Catalogue, files: list[InputFile], summary: IngestSummary, load: FileLoad
) -> None:
    """Bring files into force: a store that nobody has ever written to takes much at once."""
    metrics = Metrics()
    # Whichever way it goes: where events can go nowhere nothing is done.
    async with opened_store(settings, catalogue) as store, publishing(settings, store, metrics) as publish:
        if summary.snapshot is not None or not await load.suits(store):
            await load.tell_owed(store)
            await _stream(store, catalogue, files, summary, metrics, publish)
            load.forget_former(store)
            return
    try:
        loaded = await load.load()
    except StoreInUse:  # since it was looked at: it takes no other way any more
        await _by_shorter_way(settings, catalogue, files, summary, load)
        return
    if loaded.records:
        await load.tell()


async def _stream(
    store: Store,
    catalogue: Catalogue,
    files: list[InputFile],
    summary: IngestSummary,
    metrics: Metrics,
    publish: Publish,
) -> None:
    """Bring files into force batch by batch, while others work."""

    async def tell(outbox: Outbox, committed: tuple[Committed, ...]) -> None:
        await publish(outbox, committed)
        summary.count_events(committed)

    writer = Writer(store, catalogue, WRITER, metrics=metrics, publish=tell)
    await writer.open()
    size = store.guarantees.rows_per_commit or BATCH_SIZE
    async with writer.lend_for_many() as series:
        batches = _Batches(series, summary, size)
        if summary.snapshot is not None:
            await summary.snapshot.count_live(store)
        with file_progress() as progress:
            for number, file in enumerate(files):
                await _ingest_file(number, file, catalogue, batches, progress)
        await batches.begin()
    if summary.snapshot is not None:
        await summary.snapshot.owe_deletions(store, writer)
    summary.owed_records += await finish_owed_work(store, writer)
    summary.largest = await largest_profiles(store, summary)


async def _ingest_file(
    number: int, file: InputFile, catalogue: Catalogue, batches: "_Batches", progress: FileProgress
) -> None:
    with progress.reading(file) as reading:
        for entry in read_entries(file, reading.stream, catalogue, batches.accept, warn):
            batches.summary.count_entry(file, entry)
            for change in entry.changes:
                await batches.take(change, Place(number, entry.line, file.name))
            for task in entry.tasks:
                await batches.owe(task)
            reading.count()


class _Batches:
    """From single changes to commits."""

    def __init__(self, series: Series, summary: IngestSummary, size: int) -> None:
        self.summary = summary
        self._size = size
        self._series = series
        self._waiting: list[Change] = []
        self._places: dict[RecordAddress, Place] = {}
        self._tasks: list[TruncateSource] = []
        self._acceptance = AcceptanceClock()
        # Begin after everything that was ever accepted, whatever the clock says.
        self._acceptance.pass_over(series.accepted)

    def accept(self) -> tuple[int, int]:
        """The number of the next change, and the present time in milliseconds."""
        return self._acceptance.next(1), now_milliseconds()

    async def take(self, change: Change, place: Place) -> None:
        """Take one change; it is on its way once the batch is full."""
        self._waiting.append(change)
        self._places[change.address] = place
        if len(self._waiting) >= self._size:
            await self.begin()

    async def owe(self, task: TruncateSource) -> None:
        """Take a truncation; it is owed once what was taken before it is in force."""
        self._tasks.append(task)
        await self.begin()

    async def begin(self) -> None:
        """Begin to bring everything taken so far into force."""
        waiting, places, tasks = self._waiting, self._places, self._tasks
        self._waiting, self._places, self._tasks = [], {}, []
        owed = [TaskWrite(task_id=new_id(), expected=None, task=task) for task in tasks]
        await self._series.begin(waiting, owed, lambda result: self.summary.count_result(result, tasks, places))
