"""A store of a former form, of either kind, for each test anew."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import T

from services.ingestion.ingest import Committed
from services.ingestion.writer import Writer
from services.maintenance.migration.migrate import Migrated, migrate
from services.maintenance.migration.steps import Opened
from services.metrics import Metrics
from services.settings import Settings
from services.stores.gremlin.ids import STORE_ID
from services.stores.gremlin.socket import Credentials, GremlinSocket, g
from services.stores.opening import open_for_migration, open_store
from services.stores.port.migration import MigratingStore
from services.stores.port.protocols import Outbox, Store
from services.stores.sqlite.connection import connect
from services.stores.sqlite.documents import Documents
from services.stores.sqlite.packing import unpack_component, unpack_id
from tests.contract.conftest import empty_graph
from tests.migration.interrupted import MortalRows, unheard
from tests.migration.kept import kept_catalogue, load_file, load_graph

#: Tables that are read together.
_UNREAD = frozenset({"outbox", "outbox_body", "pending", "dictionary"})
_FORMER_EVENTS = """
SELECT iif(published, '', writer) AS writer, CAST(event AS TEXT) AS event FROM outbox ORDER BY sequence
"""
_EVENTS = """
SELECT coalesce(p.writer, '') AS writer, json_object(
    'profile_id', unpacked(o.profile_id), 'version', o.version,
    'type', json('["deleted", "merged", "split", "created", "updated"]') ->> (o.type - 1),
    'occurred_at', o.occurred_at, 'data', json(CAST(plain(b.data) AS TEXT)), 'trace', b.trace) AS event
FROM outbox AS o JOIN outbox_body AS b USING (sequence)
LEFT JOIN pending AS p ON o.sequence BETWEEN p.first_sequence AND p.last_sequence ORDER BY o.sequence
"""

#: What every migration writes anew.
_PASSING = frozenset({"migrator", "claim"})


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a store of a former form is."""

    path: Path
    url: str = ""  #: empty: an SQLite file
    form: int = 1

    @property
    def settings(self) -> Settings:
        return Settings(store=self.url or f"sqlite:{self.path}")

    async def fill(self) -> None:
        """Make the store, anew where there is one."""
        if self.url:
            await empty_graph(self.url)
            await load_graph(self.url, self.form)
        else:
            for file in self.path.parent.glob(f"{self.path.name}*"):
                file.unlink()
            load_file(self.path, self.form)

    @asynccontextmanager
    async def migrating(self) -> AsyncIterator[MigratingStore]:
        store = await open_for_migration(self.settings)
        try:
            yield store
        finally:
            await store.close()

    def opening(
        self, store: MigratingStore, survived: set[str] | None = None
    ) -> Callable[[], AbstractAsyncContextManager[Opened]]:
        """What opens the store while it is being migrated; given a set, that of `MortalRows`."""
        return lambda: self._opened(store.migrator, survived)

    @asynccontextmanager
    async def _opened(self, migrator: str, survived: set[str] | None) -> AsyncIterator[Opened]:
        store = await open_store(self.settings, kept_catalogue(), migrator=migrator)
        writer = Writer(store, kept_catalogue(), "migrate", metrics=Metrics(), publish=_acknowledge)
        try:
            rows = store if survived is None else cast("Store", MortalRows(store, survived))
            yield Opened(rows, writer.lend)
        finally:
            await store.close()

    async def migrate(self) -> Migrated:
        """Migrate undisturbed."""
        async with self.migrating() as store:
            return await migrate(store, self.opening(store), unheard)

    async def open(self) -> Store:
        """The store, as anybody opens it."""
        return await open_store(self.settings, kept_catalogue())

    async def tell(self, name: str, value: int) -> None:
        """Let the store say something else of itself."""
        if self.url:
            await _ask(self.url, g.V(STORE_ID).property(name, value).none())
        else:
            with closing(sqlite3.connect(self.path)) as connection:
                connection.execute("INSERT OR REPLACE INTO store VALUES (?, ?)", (name, str(value)))
                connection.commit()

    async def said(self) -> dict[str, Any]:
        """What the store says of itself."""
        if self.url:
            (found,) = await _ask(self.url, g.V(STORE_ID).properties().group().by(__.key()).by(__.value()))
            return dict(found)
        with closing(sqlite3.connect(self.path)) as connection:
            return dict(connection.execute("SELECT name, value FROM store"))

    async def profiles(self) -> dict[str, tuple[int, str]]:
        """The version and the revision of every profile."""
        rows = (await self.contents())["profile"]
        return {row["profile_id"]: (row["version"], row.get("revision") or row["rev"]) for row in rows}

    async def events(self) -> list[str]:
        """All events in the outbox as they are written, with the writer that must publish them, where one must."""
        contents = await self.contents()
        if self.url:
            rows = [(row["writer"], row["events"]) for row in contents["pending"]]
        else:
            rows = [(row["writer"], row["event"]) for row in contents["outbox"]]
        return [orjson.dumps(row).decode() for row in rows]

    async def contents(self) -> dict[str, list[Any]]:
        """All that is in the store, as it is written: by table or label, without what every migration writes anew."""
        return await _graph(self.url) if self.url else _tables(self.path)


