"""How a graph is brought into another form."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final, Self

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import T
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from graph_model.records.record import RecordAddress
from services.clock import new_id
from services.stores.gremlin.bulk_writes import change_rows
from services.stores.gremlin.connection import Connection, Submit
from services.stores.gremlin.engines import AUTO, Engine, recognise
from services.stores.gremlin.graphbinary import ID, Rows
from services.stores.gremlin.ids import STORE_ID, Label, profile_id, record_id, task_id, verdict_id
from services.stores.gremlin.opening import GENERATION, StoreIdentity, find_identity, meaning, stored_or, written_for
from services.stores.gremlin.outbox import fenced
from services.stores.gremlin.scans import WINDOW, windows
from services.stores.gremlin.socket import Credentials, Traversal, g, single
from services.stores.port.errors import CommitConflict, MigrationTaken, StoreError
from services.stores.port.migration import PORTION, DocumentKind, StoredDocument, portions
from services.stores.port.stored_form import REFUSAL, UNTOLD_VERSION, StoredForm

_RETRY_SECONDS: Final = 20.0
_DONE: Final = ["done"]  #: the answer to what was written; another answer means that nothing was

#: How the vertex of a document is called by the names of its label's order.
_VERTICES: Final[Mapping[DocumentKind, Callable[[tuple[str, ...]], str]]] = {
    DocumentKind.RECORD: lambda name: record_id(RecordAddress(*name)),
    DocumentKind.PROFILE: lambda name: profile_id(name[0]),
    DocumentKind.VERDICT: lambda name: verdict_id(name[0]),
    DocumentKind.TASK: lambda name: task_id(name[0]),
}


class GremlinMigration:
    """A graph that is brought into another form; implements `MigratingStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._migrator = new_id()

    @classmethod
    async def open(cls, url: str, credentials: Credentials, engine: str = AUTO) -> Self:
        """Connect to the graph at `url`; `engine` is what the settings say that serves it (see `recognise`).

        Raises:
            StoreError: it is on Amazon Neptune, where nothing of this is spelled yet.
            StoreUnavailable: nothing answers there.
        """
        endpoint = await recognise(url, engine, credentials.aws_region)
        if endpoint.engine is Engine.NEPTUNE:
            raise StoreError(
                "a graph on Amazon Neptune can be loaded neither by `bootstrap` nor by `migrate` yet. Use "
                "`identity-graph ingest`, which brings files into force while others work"
            )
        connection = Connection(endpoint, credentials, _greet_nobody)
        await connection.connect()
        return cls(connection)

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
        identity = await self._identity()
        unchanged = (
            __.where(stored_or("schema_version", UNTOLD_VERSION).is_(found.version))
            .where(stored_or("migration", "").is_(found.mark or ""))
            .where(stored_or("migrator", "").is_(found.migrator or ""))
            .where(meaning().is_(identity.fingerprint))
        )
        await self._write(
            g.V(STORE_ID)
            .where(unchanged)
            .property(single, "meaning", identity.fingerprint)
            .property(single, GENERATION, identity.generation)
            .property(single, "fingerprint", REFUSAL)
            .property(single, "generation", REFUSAL)
            .property(single, "migrator", self._migrator)
            .property(single, "migration", mark)
            .side_effect(fenced(f"migration:{self._migrator}"))
        )

    async def rewrite_tables(self, moved: Callable[[str, int], None]) -> None:
        """See `MigratingStore.rewrite_tables`; in a graph a property is there once it is written."""

    async def read_documents(
        self, kind: DocumentKind, after: Sequence[str] | None
    ) -> AsyncIterator[Sequence[StoredDocument]]:
        """See `MigratingStore.read_documents`."""
        async for names in windows(self._connection.submit, Label(kind), WINDOW, after):
            for start in range(0, len(names), PORTION):
                by_vertex = {_VERTICES[kind](name): name for name in names[start : start + PORTION]}
                read = g.V(*by_vertex).project("id", "document").by(T.id).by("document")
                texts = {row["id"]: row["document"] for row in await self._connection.submit(read)}
                found = (StoredDocument(name, texts[v]) for v, name in by_vertex.items() if v in texts)
                for portion in portions(found):
                    yield portion

    async def write_documents(self, kind: DocumentKind, documents: Sequence[StoredDocument], mark: str) -> None:
        """See `MigratingStore.write_documents`."""
        rows = [{"find": {ID: _VERTICES[kind](d.name)}, "set": {"document": d.text}} for d in documents]
        await self._write(self._marked(mark, Rows(rows)).side_effect(change_rows()))

    async def move_mark(self, version: int, mark: str | None) -> None:
        """See `MigratingStore.move_mark`."""
        moved = self._marked(mark or "").property(single, "schema_version", version)
        if mark is None:
            moved = moved.side_effect(__.properties("migration", "migrator").drop())
        await self._write(moved)

    async def close(self) -> None:
        """See `MigratingStore.close`."""
        await self._connection.close()

    async def _identity(self) -> StoreIdentity:
        identity = await find_identity(self._connection.submit)
        if identity is None:
            raise MigrationTaken
        return identity

    def _marked(self, mark: str, changed: Rows | None = None) -> Traversal:
        """Begin a traversal that moves the mark, and goes on only as long as this process migrates the graph."""
        source = g if changed is None else g.with_side_effect("changed", changed)
        return source.V(STORE_ID).where(written_for(self._migrator)).property(single, "migration", mark)

    async def _write(self, traversal: Traversal) -> None:
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
        if await retries(self._connection.submit, traversal.constant(_DONE[0])) != _DONE:
            raise MigrationTaken


async def _greet_nobody(_submit: Submit) -> None:
    """The form is looked at when the migration begins; which store answers does not matter until then."""
