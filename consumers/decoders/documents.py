"""JSON as Kafka Connect writes it: bare, or wrapped with its schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Final

from consumers.decoders.logical_types import convert_row
from graph_model.errors import MessageRejected
from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import DEEPEST, is_writable, read_exact_json
from services.files.lines import BYTE_ORDER_MARK

#: The largest value that is read; a customer row is thousands of times smaller.
MAX_VALUE_BYTES: Final = 5_000_000

Schema = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class SchemaDocument:
    """A JSON value, with the Connect schema that came with it."""

    payload: JsonValue
    schema: Schema | None  #: None: the converter was set to send no schemas


def open_document(content: bytes, what: str) -> SchemaDocument:
    """Parse the JSON of a message's key or value, and take it out of its schema wrapper.

    Args:
        content: the bytes as received.
        what: `key` or `value`, for the reason of a refusal.

    Raises:
        MessageRejected: it is too large, not UTF-8, not JSON, or nested too deeply.
    """
    if len(content) > MAX_VALUE_BYTES:
        raise MessageRejected("decode", f"the {what} has {len(content)} bytes; the most is {MAX_VALUE_BYTES}")
    try:
        document = read_exact_json(content.removeprefix(BYTE_ORDER_MARK))
    except JSONDecodeError as error:
        # Of the error only the place is told: the text may quote data.
        raise MessageRejected("decode", f"the {what} is not UTF-8 JSON (at character {error.pos})") from None
    if not is_writable(document):
        raise MessageRejected("decode", f"the {what} is nested deeper than {DEEPEST} levels")
    if isinstance(document, dict) and document.keys() == {"schema", "payload"}:
        schema = document["schema"]
        if schema is None or (isinstance(schema, Mapping) and "type" in schema):
            return SchemaDocument(document["payload"], schema)
    return SchemaDocument(document, None)


def field_schema(schema: Schema | None, name: str) -> Schema | None:
    """The schema of one field of a struct; None where there is none."""
    fields = None if schema is None else schema.get("fields")
    if not isinstance(fields, list):
        return None
    return next((field for field in fields if isinstance(field, Mapping) and field.get("field") == name), None)


def open_row(content: bytes, what: str) -> Mapping[str, JsonValue]:
    """Parse a JSON object whose fields are columns; logical types are converted where a schema names them.

    Raises:
        MessageRejected: it cannot be parsed, or is not an object.
    """
    document = open_document(content, what)
    if not isinstance(document.payload, dict):
        found = "null" if document.payload is None else type(document.payload).__name__
        raise MessageRejected("decode", f"the {what} is {found}; a JSON object is expected")
    return convert_row(document.payload, document.schema)
