"""Plain rows: every message is one row as a JSON object; a null value deletes the row that the key names."""

from collections.abc import Iterable, Mapping
from typing import Final

from consumers.decoders.documents import open_document, open_row
from consumers.decoders.keys import key_columns
from consumers.decoders.message import Message
from consumers.decoders.recognition import value_looks_like
from consumers.decoders.unavailable import UNAVAILABLE, unavailable_columns
from consumers.routing import find_source
from graph_model.catalogue.rules import Catalogue, Source
from graph_model.errors import MessageRejected
from graph_model.records.record import Change
from graph_model.resolution.row_changes import Origin, key_address, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.paths import has_column, root_of
from graph_model.values.positions import Position

#: So deep a row is looked for in an envelope that is not known.
_DEEPEST: Final = 3


def decode(message: Message, catalogue: Catalogue) -> tuple[Change, ...]:
    """Read one row.

    Raises:
        MessageRejected: no source, no JSON object, no usable key, or a message of another format.
    """
    source = find_source(catalogue, message.topic)
    origin = Origin(
        # What did not come from a log is ordered by the number it was given when it was accepted.
        position=Position(source.epoch if message.topic else 0, message.offset),
        observed_at=message.timestamp,
        undated=not message.says_when,
        trace=message.trace,
    )
    if message.value is None:
        row = _key_columns(source, message.key)
        address = key_address(source, row, message.topic)
        return (row_change(source, row, origin, deleted=True, address=address),)
    return (plain_row(source, open_row(message.value, "value"), origin, message.topic),)


def plain_row(source: Source, row: Mapping[str, JsonValue], origin: Origin, topic: str = "") -> Change:
    """Make the change that one row stands for, whatever road it came.

    A row that a connector has unwrapped may hold placeholders for values that it did not send.

    Raises:
        MessageRejected: no usable key, or it has no column of the source and looks like a message of another format.
    """
    if source.columns.isdisjoint(row):
        _refuse_other_format(source, row)
    unavailable = unavailable_columns(row) if UNAVAILABLE in row.values() else frozenset()
    address = key_address(source, row, topic)
    return row_change(source, row, origin, unavailable=unavailable, address=address)


def _refuse_other_format(source: Source, row: Mapping[str, JsonValue]) -> None:
    """Refuse what is no row, although it has something that is called like the key."""
    if any(root_of(path) in row for path in source.paths):
        return
    if value_looks_like(row, "rows") is not None:
        raise MessageRejected("decode", f"it has none of the columns that source {source.name!r} reads")
    says_deleted = source.deleted is not None and source.deleted.column in row
    if not says_deleted and _holds_row(source, row.values(), _DEEPEST):
        raise MessageRejected(
            "decode",
            f"it has none of the columns that source {source.name!r} reads, but an object inside of it has them, and "
            "the key; unwrap it to that row, or name all of its columns by paths such as `data.name`",
        )


def _holds_row(source: Source, values: Iterable[JsonValue], depth: int) -> bool:
    """Whether one of some values, or of what they hold, is a row of a source: the key and several columns.

    One column says nothing: the company in a row of a person has a `name` and an `id`, too.
    """
    if len(source.columns) == 1:
        return False
    for value in values:
        inner = value[0] if isinstance(value, list) and value else value
        if not isinstance(inner, Mapping):
            continue
        is_row = len(source.columns & inner.keys()) > 1 and all(has_column(inner, column) for column in source.key)
        if is_row or (depth > 1 and _holds_row(source, inner.values(), depth - 1)):
            return True
    return False


def _key_columns(source: Source, key: bytes | None) -> Mapping[str, JsonValue]:
    """The columns that the key of a deletion names."""
    if key is None:
        raise MessageRejected("decode", "neither key nor value; a deletion needs the row's key as the message's key")
    return key_columns(source, open_document(key, "key"))
