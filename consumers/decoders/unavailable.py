"""Values that a connector did not send: columns that keep what is stored.

TOASTed values that an update left alone: PostgreSQL does not log them, so the connector writes a placeholder in the
shape of the column's type. Shapes: io.debezium.connector.postgresql.UnchangedToastedPlaceholder, with the default
placeholder.
"""

import base64
from collections.abc import Mapping
from typing import Final

from graph_model.values.equality import JsonValue

#: The placeholder in a column of text.
UNAVAILABLE: Final = "__debezium_unavailable_value"

_BASE64: Final = base64.b64encode(UNAVAILABLE.encode()).decode()
#: Java's `UUID.nameUUIDFromBytes` of the text: an MD5 UUID without a name space.
_UUID: Final = "b68a35a7-17ad-35b3-af2a-ae46edb4545a"
_SCALARS: Final = frozenset({UNAVAILABLE, _BASE64, f'{{"{UNAVAILABLE}":"{UNAVAILABLE}"}}'})
_LISTS: Final[tuple[list[JsonValue], ...]] = ([UNAVAILABLE], [_BASE64], [_UUID], list(UNAVAILABLE.encode()))


def unavailable_columns(row: Mapping[str, JsonValue]) -> frozenset[str]:
    """The columns of a row whose value was not sent."""
    return frozenset(column for column, value in row.items() if _is_unavailable(value))


def _is_unavailable(value: JsonValue) -> bool:
    """Tell whether a column's value is the placeholder for "not sent"."""
    if isinstance(value, str):
        return value in _SCALARS
    if isinstance(value, list):
        return value in _LISTS
    return isinstance(value, dict) and value == {UNAVAILABLE: UNAVAILABLE}
