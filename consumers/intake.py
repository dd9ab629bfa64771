"""Takes what the client has fetched of one partition from it at once.

While the client holds messages of any partition it fetches nothing from that broker for a while, and while a fetch
waits for messages of quiet partitions it does not fetch the busy ones. So whoever leaves messages with it makes all
others wait; whoever takes them at once makes it ask for all partitions together, and waits for nothing.
"""

import asyncio
from collections import deque
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

_WAIT_MS: Final = 1_000


class Intake:
    """Messages of one partition, fetched and not yet asked for; about two batches of them at the most."""

    def __init__(self, consumer: AIOKafkaConsumer, partition: TopicPartition, batch_size: int, offset: int) -> None:
        """Prepare; the first `take` begins.

        Args:
            consumer: the client, which has sought the offset.
            partition: which of its partitions.
            batch_size: most messages of a batch.
            offset: where it begins.
        """
        self._consumer = consumer
        self._partition = partition
        self._batch_size = batch_size
        self._records: deque[ConsumerRecord] = deque()
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self.delivered = offset  #: behind the last message that the client has given us
        self.passed = offset  #: what the client went on to without one: the ends of transactions are no messages

    async def take(self, most: int) -> list[ConsumerRecord]:
        """Wait for messages, and take those of one batch. Whoever is cancelled meanwhile has taken none.

        Args:
            most: so many at the most.

        Raises:
            KafkaError: what the client raised; the next call begins again.
        """
        reading = self._reading = self._reading or self._begun()
        while not self._records:
            if reading.done():
                self._reading = None
                await reading
            self._arrived.clear()
            await self._arrived.wait()
        self._taken.set()
        return [self._records.popleft() for _ in range(min(len(self._records), most))]

    async def close(self) -> None:
        """Read no more."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    def _begun(self) -> asyncio.Task[None]:
        reading = asyncio.create_task(self._read())
        reading.add_done_callback(lambda _: self._arrived.set())
        return reading

    async def _read(self) -> None:
        while True:
            answer = await self._consumer.getmany(self._partition, timeout_ms=_WAIT_MS, max_records=self._batch_size)
            records = answer.get(self._partition, ())
            if records:
                self._records.extend(records)
                self.delivered = records[-1].offset + 1
                self._arrived.set()
            else:
                self.passed = await self._consumer.position(self._partition)
            while len(self._records) > self._batch_size:
                self._taken.clear()
                await self._taken.wait()
