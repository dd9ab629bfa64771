"""What the partitions of one worker share."""

import asyncio
from dataclasses import dataclass

from consumers.dead_letters import DeadLetterTopic
from consumers.health import Health
from consumers.kafka_admin import KafkaAdmin
from consumers.publisher import Publisher
from graph_model.catalogue import Catalogue
from services.metrics import Metrics
from services.settings import KafkaSettings
from services.stores.port import Store


class Agenda:
    """What this worker knows of the work owed in the store."""

    def __init__(self, store: Store, health: Health, metrics: Metrics) -> None:
        self._store = store
        self._health = health
        self._metrics = metrics
        self.turn = asyncio.Lock()  #: held while work owed is done: at once they would only take it from each other
        self.news = asyncio.Event()  #: set when it is worth looking at once

    async def look(self) -> int:
        """Ask the store how many tasks are owed, and tell it to readiness and metrics.

        Raises:
            StoreUnavailable: it does not answer.
        """
        owed = len(await self._store.read_tasks())
        self._health.tasks_owed = owed
        self._metrics.tasks_owed.set(owed)
        return owed


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
    health: Health
    turn: asyncio.Lock  #: held while a batch is brought into force: at once they would only refuse each other
    agenda: Agenda
