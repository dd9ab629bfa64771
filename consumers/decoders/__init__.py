"""Decoders: one module with one function `decode` per format of messages.

A decoder gives what a message stands for, changes of rows or the truncation of a table; nothing means that the message
is ignored by rule. What has no usable address, position or row is refused with `MessageRejected`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from consumers.decoders import debezium, rows
from consumers.decoders.message import Decoded, Message
from consumers.decoders.recognition import looks_like, value_looks_like, with_hint
from consumers.routing import format_of_topic
from graph_model.catalogue.rules import Catalogue, MessageFormat, Source
from graph_model.errors import MessageRejected
from graph_model.records.record import Change
from graph_model.resolution.row_changes import Origin
from graph_model.values.equality import JsonValue

Decoder = Callable[[Message, Catalogue], tuple[Decoded, ...]]

DECODERS: Final[Mapping[MessageFormat, Decoder]] = {"debezium": debezium.decode, "rows": rows.decode}


def decode(message: Message, catalogue: Catalogue) -> tuple[Decoded, ...]:
    """Decode a message by the format that the catalogue gives its topic.

    Raises:
        MessageRejected: the message cannot become a change.
    """
    return decode_as(format_of_topic(catalogue, message.topic), message, catalogue)


def decode_as(written: MessageFormat, message: Message, catalogue: Catalogue) -> tuple[Decoded, ...]:
    """Decode a message of a format.

    Raises:
        MessageRejected: the message cannot become a change; where it looks like one of another format, that is told.
    """
    try:
        return DECODERS[written](message, catalogue)
    except MessageRejected as rejection:
        raise with_hint(rejection, looks_like(message, written)) from None


def decode_row(source: Source, row: Mapping[str, JsonValue], origin: Origin) -> Change:
    """Read a row of a file, which is no message; see `decode_as`."""
    try:
        return rows.plain_row(source, row, origin)
    except MessageRejected as rejection:
        raise with_hint(rejection, value_looks_like(row, "rows")) from None


def source_of(decoded: Decoded) -> str:
    """The name of the source that it belongs to."""
    return decoded.address.source if isinstance(decoded, Change) else decoded.source
