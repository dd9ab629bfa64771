"""How much a JSON body may hold, whatever it is about: looked at before anything works on it.

What a body costs follows from the number of its values and from how deep they lie, not from its bytes alone: ten
megabytes of empty lists are five million objects. Both are counted on the bytes, in slices, so that it takes neither
memory nor the interpreter for long; only then is it read.
"""

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from api.errors import BodyTooLarge
from graph_model.values.equality import JsonValue

#: Levels of lists and objects. Of a row, `services.ingestion.intake` takes half of them; what is a little deeper costs
#: only its row.
MOST_LEVELS: Final = 500

#: Values outside the columns of rows: each may be at fault, and is told of. A thousand changes have 4 000, a thousand
#: records in groups with keys of three columns 7 000.
MOST_STRUCTURE: Final = 10_000

#: The objects that hold a row's columns, which are checked row by row.
_COLUMNS: Final = frozenset({"row", "key"})

_SLICE_BYTES: Final = 64 * 1024

_OPENING: Final = b"[{"
_STEPS: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS: Final = bytes(set(range(256)) - _STEPS.keys())


def require_bounded(content: bytes, most_values: int) -> None:
    """Refuse a body that is too much to be read.

    Args:
        content: the bytes of a JSON document, or of anything else.
        most_values: so many values may it have, lists and objects included.

    Raises:
        BodyTooLarge: it has more, or more than `MOST_LEVELS` levels.
    """
    if _count(content, b",") + _count(content, _OPENING) < min(most_values, MOST_LEVELS):
        return  # even if none of them stands in a text
    commas, brackets = 0, bytearray()
    for part in _outside_texts(content):
        commas += part.count(b",")
        brackets += part.translate(None, _NO_BRACKETS)
    opened = _count(brackets, _OPENING)
    if (values := commas + opened + 1) > most_values:
        raise BodyTooLarge.of_values(values, most_values)
    if opened > MOST_LEVELS:
        # What closes more often than it opens is no JSON; how far it goes on does not matter.
        levels = max(accumulate(map(_STEPS.__getitem__, brackets[: 2 * opened])))
        if levels > MOST_LEVELS:
            raise BodyTooLarge(f"the body is nested {levels:,} levels deep; expected at most {MOST_LEVELS:,}")


def require_few_parts(body: JsonValue) -> None:
    """Refuse a body of which so much could be wrong that saying so would be work.

    Raises:
        BodyTooLarge: it has more than `MOST_STRUCTURE` values outside the columns of rows.
    """
    found, waiting = 1, [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found += len(value)
            waiting += [part for name, part in value.items() if not (name in _COLUMNS and isinstance(part, dict))]
        elif isinstance(value, list):
            found += len(value)
            waiting += value
    if found > MOST_STRUCTURE:
        raise BodyTooLarge(
            f"the body has {found:,} values outside the columns of rows; expected at most {MOST_STRUCTURE:,}"
        )


def _outside_texts(content: bytes) -> Iterator[bytes]:
    """What a JSON document holds outside its texts, slice by slice."""
    inside, start = False, 0
    while start < len(content):
        end = start + _SLICE_BYTES
        while content[end - 1 : end] == b"\\":
            end += 1  # an escape stays in one slice
        parts = content[start:end].replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        yield b"".join(parts[inside::2])
        inside ^= len(parts) % 2 == 0
        start = end


def _count(content: bytes | bytearray, characters: bytes) -> int:
    return sum(content.count(character) for character in characters)
