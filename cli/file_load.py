"""The first load of a store from files, for the commands that do one."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import orjson

from cli.ingest_summary import IngestSummary
from cli.input_files import Entry, InputFile, read_entries
from cli.line_counts import LineCounts
from cli.output import warn
from cli.progress import file_progress
from cli.publishing import announcing, publishing
from cli.store_progress import finish_owed_work, scan_progress
from consumers.routing import epoch_of_topic, partition_writer
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change
from graph_model.records.tasks import AnnounceProfiles, TruncateSource
from graph_model.values.positions import Position
from services.bootstrap.filling import Filling
from services.bootstrap.load import FirstLoad, end_interrupted, load_store
from services.bootstrap.loaded import Loaded, Manner
from services.bootstrap.spool import BATCH, LoadSpool, NoPlaceForSpool
from services.bootstrap.writing import WRITER, Progress
from services.clock import now_milliseconds
from services.files.unread_values import Place
from services.ingestion.acceptance import AcceptanceClock
from services.ingestion.writer import Writer
from services.metrics import Metrics
from services.settings import Settings
from services.stores.opening import open_for_migration, open_store
from services.stores.port.migration import MigratingStore
from services.stores.port.protocols import Store

#: From so many bytes of files on a first load is the faster way into a new store. Below, starting its processes takes
#: longer than it saves.
PAYS_FROM: Final = 4_000_000

#: Endings of files that are packed, and how many times larger such files mostly are unpacked.
_PACKED: Final = frozenset({".gz", ".bz2", ".xz", ".zst", ".zip", ".parquet", ".xlsx"})
_PACKED_TIMES: Final = 10

#: A spool, and the store made from it, take less than so many times the bytes of the rows.
_ROOM: Final = 20


class FileLoad:
    """A first load of files."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        files: list[InputFile],
        summary: IngestSummary,
        *,
        spool: Path | None = None,
        as_logs: bool = False,
        keeps_spool: bool = False,
    ) -> None:
        """Prepare it.

        Args:
            settings: where the store is.
            catalogue: what the data means.
            files: what is to be loaded.
            summary: hears how far it is, and what it has made.
            spool: where the spool is to be; None: where it is looked for without being told.
            as_logs: see `read_entries`; how far each log was read is kept for the workers that will read it.
            keeps_spool: see `Manner.keeps_spool`, and `forget`.
        """
        self._settings = settings
        self._catalogue = catalogue
        self._files = files
        self._summary = summary
        self._spool = spool
        self._as_logs = as_logs
        self._kept: Path | None = None  #: the spool of a load that is complete
        self._manner = Manner(
            announce=bool(settings.kafka.bootstrap_servers),
            apart=True,
            input_name=_input_name(files),
            reading=f"logs for {settings.kafka.group}" if as_logs else "rows",
            keeps_spool=keeps_spool,
        )

    @property
    def is_known(self) -> bool:
        """Whether files that are named alike are the same ones: what standard input gives is another one each time."""
        return all(file.size is not None for file in self._files)

    async def suits(self, store: Store) -> bool:
        """Whether a first load is possible, and pays."""
        known = sum(map(_expected_bytes, self._files))
        if not self.is_known or known < PAYS_FROM or await store.read_writers():
            return False
        path = self._spool or spool_beside(self._settings.store, store.store_id)
        try:
            LoadSpool.require_place(path)
        except NoPlaceForSpool:
            return False
        return shutil.disk_usage(path.parent).free > _ROOM * known

    async def load(self) -> Loaded:
        """Load the files, or end the load that was interrupted.

        Raises:
            StoreError: see `load_store`.
        """
        async with self._prepared() as load:
            loaded = await load_store(load, self._fill)
        self._kept = load.path
        self._count(loaded)
        return loaded

    async def end_interrupted(self) -> Loaded | None:
        """End the load that was interrupted, if it has read everything; else the store is given back.

        Raises:
            StoreError: see `services.bootstrap.load.end_interrupted`.
        """
        async with self._prepared() as load:
            loaded = await end_interrupted(load)
        if loaded is not None:
            self._count(loaded)
        return loaded

    async def tell(self) -> int:
        """Tell Kafka of the new profiles, where there is one; interrupted, any worker goes on with it.

        Returns:
            How many were told of.
        """
        if not self._settings.kafka.bootstrap_servers:
            return 0
        metrics = Metrics()
        async with (
            self.opened(None) as store,
            publishing(self._settings, store, metrics) as publish,
            announcing(self._settings, store, metrics) as tell,
        ):
            writer = Writer(store, self._catalogue, WRITER, metrics=metrics, publish=publish)
            await writer.open()
            return await finish_owed_work(store, writer, tell)

    async def tell_owed(self, store: Store) -> None:
        """Tell of the profiles of a former load that nobody has been told of yet."""
        if await self.is_telling_owed(store):
            await self.tell()

    @staticmethod
    async def is_telling_owed(store: Store) -> bool:
        """Whether profiles of a first load are still to be told of."""
        return any(isinstance(owed.task, AnnounceProfiles) for owed in await store.read_tasks())

    def forget(self) -> None:
        """Take away the spool of the load, once it is told of."""
        if self._kept is not None:
            LoadSpool.clear(self._kept)

    def forget_former(self, store: Store) -> None:
        """Take away the spool of a complete load whose command was killed before it could; others write by now."""
        spool = LoadSpool.of_store(self._spool or spool_beside(self._settings.store, store.store_id), store.store_id)
        if spool is not None:
            spool.remove()

    @asynccontextmanager
    async def opened(self, migrator: str | None) -> AsyncIterator[Store]:
        """The store, whatever catalogue is in force there."""
        store = await open_store(self._settings, self._catalogue, any_meaning=True, migrator=migrator)
        try:
            yield store
        finally:
            await store.close()

    @asynccontextmanager
    async def _prepared(self) -> AsyncIterator[FirstLoad]:
        marking = await open_for_migration(self._settings)
        try:
            path = await self._path(marking)
            with scan_progress() as progress:
                yield FirstLoad(
                    marking=marking,
                    opened=self.opened,
                    catalogue=self._catalogue,
                    path=path,
                    progress=lambda what, done: self._note(progress, what, done),
                    manner=self._manner,
                )
        finally:
            await marking.close()

    async def _path(self, marking: MigratingStore) -> Path:
        if self._spool is not None:
            return self._spool
        form = await marking.read_form()
        # While it is loaded only who does that may open it.
        migrator = None if form is None or form.load_id is None else form.migrator
        async with self.opened(migrator) as store:
            return spool_beside(self._settings.store, store.store_id)

    def _note(self, progress: Progress, what: str, done: int) -> None:
        progress(what, done)
        self._summary.loaded = done

    def _count(self, loaded: Loaded) -> None:
        read = LineCounts() if loaded.read_counts is None else LineCounts.from_kept(orjson.loads(loaded.read_counts))
        self._summary.count_loaded(loaded, read)

    async def _fill(self, filling: Filling) -> str:
        counts = _Reading(filling, self._catalogue, self._settings.kafka.group, as_logs=self._as_logs).read(self._files)
        return orjson.dumps(counts.to_kept()).decode()


