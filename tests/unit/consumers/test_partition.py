"""A partition's messages on their way, over a log that stands in for Kafka."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from aiokafka import AIOKafkaConsumer, TopicPartition

from consumers.health import WorkerHealth
from consumers.kafka_admin import KafkaAdmin
from consumers.offsets import CommittedOffset
from consumers.partition import PartitionPipeline
from consumers.producer import Producer
from consumers.worker_parts import WorkerParts
from graph_model.catalogue.rules import Catalogue
from services.metrics import Metrics
from services.settings import KafkaSettings
from services.stores.port.protocols import Store
from services.stores.sqlite.store import SqliteStore
from tests.unit.services.faults import HeldStore

PARTITION = TopicPartition("customers", 1)
BATCH = 40


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that is ignored: the tombstone that a connector sends after a deletion."""

    offset: int
    topic: str = PARTITION.topic
    partition: int = PARTITION.partition
    timestamp: int = 1_795_259_999_999
    key: bytes = b'{"id":1}'
    value: None = None
    headers: tuple[tuple[str, bytes], ...] = ()


class Client:
    """A member of a group over a log of so many messages, in any partition."""

    def __init__(self, messages: int) -> None:
        self._end = messages
        self._next = 0
        self.committed = 0
        self.all_read = asyncio.Event()

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self._end)

    def seek(self, _: TopicPartition, offset: int) -> None:
        self._next = offset

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[Sent]]:
        found = [Sent(offset) for offset in range(self._next, min(self._next + max_records, self._end))]
        if not found:
            await asyncio.sleep(timeout_ms / 1_000)
        self._next += len(found)
        return dict.fromkeys(partitions, found)

    async def position(self, _: TopicPartition) -> int:
        return self._next

    async def commit(self, offsets: Mapping[TopicPartition, tuple[int, str]]) -> None:
        ((self.committed, _),) = offsets.values()
        if self.committed == self._end:
            self.all_read.set()


class Admin:
    """Knows of partitions that nobody has read."""

    async def partition_count(self, _topic: str) -> int:
        return 8

    async def committed(self, _group: str, _topic: str) -> Mapping[int, CommittedOffset]:
        return {}


def parts_over(store: Store, catalogue: Catalogue) -> WorkerParts:
    """What pipelines share, over a log that nobody has to be asked about."""
    settings = KafkaSettings(bootstrap_servers="127.0.0.1:1", batch_size=BATCH)  # nobody is asked
    admin, producer = KafkaAdmin(settings), Producer(settings)
    parts = WorkerParts.over(settings, catalogue, store, admin, producer, metrics=Metrics(), health=WorkerHealth())
    return replace(parts, admin=cast("KafkaAdmin", Admin()))


async def test_batches_grow_again_although_some_of_their_messages_are_ignored(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    store = await SqliteStore.open(tmp_path / "graph.sqlite", catalogue.fingerprint)
    parts = parts_over(store, catalogue)
    parts.pace.refused()
    smaller = parts.pace.size
    client = Client(messages=5 * BATCH)
    pipeline = PartitionPipeline(PARTITION, parts, cast("AIOKafkaConsumer", client), rewind=False)
    running = asyncio.create_task(pipeline.run())
    async with asyncio.timeout(20):
        await client.all_read.wait()
        pipeline.stop()
        await running
    await store.close()
    assert smaller < parts.pace.size


async def test_of_the_partitions_that_go_only_those_finish_a_batch_that_have_begun_one(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    store = await SqliteStore.open(tmp_path / "graph.sqlite", catalogue.fingerprint)
    held = HeldStore(store)
    parts = parts_over(cast("Store", held), catalogue)
    pipelines = [
        PartitionPipeline(
            TopicPartition("customers", number), parts, cast("AIOKafkaConsumer", Client(messages=BATCH)), rewind=False
        )
        for number in range(1, 8)
    ]
    running = [asyncio.create_task(pipeline.run()) for pipeline in pipelines]
    first = await held.begun()
    while len(parts.health.partitions) < len(pipelines):  # noqa: ASYNC110 - all have taken over, and read
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    for pipeline in pipelines:
        pipeline.stop()
    releasing = asyncio.create_task(held.release_all(first))
    async with asyncio.timeout(20):
        await asyncio.gather(*running)
    releasing.cancel()
    await store.close()
    assert len(held.plans) <= 2
