"""The law holds after any history: what the embedded store has is what its records say, and nothing else."""

import pytest
from hypothesis import HealthCheck, settings

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import Outcome, apply_change
from services.stores.port.protocols import Store
from services.stores.sqlite.store import SqliteStore
from tests.properties import worlds
from tests.properties.histories import Life
from tests.properties.worlds import Step

#: Seconds; where the machine is busy with other things, hundreds of lives take a while.
pytestmark = pytest.mark.timeout(3_600)


class EmbeddedLife(Life):
    async def open_store(self, catalogue: Catalogue) -> Store:
        return await SqliteStore.open(self.folder / "life.sqlite", catalogue.fingerprint)


TestAnyHistoryOnTheEmbeddedStore = EmbeddedLife.TestCase
TestAnyHistoryOnTheEmbeddedStore.settings = settings(
    max_examples=settings().max_examples * 5 // 2,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_every_outcome_is_counted_once() -> None:
    catalogue = worlds.catalogue((2, 2, 2), (1, 2, 3), (False, False, True))
    changes = worlds.changes([Step("crm", 1, {"email_1": "a"}), Step("crm", 1, {"email_1": "a"})], catalogue)
    columns = catalogue.sources["crm"].columns
    first = apply_change(None, changes[0], columns)
    assert first.outcome is Outcome.APPLIED
    assert apply_change(first.record, changes[1], columns).outcome is Outcome.UNCHANGED
    assert apply_change(first.record, changes[0], columns).outcome is Outcome.STALE
