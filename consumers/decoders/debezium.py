"""Debezium envelopes of relational connectors, as JSON with or without schema.

An image of the row `before` the change is never used but for key columns: without full replica identity it
holds invented values. Reference: https://debezium.io/documentation/reference/stable/connectors/postgresql.html
"""

import re
from collections.abc import Mapping
from typing import Final

from consumers.decoders.documents import Schema, SchemaDocument, field_schema, open_document
from consumers.decoders.keys import key_columns
from consumers.decoders.logical_types import convert_row, plain_decimals
from consumers.decoders.message import Decoded, Message
from consumers.decoders.recognised_values import HEARTBEAT, TRANSACTION_MARKER
from consumers.decoders.tables import Table, default_topics, table_of
from consumers.decoders.unavailable import unavailable_columns
from consumers.routing import find_source, sources_of_topic
from graph_model.catalogue.rules import Catalogue, Source
from graph_model.errors import MessageRejected
from graph_model.records.record import Change, RecordAddress
from graph_model.records.tasks import TruncateSource
from graph_model.resolution.row_changes import Origin, key_address, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import whole_number
from graph_model.values.keys import stored_part
from graph_model.values.paths import value_at
from graph_model.values.positions import Position, SourcePosition
from graph_model.values.times import DAY_MILLISECONDS

_Fields = Mapping[str, JsonValue]

_NO_FIELDS: Final[_Fields] = {}
#: A change of a row's key: the message of the new row names the old key, the deletion of the old one the new key.
_OLD_KEY_HEADER: Final = "__debezium.oldkey"
_NEW_KEY_HEADER: Final = "__debezium.newkey"
_FIRST_EPOCH: Final = 1
_BINLOG_FILE: Final = re.compile(r"\.(\d+)$")


def decode(message: Message, catalogue: Catalogue) -> tuple[Decoded, ...]:
    """Read one envelope.

    Tombstones, heartbeats, transaction markers, schema changes and logical messages give nothing. An
    operation that is not known is read as an upsert of `after`.

    Raises:
        MessageRejected: no envelope, an unknown table, no usable key, or a truncate that cannot be ordered.
    """
    if message.value is None:
        return ()
    document = open_document(message.value, "value")
    if document.payload is None:
        return ()
    envelope = _struct(document.payload, "the value")
    operation = envelope.get("op")
    if operation == "m" or (operation is None and _is_side_message(envelope)):
        return ()
    if not isinstance(operation, str):
        raise MessageRejected("decode", "no Debezium envelope: it has no `op`")
    table = _table(envelope)
    topic = message.topic or _default_topic(envelope, catalogue)
    source = find_source(catalogue, topic, *table.names)
    if operation == "t":
        return (_truncation(source, topic, envelope, message),)
    return (_change(source, topic, envelope, document.schema, message),)


def _change(source: Source, topic: str, envelope: _Fields, schema: Schema | None, message: Message) -> Change:
    deleted = envelope["op"] == "d"
    key = _key(message.key)
    keys = None if key is None else _key_columns(source, key)
    if deleted:
        before = envelope.get("before")
        raw = before if keys is None and isinstance(before, dict) else _NO_FIELDS
        row = _row(raw, field_schema(schema, "before"))
    else:
        raw = _struct(envelope.get("after"), "`after` of the envelope")
        row = _row(raw, field_schema(schema, "after"))
        if key is not None and not isinstance(key.payload, dict):
            _require_same_key(source, key, raw, row)
    return row_change(
        source,
        row,
        _origin(source, topic, envelope, key, message),
        deleted=deleted,
        unavailable=unavailable_columns(raw),
        address=key_address(source, row if keys is None else {**row, **keys}, topic),
    )


def _row(fields: _Fields, schema: Schema | None) -> _Fields:
    return plain_decimals(fields) if schema is None else convert_row(fields, schema)


def _key_columns(source: Source, key: SchemaDocument) -> _Fields:
    columns = key_columns(source, key)
    return plain_decimals(columns) if key.schema is None else columns


def _require_same_key(source: Source, key: SchemaDocument, *rows: _Fields) -> None:
    """Refuse a bare key that is the value of another column than the catalogue's; a deletion would miss its row."""
    column = source.key[0]
    said = [value for value in (value_at(row, column) for row in rows) if value is not None]
    if said and stored_part(_key_columns(source, key)[column]) not in map(stored_part, said):
        raise MessageRejected(
            "map",
            f"the key is a single value, and not that of the key column {column!r} of source {source.name!r}; name "
            "the column that it is taken from as `key`, or leave out the transformation ExtractField$Key",
        )


def _truncation(source: Source, topic: str, envelope: _Fields, message: Message) -> TruncateSource:
    origin = _origin(source, topic, envelope, None, message)
    if source.version is not None and origin.position.epoch == 0:
        raise MessageRejected(
            "map",
            f"a truncate has no version, and that orders the rows of source {source.name!r}; delete them one by one",
        )
    return TruncateSource(
        source=source.name,
        topic=topic if source.topic_pattern is not None and source.topic is None else None,
        position=origin.position,
        source_position=origin.source_position,
        observed_at=origin.observed_at,
        accepted_at=origin.accepted_at if origin.accepted_at != origin.observed_at else None,
        trace=origin.trace,
    )


