"""What the partitions of one worker share."""

import asyncio
from dataclasses import dataclass

from consumers.dead_letters import DeadLetterTopic
from consumers.health import WorkerHealth
from consumers.kafka_admin import KafkaAdmin
from consumers.pace import Pace
from consumers.producer import Producer
from consumers.publisher import Publisher
from graph_model.catalogue.rules import Catalogue
from services.ingestion.line import Line
from services.maintenance.heartbeat import Heartbeat
from services.metrics import Metrics
from services.settings import KafkaSettings
from services.stores.port.protocols import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerParts:
    """What the partitions of a worker share."""

    settings: KafkaSettings
    catalogue: Catalogue
    store: Store
    admin: KafkaAdmin
    publisher: Publisher
    dead_letters: DeadLetterTopic
    metrics: Metrics
    health: WorkerHealth
    pace: Pace  #: how many messages make a batch
    line: Line  #: in which batches come into force: at once they would only refuse each other
    tasks_turn: asyncio.Lock  #: held while work owed is done: at once they would only take it from each other
    heartbeat: Heartbeat  #: tells what is owed, and whether another catalogue is in force

    @classmethod
    def over(
        cls,
        settings: KafkaSettings,
        catalogue: Catalogue,
        store: Store,
        admin: KafkaAdmin,
        producer: Producer,
        *,
        metrics: Metrics,
        health: WorkerHealth,
    ) -> "WorkerParts":
        """Build them over what is connected already."""
        return cls(
            settings=settings,
            catalogue=catalogue,
            store=store,
            admin=admin,
            publisher=Publisher(store, producer, settings, metrics),
            dead_letters=DeadLetterTopic(producer, settings, metrics),
            metrics=metrics,
            health=health,
            pace=Pace(min(settings.batch_size, store.guarantees.rows_per_commit or settings.batch_size)),
            line=Line(),
            tasks_turn=asyncio.Lock(),
            heartbeat=Heartbeat(store, metrics, tell=health.tell),
        )
