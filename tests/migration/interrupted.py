"""A migration that is killed after everything that it writes, and goes on."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias

from graph_model.records.record import RecordAddress
from services.maintenance.migration.migrate import Migrated, migrate
from services.maintenance.migration.steps import Opened
from services.stores.port.migration import DocumentKind, MigratingStore, StoredDocument
from services.stores.port.protocols import Store
from services.stores.port.stored_form import StoredForm

#: Gives what opens a store while it is being migrated; the set is that of `MortalRows`.
Open: TypeAlias = Callable[[MigratingStore, set[str]], Callable[[], AbstractAsyncContextManager[Opened]]]


class Killed(Exception):
    """The process is gone."""


class MortalStore:
    """Passes everything on to a store, and dies after each mark once."""

    def __init__(self, store: MigratingStore, survived: set[str]) -> None:
        self._store = store
        self._survived = survived  #: marks after which an earlier process has died

    @property
    def migrator(self) -> str:
        return self._store.migrator

    async def read_form(self) -> StoredForm | None:
        return await self._store.read_form()

    async def begin(self, found: StoredForm, mark: str) -> None:
        await self._store.begin(found, mark)
        self._die(f"begin {mark}")

    async def rewrite_tables(self, moved: Callable[[str, int], None]) -> None:
        def die(table: str, rows: int) -> None:
            moved(table, rows)
            self._die(f"rows of {table} {rows}")

        await self._store.rewrite_tables(die)

    def read_documents(
        self, kind: DocumentKind, after: Sequence[str] | None
    ) -> AsyncIterator[Sequence[StoredDocument]]:
        return self._store.read_documents(kind, after)

    async def write_documents(self, kind: DocumentKind, documents: Sequence[StoredDocument], mark: str) -> None:
        await self._store.write_documents(kind, documents, mark)
        self._die(f"documents {mark}")

    async def move_mark(self, version: int, mark: str | None) -> None:
        await self._store.move_mark(version, mark)
        self._die(f"mark {version} {mark}")

    async def close(self) -> None:
        await self._store.close()

    def _die(self, mark: str) -> None:
        if mark not in self._survived:
            self._survived.add(mark)
            raise Killed


class MortalRows:
    """Passes everything on to a store, and dies once before each time that it forgets tombstones."""

    def __init__(self, store: Store, survived: set[str]) -> None:
        self._store = store
        self._survived = survived

    async def remove_tombstones(self, addresses: Collection[RecordAddress]) -> None:
        moved = f"moved {sorted(addresses)}"
        if moved not in self._survived:
            self._survived.add(moved)
            raise Killed
        await self._store.remove_tombstones(addresses)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a store has
        return getattr(self._store, name)


def unheard(_what: str, _done: int) -> None:
    """Nobody watches."""


async def migrate_with_kills(
    migrating: Callable[[], AbstractAsyncContextManager[MigratingStore]], opened: Open
) -> tuple[int, Migrated]:
    """Migrate as a process that is killed after each of its marks, each time by another process that goes on.

    Returns:
        How often it was killed, and what the last process says.
    """
    survived: set[str] = set()
    while True:
        async with migrating() as store:
            try:
                migrated = await migrate(MortalStore(store, survived), opened(store, survived), unheard)
            except Killed:
                continue
            return len(survived), migrated
