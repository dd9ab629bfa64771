"""How the file of the embedded store is brought into another form."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from services.clock import new_id
from services.stores.port.errors import MigrationTaken
from services.stores.port.migration import PORTION, DocumentKind, StoredDocument, portions
from services.stores.port.stored_form import REFUSAL, StoredForm
from services.stores.sqlite.catalogue import StoreState, make_tables, read_state
from services.stores.sqlite.connection import connect, transaction, translated
from services.stores.sqlite.former_tables import rewrite_tables
from services.stores.sqlite.ownership import require_own
from services.stores.sqlite.packing import pack_id, unpack_id

Answer = TypeVar("Answer")

_NAMES: Final[Mapping[DocumentKind, tuple[str, ...]]] = {
    DocumentKind.RECORD: ("source", "key"),
    DocumentKind.PROFILE: ("profile_id",),
    DocumentKind.VERDICT: ("verdict_id",),
    DocumentKind.TASK: ("task_id",),
}


#: What documents are compressed of; the others are few.
_COMPRESSED: Final = frozenset({DocumentKind.RECORD, DocumentKind.PROFILE})


class SqliteMigration:
    """A file that is brought into another form; implements `MigratingStore`."""

    def __init__(self, path: Path) -> None:
        """Prepare to migrate the file at `path`; where there is none, an empty one is made.

        Raises:
            ForeignFile: it is a file of another program.
            StoreUnavailable: it cannot be opened.
        """
        self._path = path
        with translated(path):
            require_own(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = connect(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-migration")
        self._migrator = new_id()

    @property
    def migrator(self) -> str:
        """See `MigratingStore.migrator`."""
        return self._migrator

    async def read_form(self) -> StoredForm | None:
        """See `MigratingStore.read_form`."""
        state = await self._run(lambda: read_state(self._connection))
        return None if state is None else state.form

    async def begin(self, found: StoredForm, mark: str) -> None:
        """See `MigratingStore.begin`."""

        def begin() -> None:
            # Files of the first programs lack tables and rows that came later.
            make_tables(self._connection)
            with transaction(self._connection):
                state = StoreState.of(self._connection)
                if state.form != found:
                    raise MigrationTaken
                rows = {
                    "meaning": state.fingerprint,
                    "generation": str(state.generation),
                    "migration": mark,
                    "migrator": self._migrator,
                }
                self._connection.executemany("INSERT OR REPLACE INTO store VALUES (?, ?)", rows.items())
                self._connection.execute(
                    "UPDATE store SET value = ? WHERE name = 'fingerprint' AND value <> ?", (REFUSAL, REFUSAL)
                )
                self._connection.execute("UPDATE writer SET claim = ?", (new_id(),))

        await self._run(begin)

    async def rewrite_tables(self, moved: Callable[[str, int], None]) -> None:
        """See `MigratingStore.rewrite_tables`."""
        loop = asyncio.get_running_loop()

        def hear(table: str, rows: int) -> None:
            asyncio.run_coroutine_threadsafe(_said(moved, table, rows), loop).result()

        await self._run(lambda: rewrite_tables(self._connection, self._require_turn, hear))

    async def read_documents(
        self, kind: DocumentKind, after: Sequence[str] | None
    ) -> AsyncIterator[Sequence[StoredDocument]]:
        """See `MigratingStore.read_documents`."""
        names = _NAMES[kind]
        columns, placeholders = ", ".join(names), ", ".join("?" * len(names))
        statement = (
            f"SELECT {columns}, plain(document) FROM {kind} WHERE ({columns}) > ({placeholders}) "  # noqa: S608 - constants
            f"ORDER BY {columns} LIMIT {PORTION}"
        )
        last: Sequence[object] | None = _stored_name(kind, after or [""] * len(names))
        while last is not None:
            rows = await self._run(partial(self._rows, statement, last))
            for portion in portions(StoredDocument(_name(row[:-1]), row[-1].decode()) for row in rows):
                yield portion
            last = rows[-1][:-1] if rows else None

    async def write_documents(self, kind: DocumentKind, documents: Sequence[StoredDocument], mark: str) -> None:
        """See `MigratingStore.write_documents`."""
        named = " AND ".join(f"{name} = ?" for name in _NAMES[kind])
        statement = f"UPDATE {kind} SET document = ? WHERE {named}"  # noqa: S608 - only constants are put together

        def write() -> None:
            with self._marked(mark):
                self._connection.documents.write_by_newest()
                self._connection.executemany(
                    statement, [(self._packed(kind, d.text.encode()), *_stored_name(kind, d.name)) for d in documents]
                )

        await self._run(write)

    async def move_mark(self, version: int, mark: str | None) -> None:
        """See `MigratingStore.move_mark`."""

        def move() -> None:
            with self._marked(mark or ""):
                self._connection.execute("INSERT OR REPLACE INTO store VALUES ('schema_version', ?)", (str(version),))
                if mark is None:
                    self._connection.execute("DELETE FROM store WHERE name IN ('migration', 'migrator')")

        await self._run(move)

    async def close(self) -> None:
        """See `MigratingStore.close`."""
        # A step goes on even where whoever waited for it was cancelled.
        await asyncio.to_thread(self._thread.shutdown)
        self._connection.close()

    @contextmanager
    def _marked(self, mark: str) -> Iterator[None]:
        """Write all or nothing, and move the mark; only as long as this process migrates the file."""
        with transaction(self._connection):
            moved = self._connection.execute(
                """
                UPDATE store SET value = ? WHERE name = 'migration'
                    AND (SELECT value FROM store WHERE name = 'migrator') = ?
                """,
                (mark, self._migrator),
            )
            if not moved.rowcount:
                raise MigrationTaken
            yield

    def _require_turn(self) -> None:
        """Make sure, within a transaction, that no other process has gone on with the migration, and let the mark move.

        Whoever waits for this process sees by the mark that it works.

        Raises:
            MigrationTaken: one has.
        """
        moved = self._connection.execute(
            """
            UPDATE store SET value = json_set(value, '$.portions', coalesce(value ->> '$.portions', 0) + 1)
            WHERE name = 'migration' AND (SELECT value FROM store WHERE name = 'migrator') = ?
            """,
            (self._migrator,),
        )
        if not moved.rowcount:
            raise MigrationTaken

    def _packed(self, kind: DocumentKind, document: bytes) -> bytes:
        return self._connection.documents.pack(document) if kind in _COMPRESSED else document

    def _rows(self, statement: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, parameters).fetchall()

    async def _run(self, step: Callable[[], Answer]) -> Answer:
        with translated(self._path):
            return await asyncio.get_running_loop().run_in_executor(self._thread, step)


async def _said(moved: Callable[[str, int], None], table: str, rows: int) -> None:
    moved(table, rows)


def _stored_name(kind: DocumentKind, name: Sequence[str]) -> Sequence[object]:
    """The name of a document as its table has it."""
    return [pack_id(part) for part in name] if kind is DocumentKind.PROFILE else name


def _name(stored: Sequence[bytes | str]) -> tuple[str, ...]:
    return tuple(unpack_id(part) for part in stored)
