from types import SimpleNamespace
from typing import Any, cast

import pytest

from consumers.worker_parts import WorkerParts
from services.metrics import Metrics
from services.settings import KafkaSettings
from services.stores.port.protocols import Guarantees
from tests.unit.services.people import CATALOGUE


@pytest.mark.parametrize(
    ("wanted", "suits", "size"), [(500, None, 500), (500, 5, 5), (2, 5, 2)], ids=["all", "store", "setting"]
)
def test_a_batch_has_no_more_messages_than_suit_the_store(wanted: int, suits: int | None, size: int) -> None:
    guarantees = Guarantees(guarded_commits="safe", durable=True, rows_per_commit=suits)
    nobody = cast("Any", SimpleNamespace(guarantees=guarantees, tell=None))
    settings = KafkaSettings(batch_size=wanted)
    parts = WorkerParts.over(settings, CATALOGUE, nobody, nobody, nobody, metrics=Metrics(), health=nobody)
    assert parts.pace.size == size
