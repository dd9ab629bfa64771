"""The batches of one log, given one after the other: while one is committed, the next is loaded and planned."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from graph_model.records.record import Change
from services.ingestion.ingest import Ingest, IngestResult
from services.stores.port.plan import TaskWrite

#: Told what became of a batch, in the order of the batches.
Then: TypeAlias = Callable[[IngestResult], None]


class Series:
    """Gives batches to an `Ingest` in order; made by `series`."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self._last: asyncio.Task[None] | None = None  #: the newest that was begun

    @property
    def accepted(self) -> int:
        """See `Ingest.accepted`."""
        return self._ingest.accepted

    async def begin(self, changes: Sequence[Change], tasks: Sequence[TaskWrite], then: Then) -> None:
        """Begin with a batch, once all but the one before it are in force.

        Args:
            changes: see `Ingest.apply`.
            tasks: see `Ingest.apply`.
            then: called once the batch is in force; not where it, or one before it, failed.

        Raises:
            StoreError: what a batch before it failed with; see `Ingest.apply`.
        """
        before, self._last = self._last, asyncio.create_task(self._bring(changes, tasks, then, self._last))
        if before is not None:
            await before

    async def finish(self) -> None:
        """Wait until everything that was begun is in force.

        Raises:
            StoreError: what a batch failed with; see `Ingest.apply`.
        """
        if self._last is not None:
            await self._last

    async def give_up(self) -> None:
        """End what is not in force yet."""
        if self._last is not None:
            self._last.cancel()
            await asyncio.gather(self._last, return_exceptions=True)

    async def _bring(
        self, changes: Sequence[Change], tasks: Sequence[TaskWrite], then: Then, before: "asyncio.Task[None] | None"
    ) -> None:
        if before is not None and before.done():
            await before  # it may have failed; what fails from now on the `Ingest` knows
        result = await self._ingest.apply(changes, tasks=tasks)
        if before is not None:
            await before
        then(result)


@asynccontextmanager
async def series(ingest: Ingest) -> AsyncIterator[Series]:
    """Open a series; at its end everything is in force, or what went wrong is raised."""
    opened = Series(ingest)
    try:
        yield opened
        await opened.finish()
    finally:
        await opened.give_up()
