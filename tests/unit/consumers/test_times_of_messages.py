"""When a message of Kafka was sent, where its log says so, and what follows for its values."""

from typing import Any

import orjson
import pytest
from aiokafka import ConsumerRecord

from consumers.decoders import decode
from consumers.decoders.message import Message, time_sent
from consumers.partition import _messages
from graph_model.catalogue.document import parse_catalogue
from graph_model.records.record import Change, apply_change
from graph_model.resolution.mapping import MappedRecord, map_record
from graph_model.values.times import DAY_MILLISECONDS
from services.clock import now_milliseconds

CATALOGUE = parse_catalogue(
    """\
version: 1
identifiers: {email: {normalise: email}}
traits: {birth_date: date}
sources:
  people: {topic: people, format: rows, key: [id], columns: {born: {trait: birth_date}, email: {identifier: email}}}
  customers:
    {topic: customers, format: debezium, key: [id], columns: {born: {trait: birth_date}, email: {identifier: email}}}
""",
    "catalogue",
)
ROW = {"id": 1, "born": "1984-03-07"}
NOW = now_milliseconds()
MINUTE = 60_000


def received(topic: str, value: dict[str, Any], timestamp: int) -> Message:
    record: Any = ConsumerRecord(
        topic=topic,
        partition=0,
        offset=7,
        timestamp=timestamp,
        timestamp_type=0,
        key=None,
        value=orjson.dumps(value),
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=1,
        headers=(),
    )
    (message,) = _messages([record])
    return message


def mapped(message: Message) -> MappedRecord:
    (change,) = decode(message, CATALOGUE)
    assert isinstance(change, Change)
    source = CATALOGUE.sources[change.address.source]
    return map_record(apply_change(None, change, source.columns).record, CATALOGUE)


def envelope(**times: int) -> dict[str, Any]:
    block = {"connector": "mysql", "name": "crm", "db": "crm", "table": "customer", "ts_ms": times["source"]}
    return {"before": None, "after": ROW, "source": block, "op": "c", "ts_ms": times["envelope"]}


@pytest.mark.parametrize(
    "unset",
    [0, -1, 2**62, NOW + 2 * DAY_MILLISECONDS, NOW * 1_000],
    ids=["zero", "negative", "far", "too far", "microseconds"],
)
@pytest.mark.parametrize(
    ("topic", "value"), [("people", ROW), ("customers", envelope(source=0, envelope=0))], ids=["row", "envelope"]
)
def test_a_message_without_a_time_was_accepted_when_it_is_read(topic: str, value: dict[str, Any], unset: int) -> None:
    found = mapped(received(topic, value, unset))
    assert dict(found.traits) == {"birth_date": "1984-03-07"}
    assert found.issues == ()
    assert found.record.undated
    assert abs(found.record.believed_until - now_milliseconds()) < 10 * MINUTE


@pytest.mark.parametrize("unset", [0, -1, NOW + 2 * DAY_MILLISECONDS], ids=["zero", "negative", "too far"])
def test_an_envelope_dates_a_message_without_a_time(unset: int) -> None:
    said = NOW - DAY_MILLISECONDS
    found = mapped(received("customers", envelope(source=said, envelope=said + 500), unset))
    assert dict(found.traits) == {"birth_date": "1984-03-07"}
    assert (found.record.observed_at, found.record.believed_until, found.record.undated) == (said, said + 500, False)


@pytest.mark.parametrize("topic", ["people", "customers"])
def test_a_message_is_as_old_as_its_log_says(topic: str) -> None:
    sent = NOW - 3 * DAY_MILLISECONDS
    value = ROW if topic == "people" else envelope(source=0, envelope=0)
    record = mapped(received(topic, value, sent)).record
    assert (record.observed_at, record.accepted_at, record.undated) == (sent, None, False)


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        (0, None),
        (-1, None),
        (1, 1),
        (NOW + DAY_MILLISECONDS, NOW + DAY_MILLISECONDS),
        (NOW + DAY_MILLISECONDS + 1, None),
    ],
    ids=["zero", "negative", "long ago", "a day ahead", "more than a day ahead"],
)
def test_a_time_counts_up_to_a_day_ahead(said: int, sent: int | None) -> None:
    assert time_sent(said, NOW) == sent
