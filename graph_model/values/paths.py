"""Columns that lie inside of others: `address.city`, `contacts[].email`.

A step of a path is the name of a member; `[]` behind it means every element of the list that the member is. A row that
has a column of just that name means this column. What databases keep as JSON comes as text from many of them, so that a
text which is a JSON object or list is read where a path leads on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import is_writable, read_exact_json

_EVERY = "[]"

#: The only member of what stands for a value that its path does not reach: the beginning of what is there instead.
_LEADS_INTO: Final = "leads into"
#: So many characters of a text are kept of it. Null markers are shorter.
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class _Astray:
    """A path cannot go on: what it leads into has no members."""

    found: JsonValue


#: What steps of a path lead to.
_Reached: TypeAlias = "JsonValue | _Astray"
#: Texts that were read, and what they are as JSON; themselves where they are none.
_Opened: TypeAlias = dict[str, JsonValue]


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
        The value; of a path with `[]` the list of all that is found, lists among it taken apart; None where nothing is.
    """
    if column in row or not is_path(column):
        return row.get(column)
    return _said(column, [value for value in _ends(row, column, {}) if not isinstance(value, _Astray)])


def values_at(row: Mapping[str, JsonValue], paths: Iterable[str], told: frozenset[str]) -> dict[str, JsonValue]:
    """The values of paths of which a row has no column.

    Args:
        row: as received.
        paths: the paths.
        told: those of them that do not just have no value where they lead into what has no members, but one that says
            so: `astray_in` knows it, and nothing can be read of it.
    """
    opened: _Opened = {}
    found: dict[str, JsonValue] = {}
    for path in paths:
        if path not in row:
            ends = _ends(row, path, opened)
            astray = [{_LEADS_INTO: _shown(end.found)} for end in ends if isinstance(end, _Astray)]
            reached = [end for end in ends if not isinstance(end, _Astray)]
            found[path] = _said(path, [*reached, *(astray[:1] if path in told else ())])
    return found


def astray_in(value: JsonValue) -> JsonValue:
    """What a path led into that has no members, of a value that says so; None of every other."""
    return value[_LEADS_INTO] if isinstance(value, Mapping) and value.keys() == {_LEADS_INTO} else None


def _ends(row: Mapping[str, JsonValue], path: str, opened: _Opened) -> list[_Reached]:
    found: list[_Reached] = [row]
    for step in path.split("."):
        name = step.removesuffix(_EVERY)
        found = [value for each in found for value in _members(each, name, opened)]
        if step.endswith(_EVERY):
            found = [value for each in found for value in _elements(each, opened)]
    return found


def _members(value: _Reached, name: str, opened: _Opened) -> Iterable[_Reached]:
    if isinstance(value, _Astray):
        return (value,)
    value = _open(value, opened)
    if isinstance(value, Mapping):
        return (value[name],) if name in value else ()
    is_nothing = value is None or value == [] or (isinstance(value, str) and not value.strip())
    return () if is_nothing else (_Astray(value),)


def _elements(value: _Reached, opened: _Opened) -> Iterable[_Reached]:
    if isinstance(value, _Astray):
        return (value,)
    several = _open(value, opened)
    return several if isinstance(several, list) else (value,)


def _open(value: JsonValue, opened: _Opened) -> JsonValue:
    """Of a text that is a JSON object or list, what it is; every other value as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    if value not in opened:
        try:
            inner = read_exact_json(value.encode())
        except ValueError:  # no JSON, or no text that could be written
            inner = value
        opened[value] = inner if is_writable(inner) else value
    return opened[value]


def _said(path: str, ends: list[JsonValue]) -> JsonValue:
    if _EVERY not in path:
        return ends[0] if ends else None
    flat = [each for end in ends for each in (end if isinstance(end, list) else [end])]
    return [value for value in flat if value is not None] or None


def _shown(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return value[:_SHOWN]
    return [] if isinstance(value, list) else value
