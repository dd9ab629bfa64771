"""Fills the spool of a load: here, or in a process of its own while this one reads files."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change, Outcome
from graph_model.records.tasks import TruncateSource
from graph_model.values.positions import Position
from services.bootstrap.apart import Apart
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
            for outcome in change.outcomes:
                self._taken.outcomes[source, outcome] += 1
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
        self._apart = Apart(_begin, path, load_id, catalogue.text, catalogue.name, generation)
        self._waiting: deque[Future[None]] = deque([self._apart.begun])

    def take(self, changes: Sequence[Change]) -> None:
        """See `Filling.take`; what goes wrong is raised by a later call."""
        self._waiting.append(self._apart.ask(_take, tuple(changes)))
        while len(self._waiting) > _WAITING:
            self._waiting.popleft().result()

    def truncate(self, task: TruncateSource) -> None:
        """See `Filling.truncate`."""
        self._waiting.append(self._apart.ask(_truncate, task))

    def note_progress(self, progress: Mapping[str, Position]) -> None:
        """See `Filling.note_progress`."""
        self._waiting.append(self._apart.ask(_note_progress, progress))

    def finish(self) -> Taken:
        """See `Filling.finish`."""
        while self._waiting:
            self._waiting.popleft().result()
        taken = self._apart.ask(_finish).result()
        self._apart.end()
        return taken

    def abandon(self) -> None:
        """See `Filling.abandon`."""
        with suppress(BrokenExecutor):  # what it left is removed by whoever fills a spool there next
            wait([self._apart.ask(_abandon)])
        self._apart.end()


#: What the other process fills.
_filled: FillingHere


def _begin(path: Path, load_id: str, text: str, name: str, generation: int) -> None:
    global _filled  # noqa: PLW0603 - the one thing that this process is there for
    _filled = FillingHere(path, load_id, parse_catalogue(text, name), generation)


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
