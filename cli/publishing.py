"""Where the events of commits go that this process makes."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

from cli.exit_codes import UsageRefused
from consumers.producer import Producer
from consumers.publisher import Publisher
from consumers.watched_publisher import make_topics, watched_publisher
from services.ingestion.claim import Publish
from services.ingestion.ingest import Committed
from services.maintenance.tasks import Tell
from services.metrics import Metrics
from services.settings import KafkaSettings, Settings
from services.stores.port.protocols import DurableOutbox, Outbox, Store

#: Opens what publishes the events that one process commits to a store.
OpenPublisher: TypeAlias = Callable[[Store, Metrics], AbstractAsyncContextManager[Publish]]


def kafka_publisher(settings: Settings) -> OpenPublisher | None:
    """What publishes to the Kafka of the settings for a process that serves; None where there is none."""
    if not settings.kafka.bootstrap_servers:
        return None

    def opened(store: Store, metrics: Metrics) -> AbstractAsyncContextManager[Publish]:
        return watched_publisher(settings.kafka, store, metrics)

    return opened


@asynccontextmanager
async def publishing(settings: Settings, store: Store, metrics: Metrics) -> AsyncIterator[Publish]:
    """Publish to Kafka where it is configured; else leave the events in the embedded store, for its readers.

    Raises:
        UsageRefused: there is no Kafka, and the store keeps no events.
        ConsumerError: Kafka cannot be used.
    """
    if settings.kafka.bootstrap_servers:
        async with _publisher(settings.kafka, store, metrics) as publisher:
            yield publisher.publish
    elif isinstance(store, DurableOutbox):
        yield _acknowledge
    else:
        raise UsageRefused(
            "the events of these changes would be lost: this store keeps them only until they are published, and no "
            "Kafka is configured. Set IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS, or use an embedded store (sqlite:FILE)"
        )


@asynccontextmanager
async def announcing(settings: Settings, store: Store, metrics: Metrics) -> AsyncIterator[Tell]:
    """Tell Kafka of events that are in no outbox.

    Raises:
        ConsumerError: Kafka cannot be used.
    """
    async with _publisher(settings.kafka, store, metrics) as publisher:
        yield publisher.tell


@asynccontextmanager
async def _publisher(settings: KafkaSettings, store: Store, metrics: Metrics) -> AsyncIterator[Publisher]:
    await make_topics(settings)
    producer = Producer(settings)
    try:
        yield Publisher(store, producer, settings, metrics)
    finally:
        await producer.close()


async def _acknowledge(outbox: Outbox, committed: tuple[Committed, ...]) -> None:
    for commit in committed:
        await outbox.acknowledge(commit.commit_id)
