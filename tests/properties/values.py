"""Values of every JSON type, many of them nearly equal, and what they say in a naive reading; no engine code.

Two values are the same only where Python writes them in the same way: its `==` takes 1, 1.0 and True for one.
"""

import json
from collections.abc import Iterable, Mapping
from typing import TypeVar

from hypothesis import strategies as st

from graph_model.values.equality import JsonValue

TEXTS = ("a", "b", "c", "d")
#: As an exact reader of JSON gives them: numbers that 64 bits do not hold are texts.
STRANGE: tuple[JsonValue, ...] = (
    1, 1.0, "1", "1.0", True, "true", 0, -0.0, 0.5, "0.5", 2**53, float(2**53), 1e30, "123456789012345678901",
    None, "", [1], [1.0], {"a": 1}, {"a": True},
)  # fmt: skip
#: Plain texts are likelier, so that rows still have much in common.
VALUES: tuple[JsonValue, ...] = (*TEXTS * 5, *STRANGE)


Choice = TypeVar("Choice")


def one_of_many(choices: Iterable[Choice]) -> st.SearchStrategy[Choice]:
    """One of very many choices, which Hypothesis would name one by one in all that it says."""
    listed = tuple(choices)
    return st.integers(0, len(listed) - 1).map(lambda place: listed[place])


def nearly(value: JsonValue) -> list[JsonValue]:
    """Other values that Python, or a careless reader, takes for the same."""
    same_text = [other for other in STRANGE if other == value or str(other) == str(value)]
    return [other for other in same_text if json.dumps(other) != json.dumps(value)]


def identity(value: JsonValue) -> str | None:
    """What a value of an identifier column stands for: texts themselves, whole numbers their digits, else nothing."""
    if isinstance(value, str):
        return value or None
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > 2**53 or value != int(value):
        return None
    return str(int(value))


def identities(value: JsonValue) -> list[str]:
    """All that a value of an identifier column stands for: a list may hold several."""
    pieces = value if isinstance(value, list) else [value]
    return [said for piece in pieces if (said := identity(piece)) is not None]


def trait(value: JsonValue) -> str | None:
    """What a value of a text trait says; a list says what the first says that says anything."""
    if isinstance(value, list):
        return next((said for piece in value if (said := trait(piece)) is not None), None)
    if isinstance(value, bool):
        return json.dumps(value)
    return str(value) or None if isinstance(value, str | int | float) else None


def written(values: Mapping[str, JsonValue] | None) -> str:
    """A text that only equal values share."""
    return json.dumps(values, sort_keys=True)
