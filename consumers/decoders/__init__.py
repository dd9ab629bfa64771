"""Decoders: one module with one function `decode` per format of messages.

A decoder gives the changes that a message stands for; none means that the message is ignored by rule. What
has no usable address, position or row is refused with `MessageRejected`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from consumers.decoders import debezium, rows
from consumers.decoders.message import Message
from consumers.routing import format_of_topic
from graph_model.catalogue import Catalogue, MessageFormat
from graph_model.records import Change

Decoder = Callable[[Message, Catalogue], tuple[Change, ...]]

DECODERS: Final[Mapping[MessageFormat, Decoder]] = {"debezium": debezium.decode, "rows": rows.decode}


def decode(message: Message, catalogue: Catalogue) -> tuple[Change, ...]:
    """Decode a message by the format that the catalogue gives its topic.

    Raises:
        MessageRejected: the message cannot become a change.
    """
    return DECODERS[format_of_topic(catalogue, message.topic)](message, catalogue)
