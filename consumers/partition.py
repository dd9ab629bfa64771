"""One partition's messages on their way into the graph, one batch after the other, in order."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)

from consumers.background_tasks import BackgroundTasks
from consumers.batch import DATA_FAULTS, DecodedBatch, decode_batch
from consumers.decoders.message import Message, time_sent
from consumers.errors import OffsetsRefused, PartitionLost
from consumers.feed import BatchEnd, Feed
from consumers.intake import Intake
from consumers.kafka_clients import kafka_errors
from consumers.offsets import (
    CommittedOffset,
    Log,
    OffsetNote,
    check_offsets,
    forgotten,
    offsets_of_store,
    starting_offset,
)
from consumers.retry import TRANSIENT, Retry
from consumers.routing import epoch_of_topic, partition_writer
from consumers.sent_letters import PartitionLetters
from consumers.worker_parts import WorkerParts
from graph_model.records.record import Change, Outcome
from graph_model.values.positions import Position
from services.clock import new_id, now_milliseconds
from services.ingestion.claim import Claim
from services.ingestion.line import NotBegunError
from services.stores.port.errors import ClaimLost
from services.stores.port.plan import TaskWrite
from services.stores.port.protocols import Outbox
from services.waiting import unless

_log = structlog.get_logger()


class PartitionPipeline:
    """Reads one partition from take-over to loss.

    1. Refuse offsets that belong to another store; hold the partition where they belong to another topic.
    2. Claim the partition's outbox, which fences whoever had it before; publish what it holds.
    3. For each batch: decode, bring into force (events in the outbox, same commit), hand over to the `Feed`.

    The feed publishes and then commits offsets, while the next batch is on its way. Whoever has the first partition of
    a topic also does the work owed, beside it.
    """

    def __init__(
        self, partition: TopicPartition, parts: WorkerParts, consumer: AIOKafkaConsumer, *, rewind: bool
    ) -> None:
        self.partition = partition
        self.name = f"{partition.topic}/{partition.partition}"
        self._parts = parts
        self._consumer = consumer
        self._rewind = rewind
        self.rewound = False  #: whether it was begun anew
        self._stopping = asyncio.Event()
        self._retry = Retry(parts.health, self._stopping)
        self._letters = PartitionLetters(parts.dead_letters, parts.admin, parts.settings, partition)
        self._feed = Feed(parts.publisher, self._letters, self._retry, self._commit_offset, parts.metrics.delay_seconds)
        self._claim = Claim(
            parts.store,
            parts.catalogue,
            partition_writer(parts.settings.group, partition.topic, partition.partition),
            metrics=parts.metrics,
            publish=parts.publisher.publish,
            on_commit=self._feed.committed,
            line=parts.line,
        )
        self._note = OffsetNote(store_id=parts.store.store_id, partitions=0, epoch=0)
        self._committed = 0  #: the offset that the group has for this partition
        self._in_force: int | None = None  #: everything before it is, as far as is known
        self._sent_at: int | None = None  #: when the newest message in force was sent, milliseconds since 1970
        self._intake = self._intake_from(0)
        self._is_over = False

    def stop(self) -> None:
        """Let `run` return after the batches in flight; one that still waits for its turn is given up."""
        self._stopping.set()

    async def run(self) -> None:
        """Read until stopped, or until the partition belongs to another worker.

        Raises:
            IdentityGraphError: something that waiting does not help against.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._feed.publish_all(self.name))
                tasks.create_task(self._feed.finish_all(self.name))
                tasks.create_task(self._read(tasks))
        except BaseExceptionGroup as group:
            for error in group.exceptions:
                given_up = isinstance(error, (*TRANSIENT, NotBegunError)) and self._stopping.is_set()
                if not given_up and not isinstance(error, PartitionLost):
                    raise error from error.__cause__
            _log.info("the next owner of the partition redoes what is left", partition=self.name)
        finally:
            self._parts.health.partitions.discard(self.name)
            self._is_over = True
            await self._intake.close()
            with suppress(KeyError):  # where it was never measured
                self._parts.metrics.lag.remove(self.partition.topic, str(self.partition.partition))
                self._parts.metrics.lateness_seconds.remove(self.partition.topic, str(self.partition.partition))

    def show_lag(self, end: int) -> None:
        """Show how many offsets are not in force yet, by where the log ends now."""
        if self._in_force is None or self._is_over:
            return
        intake = self._intake
        reached = max(self._in_force, intake.passed) if self._in_force >= intake.delivered else self._in_force
        topic, number = self.partition
        behind = max(0, end - reached)
        self._parts.metrics.lag.labels(topic, str(number)).set(behind)
        age = now_milliseconds() - self._sent_at if behind and self._sent_at is not None else 0
        self._parts.metrics.lateness_seconds.labels(topic, str(number)).set(max(0, age) / 1_000)

    async def _read(self, tasks: asyncio.TaskGroup) -> None:
        await self._take_over_or_hold()
        topic, number = self.partition
        if number == 0 and not self._stopping.is_set():
            tasks.create_task(BackgroundTasks(topic, self._parts, self._stopping, self._confirm_ownership).run())
        while not self._stopping.is_set():
            messages = await self._retry.until_done(self.name, self._poll)
            if messages is None:
                await self._take_over_or_hold()
            elif messages:
                await self._process(messages)
        self._feed.close()

    async def _take_over_or_hold(self) -> None:
        """Take the partition over; one whose topic is another one by now is held, and keeps no other topic waiting."""
        try:
            await self._retry.until_done(self.name, self._take_over)
        except OffsetsRefused as refusal:
            self._parts.health.partitions.discard(self.name)
            self._parts.health.fail(self.name, refusal)
            await self._stopping.wait()
            self._parts.health.clear(self.name)

    async def _take_over(self) -> None:
        topic, number = self.partition
        log = await self._read_log()
        committed = await self._parts.admin.committed(self._parts.settings.group, topic)
        start = self._parts.settings.start
        self._in_force = _where_to_begin(log, None if self._rewind else committed.get(number), start)
        store_id, former_ids = self._parts.store.store_id, self._parts.store.former_ids
        if self._rewind:
            committed = offsets_of_store(committed, store_id, former_ids)
        check_offsets(log, committed, store_id, former_ids)
        outbox = await self._renew_claim()
        self._letters.begin(log.end)
        offset = starting_offset(log, committed.get(number), outbox.progress, start)
        if self._rewind:
            offset = log.beginning
        else:
            self._tell_read_again(committed.get(number), outbox.progress, offset, log)
            self._tell_skipped(committed.get(number), outbox.progress, offset, log)
        self._note = OffsetNote(store_id=store_id, partitions=log.partitions, epoch=log.epoch)
        if not _reaches(outbox.progress, log.epoch, offset - 1):
            # What is not to be read counts as read: store and group say the same from now on.
            await self._record(offset - 1)
        await self._commit_offset(offset)
        self.rewound, self._rewind = self.rewound or self._rewind, False
        await self._intake.close()
        self._consumer.seek(self.partition, offset)
        self._intake = self._intake_from(offset)
        self._parts.health.partitions.add(self.name)
        _log.info("partition taken over", partition=self.name, offset=offset, end=log.end)

    def _tell_read_again(
        self, committed: CommittedOffset | None, progress: Position | None, offset: int, log: Log
    ) -> None:
        """Say so where the store has forgotten what was read, or where messages in force come again."""
        lost = forgotten(log, committed, progress)
        if lost:
            self._parts.metrics.forgotten.labels(log.topic, str(log.partition)).inc(lost)
            _log.warning(
                "the store is behind the group: it came back from a backup, and what it forgot is read again",
                partition=self.name,
                behind=lost,
                offset=offset,
            )
        elif progress is not None and progress.epoch == log.epoch and offset <= progress.log_offset:
            # Killed between a commit of the store and one of the group.
            again = progress.log_offset + 1 - offset
            _log.info("messages that are in force are read again", partition=self.name, messages=again)

    def _tell_skipped(
        self, committed: CommittedOffset | None, progress: Position | None, offset: int, log: Log
    ) -> None:
        """Say so where Kafka has deleted messages that the group had not read, or that the store has forgotten."""
        if committed is None or offset != log.beginning:
            return
        wanted = committed.offset - forgotten(log, committed, progress)
        if progress is None and wanted == 0:
            return  # nobody ever knew where the log began
        same_log = committed.note is None or committed.note.epoch == log.epoch
        if same_log and wanted < offset:
            skipped = offset - wanted
            self._parts.metrics.skipped.labels(log.topic, str(log.partition)).inc(skipped)
            _log.error("messages were deleted before they were read", partition=self.name, skipped=skipped)

    async def _read_log(self) -> Log:
        topic, number = self.partition
        partitions = await self._parts.admin.partition_count(topic)
        with kafka_errors(f"reading the ends of {self.name}"):
            beginning = await self._consumer.beginning_offsets([self.partition])
            end = await self._consumer.end_offsets([self.partition])
        return Log(
            topic=topic,
            partition=number,
            partitions=partitions,
            beginning=beginning[self.partition],
            end=end[self.partition],
            epoch=epoch_of_topic(self._parts.catalogue, topic),
        )

    async def _renew_claim(self) -> Outbox:
        """Claim the outbox once everything handed over before is published: the next claim would publish it again."""
        await self._feed.settle()
        return await self._claim.renew()

    def _intake_from(self, offset: int) -> Intake:
        return Intake(self._consumer, self.partition, self._parts.settings.batch_size, offset)

    async def _poll(self) -> list[Message] | None:
        """Wait for messages; none when stopped. None: the log has no such offset."""
        with kafka_errors(f"reading {self.name}"):
            try:
                return _messages(await unless(self._stopping, self._intake.take(self._parts.pace.size)) or ())
            except NoOffsetForPartitionError:
                # It was looked for before the take-over had set it.
                return []
            except OffsetOutOfRangeError:
                return None

    async def _process(self, messages: Sequence[Message]) -> None:
        await self._feed.begin_batch()
        batch = decode_batch(messages, self._parts.catalogue, partitions=self._note.partitions)
        await asyncio.sleep(0)
        try:
            await self._retry.until_done(self.name, partial(self._apply, batch))
        except NotBegunError:
            self._feed.end_batch(None)
            return
        except DATA_FAULTS as fault:
            _log.error("a change could not be applied", partition=self.name, fault=type(fault).__name__)
            if len(messages) > 1:
                self._feed.end_batch(None)
                for message in messages:
                    await self._process((message,))
                return
            batch = batch.rejected(fault)
            await self._retry.until_done(self.name, partial(self._apply, batch))
        self._count(batch)
        self._sent_at = batch.messages[-1].timestamp
        self._feed.end_batch(
            BatchEnd(next_offset=batch.last_offset + 1, dead=batch.dead, committed_at=batch.committed_at)
        )

    async def _apply(self, batch: DecodedBatch) -> None:
        tasks = [TaskWrite(task_id=new_id(), expected=None, task=task) for task in batch.tasks]
        try:
            await self._record(batch.last_offset, batch.changes, tasks, messages=len(batch.messages))
        except ClaimLost:
            # Either the partition is another worker's by now, and the broker refuses this; or it is ours.
            await self._confirm_ownership()
            raise
        if tasks:
            self._parts.heartbeat.beat_now()

    async def _record(
        self, offset: int, changes: Sequence[Change] = (), tasks: Sequence[TaskWrite] = (), *, messages: int = 0
    ) -> None:
        """Bring into force what stands up to an offset, in so many messages; that it is nothing is written, too."""
        if not self._claim.is_held:
            await self._renew_claim()
        async with self._claim.lend() as ingest:
            result = await ingest.apply(changes, Position(self._note.epoch, offset), tasks, leaving=self._stopping)
        if result.refusals:
            self._parts.pace.refused()
        else:
            self._parts.pace.went_through(messages)

    async def _confirm_ownership(self) -> None:
        await self._commit_offset(self._committed)

    async def _commit_offset(self, offset: int) -> None:
        """Commit an offset for the group.

        Raises:
            PartitionLost: the group has given the partition to another worker.
        """
        with kafka_errors(f"committing offsets of {self.name}"):
            try:
                await self._consumer.commit({self.partition: (offset, self._note.to_text())})
            except (CommitFailedError, IllegalStateError) as error:
                raise PartitionLost(f"{self.name} belongs to another worker now") from error
        self._committed = self._in_force = offset

    def _count(self, batch: DecodedBatch) -> None:
        counted = self._parts.metrics.changes
        for name, count in batch.ignored.items():
            counted.labels(name, Outcome.IGNORED.value).inc(count)
        for task in batch.tasks:
            counted.labels(task.source, Outcome.APPLIED.value).inc()
        for letter in batch.dead:
            counted.labels(letter.counts_under, Outcome.DEAD.value).inc()
        if batch.dead:
            _log.warning("dead letters", partition=self.name, count=len(batch.dead), reason=batch.dead[0].error.reason)


def _where_to_begin(log: Log, committed: CommittedOffset | None, start: str) -> int:
    """What is in force as far as the group knows, before the store is asked."""
    if committed is not None:
        return committed.offset
    return log.end if start == "latest" else log.beginning


def _reaches(progress: Position | None, epoch: int, offset: int) -> bool:
    """Whether a store's progress is not before an offset; there is none before the first."""
    return offset < 0 or (progress is not None and progress >= Position(epoch, offset))


def _messages(records: Sequence[ConsumerRecord]) -> list[Message]:
    now = now_milliseconds()
    return [_message(record, now) for record in records]


def _message(record: ConsumerRecord, now: int) -> Message:
    sent = time_sent(record.timestamp, now)
    return Message(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=now if sent is None else sent,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
        is_timed=sent is not None,
    )
