"""Nothing is written into a store that could lose what two writers do at once."""

from dataclasses import dataclass
from typing import cast

import pytest

from services.ingestion.writer import Writer
from services.metrics import Metrics
from services.stores.port.errors import UnsafeStore
from services.stores.port.protocols import Guarantees, Outbox, Store
from tests.unit.services.people import CATALOGUE


@dataclass
class SingleWriterStore:
    """A graph database that commits what two transactions wrote over each other."""

    guarantees: Guarantees
    claims: int = 0

    async def claim_outbox(self, _writer: str) -> Outbox:
        self.claims += 1
        raise AssertionError


async def _publish(_outbox: Outbox, _committed: object) -> None:
    """There is a broker."""


async def test_a_writer_claims_nothing_in_an_unsafe_store() -> None:
    store = SingleWriterStore(Guarantees(guarded_commits="single_writer", durable=True))
    writer = Writer(cast("Store", store), CATALOGUE, "test", metrics=Metrics(), publish=_publish)
    with pytest.raises(UnsafeStore, match="'single_writer', and `safe` is expected"):
        await writer.open()
    with pytest.raises(UnsafeStore):
        async with writer.lend():
            pass
    assert store.claims == 0


def test_a_safe_store_is_taken() -> None:
    Guarantees(guarded_commits="safe", durable=False).require_guarded_commits()
