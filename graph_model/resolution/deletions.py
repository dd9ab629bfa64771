"""Rows that say of themselves that they are deleted."""

from collections.abc import Mapping
from typing import Final

from graph_model.catalogue.rules import Source
from graph_model.values.equality import JsonValue
from graph_model.values.keys import number_text

#: What Debezium's ExtractNewRecordState adds to a row with `delete.tombstone.handling.mode=rewrite` (before version 2.5
#: `delete.handling.mode`). Of a deleted row the key columns alone are sure to hold what they held.
_REWRITTEN: Final = "__deleted"

_TRUE: Final = "true"
#: What a flag says where it is not set.
_NOT_SET: Final = frozenset({"", "false", "f", "no", "n", "0"})


def is_deleted(source: Source, row: Mapping[str, JsonValue]) -> bool:
    """Tell whether a row is a deletion, by the flag of its source or by the one that Debezium writes."""
    flag = source.deleted
    if _REWRITTEN in row and (flag is None or flag.column != _REWRITTEN) and _said(row[_REWRITTEN]) == _TRUE:
        return True
    if flag is None:
        return False
    said = _said(row.get(flag.column))
    if flag.equals is not None:
        return said in flag.equals
    return said not in _NOT_SET and said not in {marker.casefold() for marker in source.nulls}


def _said(value: JsonValue) -> str:
    """What a flag says, as text; nothing of what is no single value."""
    if isinstance(value, bool):
        return _TRUE if value else "false"
    if isinstance(value, int | float):
        return number_text(value) or ""
    return value.strip().casefold() if isinstance(value, str) else ""
