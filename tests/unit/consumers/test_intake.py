"""What the client has fetched is taken from it at once, so that no partition makes others wait."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from consumers.intake import Intake

PARTITION = TopicPartition("people", 0)
BATCH = 2


@dataclass(frozen=True, slots=True)
class Fetched:
    """As much of a record as the intake asks for."""

    offset: int


class Client:
    """Gives what it has; asked for more it waits, and at the end it fails."""

    def __init__(self, answers: Sequence[Sequence[int]], *, fails: bool = False) -> None:
        self._answers = [[Fetched(offset) for offset in offsets] for offsets in answers]
        self._fails = fails
        self.emptied = asyncio.Event()

    async def getmany(self, *_: TopicPartition, **__: int) -> dict[TopicPartition, list[Fetched]]:
        if self._answers:
            return {PARTITION: self._answers.pop(0)}
        self.emptied.set()
        if self._fails:
            raise OffsetOutOfRangeError({PARTITION: 0})
        await asyncio.Event().wait()
        return {}

    async def position(self, _: TopicPartition) -> int:
        return 9

    @property
    def holds(self) -> int:
        return sum(map(len, self._answers))


def intake_over(client: Client) -> Intake:
    return Intake(cast("AIOKafkaConsumer", client), PARTITION, BATCH, 0)


async def test_messages_are_taken_from_the_client_before_anybody_asks_for_them() -> None:
    client = Client([[1, 2], [3]])
    intake = intake_over(client)
    first = await intake.take(BATCH)
    await client.emptied.wait()
    assert ([record.offset for record in first], intake.delivered) == ([1, 2], 4)
    assert [record.offset for record in await intake.take(BATCH)] == [3]
    await intake.close()


async def test_a_partition_far_behind_is_left_with_the_client_beyond_two_batches() -> None:
    client = Client([[number] for number in range(20)])
    intake = intake_over(client)
    await intake.take(BATCH)
    for _ in range(50):
        await asyncio.sleep(0)
    assert client.holds >= 20 - 1 - 2 * BATCH
    await intake.close()


async def test_where_the_client_fails_what_came_before_is_taken_first() -> None:
    client = Client([[1]], fails=True)
    intake = intake_over(client)
    assert [record.offset for record in await intake.take(BATCH)] == [1]
    with pytest.raises(OffsetOutOfRangeError):
        await intake.take(BATCH)
    with pytest.raises(OffsetOutOfRangeError):
        await intake.take(BATCH)
    await intake.close()


async def test_the_client_going_on_without_messages_is_seen() -> None:
    client = Client([[], [1]])
    intake = intake_over(client)
    await intake.take(BATCH)
    assert intake.passed == 9
    await intake.close()
