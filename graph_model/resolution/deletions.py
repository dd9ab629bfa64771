"""Rows that say of themselves that they are deleted."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from graph_model.catalogue.rules import Source
from graph_model.errors import MessageRejected
from graph_model.values.equality import JsonValue
from graph_model.values.flags import flag_text, is_set

#: What Debezium's ExtractNewRecordState adds to a row with `delete.tombstone.handling.mode=rewrite` (before version 2.5
#: `delete.handling.mode`). Of a deleted row the key columns alone are sure to hold what they held.
_REWRITTEN: Final = "__deleted"


def is_deleted(source: Source, row: Mapping[str, JsonValue]) -> bool:
    """Tell whether a row is a deletion, by the flag of its source or by the one that Debezium writes.

    Raises:
        MessageRejected: the catalogue does not tell what the flag means by what it says.
    """
    flag = source.deleted
    if _REWRITTEN in row and (flag is None or flag.column != _REWRITTEN) and flag_text(row[_REWRITTEN]) == "true":
        return True
    if flag is None:
        return False
    said = flag_text(row.get(flag.column))
    if flag.equals is not None:
        return said in flag.equals
    if said in _folded(source.nulls):
        return False
    deleted = None if said is None else is_set(said)
    if deleted is None:
        raise MessageRejected(
            "map",
            f"the column {flag.column!r} of source {source.name!r} says neither that the row is deleted nor that it is "
            "not; yes, no, a time or nothing is expected, else `equals: [...]` in the catalogue with what it says of "
            "deleted rows",
        )
    return deleted


@lru_cache(maxsize=256)
def _folded(markers: frozenset[str]) -> frozenset[str | None]:
    return frozenset(flag_text(marker) for marker in markers)
