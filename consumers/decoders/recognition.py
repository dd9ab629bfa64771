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

import cramjam

from consumers.decoders.documents import MAX_VALUE_BYTES
from consumers.decoders.known_formats import JSON_CONVERTER
from consumers.decoders.message import Message
from consumers.decoders.nearly_json import BEGINNINGS, fault_of_json
from consumers.decoders.recognised_values import format_of_value
from graph_model.catalogue.rules import MessageFormat
from graph_model.errors import MessageRejected
from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import read_exact_json
from services.files.lines import BYTE_ORDER_MARK

Part = Literal["value", "key"]

_JSON_FROM: Final = f"set `{{part}}.converter` of its connector to {JSON_CONVERTER}, or let its program send plain JSON"
_WITHOUT_A_MARK: Final = f"binary data without a mark (Avro, Protobuf or MessagePack perhaps); {_JSON_FROM}"
_UNPACKED: Final = "let Kafka pack (`compression.type` of the producer), and not the program that sends"
_UTF_8: Final = "send UTF-8"

#: How bytes begin that are no JSON.
_BEGINNINGS: Final[tuple[tuple[re.Pattern[bytes], str, str], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), told, remedy)
    for pattern, told, remedy in (
        (rb"Obj\x01", "an Avro file (object container)", _JSON_FROM),
        (rb"\xc3\x01.{8}", "an Avro message (single object encoding)", _JSON_FROM),
        (rb"\x03[\x00\x05].{16}", "the wire format of the AWS Glue schema registry", _JSON_FROM),
        (rb"\xac\xed\x00\x05", "an object as Java serialises it", _JSON_FROM),
        (rb"\x80[\x02-\x05][\x95c\x8c}\](]", "an object as Python's pickle writes it", _JSON_FROM),
        (rb"\x1f\x8b\x08", "content packed with gzip", _UNPACKED),
        (rb"\x28\xb5\x2f\xfd", "content packed with zstd", _UNPACKED),
        (rb"\x04\x22\x4d\x18", "content packed with LZ4", _UNPACKED),
        (rb"\x82SNAPPY\x00|\xff\x06\x00\x00sNaPpY", "content packed with Snappy", _UNPACKED),
        (rb"\x78[\x01\x9c\xda]", "content packed with zlib", _UNPACKED),
        (rb"BZh[1-9]1AY&SY", "content packed with bzip2", _UNPACKED),
        (rb"\xfd7zXZ\x00", "content packed with xz", _UNPACKED),
        (rb"PK\x03\x04", "content packed as a zip file", _UNPACKED),
        (rb"(?:PAR1|ORC)[\x00-\x1f]", "a file of columns (Parquet or ORC)", "send each row as a JSON object"),
        (rb"\xff\xfe\x00\x00|\x00\x00\xfe\xff|(?:[\t-~]\x00{3}){2}|(?:\x00{3}[\t-~]){2}", "UTF-32 text", _UTF_8),
        (rb"\xff\xfe|\xfe\xff|(?:[\t-~]\x00){2}|(?:\x00[\t-~]){2}", "UTF-16 text", _UTF_8),
    )
)

#: Of what has no text, such as numbers and lengths in Avro and Protobuf.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_BEFORE_JSON: Final = "\x1e"  #: before each text of a sequence of JSON
_OF_SEQUENCE: Final = "a sequence of JSON texts (RFC 7464); leave out the record separator before each"

_SMALLEST_BSON: Final = 5  #: bytes: its length, and the zero at its end
_BSON: Final = (
    "BSON, in which MongoDB keeps documents; set `output.format.{part}=json` of its connector, or let its program send "
    "plain JSON"
)
_VARINT: Final = re.compile(rb"[\x80-\xff]{0,4}[\x01-\x7f]")

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
    # These two begin with their lengths, which may be the beginning of anything.
    if _is_bson(content):
        return _BSON.format(part=part)
    if _is_json_in_snappy(content):
        return f"content packed with Snappy; {_UNPACKED}"
    for pattern, told, remedy in _BEGINNINGS:
        if pattern.match(content):
            return f"{told}; {remedy.format(part=part)}"
    return _by_magic(part, content)


def _by_magic(part: Part, content: bytes) -> str | None:
    """Wire formats that begin with a byte and the id of a schema."""
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
        written = content.decode().strip(" \t\r\n")
    except UnicodeDecodeError:
        if content.lstrip()[:1] in (b"{", b"[") and _is_json(content.decode("latin-1").encode()):
            return f"JSON in another encoding than UTF-8, such as Latin-1; {_UTF_8}"
        return _WITHOUT_A_MARK.format(part=part)
    found = fault_of_json(content) if written.startswith(BEGINNINGS) else None
    if found is not None:
        return found
    if _CONTROL.search(written) is not None:
        is_sequence = written.startswith(_BEFORE_JSON) and _is_json(written[1:].encode())
        return _OF_SEQUENCE if is_sequence else _WITHOUT_A_MARK.format(part=part)
    return None if written.startswith(("{", "[")) else _by_kind(part, written)


def _by_kind(part: Part, written: str) -> str:
    """What is meant to be text."""
    if written.startswith("Struct{"):
        return f"what Kafka Connect's StringConverter makes of a row; set `{part}.converter` to {JSON_CONVERTER}"
    if part == "key":
        return f"bare text, and in JSON a text stands in quotes; {_JSON_FROM.format(part=part)}"
    return f"{_kind_of_text(written)}; send each row as a JSON object, or load a file with `identity-graph ingest`"


def _kind_of_text(written: str) -> str:
    if written.startswith("<"):
        return "XML or HTML"
    if _is_json_in_base64(written.encode()):
        return "JSON in base64"
    return "a line of CSV" if any(each in written for each in ",;\t|") else "plain text"


def _is_bson(content: bytes) -> bool:
    """Whether bytes are as many as they say first, and end as BSON does (https://bsonspec.org/spec.html)."""
    length = int.from_bytes(content[:4], "little")
    return len(content) == length >= _SMALLEST_BSON and content[-1] == 0


def _is_json_in_snappy(content: bytes) -> bool:
    """Whether bytes are a raw block of Snappy, which has no mark, with JSON inside."""
    said = _VARINT.match(content)
    if said is None:
        return False
    length = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(said[0]))
    if length > MAX_VALUE_BYTES:
        return False
    try:
        return _is_json(bytes(cramjam.snappy.decompress_raw(content)))
    except cramjam.DecompressionError:
        return False


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
