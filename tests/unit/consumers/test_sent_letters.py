"""Which dead letters are looked for before they are sent, where sending or looking fails."""

from collections.abc import Sequence
from typing import cast

import pytest
from aiokafka import TopicPartition
from structlog.testing import capture_logs

from consumers.dead_letters import DeadLetter, DeadLetterTopic, place_of
from consumers.decoders.message import Message
from consumers.errors import BrokerRefused, BrokerUnavailable
from consumers.kafka_admin import KafkaAdmin
from consumers.sent_letters import PartitionLetters
from graph_model.errors import MessageRejected
from services.settings import KafkaSettings


class Topic:
    """Takes letters; the next one may fail."""

    def __init__(self) -> None:
        self.offsets: list[int] = []
        self.fails = False

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        if self.fails:
            self.fails = False
            raise BrokerUnavailable
        self.offsets += [letter.message.offset for letter in letters]


class Admin:
    """Hides the topic of dead letters, and counts how often it was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def partition_count(self, topic: str) -> int:
        self.asked += 1
        raise BrokerRefused(f"missing `--operation Read --topic {topic}`")


def letter(offset: int) -> DeadLetter:
    message = Message(topic="people", offset=offset, timestamp=1, key=b"k", value=b"v")
    return DeadLetter(message, MessageRejected("decode", "no row"), "people")


def letters_over(topic: Topic, admin: Admin) -> PartitionLetters:
    partition = TopicPartition("people", 0)
    return PartitionLetters(cast("DeadLetterTopic", topic), cast("KafkaAdmin", admin), KafkaSettings(), partition)


async def test_nobody_looks_for_letters_of_messages_that_came_after_the_take_over() -> None:
    topic, admin = Topic(), Admin()
    letters = letters_over(topic, admin)
    letters.begin(5)
    await letters.send([letter(5), letter(6)])
    assert (topic.offsets, admin.asked) == ([5, 6], 0)


async def test_a_topic_that_may_not_be_read_is_told_of_and_gets_all_letters() -> None:
    topic, admin = Topic(), Admin()
    letters = letters_over(topic, admin)
    letters.begin(5)
    with capture_logs() as said:
        await letters.send([letter(3)])
        await letters.send([letter(4)])
    assert (topic.offsets, admin.asked) == ([3, 4], 1)
    assert ["--operation Read" in line["reason"] for line in said] == [True]


async def test_what_failed_is_looked_for_before_it_is_sent_again() -> None:
    topic, admin = Topic(), Admin()
    letters = letters_over(topic, admin)
    topic.fails = True
    with pytest.raises(BrokerUnavailable):
        await letters.send([letter(7)])
    assert admin.asked == 0
    await letters.send([letter(7)])
    assert (topic.offsets, admin.asked) == ([7], 1)


def test_a_letter_that_was_sent_on_from_another_one_is_known_by_its_last_place() -> None:
    first = {"topic": b"people", "partition": b"0", "offset": b"4"}
    last = {"topic": b"people", "partition": b"1", "offset": b"9"}
    headers = tuple((f"__connect.errors.{name}", value) for each in (first, last) for name, value in each.items())
    assert place_of(headers) == ("people", 1, 9)


@pytest.mark.parametrize("offset", [None, b"", b"-1", b"\xff"])
def test_what_others_wrote_into_the_topic_has_no_place(offset: bytes | None) -> None:
    headers = (("__connect.errors.partition", b"0"), ("__connect.errors.offset", offset))
    assert place_of(headers) is None
