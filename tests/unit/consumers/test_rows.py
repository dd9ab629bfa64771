"""Plain rows: values taken from captured messages, unwrapped."""

from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest

from consumers.decoders import rows
from consumers.decoders.message import Message
from graph_model.catalogue.rules import Catalogue
from graph_model.errors import MessageRejected
from graph_model.records.record import RecordAddress
from graph_model.values.positions import Position
from tests.unit.consumers.conftest import source

Captured = Callable[..., Message]


@pytest.fixture
def message(captured: Captured) -> Message:
    return captured("unwrap_c", topic="people")


def test_a_row_is_kept_with_its_address_and_place_in_the_log(message: Message, catalogue: Catalogue) -> None:
    (change,) = rows.decode(message, catalogue)
    assert change.address == RecordAddress.of("people", [1003])
    assert change.position == Position(3, 7)
    assert change.row == orjson.loads(message.value or b"")


def test_a_row_was_observed_when_its_message_was_written(message: Message, catalogue: Catalogue) -> None:
    (change,) = rows.decode(message, catalogue)
    assert change.observed_at == message.timestamp


def test_a_row_whose_message_has_no_time_is_as_old_as_its_reading_and_undated(
    message: Message, catalogue: Catalogue
) -> None:
    (change,) = rows.decode(replace(message, is_timed=False), catalogue)
    assert (change.observed_at, change.undated) == (message.timestamp, True)


@pytest.mark.parametrize("key", [b'{"id":1003}', b"1003"], ids=["object", "only value"])
def test_a_null_value_deletes_the_row_that_the_key_names(key: bytes, message: Message, catalogue: Catalogue) -> None:
    (change,) = rows.decode(replace(message, key=key, value=None), catalogue)
    assert change.address == RecordAddress.of("people", [1003])
    assert change.row is None


def test_a_bare_key_is_converted_as_its_schema_says(message: Message, catalogue: Catalogue) -> None:
    key = b'{"schema":{"type":"int32","name":"io.debezium.time.Date"},"payload":5172}'
    (change,) = rows.decode(replace(message, key=key, value=None), catalogue)
    assert change.address == RecordAddress.of("people", ["1984-02-29"])


@pytest.mark.parametrize(
    ("key", "topic", "reason"),
    [
        (None, "people", "neither key nor value"),
        (b"ann", "people", "not UTF-8 JSON"),
        (b"1003", "pairs", "a, b"),
        (b'{"a":1}', "pairs", "'b'"),
    ],
)
def test_a_deletion_that_names_no_row_is_refused(
    key: bytes | None, topic: str, reason: str, message: Message, catalogue: Catalogue
) -> None:
    with pytest.raises(MessageRejected, match=reason):
        rows.decode(replace(message, key=key, value=None, topic=topic), catalogue)


def test_numbers_of_any_length_are_kept_exactly(message: Message, catalogue: Catalogue) -> None:
    value = b'{"id": 123456789012345678901, "balance": 0.1234567890123456789}'
    (change,) = rows.decode(replace(message, value=value), catalogue)
    assert change.address.key == '["123456789012345678901"]'
    assert change.row == {"id": "123456789012345678901", "balance": "0.1234567890123456789"}


@pytest.mark.parametrize("key", [b"1e30", b"true", b"null", b'"8.96529E+18"', b"[1]", b"{}", b'""'])
def test_what_is_no_key_is_refused(key: bytes, message: Message, catalogue: Catalogue) -> None:
    with pytest.raises(MessageRejected, match="the key column 'id'"):
        rows.decode(replace(message, value=b'{"id": %s}' % key), catalogue)


def test_a_value_too_deep_to_be_stored_is_refused(message: Message, catalogue: Catalogue) -> None:
    with pytest.raises(MessageRejected, match="deeper than 250 levels"):
        rows.decode(replace(message, value=b'{"id": 1, "tree": %s}' % (b"[" * 251 + b"]" * 251)), catalogue)


@pytest.mark.parametrize("value", [b"null", b"[1]", b'"x"', b"{"])
def test_a_value_that_is_no_object_is_refused(value: bytes, message: Message, catalogue: Catalogue) -> None:
    with pytest.raises(MessageRejected):
        rows.decode(replace(message, value=value), catalogue)


def test_a_row_without_its_key_column_is_refused(message: Message, catalogue: Catalogue) -> None:
    with pytest.raises(MessageRejected, match="'id'"):
        rows.decode(replace(message, value=b'{"name":"Ann"}'), catalogue)


@pytest.mark.parametrize(
    ("name", "topic", "key"),
    [("unwrap_d", "people", [1003]), ("unwrapt_d", "people", [1003]), ("unwrap_full_d", "accounts", None)],
)
def test_a_row_that_a_connector_has_rewritten_as_deleted_is_a_deletion(
    name: str, topic: str, key: list[int] | None, captured: Captured, catalogue: Catalogue
) -> None:
    """Of the row but the key columns nothing is sure: the others are null, or fillers."""
    written = captured(name, topic=topic)
    if key is None:
        accounts = source("accounts", topic="accounts", message_format="rows", key=("account_no", "bank"))
        catalogue = replace(catalogue, sources={"accounts": accounts})
        key = [orjson.loads(written.key or b"")[column] for column in ("account_no", "bank")]
    (change,) = rows.decode(written, catalogue)
    assert change.row is None
    assert change.address == RecordAddress.of(change.address.source, key)


def test_the_tombstone_behind_it_deletes_the_same_row(captured: Captured, catalogue: Catalogue) -> None:
    (rewritten,), (tombstone,) = (
        rows.decode(captured(name, topic="people"), catalogue) for name in ("unwrapt_d", "unwrapt_tombstone")
    )
    assert (rewritten.address, rewritten.row) == (tombstone.address, tombstone.row)


@pytest.mark.parametrize("name", ["unwrap_c", "unwrap_u"])
def test_a_row_that_says_that_it_is_not_deleted_is_live(name: str, captured: Captured, catalogue: Catalogue) -> None:
    (change,) = rows.decode(captured(name, topic="people"), catalogue)
    assert change.row is not None


def test_a_toasted_column_of_an_unwrapped_row_that_was_not_sent_is_unavailable(
    captured: Captured, catalogue: Catalogue
) -> None:
    people = source("people", topic="people", message_format="rows", columns=("note", "email"))
    message = captured("unwrap_u_unchanged_toast", topic="people")
    (change,) = rows.decode(message, replace(catalogue, sources={"people": people}))
    assert change.unavailable == {"note"}
