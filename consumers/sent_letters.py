"""Sends each dead letter of a partition once, also where its messages are read again.

A worker that was killed, an epoch that was raised, another group and a rewind all read messages that somebody has read
before. The dead-letter topic itself tells which of them it holds: it is read when the first letter comes up of which
that is doubtful, once for each time that the partition is taken over.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Final, TypeAlias

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from consumers.dead_letters import DeadLetter, DeadLetterTopic, place_of, size_omitted, size_told
from consumers.decoders.message import Message
from consumers.errors import BrokerRefused, ConsumerError
from consumers.kafka_admin import KafkaAdmin
from consumers.kafka_clients import close_quietly, kafka_errors, make_reader, start
from services.settings import KafkaSettings

_log = structlog.get_logger()

_WAIT_MS: Final = 200
_CLOSE_SECONDS: Final = 1.0

#: Offset, key, and a hash of the value, or its size where it was left out. Where a topic was made anew, another message
#: may be at that offset.
Identity: TypeAlias = tuple[int, bytes | None, bytes]


class PartitionLetters:
    """The dead letters of one partition. Where two workers have it at the same time, each may send one."""

    def __init__(
        self, topic: DeadLetterTopic, admin: KafkaAdmin, settings: KafkaSettings, partition: TopicPartition
    ) -> None:
        self._topic = topic
        self._admin = admin
        self._settings = settings
        self._partition = partition
        self._doubtful_before = 0  #: those of messages before this offset may have been sent
        self._sent: frozenset[Identity] | None = None  #: which of them were; None: nobody has looked

    def begin(self, end: int) -> None:
        """Begin with a log that ends at `end`: whatever is in it may have been read before, by whomever."""
        self._doubtful_before, self._sent = end, None

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        """Send those that the topic does not hold yet, and return once the broker has acknowledged them.

        Args:
            letters: in the order of their offsets; at least one.

        Raises:
            BrokerUnavailable: some may have arrived; whoever repeats it sends only the others.
            BrokerRefused: likewise.
        """
        if letters[0].message.offset < self._doubtful_before:
            if self._sent is None:
                self._sent = await self._look()
            letters = [letter for letter in letters if self._sent.isdisjoint(_identities(letter.message))]
        if not letters:
            return
        try:
            await self._topic.send(letters)
        except ConsumerError:
            self.begin(max(self._doubtful_before, letters[-1].message.offset + 1))
            raise

    async def _look(self) -> frozenset[Identity]:
        """Find which letters of this partition the topic holds; none where it may not be read."""
        try:
            return frozenset([identity async for identity in self._identities_in_topic()])
        except BrokerRefused as refusal:
            _log.warning("dead letters of messages that were read before are sent again", reason=str(refusal))
            return frozenset()

    async def _identities_in_topic(self) -> AsyncIterator[Identity]:
        topic = self._settings.dead_letter_topic
        partitions = [TopicPartition(topic, number) for number in range(await self._admin.partition_count(topic))]
        reader = make_reader(self._settings)
        try:
            with kafka_errors("looking for dead letters that were sent before"):
                await start(reader, self._settings)
                async for record in _all_records(reader, partitions):
                    found = place_of(record.headers)
                    if found is not None and found[:2] == self._partition:
                        yield found[2], record.key, size_omitted(record.headers) or _hashed(record.value)
        finally:
            await close_quietly(reader, _CLOSE_SECONDS)


async def _all_records(reader: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> AsyncIterator[ConsumerRecord]:
    """Everything that partitions hold at this moment."""
    if not partitions:
        return
    reader.assign(partitions)
    left, ends = await reader.beginning_offsets(partitions), await reader.end_offsets(partitions)
    for partition, offset in left.items():
        reader.seek(partition, offset)
    while any(offset < ends[partition] for partition, offset in left.items()):
        for records in (await reader.getmany(timeout_ms=_WAIT_MS)).values():
            for record in records:
                yield record
        left = {partition: await reader.position(partition) for partition in partitions}


def _identities(message: Message) -> frozenset[Identity]:
    """What a letter with this message is known by: with its value, or without."""
    offset, key = message.offset, message.key
    return frozenset({(offset, key, _hashed(message.value)), (offset, key, size_told(message.value))})


def _hashed(value: bytes | None) -> bytes:
    # Without key and value a letter has an empty value.
    return hashlib.blake2b(value or b"", digest_size=16).digest()
