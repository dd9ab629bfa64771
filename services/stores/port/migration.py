"""The port to a store that is brought into another form: its documents as they are written, and how far it is.

Every write also moves the mark, in one atomic step, and is refused once another process has gone on with the migration.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from services.stores.port.stored_form import StoredForm

#: Documents are read and written in portions of so many, and of so many characters.
PORTION: Final = 500
_PORTION_CHARACTERS: Final = 2_000_000


class DocumentKind(StrEnum):
    """Whose documents."""

    RECORD = "record"
    PROFILE = "profile"
    VERDICT = "verdict"
    TASK = "task"


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as it is written."""

    name: tuple[str, ...]  #: (source, key) of a record, else the id
    text: str  #: JSON


class MigratingStore(Protocol):
    """A store that is brought into another form. Every method may raise `StoreUnavailable`."""

    @property
    def migrator(self) -> str:
        """The id by which this process migrates the store."""
        ...

    async def read_form(self) -> StoredForm | None:
        """Read in which form the store is; None: there is no store."""
        ...

    async def begin(self, found: StoredForm, mark: str) -> None:
        """Begin the migration, or go on with it: from now on nobody else can work with the store.

        In one atomic step every claim on the outbox becomes invalid, and no further one is given but to who works with
        the store by this `migrator`. Programs that know no schema version are turned away from then on.

        Raises:
            MigrationTaken: the store is no longer as it was found.
        """
        ...

    async def rewrite_tables(self, moved: Callable[[str, int], None]) -> None:
        """Bring tables and columns into the present form, portion by portion; does nothing where they are in it.

        What has moved stays so where this is interrupted, and the next run goes on with the rest. Documents stay as
        they are.

        Args:
            moved: hears after each portion of which table it was, and how many of its rows have moved by now.

        Raises:
            MigrationTaken: another process has gone on with the migration.
        """
        ...

    def read_documents(
        self, kind: DocumentKind, after: Sequence[str] | None
    ) -> AsyncIterator[Sequence[StoredDocument]]:
        """All documents of a kind, or those that follow the name `after`, in order of their names, in portions."""
        ...

    async def write_documents(self, kind: DocumentKind, documents: Sequence[StoredDocument], mark: str) -> None:
        """Write documents anew; revisions stay as they are.

        Raises:
            MigrationTaken: another process has gone on with the migration.
        """
        ...

    async def move_mark(self, version: int, mark: str | None) -> None:
        """Say in which form the store is now, and how far its further migration is; None: it has ended.

        Raises:
            MigrationTaken: another process has gone on with the migration.
        """
        ...

    async def close(self) -> None:
        """Release connections; the store must not be used afterwards."""
        ...


def portions(documents: Iterable[StoredDocument]) -> Iterator[list[StoredDocument]]:
    """Gather documents into portions that one request can carry."""
    portion: list[StoredDocument] = []
    characters = 0
    for document in documents:
        if portion and (len(portion) == PORTION or characters + len(document.text) > _PORTION_CHARACTERS):
            yield portion
            portion, characters = [], 0
        portion.append(document)
        characters += len(document.text)
    if portion:
        yield portion
