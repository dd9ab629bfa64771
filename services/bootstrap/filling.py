"""Fills the spool of a load: here, or in a process of its own while this one reads files."""

import gc
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Final, Protocol

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change, Outcome
from graph_model.records.tasks import TruncateSource
from graph_model.values.positions import Position
from services.bootstrap.grouping import group
from services.bootstrap.spool import LoadSpool
from services.stores.port.identity import KeptCatalogue

#: So many batches may wait for the other process: more would only take memory.
_WAITING: Final = 3


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of changes."""

    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)  #: (source, outcome) -> changes
    rewound: Counter[str] = field(default_factory=Counter)
    """Source -> changes; see `graph_model.records.record.AppliedChange.is_rewound`."""
    unread: Counter[tuple[str, str, str]] = field(default_factory=Counter)  #: (source, column, reason) -> values


class Filling(Protocol):
    """What a spool is filled through."""

    def take(self, changes: Sequence[Change]) -> None:
        """Take changes of any number of records and sources; those of one record in the order given."""
        ...

    def truncate(self, task: TruncateSource) -> None:
        """Delete the rows of a table that were there before it was emptied."""
        ...

    def note_progress(self, progress: Mapping[str, Position]) -> None:
        """Keep up to which position of each log, named by the writer that reads it, everything was taken."""
        ...

    def finish(self) -> Taken:
        """Group what was taken, and seal the spool."""
        ...

    def abandon(self) -> None:
        """Take away what there is."""
        ...


class FillingHere:
    """Fills a spool in this process."""

    def __init__(self, path: Path, load_id: str, catalogue: Catalogue, generation: int) -> None:
        self._catalogue = catalogue
        self._generation = generation
        self._spool = LoadSpool.new(path, load_id)
        self._taken = Taken()

    def take(self, changes: Sequence[Change]) -> None:
        """See `Filling.take`."""
        for change in self._spool.take(changes, self._catalogue, self._generation):
            source = change.address.source
            self._taken.outcomes.update((source, outcome) for outcome in change.outcomes)
            if change.rewound:
                self._taken.rewound[source] += change.rewound
            if change.issues:
                self._taken.unread.update((source, issue.column, issue.reason) for issue in change.issues)

    def truncate(self, task: TruncateSource) -> None:
        """See `Filling.truncate`."""
        self._spool.truncate(task, self._catalogue, self._generation)

    def note_progress(self, progress: Mapping[str, Position]) -> None:
        """See `Filling.note_progress`."""
        self._spool.note_progress(progress)

    def finish(self) -> Taken:
        """See `Filling.finish`."""
        group(self._spool, self._catalogue)
        self._spool.seal()
        self._spool.close()
        return self._taken

    def abandon(self) -> None:
        """See `Filling.abandon`."""
        self._spool.remove()


class FillingApart:
    """Fills a spool in a process of its own, which ends with this one."""

    def __init__(self, path: Path, load_id: str, catalogue: KeptCatalogue, generation: int) -> None:
        self._process = ProcessPoolExecutor(
            max_workers=1,
            mp_context=get_context("spawn"),
            initializer=_begin,
            initargs=(path, load_id, catalogue.text, catalogue.name, generation, gc.get_threshold()),
        )
        # The other process ignores Ctrl-C from its first moment: who waits for it hears of it, and ends it.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._waiting: deque[Future[None]] = deque([self._process.submit(_take, ())])
        finally:
            signal.signal(signal.SIGINT, handler)

    def take(self, changes: Sequence[Change]) -> None:
        """See `Filling.take`; what goes wrong is raised by a later call."""
        self._waiting.append(self._process.submit(_take, tuple(changes)))
        while len(self._waiting) > _WAITING:
            self._waiting.popleft().result()

    def truncate(self, task: TruncateSource) -> None:
        """See `Filling.truncate`."""
        self._waiting.append(self._process.submit(_truncate, task))

    def note_progress(self, progress: Mapping[str, Position]) -> None:
        """See `Filling.note_progress`."""
        self._waiting.append(self._process.submit(_note_progress, progress))

    def finish(self) -> Taken:
        """See `Filling.finish`."""
        while self._waiting:
            self._waiting.popleft().result()
        taken = self._process.submit(_finish).result()
        self._process.shutdown()
        return taken

    def abandon(self) -> None:
        """See `Filling.abandon`."""
        with suppress(BrokenExecutor):  # what it left is removed by whoever fills a spool there next
            self._process.submit(_abandon)
        self._process.shutdown()


#: What the other process fills.
_filled: FillingHere


def _begin(path: Path, load_id: str, text: str, name: str, generation: int, collect_from: tuple[int, int, int]) -> None:
    global _filled  # noqa: PLW0603 - the one thing that this process is there for
    gc.set_threshold(*collect_from)  # looking for cycles as rarely as the process that reads
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _filled = FillingHere(path, load_id, parse_catalogue(text, name), generation)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _take(changes: Sequence[Change]) -> None:
    _filled.take(changes)


def _truncate(task: TruncateSource) -> None:
    _filled.truncate(task)


def _note_progress(progress: Mapping[str, Position]) -> None:
    _filled.note_progress(progress)


def _finish() -> Taken:
    return _filled.finish()


def _abandon() -> None:
    _filled.abandon()
