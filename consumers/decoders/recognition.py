"""What a message looks like that cannot be read as the catalogue says: one sentence with the way out.

Asked only once reading has failed. It tells the shape of the message and never a value, so that it may stand in dead
letters, lists of rejected lines and logs.

Bytes: https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format,
https://docs.aws.amazon.com/glue/latest/dg/schema-registry-gs.html, https://avro.apache.org/docs/1.11.1/specification/.
Values: `consumers.decoders.recognised_values`.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from json import JSONDecodeError
from typing import Final, Literal

from consumers.decoders.documents import MAX_VALUE_BYTES
from consumers.decoders.message import Message
from consumers.decoders.recognised_values import JSON_CONVERTER, format_of_value
from graph_model.catalogue.rules import MessageFormat
from graph_model.errors import MessageRejected
from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import read_exact_json, read_faulty_json
from services.files.lines import BYTE_ORDER_MARK

Part = Literal["value", "key"]

_JSON_FROM: Final = f"set `{{part}}.converter` of its connector to {JSON_CONVERTER}, or let its program send plain JSON"
_UNPACKED: Final = "let Kafka pack (`compression.type` of the producer), and not the program that sends"
_UTF_8: Final = "send UTF-8"

#: How bytes begin that are no JSON.
_BEGINNINGS: Final[tuple[tuple[re.Pattern[bytes], str, str], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), told, remedy)
    for pattern, told, remedy in (
        (rb"Obj\x01", "an Avro file (object container)", _JSON_FROM),
        (rb"\xc3\x01.{8}", "an Avro message (single object encoding)", _JSON_FROM),
        (rb"\x03[\x00\x05].{16}", "the wire format of the AWS Glue schema registry", _JSON_FROM),
        (rb"\x1f\x8b\x08", "content packed with gzip", _UNPACKED),
        (rb"\x28\xb5\x2f\xfd", "content packed with zstd", _UNPACKED),
        (rb"\x04\x22\x4d\x18", "content packed with LZ4", _UNPACKED),
        (rb"\x82SNAPPY\x00|\xff\x06\x00\x00sNaPpY", "content packed with Snappy", _UNPACKED),
        (rb"\x78[\x01\x9c\xda]", "content packed with zlib", _UNPACKED),
        (rb"PK\x03\x04", "content packed as a zip file", _UNPACKED),
        (rb"\xff\xfe|\xfe\xff|(?:[\t-~]\x00){2}|(?:\x00[\t-~]){2}", "UTF-16 text", _UTF_8),
    )
)

_MAGIC: Final = 5  #: bytes of Confluent's wire format before the payload: a zero, and the id of the schema
_MAGIC_WITH_GUID: Final = re.compile(rb"\x01.{6}[\x10-\x8f].[\x80-\xbf].{7}.", re.DOTALL)
_LONG_MAGIC: Final = 9  #: bytes of Apicurio's own one: the id has eight

#: Headers that say how the value is written where its bytes do not.
_HEADERS: Final[tuple[tuple[str, str], ...]] = (
    ("__{part}_schema_id", "the Confluent wire format (the id of the schema stands in a header)"),
    ("apicurio.{part}.", "the wire format of an Apicurio registry (the id of the schema stands in a header)"),
)

_BASE64: Final = re.compile(rb"[A-Za-z0-9+/\s]{8,}+(?:={1,2}\s*)?")
_BASE64_LOOKED_AT: Final = 10_000  #: characters


def looks_like(message: Message, declared: MessageFormat | None = None) -> str | None:
    """Say what a message looks like that cannot be read.

    Args:
        message: what could not be decoded.
        declared: the format that the catalogue gives its topic; None: no catalogue yet.

    Returns:
        A sentence such as "this looks like …; use `format: …`"; None where that cannot be told, or it is as declared.
    """
    found = None if message.value is None else _part_looks_like("value", message.value, message, declared)
    if found is None and message.header("ce_specversion") is not None:
        found = "a CloudEvent in binary mode; its data is to be a row (`format: rows`) or an envelope of Debezium"
    if found is not None:
        return f"this looks like {found}"
    key = None if message.key is None else _part_looks_like("key", message.key, message, None)
    return None if key is None else f"the key looks like {key}"


def value_looks_like(value: JsonValue, declared: MessageFormat | None = None) -> str | None:
    """Say what a value looks like that was read as JSON; see `looks_like`."""
    found = format_of_value(value, declared)
    return None if found is None else f"this looks like {found}"


def with_hint(rejection: MessageRejected, hint: str | None) -> MessageRejected:
    """The same refusal, with what the message looks like."""
    return rejection if hint is None else MessageRejected(rejection.stage, f"{rejection.reason}; {hint}")


def _part_looks_like(part: Part, content: bytes, message: Message, declared: MessageFormat | None) -> str | None:
    if not content:
        return "an empty message; no bytes are no JSON, and a deletion is sent as null" if part == "value" else None
    found = _by_bytes(part, content)
    if found is not None or len(content) > MAX_VALUE_BYTES:
        return found
    content = content.removeprefix(BYTE_ORDER_MARK)
    try:
        value = read_exact_json(content)
    except JSONDecodeError:
        return _by_headers(part, message) or _by_text(part, content)
    # A key may be any JSON.
    return format_of_value(value, declared) if part == "value" else None


def _by_bytes(part: Part, content: bytes) -> str | None:
    for pattern, told, remedy in _BEGINNINGS:
        if pattern.match(content):
            return f"{told}; {remedy.format(part=part)}"
    if _MAGIC_WITH_GUID.match(content):
        return f"the Confluent wire format (schema given by its GUID); {_JSON_FROM.format(part=part)}"
    if content[0] != 0 or len(content) <= _MAGIC:
        return None
    schema = int.from_bytes(content[1:_MAGIC], "big")
    if schema == 0 and len(content) > _LONG_MAGIC:
        schema = int.from_bytes(content[1:_LONG_MAGIC], "big")
        return f"the wire format of an Apicurio registry (schema id {schema}); {_JSON_FROM.format(part=part)}"
    written = "JSON Schema" if _is_json(content[_MAGIC:]) else "Avro or Protobuf"
    return f"the Confluent wire format ({written}, schema id {schema}); {_JSON_FROM.format(part=part)}"


def _by_headers(part: Part, message: Message) -> str | None:
    names = [name for name, _ in message.headers]
    for beginning, told in _HEADERS:
        if any(name.startswith(beginning.format(part=part)) for name in names):
            return f"{told}; {_JSON_FROM.format(part=part)}"
    return None


def _by_text(part: Part, content: bytes) -> str | None:
    """What is no JSON, and no binary format that shows by its first bytes."""
    try:
        written = content.decode().strip()
    except UnicodeDecodeError:
        if content.lstrip()[:1] in (b"{", b"[") and _is_json(content.decode("latin-1").encode()):
            return f"JSON in another encoding than UTF-8, such as Latin-1; {_UTF_8}"
        return f"binary data without a mark (Avro or Protobuf perhaps); {_JSON_FROM.format(part=part)}"
    if written.startswith("Struct{"):
        return f"what Kafka Connect's StringConverter makes of a row; set `{part}.converter` to {JSON_CONVERTER}"
    if written.startswith(("{", "[", '"')):
        return _by_faults(content)
    if part == "key":
        return f"bare text, and in JSON a text stands in quotes; {_JSON_FROM.format(part=part)}"
    return f"{_kind_of_text(written)}; send each row as a JSON object, or load a file with `identity-graph ingest`"


def _kind_of_text(written: str) -> str:
    if written.startswith("<"):
        return "XML or HTML"
    if _is_json_in_base64(written.encode()):
        return "JSON in base64"
    return "a line of CSV" if any(each in written for each in ",;\t|") else "plain text"


def _by_faults(content: bytes) -> str | None:
    """What is nearly JSON."""
    if content.lstrip().startswith((b"{'", b"[{'")):
        return "an object as a program prints it, in single quotes; write it as JSON"
    try:
        read_faulty_json(content)
    except JSONDecodeError:
        first, _, rest = content.strip().partition(b"\n")
        several = _is_json(first) and rest.lstrip()[:1] in (b"{", b"[")
        return "several JSON values in one message; send each as a message of its own" if several else None
    return "JSON with NaN, Infinity or half characters, which JSON does not have; send null or text"


def _is_json(content: bytes) -> bool:
    """Whether bytes are a JSON object or list."""
    try:
        return isinstance(read_exact_json(content), Mapping | list)
    except JSONDecodeError:
        return False


def _is_json_in_base64(content: bytes) -> bool:
    if len(content) > _BASE64_LOOKED_AT or not _BASE64.fullmatch(content):
        return False
    try:
        return _is_json(b64decode(content))
    except binascii.Error:
        return False
