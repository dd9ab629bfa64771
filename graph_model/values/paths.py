"""Columns that lie inside of others: `address.city`, `contacts[].email`.

A step of a path is the name of a member; `[]` behind it means every element of the list that the member is. A row that
has a column of just that name means this column.
"""

from collections.abc import Mapping

from graph_model.values.equality import JsonValue

_EVERY = "[]"


def is_path(column: str) -> bool:
    """Tell whether a name may lead into another column."""
    return "." in column or column.endswith(_EVERY)


def root_of(column: str) -> str:
    """The column that a path begins in."""
    return column.partition(".")[0].removesuffix(_EVERY)


def has_column(row: Mapping[str, JsonValue], column: str) -> bool:
    """Tell whether a row has a column, or the one that a path begins in."""
    return column in row or (is_path(column) and root_of(column) in row)


def value_at(row: Mapping[str, JsonValue], column: str) -> JsonValue:
    """The value of a column, or what lies at the end of a path.

    Returns:
        The value; of a path with `[]` the list of all that is found; None where nothing is.
    """
    if column in row or not is_path(column):
        return row.get(column)
    found: list[JsonValue] = [row]
    for step in column.split("."):
        name = step.removesuffix(_EVERY)
        found = [value[name] for value in found if isinstance(value, Mapping) and name in value]
        if step.endswith(_EVERY):
            found = [each for value in found for each in (value if isinstance(value, list) else [value])]
    if _EVERY not in column:
        return found[0] if found else None
    return [value for value in found if value is not None] or None
