"""From messages to samples of tables, for a draft: rows with the keys of their messages, each table by itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from consumers.decoders.documents import SchemaDocument, field_schema, open_document
from consumers.decoders.logical_types import convert_row, convert_value, plain_decimals
from consumers.decoders.message import Message
from consumers.decoders.recognition import looks_like
from consumers.decoders.tables import default_topics
from graph_model.catalogue.draft.tables import DraftOrigin, Row, SampledTable
from graph_model.errors import MessageRejected
from graph_model.values.equality import JsonValue

#: Plain rows do not say which table they are of.
_ROWS: Final = ""


@dataclass(slots=True)
class _Table:
    """Rows of one table, while they are gathered."""

    rows: list[Row] = field(default_factory=list)
    keys: list[JsonValue] = field(default_factory=list)
    topic: str | None = None  #: where a connector sends its envelopes, unless it was told otherwise


def sampled_tables(messages: Iterable[Message], name: str, *, file: str | None, is_whole: bool) -> list[SampledTable]:
    """Gather rows, or the rows after the change of envelopes; what holds no row is passed over.

    Args:
        messages: as they came, in their order.
        name: of the file or topic, which the table has where there is only one.
        file: name pattern of the file; None: they are of a topic.
        is_whole: there are no other messages.

    Raises:
        MessageRejected: none of them holds a row; the reason says what the first one looks like.
    """
    tables: dict[str, _Table] = {}
    first: Message | None = None
    topic = ""
    for message in messages:
        topic = message.topic
        first = first or message
        _gather(message, tables)
    envelopes = {table: found for table, found in tables.items() if table != _ROWS}
    if not tables:
        found = None if first is None else looks_like(first)
        raise MessageRejected("decode", found or "no row that could be read; rows, or Debezium envelopes, are expected")
    # Between envelopes, a connector writes messages of its own.
    return [
        SampledTable(
            name=name if len(envelopes or tables) == 1 else table.rpartition(".")[2],
            columns=list(dict.fromkeys(column for row in found.rows for column in row)),
            rows=found.rows,
            keys=found.keys,
            is_whole=is_whole,
            origin=DraftOrigin(
                file=file,
                topic=topic or found.topic,
                table=table if len(envelopes) > 1 and topic else None,
                format="debezium" if envelopes else "rows",
            ),
        )
        for table, found in (envelopes or tables).items()
    ]


def _gather(message: Message, tables: dict[str, _Table]) -> None:
    """Put the row of a message, if it holds one, to those of its table."""
    if message.value is None:
        return
    try:
        document = open_document(message.value, "value")
    except MessageRejected:
        return
    payload, schema = document.payload, document.schema
    # Of a key that is no JSON rows can do without.
    if not isinstance(payload, Mapping) or looks_like(replace(message, key=None)) is not None:
        return
    source, after = payload.get("source"), payload.get("after")
    if "op" not in payload or not isinstance(source, Mapping):
        table = tables.setdefault(_ROWS, _Table())
        table.rows.append(convert_row(payload, schema))
    elif isinstance(after, Mapping):
        schema_name, name = source.get("schema") or source.get("db"), source.get("table")
        table = tables.setdefault(f"{schema_name}.{name}", _Table())
        table.rows.append(
            plain_decimals(after) if schema is None else convert_row(after, field_schema(schema, "after"))
        )
        table.topic = next(iter(default_topics(source)), None)
    else:
        return
    table.keys.append(_key(message))


def _key(message: Message) -> JsonValue:
    """The key of a message: an object of columns, or one value; None where it has none."""
    if message.key is None:
        return None
    try:
        document = open_document(message.key, "key")
    except MessageRejected:
        document = SchemaDocument(message.key.decode(errors="replace"), None)
    payload = convert_value(document.payload, document.schema)
    return {**convert_row(payload, document.schema)} if isinstance(payload, Mapping) else payload
