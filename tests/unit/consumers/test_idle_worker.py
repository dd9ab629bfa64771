"""A worker that has nothing to do asks its store less than once a second, however many partitions it has."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from consumers import watches
from consumers.background_tasks import BackgroundTasks
from consumers.health import WorkerHealth
from consumers.kafka_admin import KafkaAdmin
from consumers.producer import Producer
from consumers.worker_parts import WorkerParts
from graph_model.catalogue.rules import Catalogue
from services.maintenance import heartbeat
from services.metrics import Metrics
from services.settings import KafkaSettings
from services.stores.port.protocols import Store
from services.stores.sqlite.store import SqliteStore
from tests.unit.services.counting import CountingStore

PARTITIONS = 34
BEATS = 5


async def test_idle_partitions_cost_the_store_one_request_for_each_beat(
    tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "_SECONDS", 0.01)
    opened = await SqliteStore.open(tmp_path / "graph.sqlite", catalogue.fingerprint)
    settings = KafkaSettings(bootstrap_servers="127.0.0.1:1")  # nobody is asked
    counting, metrics, health = CountingStore(opened), Metrics(), WorkerHealth()
    store, producer, stopping = cast("Store", counting), Producer(settings), asyncio.Event()
    parts = WorkerParts.over(settings, catalogue, store, KafkaAdmin(settings), producer, metrics=metrics, health=health)
    works = [BackgroundTasks(f"topic{number}", parts, stopping, _still_ours) for number in range(PARTITIONS)]
    running = [asyncio.create_task(work.run()) for work in works]
    beating = asyncio.create_task(parts.heartbeat.run())
    async with asyncio.timeout(20):
        while counting.asked["claim_outbox"] < PARTITIONS:
            await parts.heartbeat.next_beat()
        counting.asked.clear()
        for _ in range(BEATS):
            await parts.heartbeat.next_beat()
        asked = dict(counting.asked)
        stopping.set()
        await asyncio.gather(*running)
    beating.cancel()
    await opened.close()
    assert asked == {"read_pulse": BEATS}
    assert health.problems == {}


def test_beats_proofs_and_looks_for_abandoned_outboxes_are_less_than_one_request_a_second() -> None:
    a_minute = 60 / heartbeat._SECONDS + 60 / heartbeat.PROOF_SECONDS + 60 / watches._OUTBOXES_SECONDS
    assert a_minute <= 60


async def _still_ours() -> None:
    """The broker has no other owner of the partition."""
