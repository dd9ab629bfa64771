"""The key of a message: the columns that it names."""

from collections.abc import Mapping

from consumers.decoders.documents import SchemaDocument
from consumers.decoders.logical_types import convert_row, convert_value
from graph_model.catalogue.rules import Source
from graph_model.errors import MessageRejected
from graph_model.values.equality import JsonValue


def key_columns(source: Source, key: SchemaDocument) -> Mapping[str, JsonValue]:
    """Read a key as columns of a source: an object of them, or the bare value of the only one.

    Args:
        source: the source that the row belongs to.
        key: the message's key, or another one that it names.

    Raises:
        MessageRejected: it is a bare value, and the rows have a key of several columns.
    """
    payload = convert_value(key.payload, key.schema)
    if isinstance(payload, dict):
        return convert_row(payload, key.schema)
    if len(source.key) == 1:
        return {source.key[0]: payload}
    raise MessageRejected(
        "decode",
        f"the key is a single value; a JSON object with {', '.join(source.key)} is expected. Leave out the "
        "transformation that takes one column out of the key (ExtractField$Key)",
    )
