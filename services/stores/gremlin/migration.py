"""How a graph is brought into another form."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final, Self

from gremlin_python.process.traversal import T
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from graph_model.records.record import RecordAddress
from services.clock import new_id
from services.stores.gremlin.connection import Connection, Submit
from services.stores.gremlin.engines import AUTO, Engine
from services.stores.gremlin.guarded import GuardedRequest
from services.stores.gremlin.ids import Label, profile_id, record_id, task_id, verdict_id
from services.stores.gremlin.janusgraph.opening import served_by
from services.stores.gremlin.opening import StoreIdentity, find_identity
from services.stores.gremlin.scans import WINDOW, windows
from services.stores.gremlin.socket import Credentials, g
from services.stores.gremlin.spelling import BULK_MIGRATION, CHAINED_MIGRATION, MigrationSpelling, spelling_for
from services.stores.port.errors import CommitConflict, MigrationTaken
from services.stores.port.migration import PORTION, DocumentKind, StoredDocument, portions
from services.stores.port.stored_form import StoredForm

_RETRY_SECONDS: Final = 20.0

#: How the vertex of a document is called by the names of its label's order.
_VERTICES: Final[Mapping[DocumentKind, Callable[[tuple[str, ...]], str]]] = {
    DocumentKind.RECORD: lambda name: record_id(RecordAddress(*name)),
    DocumentKind.PROFILE: lambda name: profile_id(name[0]),
    DocumentKind.VERDICT: lambda name: verdict_id(name[0]),
    DocumentKind.TASK: lambda name: task_id(name[0]),
}


class GremlinMigration:
    """A graph that is brought into another form; implements `MigratingStore`."""

    def __init__(self, connection: Connection, spelling: MigrationSpelling, row_key: str) -> None:
        self._connection = connection
        self._spelling = spelling
        self._row_key = row_key
        self._migrator = new_id()

    @classmethod
    async def open(cls, url: str, credentials: Credentials, engine: str = AUTO) -> Self:
        """Connect to the graph at `url`; `engine` is what the settings say that serves it (see `recognise`).

        Raises:
            StoreError: see `recognise`.
            StoreUnavailable: nothing answers there.
        """
        endpoint = await served_by(url, engine, credentials)
        connection = Connection(endpoint, credentials, _greet_nobody)
        await connection.connect()
        spelling = CHAINED_MIGRATION if endpoint.engine is Engine.NEPTUNE else BULK_MIGRATION
        return cls(connection, spelling, spelling_for(endpoint.engine).row_key)

    @property
    def migrator(self) -> str:
        """See `MigratingStore.migrator`."""
        return self._migrator

    async def read_form(self) -> StoredForm | None:
        """See `MigratingStore.read_form`."""
        identity = await find_identity(self._connection.submit)
        return None if identity is None else identity.form

    async def begin(self, found: StoredForm, mark: str) -> None:
        """See `MigratingStore.begin`."""
        await self._write(self._spelling.begin(await self._identity(), found, self._migrator, mark))

    async def rewrite_tables(self, moved: Callable[[str, int], None]) -> None:
        """See `MigratingStore.rewrite_tables`; in a graph a property is there once it is written."""

    async def read_documents(
        self, kind: DocumentKind, after: Sequence[str] | None
    ) -> AsyncIterator[Sequence[StoredDocument]]:
        """See `MigratingStore.read_documents`."""
        async for names in windows(self._connection.submit, Label(kind), self._row_key, WINDOW, after):
            for start in range(0, len(names), PORTION):
                by_vertex = {_VERTICES[kind](name): name for name in names[start : start + PORTION]}
                read = g.V(*by_vertex).project("id", "document").by(T.id).by("document")
                texts = {row["id"]: row["document"] for row in await self._connection.submit(read)}
                found = (StoredDocument(name, texts[v]) for v, name in by_vertex.items() if v in texts)
                for portion in portions(found):
                    yield portion

    async def write_documents(self, kind: DocumentKind, documents: Sequence[StoredDocument], mark: str) -> None:
        """See `MigratingStore.write_documents`."""
        by_vertex = {_VERTICES[kind](each.name): each.text for each in documents}
        await self._write(self._spelling.documents(self._migrator, Label(kind), by_vertex, mark))

    async def move_mark(self, version: int, mark: str | None) -> None:
        """See `MigratingStore.move_mark`."""
        await self._write(self._spelling.mark(self._migrator, version, mark))

    async def close(self) -> None:
        """See `MigratingStore.close`."""
        await self._connection.close()

    async def _identity(self) -> StoreIdentity:
        identity = await find_identity(self._connection.submit)
        if identity is None:
            raise MigrationTaken
        return identity

    async def _write(self, request: GuardedRequest) -> None:
        """Run it, and again where it collides with a commit that is on its way.

        Raises:
            MigrationTaken: nothing was written, as the store is not what it must be.
        """
        retries = AsyncRetrying(
            retry=retry_if_exception_type(CommitConflict),
            wait=wait_random_exponential(0.02, max=0.5),
            stop=stop_after_delay(_RETRY_SECONDS),
            reraise=True,
        )
        if not request.is_accepted(await retries(self._connection.submit, request.traversal)):
            raise MigrationTaken


async def _greet_nobody(_submit: Submit) -> None:
    """The form is looked at when the migration begins; which store answers does not matter until then."""
