"""A batch of raw messages: every one has exactly one fate."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from consumers.batch import decode_batch
from consumers.decoders import DECODERS
from consumers.decoders.message import Decoded, Message
from graph_model.catalogue.rules import Catalogue

Captured = Callable[..., Message]


def test_every_message_is_a_change_a_task_a_dead_letter_or_ignored(captured: Captured, catalogue: Catalogue) -> None:
    messages = [captured(name) for name in ("c", "tombstone", "t", "u", "heartbeat", "unwrap_c")]
    batch = decode_batch(messages, catalogue, partitions=1)
    assert len(batch.changes) == 2
    assert [task.source for task in batch.tasks] == ["account"]
    assert [letter.error.stage for letter in batch.dead] == ["decode"]
    assert batch.ignored == {"customers": 2}


def test_a_dead_letter_is_the_message_as_it_came(captured: Captured, catalogue: Catalogue) -> None:
    message = captured("unwrap_c")
    (letter,) = decode_batch([message], catalogue, partitions=1).dead
    assert letter.message == message


def test_a_batch_ends_at_its_last_message(captured: Captured, catalogue: Catalogue) -> None:
    messages = [replace(captured("c"), offset=4), replace(captured("tombstone"), offset=9)]
    assert decode_batch(messages, catalogue, partitions=1).last_offset == 9


def test_a_fault_that_nobody_thought_of_costs_one_message(
    captured: Captured, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode = DECODERS["debezium"]

    def faulty(message: Message, known: Catalogue) -> tuple[Decoded, ...]:
        if message.offset == 8:
            raise KeyError("ann@example.com")
        return decode(message, known)

    monkeypatch.setitem(DECODERS, "debezium", faulty)
    batch = decode_batch([captured("c"), replace(captured("u"), offset=8)], catalogue, partitions=1)
    (letter,) = batch.dead
    assert len(batch.changes) == 1
    assert "unexpected KeyError" in letter.error.reason
    assert "ann@example.com" not in letter.error.reason


def test_a_message_without_key_is_a_dead_letter_where_a_topic_has_several_partitions(
    captured: Captured, catalogue: Catalogue
) -> None:
    message = replace(captured("c"), key=None)
    (letter,) = decode_batch([message], catalogue, partitions=2).dead
    assert "has no key" in letter.error.reason
    assert len(decode_batch([message], catalogue, partitions=1).changes) == 1


def test_a_truncate_is_a_dead_letter_where_a_topic_has_several_partitions(
    captured: Captured, catalogue: Catalogue
) -> None:
    batch = decode_batch([captured("t")], catalogue, partitions=2)
    (letter,) = batch.dead
    assert batch.tasks == ()
    assert letter.error.stage == "decode"
    assert "a truncate has no key and lies on one of several partitions" in letter.error.reason


def test_a_truncate_that_could_not_be_written_down_is_a_dead_letter_of_its_source(
    captured: Captured, catalogue: Catalogue
) -> None:
    batch = decode_batch([captured("t")], catalogue, partitions=1).rejected(ValueError("ann@example.com"))
    (letter,) = batch.dead
    assert (batch.tasks, letter.counts_under, letter.error.stage) == ((), "account", "apply")
