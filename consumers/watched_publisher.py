"""The publisher of a process that serves: it goes on where Kafka is away or does not let it in, and says so."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from consumers.errors import ConsumerError
from consumers.kafka_admin import KafkaAdmin
from consumers.kafka_clients import connection_options
from consumers.producer import Producer
from consumers.publisher import Publisher
from services.failures import cause_of
from services.ingestion.ingest import Committed
from services.metrics import Metrics
from services.settings import KafkaSettings
from services.stores.port.protocols import Outbox, Store

_log = structlog.get_logger()

_SECONDS: Final = 5.0
#: So long the first look may hold up the start of a process; it goes on afterwards.
_FIRST_SECONDS: Final = 5.0


class WatchedPublisher:
    """Publishes as soon as it can, and knows why it cannot."""

    def __init__(self, settings: KafkaSettings, producer: Producer, publisher: Publisher, metrics: Metrics) -> None:
        self._settings = settings
        self._producer = producer
        self._publisher = publisher
        self._metrics = metrics
        self._topics_are_made = False
        self.problem: ConsumerError | None = None  #: why nothing can be published now; it is tried again

    async def __call__(self, outbox: Outbox, committed: Sequence[Committed]) -> None:
        """See `Publisher.publish`."""
        await self._publisher.publish(outbox, committed)

    async def run(self, looked: asyncio.Event) -> None:
        """Look after the brokers until cancelled; the first look sets `looked`."""
        while True:
            try:
                await self._look()
            except ConsumerError as error:
                self._fail(error)
            else:
                if self.problem is not None:
                    _log.info("ready again", part="connection to the broker")
                self.problem = None
            looked.set()
            await asyncio.sleep(_SECONDS)

    async def _look(self) -> None:
        if not self._topics_are_made:
            await make_topics(self._settings)
            self._topics_are_made = True
        await self._producer.check()

    def _fail(self, error: ConsumerError) -> None:
        self._metrics.broker_failures.labels(type(error).__name__).inc()
        if self.problem is None or str(self.problem) != str(error):
            _log.warning("not ready", part="connection to the broker", problem=str(error), cause=cause_of(error))
        self.problem = error


@asynccontextmanager
async def watched_publisher(settings: KafkaSettings, store: Store, metrics: Metrics) -> AsyncIterator[WatchedPublisher]:
    """Publish the events of a store for as long as the block lasts.

    Raises:
        KafkaNotConfigured: the settings cannot be used.
    """
    connection_options(settings)  # refuses what cannot be used, before anything is answered
    producer = Producer(settings)
    watched = WatchedPublisher(settings, producer, Publisher(store, producer, settings, metrics), metrics)
    looked = asyncio.Event()
    watching = asyncio.create_task(watched.run(looked))
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_SECONDS):
                await looked.wait()
        yield watched
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await producer.close()


async def make_topics(settings: KafkaSettings) -> None:
    """Make the topics that are written to, where they do not exist yet.

    Raises:
        ConsumerError: Kafka cannot be used.
    """
    admin = KafkaAdmin(settings)
    try:
        await admin.connect()
        await admin.ensure_topics()
    finally:
        await admin.close()
