"""What a JSON value is that is not what the catalogue declares, known by its members.

Formats of other programs: `consumers.decoders.known_formats`. Debezium:
https://debezium.io/documentation/reference/stable/transformations/event-flattening.html.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from json import JSONDecodeError
from typing import Final

from consumers.decoders.known_formats import KNOWN_FORMATS, Fields
from graph_model.catalogue.rules import MessageFormat
from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import read_exact_json

#: So often a value may have been serialised, to be told.
_MOST_TIMES: Final = 8

_IMAGES: Final = frozenset({"before", "after"})
#: Added to rows by Debezium's ExtractNewRecordState, as far as people usually ask for it.
_OF_UNWRAPPED: Final = frozenset({"__deleted", "__op", "__table", "__lsn", "__source_ts_ms", "__ts_ms", "__db"})
#: Members of messages of a connector of Debezium itself, which no row envelope has; a heartbeat has no other.
HEARTBEAT: Final = frozenset({"ts_ms"})
TRANSACTION_MARKER: Final = frozenset({"status", "id", "event_count"})
#: These messages, each with what it is called; one that has a single member has no other.
_OF_CONNECTOR: Final = (
    (HEARTBEAT, "a heartbeat"),
    (TRANSACTION_MARKER, "a transaction marker"),
    (frozenset({"ddl", "tableChanges"}), "a change of a schema"),
)


def format_of_value(value: JsonValue, declared: MessageFormat | None) -> str | None:
    """Say what a JSON value is that is not what the catalogue declares, and the way out; None where it cannot be told.

    Args:
        value: the whole value, with or without the schema of Kafka Connect around it.
        declared: the format that the catalogue gives its topic; None: no catalogue yet, so that envelopes of Debezium
            and rows are as good.
    """
    if isinstance(value, Mapping) and value.keys() == {"schema", "payload"}:
        value = value["payload"]
    if isinstance(value, str):
        return _of_text(value, declared)
    if isinstance(value, list):
        return "a list of rows; send each row as a message of its own" if any(map(_is_object, value)) else None
    if not isinstance(value, Mapping):
        return None
    for known in KNOWN_FORMATS:
        if value.keys() >= known.members and known.fits(value):
            return known.told
    return _of_debezium(value, declared)


def _is_object(value: JsonValue) -> bool:
    return isinstance(value, Mapping)


def _of_text(text: str, declared: MessageFormat | None) -> str | None:
    times, inner = 1, _json_in(text)
    while isinstance(inner, str) and times < _MOST_TIMES:
        times, inner = times + 1, _json_in(inner)
    if isinstance(inner, Mapping | list):
        within = format_of_value(inner, declared)
        often = "twice" if times == 1 else f"{times + 1} times"
        return (
            f"JSON text inside a JSON string: its producer serialised it {often}; serialise it once (what is text "
            "already goes through org.apache.kafka.connect.storage.StringConverter)"
        ) + ("" if within is None else f". Inside is {within}")
    try:
        decoded = b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    if not isinstance(_json_in(decoded), Mapping | list):
        return None
    return (
        "JSON in base64 inside a JSON string, as JsonConverter writes bytes; set `value.converter` to "
        "org.apache.kafka.connect.converters.ByteArrayConverter"
    )


def _json_in(text: str) -> JsonValue:
    try:
        return read_exact_json(text.encode())
    except (JSONDecodeError, UnicodeEncodeError):
        return None


def _of_debezium(fields: Fields, declared: MessageFormat | None) -> str | None:
    """Envelopes where rows are expected, and rows where envelopes are."""
    has_operation = isinstance(fields.get("op"), str)
    if has_operation and isinstance(fields.get("source"), Mapping):
        return _of_envelope(fields, declared)
    if has_operation and fields.keys() >= _IMAGES:
        return (
            "a change as Flink writes it (`debezium-json`), which does not say its source; let it send rows "
            "(`upsert-kafka` with `json`), and use `format: rows`"
        )
    if declared == "rows":
        return _of_connector(fields)
    if declared is None or not _IMAGES.isdisjoint(fields) or not fields:
        return None
    if not _OF_UNWRAPPED.isdisjoint(fields):
        return "a row that Debezium's ExtractNewRecordState has unwrapped; use `format: rows`"
    return "a plain row without an envelope; use `format: rows`"


def _of_connector(fields: Fields) -> str | None:
    """Messages of the connector itself, which hold no row."""
    for members, told in _OF_CONNECTOR:
        if fields.keys() >= members and (len(members) > 1 or len(fields) == 1):
            return f"{told} of Debezium, which holds no row; leave its topic out"
    return None


def _of_envelope(fields: Fields, declared: MessageFormat | None) -> str | None:
    if isinstance(fields.get("after"), str) or isinstance(fields.get("before"), str) or "updateDescription" in fields:
        return (
            "an envelope of Debezium's connector for MongoDB, whose documents are text; let it unwrap them "
            "(ExtractNewDocumentState), and use `format: rows`"
        )
    if declared != "rows":
        return None
    if fields["op"] == "m":
        return "a logical message of Debezium, which holds no row; leave its topic out"
    return "an envelope of Debezium; use `format: debezium`"