def _origin(source: Source, topic: str, envelope: _Fields, key: SchemaDocument | None, message: Message) -> Origin:
    block = _source_block(envelope)
    accepted_at = _accepted_at(block, envelope, message)
    said = _first_time((block, envelope), accepted_at)
    is_deletion = envelope["op"] == "d"
    return Origin(
        # What did not come from a log is ordered by the number it was given when it was accepted.
        position=Position(source.epoch if message.topic else 0, message.offset),
        observed_at=accepted_at if said is None else said,
        accepted_at=accepted_at,
        undated=said is None and not message.says_when,
        source_position=_source_position(block, 0 if message.topic else source.epoch),
        previous=None if is_deletion else _address_in_header(_OLD_KEY_HEADER, source, topic, message, key),
        moved_to=_address_in_header(_NEW_KEY_HEADER, source, topic, message, key) if is_deletion else None,
        trace=message.trace,
    )


def _accepted_at(block: _Fields, envelope: _Fields, message: Message) -> int:
    """When a version was sent: of a message whose log does not say, when the connector read it, else when we did."""
    if message.is_timed:
        return message.timestamp
    said = _first_time((envelope, block), message.timestamp)
    return message.timestamp if said is None else said


def _first_time(places: tuple[_Fields, ...], accepted_at: int) -> int | None:
    """The first time that can be believed, in milliseconds since 1970.

    The block `source` says when the database wrote a version, the envelope when the connector read it. Of snapshots
    some connectors say 0, which means that they do not know.
    """
    for place in places:
        said = whole_number(place.get("ts_ms"))
        if said is not None and 0 < said <= accepted_at + DAY_MILLISECONDS:
            return said
    return None


def _address_in_header(
    name: str, source: Source, topic: str, message: Message, key: SchemaDocument | None
) -> RecordAddress | None:
    """The other address of a row whose key changes. It serves continuity only: unreadable, it is left out."""
    header = message.header(name)
    if header is None:
        return None
    try:
        old = open_document(header, "header")
        schema = old.schema or (None if key is None else key.schema)
        return key_address(source, _key_columns(source, SchemaDocument(old.payload, schema)), topic)
    except MessageRejected:
        return None


def _source_position(block: _Fields, epoch: int) -> SourcePosition | None:
    """The position of a streamed version. Snapshot rows have none: they do not compare with streamed ones.

    Args:
        block: `source` of the envelope.
        epoch: where the version has no place in a log: the epoch of its source. Positions of two do not compare.
    """
    if block.get("snapshot") not in (None, False, "false"):
        return None
    connector = block.get("connector")
    later = f"@{epoch}" if epoch > _FIRST_EPOCH else ""
    if connector == "postgresql":
        lsn = whole_number(block.get("lsn"))
        return None if lsn is None else SourcePosition(f"postgresql{later}", (lsn,))
    if connector in ("mysql", "mariadb"):
        file = _BINLOG_FILE.search(str(block.get("file")))
        position, row = whole_number(block.get("pos")), whole_number(block.get("row"))
        if file is None or position is None or row is None:
            return None
        # After a failover another server counts anew.
        return SourcePosition(f"{connector}:{block.get('server_id')}{later}", (int(file[1]), position, row))
    return None


def _table(envelope: _Fields) -> Table:
    table = table_of(_source_block(envelope))
    if table is None:
        raise MessageRejected("decode", "the envelope's `source` does not tell schema and table")
    return table


def _default_topic(envelope: _Fields, catalogue: Catalogue) -> str:
    """Of an envelope from a file: the topic that its connector would have sent it to, as far as the catalogue tells."""
    topics = default_topics(_source_block(envelope))
    if not topics:
        raise MessageRejected("decode", "the envelope's `source` does not tell its name")
    return next((topic for topic in topics if sources_of_topic(catalogue, topic)), topics[0])


def _source_block(envelope: _Fields) -> _Fields:
    return _struct(envelope.get("source"), "`source` of the envelope")


def _is_side_message(envelope: _Fields) -> bool:
    """Whether the connector speaks of itself, told by fields that no row envelope has."""
    fields = envelope.keys()
    return fields == HEARTBEAT or fields >= TRANSACTION_MARKER or "ddl" in fields


def _key(content: bytes | None) -> SchemaDocument | None:
    """The message's key; None for a table without primary key."""
    if content is None:
        return None
    document = open_document(content, "key")
    return None if document.payload is None else document


def _struct(value: JsonValue, what: str) -> _Fields:
    if not isinstance(value, dict):
        found = "null or missing" if value is None else type(value).__name__
        raise MessageRejected("decode", f"{what} is {found}; a JSON object is expected")
    return value
