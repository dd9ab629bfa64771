"""First loads of stores, for tests: the same changes by the command's road, and by that of the stream."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Change
from services.bootstrap.filling import Filling
from services.bootstrap.load import Fill, FirstLoad, end_interrupted, load_store
from services.bootstrap.loaded import Loaded, Manner
from services.bootstrap.writing import Progress
from services.ingestion.ingest import Ingest
from services.maintenance.verification.verify import no_progress
from services.metrics import Metrics
from services.stores.gremlin.migration import GremlinMigration
from services.stores.gremlin.socket import NOBODY
from services.stores.gremlin.store import GremlinStore
from services.stores.port.identity import KeptCatalogue
from services.stores.port.migration import MigratingStore
from services.stores.port.protocols import Store
from services.stores.sqlite.migration import SqliteMigration
from services.stores.sqlite.store import SqliteStore
from tests.contract.conftest import empty_graph


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: a file, or a graph."""

    catalogue: Catalogue
    spool: Path
    file: Path | None = None
    graph: str = ""

    async def open(self, migrator: str | None = None, *, any_meaning: bool = False) -> Store:
        meaning, kept = self.catalogue.fingerprint, KeptCatalogue.of(self.catalogue)
        if self.file is not None:
            return await SqliteStore.open(
                self.file, meaning, catalogue=kept, any_meaning=any_meaning, migrator=migrator
            )
        return await GremlinStore.open(self.graph, meaning, catalogue=kept, any_meaning=any_meaning, migrator=migrator)

    async def load(
        self,
        fill: Fill,
        progress: Progress = no_progress,
        *,
        announce: bool = False,
        apart: bool = False,
        portion: int = 3,
        input_name: str | None = None,
        reading: str = "",
    ) -> Loaded:
        manner = Manner(
            announce=announce,
            apart=apart,
            portion=portion,
            input_name=input_name,
            reading=reading,
            keeps_spool=input_name is not None,
        )
        async with self.prepared(manner, progress) as load:
            return await load_store(load, fill)

    async def end_interrupted(self) -> Loaded | None:
        manner = Manner(announce=False, portion=3)
        async with self.prepared(manner) as load:
            return await end_interrupted(load)

    @asynccontextmanager
    async def prepared(self, manner: Manner, progress: Progress = no_progress) -> AsyncIterator[FirstLoad]:
        async with self.marking() as marking:
            yield FirstLoad(
                marking=marking,
                opened=self.opened_by_load,
                catalogue=self.catalogue,
                path=self.spool,
                progress=progress,
                manner=manner,
            )

    @asynccontextmanager
    async def marking(self) -> AsyncIterator[MigratingStore]:
        marking: MigratingStore = (
            SqliteMigration(self.file) if self.file is not None else await GremlinMigration.open(self.graph, NOBODY)
        )
        try:
            yield marking
        finally:
            await marking.close()

    @asynccontextmanager
    async def opened_by_load(self, migrator: str | None) -> AsyncIterator[Store]:
        """Whatever catalogue is in force there."""
        store = await self.open(migrator, any_meaning=True)
        try:
            yield store
        finally:
            await store.close()

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


class Killed(BaseException):
    """Ends a load where it is, and what it would do at its end."""


async def new_place(catalogue: Catalogue, request: pytest.FixtureRequest, folder: Path) -> Place:
    """An empty store of the engine that the parameter of a fixture names, `sqlite`, `gremlin` or `neptune`."""
    if request.param == "sqlite":
        return Place(catalogue, folder / "spool", folder / "loaded.sqlite")
    url = request.getfixturevalue("gremlin_url")
    await empty_graph(url)
    if request.param == "neptune":
        url = request.getfixturevalue("neptune").url
    return Place(catalogue, folder / "spool", graph=url)


def in_batches(changes: Sequence[Change], at_once: int) -> Iterator[Sequence[Change]]:
    return (changes[start : start + at_once] for start in range(0, len(changes), at_once))
