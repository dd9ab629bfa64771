"""What "equal" means for values: the same canonical bytes. And how people read them.

A language's own `==` takes `1`, `1.0` and `true` for the same. They are three values of a column.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec
import orjson

JsonValue: TypeAlias = "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"

#: A JSON object that somebody is answered with.
JsonObject: TypeAlias = dict[str, Any]

#: Types whose equal values have the same bytes.
_PLAIN = frozenset({str, int, bool})

#: Writes a text in the same bytes as orjson does, and into memory of their size: what orjson writes has the memory of a
#: thousand until it is cut, which is most of the time where many are kept.
_encode_text: Final = msgspec.json.Encoder().encode


def canonical_bytes(value: object) -> bytes:
    """Write a JSON value as the one text that all equal values share: no white space, members in order of their names.

    Raises:
        TypeError: it holds what JSON cannot say.
    """
    if type(value) is not str:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    try:
        return _encode_text(value)
    except UnicodeEncodeError as error:
        raise TypeError(str(error)) from None


def are_equal(one: object, other: object) -> bool:
    """Tell whether two JSON values are the same."""
    if one is other:
        return True
    if type(one) in _PLAIN:
        return type(other) is type(one) and one == other
    # Whatever has the same bytes is the same to Python, too; looking there first leaves most differences at that.
    if one != other:
        return False
    return one == [] or canonical_bytes(one) == canonical_bytes(other)


def value_text(value: JsonValue) -> str:
    """A value as people read it: text as it is, all else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
