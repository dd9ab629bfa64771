"""What a worker looks after beside its partitions: store, broker, topics, its lag, the outboxes of others."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol

import structlog

from consumers.errors import ConsumerError
from consumers.health import WorkerHealth
from consumers.kafka_admin import KafkaAdmin
from consumers.producer import Producer
from consumers.retry import TRANSIENT
from consumers.worker_parts import WorkerParts
from graph_model.catalogue.rules import Catalogue
from graph_model.errors import IdentityGraphError
from services.clock import now_milliseconds
from services.failures import cause_of
from services.ingestion.writer import publish_abandoned

_log = structlog.get_logger()

_BROKER_SECONDS: Final = 5.0
_TOPICS_SECONDS: Final = 5.0
_LAG_SECONDS: Final = 2.0
_OUTBOXES_SECONDS: Final = 60.0

_NO_MATCH: Final = "no topic that may be seen fits this pattern; correct it in the catalogue, or make the topic"


class Watched(Protocol):
    """The worker, as far as it is looked after from here."""

    @property
    def catalogue(self) -> Catalogue:
        """The one in force."""
        ...

    async def measure_lag(self) -> None:
        """Show how far the partitions are behind the ends of their logs.

        Raises:
            ConsumerError: the brokers do not tell.
        """
        ...


async def watch(worker: Watched, parts: WorkerParts, producer: Producer) -> None:
    """Look after everything, also when there is nothing to do, until cancelled."""
    looks = (
        parts.heartbeat.run(),
        _watch_broker(producer, parts.health),
        _again_and_again(_TOPICS_SECONDS, lambda: _look_for_topics(worker.catalogue, parts.admin, parts.health)),
        _again_and_again(_LAG_SECONDS, worker.measure_lag),
        _publish_abandoned(parts),
    )
    watching = [asyncio.create_task(look) for look in looks]
    try:
        await asyncio.gather(*watching)
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


async def _watch_broker(producer: Producer, health: WorkerHealth) -> None:
    part = "connection to the broker"
    while True:
        try:
            await producer.check()
        except TRANSIENT as error:
            health.fail(part, error)
        else:
            health.clear(part)
        await asyncio.sleep(_BROKER_SECONDS)


async def _again_and_again(seconds: float, look: Callable[[], Awaitable[None]]) -> None:
    """Look on a timer. That the brokers do not answer is told by who looks after them."""
    while True:
        with suppress(ConsumerError):
            await look()
        await asyncio.sleep(seconds)


async def _look_for_topics(catalogue: Catalogue, admin: KafkaAdmin, health: WorkerHealth) -> None:
    """Tell which topics of the catalogue cannot be read: most often their names are misspelt."""
    sources, seen = catalogue.sources.values(), await admin.topics()
    named = {source.topic for source in sources if source.topic is not None}
    patterns = [source.topic_pattern for source in sources if source.topic_pattern is not None]
    unmatched = {each.pattern: _NO_MATCH for each in patterns if not any(map(each.fullmatch, seen))}
    health.miss_topics({**await admin.why_absent(named - seen), **unmatched})


async def _publish_abandoned(parts: WorkerParts) -> None:
    """Once a minute publish what API processes left that are gone; what fails is tried again."""
    while True:
        try:
            await publish_abandoned(parts.store, parts.publisher.publish, now=now_milliseconds())
        except IdentityGraphError as error:
            parts.heartbeat.met(error)
            reason, cause = str(error), cause_of(error)
            _log.warning("outboxes could not be looked after; it is tried again", reason=reason, cause=cause)
        await asyncio.sleep(_OUTBOXES_SECONDS)
