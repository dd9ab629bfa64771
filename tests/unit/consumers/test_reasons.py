"""Reasons, which go into logs, headers and terminals, hold nothing of what a message says."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.batch import decode_batch
from consumers.decoders import decode_as
from consumers.decoders.message import Message
from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import MessageFormat
from graph_model.errors import MessageRejected

PRIVATE = "ann.lee@secret.example"
CATALOGUE = parse_catalogue(
    """
version: 1
identifiers: {email: {normalise: email}}
traits: {born: date}
sources:
  rows: {topic: rows, key: [id], version: rev, deleted: gone,
         columns: {email: {identifier: email}, born: {trait: born}}}
  captured: {topic: captured, format: debezium, key: [id], columns: {email: {identifier: email}}}
""",
    "catalogue.yaml",
)

PARTS = [
    b"{", b"}", b"[", b"]", b":", b",", b'"', b"'", b"NaN", b"1e999", b"\\ud800", b"\xff", b"\x00\x00\x00\x00\x01",
    b"<a>", b'{"id": "', b'{"id": {"', b'"rev": "', b'"gone": "', b'"op": "', b'"after": ', b'"before": ', b'"key"',
    b'"source": {"db": "x", "table": "', b'"schema": {"type": "', b'"payload": ', b"Struct{", b"-----BEGIN",
]  # fmt: skip
BODIES = st.lists(st.sampled_from([*PARTS, PRIVATE.encode(), f'"{PRIVATE}"'.encode()]), min_size=1, max_size=12)


@given(st.sampled_from(["rows", "captured"]), BODIES.map(b"".join), st.none() | BODIES.map(b"".join))
def test_no_reason_quotes_a_message(topic: str, value: bytes, key: bytes | None) -> None:
    message = Message(topic=topic, offset=1, timestamp=1, key=key, value=value)
    batch = decode_batch([message], CATALOGUE, partitions=1)
    # A table that no source has is named, as somebody must add it.
    reasons = [letter.error.reason for letter in batch.dead if "belongs to no source" not in letter.error.reason]
    assert [reason for reason in reasons if PRIVATE in reason or "secret" in reason] == []


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("rows", f'{{"id": 1, "email": "{PRIVATE}"'),
        ("rows", f'{{"id": 1, "email": {PRIVATE}}}'),
        ("rows", f'{{"id": ["{PRIVATE}"], "rev": 1, "email": "x"}}'),
        ("rows", f'{{"id": 1, "rev": 1, "email": "x", "gone": "{PRIVATE}"}}'),
        ("rows", f'"{PRIVATE}"'),
        ("rows", f"{PRIVATE},Ann,Lee"),
        ("rows", f'{{"{PRIVATE}": 1}}'),
        ("debezium", f'{{"op": "{PRIVATE}"}}'),
        ("debezium", f'{{"op": "c", "source": "{PRIVATE}", "after": {{}}}}'),
        ("debezium", f'{{"op": "c", "source": {{"db": "d", "table": "t"}}, "after": "{PRIVATE}"}}'),
    ],
)
def test_a_refused_message_is_not_quoted(written: MessageFormat, value: str) -> None:
    with pytest.raises(MessageRejected) as refused:
        decode_as(written, Message(topic=f"{written}", offset=1, timestamp=1, value=value.encode()), CATALOGUE)
    assert PRIVATE not in str(refused.value)


def test_of_a_name_that_a_message_says_not_more_is_told_than_names_have_characters() -> None:
    value = f'{{"op": "c", "source": {{"db": "d", "table": "{"t" * 1_000_000}"}}, "after": {{"id": 1}}}}'
    message = Message(topic="captured", offset=1, timestamp=1, value=value.encode())
    another = replace(CATALOGUE.sources["captured"], table="d.another")
    with pytest.raises(MessageRejected) as refused:
        decode_as("debezium", message, replace(CATALOGUE, sources={"captured": another}))
    assert len(str(refused.value)) < 1_000