async def _acknowledge(outbox: Outbox, committed: tuple[Committed, ...]) -> None:
    for commit in committed:
        await outbox.acknowledge(commit.commit_id)


def _tables(path: Path) -> dict[str, list[Any]]:
    """What the tables say, in whatever form they are written."""
    with closing(connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        # The names come from the file itself.
        rows = {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2") for name in names}  # noqa: S608
        read = partial(_read, connection.documents)
        tables = {name: [read(row) for row in found] for name, found in rows.items() if name not in _UNREAD}
        is_former = connection.execute("SELECT 1 FROM pragma_table_info('outbox') WHERE name = 'event'").fetchone()
        tables["outbox"] = [dict(row) for row in connection.execute(_FORMER_EVENTS if is_former else _EVENTS)]
    tables["store"] = [row for row in tables["store"] if row["name"] not in _PASSING]
    tables["writer"] = [{**row, "claim": None} for row in tables["writer"]]
    return tables


def _read(documents: Documents, row: sqlite3.Row) -> dict[str, Any]:
    found = dict(row)
    for name in found.keys() & {"profile_id", "revision"}:
        found[name] = None if found[name] is None else unpack_id(found[name])
    if "document" in found:
        found["document"] = documents.unpack(found["document"])
    if "component" in found:
        found["component"] = unpack_component(found["component"] or found["profile_id"])
    return found


async def _graph(url: str) -> dict[str, list[Any]]:
    properties = __.properties().group().by(__.key()).by(__.value())
    rows = await _ask(url, g.V().project("id", "label", "has").by(T.id).by(T.label).by(properties))
    edges = await _ask(url, g.E().project("label", "from", "to").by(T.label).by(__.out_v().id_()).by(__.in_v().id_()))
    found: dict[str, list[Any]] = {"edge": sorted(edges, key=lambda row: tuple(row.values()))}
    for row in sorted(rows, key=lambda row: row["id"]):
        passing = _PASSING | ({"rev"} if row["label"] == "pending" else set())
        kept = {name: value for name, value in row["has"].items() if name not in passing}
        found.setdefault(row["label"], []).append({"vertex": row["id"], **kept})
    return found


async def _ask(url: str, traversal: Any) -> list[Any]:  # noqa: ANN401 - the library has no types
    socket = await GremlinSocket.open(url, Credentials())
    try:
        return await socket.submit(traversal)
    finally:
        await socket.close()


@pytest.fixture
def form() -> int:
    """The form of the store; modules about another one have a fixture of their own."""
    return 1


@pytest.fixture(params=["sqlite", pytest.param("gremlin", marks=pytest.mark.gremlin)])
async def ground(request: pytest.FixtureRequest, tmp_path: Path, form: int) -> Ground:
    url = request.getfixturevalue("gremlin_url") if request.param == "gremlin" else ""
    found = Ground(tmp_path / "graph.sqlite", url, form)
    await found.fill()
    return found
