"""The worker: joins the group, and runs a pipeline for each partition that the group gives it."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from consumers.errors import BrokerRefused, LoginRefused
from consumers.health import WorkerHealth, serve_health
from consumers.kafka_admin import KafkaAdmin
from consumers.kafka_clients import REBALANCE_TIMEOUT_MS, close_quietly, kafka_errors, make_consumer, start
from consumers.partition import PartitionPipeline
from consumers.producer import Producer
from consumers.retry import TRANSIENT, Retry
from consumers.subscription import Subscription
from consumers.watches import watch
from consumers.worker_parts import WorkerParts
from graph_model.catalogue.rules import Catalogue
from services.maintenance.room import tell_room
from services.metrics import Metrics
from services.settings import Settings
from services.stores.opening import open_store
from services.stores.port.errors import CatalogueChanged
from services.stores.port.protocols import Store
from services.waiting import unless

_log = structlog.get_logger()

#: A part of what a rebalance waits for is kept for joining the group again.
_REVOKE_SECONDS: Final = REBALANCE_TIMEOUT_MS / 1_000 * 0.6
_CLOSE_SECONDS: Final = 5.0
#: Who starts a worker is there to read what is wrong; later it waits until somebody puts it right.
_GIVES_UP_ON: Final = (LoginRefused, BrokerRefused)
_KEEP_ALIVE_MS: Final = 1_000
#: Nobody's partition: asking for it shows the group that we are alive, and takes no messages from a pipeline.
_NO_PARTITION: Final = TopicPartition("", 0)


class Worker(ConsumerRebalanceListener):  # type: ignore[misc]  # the client has no types
    """A member of the consumer group; it leaves and joins again where another catalogue comes into force."""

    def __init__(self, parts: WorkerParts, stopping: asyncio.Event, *, rewind: bool) -> None:
        self._parts = parts
        self._stopping = stopping
        self._rewind = rewind
        self._rewound: set[TopicPartition] = set()
        self._pipelines: dict[asyncio.Task[None], PartitionPipeline] = {}
        self._consumer: AIOKafkaConsumer | None = None  #: None: not a member, or about to leave

    async def run(self) -> None:
        """Work until stopped: finish the batches in flight, publish, commit, leave the group.

        Raises:
            IdentityGraphError: something that waiting does not help against.
        """
        retry = Retry(self._parts.health, self._stopping)
        try:
            while not self._stopping.is_set():
                with suppress(CatalogueChanged):
                    await retry.until_done("broker", self._membership)
                await retry.until_done("store", self._follow)
        except TRANSIENT:
            # Raised only when stopping: the broker was away until the end.
            _log.info("stopped while the broker was away")

    async def _membership(self) -> None:
        """Be a member of the group, with a consumer made anew: after some faults the client's is beyond repair."""
        consumer = self._consumer = make_consumer(self._parts.settings)
        Subscription.of(self._parts.catalogue).give(consumer, self)
        try:
            with kafka_errors("joining the group"):
                await start(consumer, self._parts.settings)
            self._parts.health.clear("start")
            self._parts.health.clear("broker")
            while not (self._stopping.is_set() or self._parts.heartbeat.has_gone_on):
                with kafka_errors("being a member of the group"):
                    await unless(self._stopping, consumer.getmany(_NO_PARTITION, timeout_ms=_KEEP_ALIVE_MS))
                self._raise_what_ended_a_pipeline()
        finally:
            # The client may still be told of new partitions while it leaves.
            self._consumer = None
            await self._stop_pipelines(_REVOKE_SECONDS)
            await close_quietly(consumer, _CLOSE_SECONDS)

    async def _follow(self) -> None:
        """Take the catalogue in force, while no partition is read.

        Raises:
            CatalogueUnusable: it cannot be loaded.
            StoreReplaced: the store is another one by now.
            OtherForm: the store is written in another form.
        """
        if self._stopping.is_set():
            return
        heartbeat = self._parts.heartbeat
        await heartbeat.beat()
        if heartbeat.refusal is not None:
            raise heartbeat.refusal
        catalogue = heartbeat.another
        if catalogue is None:
            return
        Subscription.of(catalogue)  # refused before it is taken
        with suppress(CatalogueChanged):  # the next beat finds it
            await self._parts.store.adopt(catalogue.fingerprint)
            self._parts = replace(self._parts, catalogue=catalogue)
            _log.info("another catalogue is in force", catalogue=catalogue.name)

    @property
    def catalogue(self) -> Catalogue:
        """The one in force."""
        return self._parts.catalogue

    async def measure_lag(self) -> None:
        """Show how far the partitions are behind the ends of their logs, which the brokers are asked for.

        Raises:
            BrokerUnavailable: they do not answer.
        """
        consumer, pipelines = self._consumer, list(self._pipelines.values())
        if consumer is None or not pipelines:
            return
        with kafka_errors("reading the ends of the partitions"):
            ends = await consumer.end_offsets([pipeline.partition for pipeline in pipelines])
        for pipeline in pipelines:
            pipeline.show_lag(ends[pipeline.partition])

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Finish what is in flight before the group goes on without us; called by the client."""
        if revoked:
            _log.info("partitions revoked", count=len(revoked))
        await self._stop_pipelines(_REVOKE_SECONDS)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Begin with the partitions that the group gave us; called by the client."""
        consumer = self._consumer
        if consumer is None:
            return
        for partition in sorted(assigned):
            rewind = self._rewind and partition not in self._rewound
            pipeline = PartitionPipeline(partition, self._parts, consumer, rewind=rewind)
            self._pipelines[asyncio.create_task(pipeline.run(), name=pipeline.name)] = pipeline

    def _raise_what_ended_a_pipeline(self) -> None:
        for task in self._pipelines:
            error = task.exception() if task.done() and not task.cancelled() else None
            if error is not None:
                if not isinstance(error, CatalogueChanged):  # that one is taken
                    self._parts.health.fail("worker", error)
                raise error

    async def _stop_pipelines(self, seconds: float) -> None:
        """Stop all pipelines; what has not finished in time is left to the next owner."""
        pipelines, self._pipelines = self._pipelines, {}
        if not pipelines:
            return
        for pipeline in pipelines.values():
            pipeline.stop()
        _, late = await asyncio.wait(pipelines, timeout=seconds)
        for task in late:
            _log.warning("partition left with a batch in flight", partition=task.get_name())
            task.cancel()
        await asyncio.gather(*pipelines, return_exceptions=True)
        self._rewound |= {pipeline.partition for pipeline in pipelines.values() if pipeline.rewound}


