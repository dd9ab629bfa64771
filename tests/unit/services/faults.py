"""Stores that fail on purpose."""

from typing import Any

from services.stores.port.errors import CommitConflict
from services.stores.port.plan import Plan
from services.stores.port.protocols import Outbox, Store


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
