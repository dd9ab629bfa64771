"""Fills the spool of a load: here, or in a process of its own while this one reads files."""

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future, wait
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change, RecordAddress
from graph_model.records.tasks import TruncateSource
from graph_model.values.positions import Position
from services.bootstrap.apart import Apart
from services.bootstrap.grouping import group
from services.bootstrap.spool import LoadSpool
from services.bootstrap.taken import Taken
from services.files.unread_values import Place
from services.stores.port.identity import KeptCatalogue

#: Under this name a spool keeps what became of the changes.
TAKEN: Final = "taken"

#: So many batches may wait for the other process: more would only take memory.
_WAITING: Final = 3


class Filling(Protocol):
    """What a spool is filled through."""

    def take(self, changes: Sequence[Change], places: Sequence[Place] = ()) -> None:
        """Take changes of any number of records and sources; those of one record in the order given.

        Args:
            changes: the changes.
            places: where each was read; none: what is wrong with a value is told with the number of its change.
        """
        ...

    def truncate(self, task: TruncateSource) -> None:
        """Delete the rows of a table that were there before it was emptied."""
        ...

    def note_progress(self, progress: Mapping[str, Position]) -> None:
        """Keep up to which position of each log, named by the writer that reads it, everything was taken."""
        ...

    def finish(self, kept: Mapping[str, str]) -> None:
        """Group what was taken, and seal the spool, which keeps these words and what became of the changes."""
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
        self._number = 0  #: changes taken before

    def take(self, changes: Sequence[Change], places: Sequence[Place] = ()) -> None:
        """See `Filling.take`."""
        newest: dict[RecordAddress, int] = {}
        for change in self._spool.take(changes, self._catalogue, self._generation):
            source = change.address.source
            for outcome in change.outcomes:
                self._taken.outcomes[source, outcome] += 1
            if change.rewound:
                self._taken.rewound[source] += change.rewound
            if change.unread is not None:
                newest = newest or {each.address: number for number, each in enumerate(changes)}
                self._taken.unread.add(change.unread, self._place(newest[change.address], places))
        self._number += len(changes)

    def truncate(self, task: TruncateSource) -> None:
        """See `Filling.truncate`."""
        self._taken.truncated += self._spool.truncate(task, self._catalogue, self._generation)

    def note_progress(self, progress: Mapping[str, Position]) -> None:
        """See `Filling.note_progress`."""
        self._spool.note_progress(progress)

    def finish(self, kept: Mapping[str, str]) -> None:
        """See `Filling.finish`."""
        group(self._spool, self._catalogue)
        for name, value in {**kept, TAKEN: self._taken.to_json()}.items():
            self._spool.keep(name, value)
        self._spool.seal()
        self._spool.close()

    def abandon(self) -> None:
        """See `Filling.abandon`."""
        self._spool.remove()

    def _place(self, number: int, places: Sequence[Place]) -> Place:
        """Where the change of a number in its batch was read."""
        return places[number] if places else Place(0, self._number + number + 1, "the input")


class FillingApart:
    """Fills a spool in another process."""

    def __init__(self, apart: Apart, path: Path, load_id: str, catalogue: KeptCatalogue, generation: int) -> None:
        self._apart = apart
        begun = apart.ask(_begin, path, load_id, catalogue.text, catalogue.name, generation)
        self._waiting: deque[Future[None]] = deque([begun])

    def take(self, changes: Sequence[Change], places: Sequence[Place] = ()) -> None:
        """See `Filling.take`; what goes wrong is raised by a later call."""
        # Bare tuples are on their way in a tenth of the time.
        self._waiting.append(
            self._apart.ask(_take, tuple(changes), [(number, line, file) for number, line, file in places])
        )
        while len(self._waiting) > _WAITING:
            self._waiting.popleft().result()

    def truncate(self, task: TruncateSource) -> None:
        """See `Filling.truncate`."""
        self._waiting.append(self._apart.ask(_truncate, task))

    def note_progress(self, progress: Mapping[str, Position]) -> None:
        """See `Filling.note_progress`."""
        self._waiting.append(self._apart.ask(_note_progress, progress))

    def finish(self, kept: Mapping[str, str]) -> None:
        """See `Filling.finish`."""
        while self._waiting:
            self._waiting.popleft().result()
        self._apart.ask(_finish, kept).result()

    def abandon(self) -> None:
        """See `Filling.abandon`."""
        with suppress(BrokenExecutor):  # what it left is removed by whoever fills a spool there next
            wait([self._apart.ask(_abandon)])


#: What the other process fills.
_filled: FillingHere


def _begin(path: Path, load_id: str, text: str, name: str, generation: int) -> None:
    global _filled  # noqa: PLW0603 - the one thing that this process is there for
    _filled = FillingHere(path, load_id, parse_catalogue(text, name), generation)


def _take(changes: Sequence[Change], places: Sequence[tuple[int, int, str]]) -> None:
    _filled.take(changes, [Place._make(place) for place in places])


def _truncate(task: TruncateSource) -> None:
    _filled.truncate(task)


def _note_progress(progress: Mapping[str, Position]) -> None:
    _filled.note_progress(progress)


def _finish(kept: Mapping[str, str]) -> None:
    _filled.finish(kept)


def _abandon() -> None:
    _filled.abandon()
