"""Formats of messages that are JSON, known by their members.

Canal: https://github.com/alibaba/canal, https://docs.pingcap.com/tidb/stable/ticdc-canal-json. Maxwell:
https://maxwells-daemon.io/dataformat/. Flink: https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/overview/.
MongoDB: https://www.mongodb.com/docs/manual/reference/change-events/. CloudEvents:
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md. AWS DMS:
https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kafka.html. DynamoDB:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html. Debezium:
https://debezium.io/documentation/reference/stable/transformations/event-flattening.html.
"""

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping
from json import JSONDecodeError
from typing import Final, NamedTuple

from graph_model.catalogue.rules import MessageFormat
from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import read_exact_json

Fields = Mapping[str, JsonValue]

JSON_CONVERTER: Final = "org.apache.kafka.connect.json.JsonConverter"

_BY_DEBEZIUM: Final = (
    "read the table by Debezium (`format: debezium`), or send each row as a message of its own (`format: rows`)"
)
_UNWRAP: Final = "unwrap it to a row, and use `format: rows`"

_OPERATIONS: Final = frozenset({"insert", "update", "delete"})
_OF_CANAL: Final = frozenset({"isDdl", "mysqlType", "sqlType", "pkNames", "_tidb"})
_OF_CHANGE_STREAMS: Final = frozenset({"documentKey", "fullDocument", "updateDescription", "ns"})
_OF_FLINK: Final = frozenset({"data", "old", "type"})
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


class _Format(NamedTuple):
    members: frozenset[str]  #: an object of this format has all of these
    told: str  #: what it is, and the way out
    fits: Callable[[Fields], bool]  #: what else must hold


def _is_canal(fields: Fields) -> bool:
    return isinstance(fields["data"], list | None) and not _OF_CANAL.isdisjoint(fields)


def _is_flink(fields: Fields) -> bool:
    operation = fields["type"]
    return (
        fields.keys() <= _OF_FLINK
        and isinstance(fields["data"], list | Mapping)
        and isinstance(operation, str)
        and operation.lower() in _OPERATIONS
    )


def _is_maxwell(fields: Fields) -> bool:
    return (
        isinstance(fields["type"], str) and isinstance(fields["ts"], int) and not isinstance(fields.get("data"), list)
    )


def _member(name: str, *members: str) -> Callable[[Fields], bool]:
    """Whether one member is an object that has others."""

    def has(fields: Fields) -> bool:
        value = fields[name]
        return isinstance(value, Mapping) and value.keys() >= {*members}

    return has


def _format(members: str, told: str, fits: Callable[[Fields], bool] = lambda _: True) -> _Format:
    return _Format(frozenset(members.split()), told, fits)


#: In the order in which they are tried.
_FORMATS: Final = (
    _format("data type", f"a change as Canal (or TiCDC's `canal-json`) writes it; {_BY_DEBEZIUM}", _is_canal),
    _format("data type", f"a change as Flink writes it (`canal-json` or `maxwell-json`); {_BY_DEBEZIUM}", _is_flink),
    _format("database table type ts", f"a change as Maxwell writes it; {_BY_DEBEZIUM}", _is_maxwell),
    _format(
        "operationType",
        "a change event of MongoDB itself; let its connector send documents alone "
        "(`publish.full.document.only=true`), and use `format: rows`",
        lambda fields: not _OF_CHANGE_STREAMS.isdisjoint(fields),
    ),
    _format(
        "specversion type source",
        f"an envelope of Debezium inside of a CloudEvent; set `value.converter` to {JSON_CONVERTER} instead of "
        "CloudEventsConverter, and use `format: debezium`",
        lambda fields: str(fields["type"]).startswith("io.debezium."),
    ),
    _format("specversion type source", "a CloudEvent; send its `data` alone, and use `format: rows`"),
    _format("op_type op_ts", f"a change as Oracle GoldenGate writes it; {_BY_DEBEZIUM}"),
    _format("op_type before after", f"a change as Flink writes it (`ogg-json`); {_BY_DEBEZIUM}"),
    _format("metadata", f"a message of AWS DMS; {_UNWRAP}", _member("metadata", "record-type")),
    _format("eventName dynamodb", f"a record of DynamoDB Streams; {_UNWRAP}", _member("dynamodb")),
    _format("message", f"a message of Qlik Replicate; {_UNWRAP}", _member("message", "data", "headers")),
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
    for known in _FORMATS:
        if value.keys() >= known.members and known.fits(value):
            return known.told
    return _of_debezium(value, declared)


def _is_object(value: JsonValue) -> bool:
    return isinstance(value, Mapping)


def _of_text(text: str, declared: MessageFormat | None) -> str | None:
    inner = _object_in(text)
    if inner is not None:
        within = format_of_value(inner, declared)
        return (
            "JSON text inside a JSON string: its producer serialised it twice; serialise it once (what is text already "
            "goes through org.apache.kafka.connect.storage.StringConverter)"
        ) + ("" if within is None else f". Inside is {within}")
    try:
        decoded = b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    if _object_in(decoded) is None:
        return None
    return (
        "JSON in base64 inside a JSON string, as JsonConverter writes bytes; set `value.converter` to "
        "org.apache.kafka.connect.converters.ByteArrayConverter"
    )


def _object_in(text: str) -> JsonValue:
    try:
        value = read_exact_json(text.encode())
    except (JSONDecodeError, UnicodeEncodeError):
        return None
    return value if isinstance(value, Mapping | list) else None


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
