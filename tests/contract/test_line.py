"""Two pieces of work in one line, and another worker that commits in between: nothing of any of them may be lost."""

import asyncio
from itertools import groupby
from random import Random
from typing import cast

import pytest

from graph_model.profile.events import ProfileEvent
from graph_model.records.record import Change
from services.ingestion.ingest import Ingest
from services.ingestion.line import Line
from services.stores.port.protocols import Outbox, Store
from tests.contract.conftest import Reopen
from tests.contract.interleaving import ROWS, InterleavedLife

STEPS = 25

#: A step that takes so many seconds would go on for ever.
LONGEST_STEP = 30

LIVES = [
    *(("sqlite", seed) for seed in range(25)),
    *(pytest.param("gremlin", seed, marks=pytest.mark.gremlin) for seed in range(4)),
]


class LinedLife(InterleavedLife):
    """The slow worker reads two logs at once, whose batches stand in one line."""

    async def begin(self) -> None:
        """Claim an outbox for each of the logs."""
        self.line = Line()
        self.told: list[ProfileEvent] = []
        store = cast("Store", self.between)
        self.logs = [(await store.claim_outbox(name), store) for name in ("log1", "log2")]

    async def step(self) -> None:
        """Several batches of either log at once; twice in three times the quick worker does something in between."""
        act = self.random.choice((None, self._something_by_quick, self._something_by_quick))
        self.between.meanwhile(act, lambda _: self.random.random() < 0.15)
        batches = [[self._row_changes() for _ in range(self.random.choice((1, 2)))] for _ in self.logs]
        await asyncio.gather(*(self._apply(*log, found) for log, found in zip(self.logs, batches, strict=True)))
        self.between.meanwhile(None, bool)

    def _row_changes(self) -> list[Change]:
        names = self.random.sample(ROWS, self.random.choice((1, 1, 2, 4)))
        return [self._change(self.slow, name, is_gone=self.random.random() < 0.3) for name in names]

    async def _apply(self, outbox: Outbox, store: Store, batches: list[list[Change]]) -> None:
        ingest = Ingest(
            store, self.slow.catalogue, outbox, metrics=self.slow.metrics, clock=lambda: 5_000, line=self.line
        )
        for result in await asyncio.gather(*(ingest.apply(batch) for batch in batches)):
            for committed in result.committed:
                self.told += committed.events
                await outbox.acknowledge(committed.commit_id)


@pytest.mark.parametrize(("reopen", "seed"), LIVES, indirect=["reopen"])
async def test_nothing_of_what_stands_in_line_is_lost(reopen: Reopen, seed: int) -> None:
    life = await LinedLife.over(reopen, Random(seed))  # noqa: S311 - a life that can be repeated
    await life.begin()
    for _ in range(STEPS):
        async with asyncio.timeout(LONGEST_STEP):
            await life.step()
        assert await life.problems() == ()
    told = sorted([*life.told, *life.quick.events], key=lambda event: (event.profile_id, event.version))
    for _, events in groupby(told, key=lambda event: event.profile_id):
        versions = [event.version for event in events]
        assert versions == list(range(1, len(versions) + 1))
