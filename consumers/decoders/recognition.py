"""What a message looks like that cannot be decoded as the catalogue says: one sentence with the way out.

Asked only once decoding has failed, and never by more than the shape: no value of the message is told.

Formats: https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format,
https://avro.apache.org/docs/1.11.1/specification/, https://maxwells-daemon.io/dataformat/,
https://debezium.io/documentation/reference/stable/transformations/event-flattening.html,
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md.
"""

from collections.abc import Mapping
from json import JSONDecodeError
from typing import Final

from consumers.decoders.message import Message
from graph_model.catalogue.rules import MessageFormat
from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import read_exact_json

Fields = Mapping[str, JsonValue]

_JSON_CONVERTER: Final = (
    "set `value.converter` of the connector to org.apache.kafka.connect.json.JsonConverter (and the key's, too)"
)

#: First bytes of what is no text.
_BINARY: Final[tuple[tuple[bytes, str], ...]] = (
    (b"Obj\x01", f"an Avro file in one message; {_JSON_CONVERTER}"),
    (b"\xc3\x01", f"an Avro message (single object encoding); {_JSON_CONVERTER}"),
    (b"\x03\x00", f"the wire format of the AWS Glue schema registry; {_JSON_CONVERTER}"),
    (b"\x03\x05", f"the wire format of the AWS Glue schema registry, packed; {_JSON_CONVERTER}"),
    (b"\x1f\x8b", "packed with gzip by its producer; let Kafka pack (`compression.type`), not the program that sends"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd by its producer; let Kafka pack (`compression.type`)"),
    (b"\x04\x22\x4d\x18", "packed with LZ4 by its producer; let Kafka pack (`compression.type`)"),
    (b"\x82SNAPPY", "packed with Snappy by its producer; let Kafka pack (`compression.type`)"),
    (b"\xff\x06\x00\x00sNaPpY", "packed with Snappy by its producer; let Kafka pack (`compression.type`)"),
    (b"\xff\xfe", "UTF-16 text; send UTF-8"),
    (b"\xfe\xff", "UTF-16 text; send UTF-8"),
)
_CONFLUENT_HEADER: Final = 5  #: bytes: a zero, and the id of the schema

#: Members by which other formats are known, in the order in which they are tried.
_MEMBERS: Final[tuple[tuple[frozenset[str], str], ...]] = tuple(
    (frozenset(members.split()), told)
    for members, told in (
        ("isDdl mysqlType data", "a message of Canal; read it by Debezium, or send rows with `format: rows`"),
        (
            "database table type ts",
            "a message of Maxwell; read it by Debezium, or send rows with `format: rows`",
        ),
        ("operationType documentKey", "a change event of MongoDB itself; read it by Debezium's connector"),
        ("specversion type source", "a CloudEvent; send its `data` alone"),
        ("op_type op_ts pos", "a message of Oracle GoldenGate; read the table by Debezium"),
        ("metadata data", "a message of AWS DMS; let it be unwrapped to rows, and use `format: rows`"),
        ("eventName dynamodb", "a record of DynamoDB Streams; unwrap its new image to a row, and use `format: rows`"),
    )
)


def looks_like(message: Message, declared: MessageFormat) -> str | None:
    """Say what a message looks like that is not what the catalogue declares; None where that cannot be told.

    Args:
        message: what could not be decoded.
        declared: the format that the catalogue gives its topic.

    Returns:
        A sentence such as "this looks like …; use …".
    """
    content = message.value
    if content is None:
        return None
    found = _by_bytes(content) or _by_headers(message)
    if found is None:
        try:
            value = read_exact_json(content)
        except JSONDecodeError:
            found = _by_text(content)
        else:
            found = _by_value(value, declared)
    return None if found is None else f"this looks like {found}"


def _by_bytes(content: bytes) -> str | None:
    if not content:
        return "an empty message; a deletion is sent as null, not as no bytes"
    if content[0] == 0 and len(content) > _CONFLUENT_HEADER:
        schema = int.from_bytes(content[1:_CONFLUENT_HEADER], "big")
        return f"the wire format of a Confluent schema registry (schema {schema}); {_JSON_CONVERTER}"
    return next((told for mark, told in _BINARY if content.startswith(mark)), None)


def _by_headers(message: Message) -> str | None:
    if message.header("ce_specversion") is None:
        return None
    return "a CloudEvent in binary mode; its data is to be rows, with `format: rows`"


def _by_text(content: bytes) -> str | None:
    beginning = content.lstrip()[:1]
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return f"binary data (Avro, Protobuf or the like without a registry); {_JSON_CONVERTER}"
    if beginning == b"<":
        return "XML; send JSON"
    if beginning not in (b"{", b"[", b'"') and any(text.count(each) for each in ",;\t|"):
        return "a line of CSV; send JSON, or load the file with `identity-graph ingest`"
    return None


def _by_value(value: JsonValue, declared: MessageFormat) -> str | None:
    if isinstance(value, str):
        return "JSON inside of a JSON text: its producer wrote it as JSON twice"
    if isinstance(value, list):
        return "a list of rows; send each row as a message of its own"
    if not isinstance(value, Mapping):
        return None
    fields = value["payload"] if value.keys() == {"schema", "payload"} else value
    if not isinstance(fields, Mapping):
        return None
    told = next((told for members, told in _MEMBERS if members <= fields.keys()), None)
    return told or _by_envelope(fields, declared)


def _by_envelope(fields: Fields, declared: MessageFormat) -> str | None:
    is_envelope = isinstance(fields.get("op"), str) and isinstance(fields.get("source"), Mapping)
    if is_envelope and (isinstance(fields.get("after"), str) or "updateDescription" in fields):
        return (
            "an envelope of Debezium's connector for MongoDB, whose documents are text; unwrap it to rows "
            "(ExtractNewDocumentState), and use `format: rows`"
        )
    if is_envelope and declared == "rows":
        return "an envelope of Debezium; use `format: debezium`"
    if not is_envelope and declared == "debezium" and fields and not {"before", "after"} & fields.keys():
        return "a row without an envelope; use `format: rows`"
    return None
