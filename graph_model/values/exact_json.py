"""JSON from outside, read without losing a digit.

Readers of JSON usually hold numbers in 64 bits, and round what does not fit. Here such a number becomes the text that
was written. So what was read holds whole numbers of 64 bits, finite numbers with a fraction whose digits are those that
were written, texts, truth values, nulls, lists and objects: all of it can be written again.
"""

import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from json import JSONDecodeError
from typing import Any, Final, NoReturn

import orjson

from graph_model.values.equality import JsonValue
from graph_model.values.positions import LARGEST_INTEGER, SMALLEST_INTEGER

#: Where a number may begin that 64 bits do not hold exactly: it has many digits, or an exponent. A text may look so,
#: too; that costs time only. Every part is bounded, so that the time is linear whatever comes.
_SUSPICIOUS: Final = re.compile(rb"[0-9](?:[0-9.]{16}|[eE][+-]?[0-9]{1,4}(?:[0-9\s,\]}]|\Z))")

_SLICE_BYTES: Final = 64 * 1024
_LONGEST_SUSPICIOUS: Final = 20  #: more characters than the search looks at from one place

_LONGEST_SMALL_INTEGER: Final = 20  #: characters of the longest integer that 64 bits hold, its sign included

_WHOLE: Final = re.compile(r"-?[0-9]{1,100}", re.ASCII)

#: Only written like this a text can hold half a character.
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")

_SPACE: Final = re.compile(r"[ \t\r\n]+")

#: Levels of lists and objects; what is deeper could be read, and not be written any more.
DEEPEST: Final = 250


def read_exact_json(content: bytes) -> JsonValue:
    """Read JSON in UTF-8 (RFC 8259).

    Raises:
        JSONDecodeError: it is none, or holds NaN or broken Unicode.
    """
    if not _is_suspicious(content):
        value: JsonValue = orjson.loads(content)
        return value
    value = _decoded(content, parse_constant=_refuse_constant)
    if _SURROGATE.search(content) is not None:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except (UnicodeEncodeError, RecursionError):
            raise JSONDecodeError("broken Unicode", "", 0) from None
    return value


def read_faulty_json(content: bytes) -> JsonValue:
    """Read JSON as `read_exact_json` does, but let NaN and broken characters pass, for the caller to refuse.

    Raises:
        JSONDecodeError: it is no JSON even so.
    """
    return _decoded(content, parse_constant=float)


def array_elements(content: bytes) -> Iterator[bytes]:
    """Find the elements of a JSON array, each to be read by itself: what is wrong in one costs the others nothing.

    Raises:
        JSONDecodeError: where an element ends cannot be told; `lineno` and `colno` say where it begins, or breaks off.
    """
    decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)
    text = content.decode(errors="surrogateescape")
    place = _behind_space(text, text.index("[") + 1)
    while text[place : place + 1] != "]":
        try:
            _, end = decoder.raw_decode(text, place)
        except RecursionError:
            raise JSONDecodeError("nested too deeply", text, place) from None
        yield text[place:end].encode(errors="surrogateescape")
        place = _behind_space(text, end)
        if text[place : place + 1] == ",":
            place = _behind_space(text, place + 1)
        elif text[place : place + 1] != "]":
            raise JSONDecodeError("neither a comma nor the end of the array", text, place)
    if _behind_space(text, place + 1) != len(text):
        raise JSONDecodeError("more than an array", text, place + 1)


def is_writable(value: JsonValue) -> bool:
    """Tell whether a value that `read_exact_json` gave is no more than 250 levels deep."""
    try:
        orjson.dumps([[[[value]]]])  # the writer takes 254 levels
    except orjson.JSONEncodeError:
        return False
    return True


def whole_number(value: JsonValue) -> int | None:
    """A whole number as `read_exact_json` gives it, with up to 100 digits; None for all else."""
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _is_suspicious(content: bytes) -> bool:
    """Look in slices: a search through megabytes would let no other thread run meanwhile."""
    return any(
        _SUSPICIOUS.search(content, start, start + _SLICE_BYTES + _LONGEST_SUSPICIOUS) is not None
        for start in range(0, len(content), _SLICE_BYTES)
    )


def _decoded(content: bytes, **hooks: Any) -> JsonValue:  # noqa: ANN401 - functions for the standard library
    try:
        value: JsonValue = json.loads(content.decode(), parse_int=_integer, parse_float=_number, **hooks)
    except UnicodeDecodeError as error:
        raise JSONDecodeError("not UTF-8", "", error.start) from None
    except RecursionError:
        raise JSONDecodeError("nested too deeply", "", 0) from None
    return value


def _behind_space(text: str, place: int) -> int:
    space = _SPACE.match(text, place)
    return place if space is None else space.end()


def _refuse_constant(name: str) -> NoReturn:
    raise JSONDecodeError(f"{name} is no JSON number", "", 0)


def _integer(text: str) -> int | str:
    if len(text) > _LONGEST_SMALL_INTEGER:
        return text
    number = int(text)
    return number if SMALLEST_INTEGER <= number <= LARGEST_INTEGER else text


def _number(text: str) -> float | str:
    """The number nearest to what is written, if its shortest spelling is the same number; else what is written."""
    number = float(text)
    if math.isinf(number):
        return text
    if number == 0:
        return text if text.lower().partition("e")[0].strip("-0.") else number
    return number if Decimal(repr(number)) == Decimal(text) else text
