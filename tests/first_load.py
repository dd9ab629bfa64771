"""First loads of stores, for tests: the same changes by the command's road, and by that of the stream."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change
from services.bootstrap.filling import Filling
from services.bootstrap.load import Fill, Loaded, Manner, Progress, load_store
from services.ingestion.ingest import Ingest
from services.maintenance.verification.verify import no_progress
from services.metrics import Metrics
from services.stores.gremlin.migration import GremlinMigration
from services.stores.gremlin.store import GremlinStore
from services.stores.port.migration import MigratingStore
from services.stores.port.protocols import Store
from services.stores.sqlite.migration import SqliteMigration
from services.stores.sqlite.store import SqliteStore


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: a file, or a graph."""

    catalogue: Catalogue
    spool: Path
    file: Path | None = None
    graph: str = ""

    async def open(self, migrator: str | None = None) -> Store:
        if self.file is not None:
            return await SqliteStore.open(self.file, self.catalogue.fingerprint, migrator=migrator)
        return await GremlinStore.open(self.graph, self.catalogue.fingerprint, migrator=migrator)

    async def load(
        self,
        fill: Fill,
        progress: Progress = no_progress,
        *,
        announce: bool = False,
        apart: bool = False,
        portion: int = 3,
    ) -> Loaded:
        manner = Manner(announce=announce, apart=apart, portion=portion)
        marking: MigratingStore = (
            SqliteMigration(self.file)
            if self.file is not None
            else await GremlinMigration.open(self.graph, username="", password="")
        )
        try:
            return await load_store(marking, self.opened, self.catalogue, self.spool, fill, progress, manner)
        finally:
            await marking.close()

    @asynccontextmanager
    async def opened(self, migrator: str | None = None) -> AsyncIterator[Store]:
        store = await self.open(migrator)
        try:
            yield store
        finally:
            await store.close()

    def filling(self, changes: Sequence[Change], at_once: int = 3) -> Fill:
        async def fill(filling: Filling) -> None:
            for batch in in_batches(changes, at_once):
                filling.take(batch)

        return fill

    async def stream(self, changes: Sequence[Change], at_once: int = 3) -> None:
        async with self.opened() as store:
            ingest = Ingest(store, self.catalogue, await store.claim_outbox("stream"), metrics=Metrics())
            for batch in in_batches(changes, at_once):
                await ingest.apply(batch)


def in_batches(changes: Sequence[Change], at_once: int) -> Iterator[Sequence[Change]]:
    return (changes[start : start + at_once] for start in range(0, len(changes), at_once))