async def run_worker(
    settings: Settings,
    catalogue: Catalogue,
    *,
    rewind: bool,
    before_opening: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Consume the catalogue's topics until SIGTERM or SIGINT.

    Args:
        settings: where things are.
        catalogue: what they mean.
        rewind: begin every partition at its oldest message once, and take the store that is open for the
            group's own.
        before_opening: awaited before the store is opened; again where something that it needs does not answer.

    Raises:
        StoreReplaced: the group's offsets belong to another store; the message names the way out.
        CatalogueChanged: the store was built with a catalogue of another meaning.
        CatalogueUnusable: another one came into force meanwhile, and cannot be loaded.
        OtherForm: the store is written in another form than this program knows.
        UnsafeStore: the store does not keep several writers apart.
        LoginRefused, BrokerRefused: Kafka does not let this process in, or do its work; later that is waited for.
        ConsumerError: the settings cannot be used.
    """
    Subscription.of(catalogue)  # refused before anything is waited for
    stopping, metrics = asyncio.Event(), Metrics()
    health = WorkerHealth(metrics)
    health.report("start", "starting")
    async with AsyncExitStack() as opened:
        opened.enter_context(_stopped_by_signals(stopping))
        port = await opened.enter_async_context(serve_health(health, metrics, settings.host, settings.consumer_port))
        _log.info("readiness and figures are served", host=settings.host, port=port)
        retry = Retry(health, stopping)
        producer = Producer(settings.kafka)
        opened.push_async_callback(producer.close)
        admin = KafkaAdmin(settings.kafka)
        opened.push_async_callback(admin.close)
        try:
            store = await _open_all(settings, catalogue, admin, retry, before_opening)
        except TRANSIENT:
            if stopping.is_set():
                return
            raise  # it was given up
        opened.push_async_callback(store.close)
        await _accept(store, metrics)
        parts = WorkerParts.over(settings.kafka, catalogue, store, admin, producer, metrics=metrics, health=health)
        worker = Worker(parts, stopping, rewind=rewind)
        await _work(worker, watch(worker, parts, producer), stopping)


async def _open_all(
    settings: Settings,
    catalogue: Catalogue,
    admin: KafkaAdmin,
    retry: Retry,
    before_opening: Callable[[], Awaitable[None]] | None,
) -> Store:
    """Wait for the brokers and the store.

    Raises:
        LoginRefused: the brokers do not let us in.
        BrokerRefused: a right or a topic is missing that we cannot do without.
    """
    await retry.until_done("broker", admin.connect, gives_up_on=_GIVES_UP_ON)
    await retry.until_done("broker", admin.ensure_topics, gives_up_on=_GIVES_UP_ON)
    await retry.until_done("broker", admin.check_group, gives_up_on=_GIVES_UP_ON)
    if before_opening is not None:
        await retry.until_done("store", before_opening)
    return await retry.until_done("store", partial(open_store, settings, catalogue))


async def _work(worker: Worker, watching: Coroutine[None, None, None], stopping: asyncio.Event) -> None:
    """Run the worker to its end; what the watch finds beyond repair ends it as well."""
    working, watch = asyncio.create_task(worker.run()), asyncio.create_task(watching)
    try:
        await asyncio.wait({working, watch}, return_when=asyncio.FIRST_COMPLETED)
        stopping.set()
        await working
        if watch.done():
            watch.result()
    finally:
        working.cancel()
        watch.cancel()
        await asyncio.gather(working, watch, return_exceptions=True)


async def _accept(store: Store, metrics: Metrics) -> None:
    """Look at what a store promises, and show its figures.

    Raises:
        UnsafeStore: it does not keep several writers apart.
    """
    store.guarantees.require_guarded_commits()
    metrics.show_store(store.traffic)
    if not store.guarantees.durable:
        _log.warning("this store keeps its graph in memory; after its restart rebuild it: consume --rewind")
    await tell_room(store)


@contextmanager
def _stopped_by_signals(stopping: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, stopping.set)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
