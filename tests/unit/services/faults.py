"""Stores that fail on purpose."""

import asyncio
from typing import Any

from services.stores.port.errors import CommitConflict
from services.stores.port.plan import Plan
from services.stores.port.protocols import Outbox, Store

DEADLINE_SECONDS = 20


class RefusingStore:
    """Passes everything on to a real store, but refuses commits of more than so many records."""

    def __init__(self, store: Store, accepts_records: int) -> None:
        self._store = store
        self._accepts_records = accepts_records
        self.refusals = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real store has
        return getattr(self._store, name)

    async def commit(self, plan: Plan, outbox: Outbox) -> None:
        if len(plan.records) > self._accepts_records:
            self.refusals += 1
            raise CommitConflict("refused for the test")
        await self._store.commit(plan, outbox)


class HeldStore:
    """Stands before a store, and holds every commit until the test says what becomes of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._begun: asyncio.Queue[asyncio.Future[Exception | None]] = asyncio.Queue()
        self.plans: list[Plan] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real store has
        return getattr(self._store, name)

    async def commit(self, plan: Plan, outbox: Outbox) -> None:
        self.plans.append(plan)
        becomes = asyncio.get_running_loop().create_future()
        self._begun.put_nowait(becomes)
        failure = await becomes
        if failure is not None:
            raise failure
        await self._store.commit(plan, outbox)

    async def begun(self) -> "asyncio.Future[Exception | None]":
        """Wait for the next commit; the test gives it None to let it go on, or what it fails with."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await self._begun.get()

    async def release_all(self, *begun: "asyncio.Future[Exception | None]") -> None:
        """Let these commits go on, and all that follow."""
        for commit in begun:
            commit.set_result(None)
        while True:
            (await self._begun.get()).set_result(None)