def spool_beside(store: str, store_id: str) -> Path:
    """Where the spool of a store is, if nobody says it: beside its file, or else in this folder.

    Args:
        store: the store, as the settings name it.
        store_id: its id: of two graphs that are loaded from one folder, each has a spool of its own.
    """
    scheme, _, path = store.partition(":")
    return Path(f"{path}-load" if scheme == "sqlite" else f"identity-graph-{store_id}.load")


def _expected_bytes(file: InputFile) -> int:
    """How many bytes of rows a file has, by its size and its name."""
    return (file.size or 0) * (_PACKED_TIMES if file.path.suffix.lower() in _PACKED else 1)


def _input_name(files: list[InputFile]) -> str:
    """Files as a text that is another one where they are others, or have changed since."""
    named = []
    for file in files:
        found = file.path.stat() if file.path.is_file() else None
        state = None if found is None else (found.st_size, found.st_mtime_ns)
        named.append((str(file.path.absolute()), sorted(file.sources), state))
    return orjson.dumps(named).decode()


class _Reading:
    """From files to a spool."""

    def __init__(self, filling: Filling, catalogue: Catalogue, group: str, *, as_logs: bool) -> None:
        self._filling = filling
        self._catalogue = catalogue
        self._group = group  #: of the workers that will read the topics
        self._as_logs = as_logs
        self._counts = LineCounts()
        self._acceptance = AcceptanceClock()
        self._waiting: list[Change] = []
        self._places: list[Place] = []  #: of those that wait
        self._truncations: list[TruncateSource] = []
        self._read_to: dict[tuple[str, int], int] = {}  #: (topic, partition) -> the last offset

    def read(self, files: list[InputFile]) -> LineCounts:
        """Read all files; what truncates tables does so in the end, as where it is owed.

        Returns:
            What came in, and what comes to nothing.
        """
        with file_progress() as progress:
            for number, file in enumerate(files):
                with progress.reading(file) as reading:
                    read = read_entries(
                        file, reading.stream, self._catalogue, self._accept, warn, as_logs=self._as_logs
                    )
                    for entry in read:
                        self._take(number, file, entry)
                        reading.count()
        self._hand_over()
        self._filling.note_progress({self._writer(*log): self._position(*log) for log in self._read_to})
        for task in self._truncations:
            self._filling.truncate(task)
        return self._counts

    def _accept(self) -> tuple[int, int]:
        return self._acceptance.next(1), now_milliseconds()

    def _take(self, number: int, file: InputFile, entry: Entry) -> None:
        self._counts.count_entry(file, entry)
        if entry.place is not None:
            log = entry.place.topic, entry.place.partition
            self._read_to[log] = max(entry.place.offset, self._read_to.get(log, 0))
        if entry.changes:
            self._waiting += entry.changes
            self._places += [Place(number, entry.line, file.name)] * len(entry.changes)
        for task in entry.tasks:
            self._counts.count_task(task)
            self._truncations.append(task)
        if len(self._waiting) >= BATCH:
            self._hand_over()

    def _hand_over(self) -> None:
        self._filling.take(self._waiting, self._places)
        self._waiting.clear()
        self._places.clear()

    def _writer(self, topic: str, partition: int) -> str:
        return partition_writer(self._group, topic, partition)

    def _position(self, topic: str, partition: int) -> Position:
        return Position(epoch_of_topic(self._catalogue, topic), self._read_to[topic, partition])
