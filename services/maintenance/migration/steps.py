"""What a migration is made of: small steps, each of which goes on where it was interrupted.

Every step can be done again, in whole or from any of its marks, and comes to the same.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import orjson

from services.maintenance.tasks import Lend
from services.stores.port.migration import DocumentKind, MigratingStore, StoredDocument
from services.stores.port.protocols import Store

#: Hears what a step is about, and how much of it is done.
Progress: TypeAlias = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a migration is; a store keeps it as JSON."""

    step: str  #: name of the step to go on with
    after: tuple[str, ...] | None = None  #: what this name belongs to is done, and all before it

    @classmethod
    def of(cls, stored: str) -> "Checkpoint":
        """Read what `to_json` wrote."""
        fields = orjson.loads(stored)
        return cls(fields["step"], None if fields["after"] is None else tuple(fields["after"]))

    def to_json(self) -> str:
        """Write it."""
        return orjson.dumps({"step": self.step, "after": self.after}).decode()


@dataclass(frozen=True, slots=True)
class Opened:
    """The store as the services know it, and what brings changes into force there, batch by batch."""

    store: Store
    lend: Lend


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a step works with."""

    store: MigratingStore
    version: int  #: the form that the migration begins with
    open: Callable[[], AbstractAsyncContextManager[Opened]]  #: opens the store for what must be resolved
    progress: Progress

    async def mark(self, mark: Checkpoint) -> None:
        """Say how far the migration is.

        Raises:
            MigrationTaken: another process has gone on with it.
        """
        await self.store.move_mark(self.version, mark.to_json())


class Step(Protocol):
    """One step of a migration."""

    @property
    def name(self) -> str:
        """Its name in marks."""
        ...

    async def run(self, work: Work, after: tuple[str, ...] | None) -> None:
        """Do it, or what is left of it after a mark.

        Raises:
            MigrationTaken: another process has gone on with the migration.
            StoreError: the store, or its outbox, cannot be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class ChangeDocuments:
    """All documents of a kind, each by itself."""

    name: str
    kind: DocumentKind
    change: Callable[[StoredDocument], str | None]  #: gives the JSON text that is to stand there; None: as it is

    async def run(self, work: Work, after: tuple[str, ...] | None) -> None:
        """See `Step.run`."""
        done = 0
        async for portion in work.store.read_documents(self.kind, after):
            changed = [
                replace(document, text=text) for document in portion if (text := self.change(document)) is not None
            ]
            mark = Checkpoint(self.name, portion[-1].name)
            await work.store.write_documents(self.kind, changed, mark.to_json())
            done += len(portion)
            work.progress(f"{self.kind}s", done)


@dataclass(frozen=True, slots=True)
class TakeCatalogue:
    """The catalogue at hand comes into force, as the present version of the program reads it."""

    name: str

    async def run(self, work: Work, after: tuple[str, ...] | None) -> None:
        """See `Step.run`."""
        del after
        async with work.open():
            pass  # whoever opens the store brings it into force
