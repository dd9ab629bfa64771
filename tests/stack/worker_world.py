"""What the tests of the worker share: topics, a group and a store of one test's own on the real broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupCoordinatorNotAvailableError

from consumers.errors import ConsumerError
from consumers.worker import run_worker
from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from services.settings import KafkaSettings, Settings
from services.stores.port.errors import StoreError
from services.stores.sqlite.store import SqliteStore
from stack.kafka import KafkaBroker

DEADLINE_SECONDS = 60

CATALOGUE = """
version: 1
identifiers:
  email: {{normalise: email, holders: few, priority: 90}}
traits: {{name: text}}
sources:
  people:
    topic: {people}
    format: rows
    key: [id]
    epoch: {epoch}
    columns:
      email: {{identifier: email}}
      name: {{trait: name}}
  customer:
    topic_pattern: {customers}
    format: debezium
    key: [id]
    columns:
      email: {{identifier: email}}
      last_name: {{trait: name}}
"""


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - it comes true in another process
            await asyncio.sleep(0.05)


@dataclass(frozen=True, slots=True)
class World:
    """Topics, a group and a store of one test's own."""

    broker: KafkaBroker
    folder: Path
    name: str

    @property
    def people(self) -> str:
        return f"{self.name}.people"

    @property
    def customers(self) -> str:
        return f"{self.name}.crm.customers"

    def catalogue(self, epoch: int = 1) -> Catalogue:
        text = CATALOGUE.format(people=self.people, customers=rf"{self.name}\.crm\..*", epoch=epoch)
        return parse_catalogue(text, "catalogue.yaml")

    def settings(self, store: str = "graph", port: int = 0) -> Settings:
        return Settings(
            store=f"sqlite:{self.folder / store}.sqlite",
            consumer_port=port,
            kafka=KafkaSettings(
                bootstrap_servers=self.broker.bootstrap_servers,
                group=self.name,
                updates_topic=f"{self.name}.updates",
                state_topic=f"{self.name}.state",
                dead_letter_topic=f"{self.name}.dead",
                batch_size=50,
            ),
        )

    async def open_store(self, store: str = "graph") -> SqliteStore:
        return await SqliteStore.open(self.folder / f"{store}.sqlite", self.catalogue().fingerprint)

    async def create(self, topic: str, partitions: int, options: Mapping[str, str] | None = None) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker.bootstrap_servers)
        await admin.start()
        await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=dict(options or {}))])
        await admin.close()

    async def delete(self, topic: str) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker.bootstrap_servers)
        await admin.start()
        await admin.delete_topics([topic])

        async def is_gone() -> bool:
            return topic not in await admin.list_topics()

        await eventually(is_gone)
        await admin.close()

    async def produce(self, messages: Sequence[tuple[str, bytes | None, bytes | None]]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.broker.bootstrap_servers)
        await producer.start()
        for topic, key, value in messages:
            await producer.send(topic, value, key, headers=[("origin", b"test"), ("empty", None)])
        await producer.stop()

    async def produce_people(self, people: Mapping[int, str]) -> None:
        """Rows of the topic `people`: id -> e-mail address."""
        rows = [(number, {"id": number, "email": email}) for number, email in people.items()]
        await self.produce([(self.people, str(number).encode(), orjson.dumps(row)) for number, row in rows])

    async def read(self, topic: str, count: int) -> list[ConsumerRecord]:
        """The first `count` messages of a topic."""
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=self.broker.bootstrap_servers, auto_offset_reset="earliest"
        )
        await consumer.start()
        found: list[ConsumerRecord] = []
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while len(found) < count:
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        found.extend(records)
        finally:
            await consumer.stop()
        return found

    async def committed(self) -> dict[TopicPartition, int]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker.bootstrap_servers)
        await admin.start()
        try:
            stored = await admin.list_consumer_group_offsets(self.name)
        except GroupCoordinatorNotAvailableError:
            return {}  # the broker makes its topic of offsets when it is first asked
        finally:
            await admin.close()
        return {partition: each.offset for partition, each in stored.items()}

    async def until_read(self, total: int, topic: str | None = None) -> None:
        """Wait until the group has committed so many messages of a topic in all."""

        async def is_read() -> bool:
            offsets = (await self.committed()).items()
            return total == sum(offset for each, offset in offsets if each.topic == (topic or self.people))

        await eventually(is_read)

    @asynccontextmanager
    async def worker(
        self,
        *,
        store: str = "graph",
        epoch: int = 1,
        port: int = 0,
        rewind: bool = False,
        **kafka: Any,  # noqa: ANN401 - settings are of many types
    ) -> AsyncIterator[asyncio.Task[None]]:
        """A worker that is stopped at the end of the block; `kafka` are settings of its own."""
        settings = self.settings(store, port)
        settings = settings.model_copy(update={"kafka": settings.kafka.model_copy(update=kafka)})
        running = run_worker(settings, self.catalogue(epoch), rewind=rewind)
        task = asyncio.create_task(running)
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, ConsumerError, StoreError):
                await task


async def profile_ids(store: SqliteStore) -> set[str]:
    return {profile.profile_id async for profile in store.scan_profiles() if profile.status == "live"}


def header(record: ConsumerRecord, name: str) -> str:
    return str(next(value.decode() for key, value in record.headers if key == name))


async def settled(world: World, topic: str) -> list[ConsumerRecord]:
    """Everything in a topic that nobody writes to any more."""
    name = f"{world.name}.{topic}"
    consumer = AIOKafkaConsumer(name, bootstrap_servers=world.broker.bootstrap_servers)
    await consumer.start()
    ends = await consumer.end_offsets(consumer.assignment())
    await consumer.stop()
    return await world.read(name, sum(ends.values()))
