"""Keys of rows: from the values of the key columns to the one form of a key.

A part of a key is a text. A whole number is the text of its digits, whether the source says `1`, `1.0` or `"1"`; every
other text stays as it is. What cannot be a key is refused: two rows must never get one address.
"""

import json
import math
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, TypeAlias

import orjson

from graph_model.values.positions import plain_decimal

#: A part of a key in documents: a whole number that every reader of JSON holds exactly is a number, all else text.
WrittenPart: TypeAlias = int | str

#: Whole numbers in text; `007` and `+1` are names.
_WHOLE: Final = re.compile(r"(0|-?[1-9][0-9]*)|(-?[1-9][0-9]*)\.0+", re.ASCII)
#: Nothing, in every notation that a number has.
_ZERO: Final = re.compile(r"-?0(?:\.0+)?", re.ASCII)
#: What a spreadsheet makes of a long number: the digits that are not shown are gone. `12E5` may be a name.
#: Quotes, a formula's sign, or what splitting a list leaves may stand around it, and a space for the sign.
_SHORTENED: Final = re.compile(
    r"[\s='\"]*[+-]?(?:(?:[0-9]+[.,][0-9]*|[.,][0-9]+)\s?[eEdD][\s+-]?|[0-9]+\s?[eE]\+)[0-9]+[\s'\";,]*", re.ASCII
)
#: Characters; what a program writes in this way is no longer, whatever stands around it.
_LONGEST_SHORTENED: Final = 60
#: Whole numbers that are written as JSON numbers.
_SMALL: Final = re.compile(r"0|-?[1-9][0-9]{0,14}", re.ASCII)

_SMALL_DIGITS: Final = 15
_TOO_GREAT: Final = 10**_SMALL_DIGITS

#: Characters of a part of a key. A row's key is written into everything that is kept of the row.
LONGEST_PART: Final = 1_000

#: A float holds every whole number up to this one.
_EXACT_IN_A_FLOAT: Final = 2**53


class NotAKey(ValueError):
    """A value that cannot be a part of a key; the message says what it is, without the value."""


def key_part(value: object) -> str:
    """Read a value of a key column as a part of a key.

    Raises:
        NotAKey: it is no text and no number, empty, longer than `LONGEST_PART`, or a number that has lost digits.
    """
    if isinstance(value, str):
        return _text_part(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        digits = number_text(value)
        if digits is None and isinstance(value, float) and not math.isfinite(value):
            raise NotAKey("no number")
        if digits is None:
            raise NotAKey("a number that is too long, or may have lost digits")
        return _bounded(digits)
    raise NotAKey("null" if value is None else type(value).__name__)


def number_text(number: float) -> str | None:
    """Write a number in the one way that does not depend on its notation; None where it may have lost digits.

    Whole numbers become their digits, others their shortest decimal text without exponent. A whole number of the
    floating type above 2^53 may be another one than was meant.
    """
    if isinstance(number, int):
        try:
            return str(number)
        except ValueError:  # Python writes no more than some thousand digits
            return None
    if not math.isfinite(number):
        return None
    if number.is_integer():
        return str(int(number)) if abs(number) <= _EXACT_IN_A_FLOAT else None
    return plain_decimal(Decimal(repr(number)))


def is_shortened(text: str) -> bool:
    """Tell whether a text is a number with an exponent (`8.96529E+18`, `1E+15`), which has lost digits."""
    if len(text) > _LONGEST_SHORTENED:
        return False
    written = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return _SHORTENED.fullmatch(written) is not None


def without_notation(text: str) -> str:
    """Write a whole number as its digits, in whichever way it is written; every other text stays as it is."""
    whole = _WHOLE.fullmatch(text)
    return text if whole is None else whole[1] or whole[2]


def write_key(parts: Sequence[str]) -> str:
    """Write the parts of a key as the canonical JSON array."""
    return orjson.dumps([int(part) if _SMALL.fullmatch(part) else part for part in parts]).decode()


def plain_key(value: object) -> str | None:
    """Write a key of one column at once where its value is plain digits, as most are: in a fraction of the time.

    Returns:
        What `write_key` makes of its `key_part`; None: that has to be asked.
    """
    if type(value) is int:
        return f"[{value}]" if abs(value) < _TOO_GREAT else None
    if type(value) is not str or len(value) > _SMALL_DIGITS:
        return None
    return f"[{value}]" if value.isascii() and value.isdigit() and value[0] != "0" else None


def stored_key(parts: Sequence[object]) -> str:
    """Write a key that was stored before in the canonical form; what is in force cannot be refused any more."""
    return write_key([stored_part(part) for part in parts])


def is_canonical(parts: Sequence[object]) -> bool:
    """Tell whether the parts of a key in a document are written as they are now."""
    for part in parts:
        if isinstance(part, str):
            if stored_part(part) != part or _SMALL.fullmatch(part):
                return False
        elif type(part) is not int or abs(part) >= _TOO_GREAT:
            return False
    return True


def canonical_key(key: str) -> str:
    """Read a stored key, a JSON array in any form of the past, and give its canonical form."""
    return stored_key(json.loads(key, parse_int=str, parse_float=lambda text: plain_decimal(Decimal(text))))


def _bounded(part: str) -> str:
    if len(part) > LONGEST_PART:
        raise NotAKey(f"{len(part)} characters long, and more than {LONGEST_PART} are no key")
    return part


def _text_part(text: str) -> str:
    if not _bounded(text):
        raise NotAKey("empty")
    if text.isascii() and text.isdigit() and text[0] != "0":
        return text  # digits that nobody could write otherwise, as most keys are
    if is_shortened(text):
        raise NotAKey("a number that has lost digits, since it was written with an exponent")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise NotAKey("text that is not valid Unicode") from None
    return _without_notation(text)


def stored_part(part: object) -> str:
    """Read a part of a key that is in force; what it says cannot be refused any more."""
    if isinstance(part, bool):
        return "true" if part else "false"
    if isinstance(part, float):
        return _without_notation(plain_decimal(Decimal(repr(part))))
    return _without_notation(str(part))


def _without_notation(text: str) -> str:
    return "0" if _ZERO.fullmatch(text) else without_notation(text)
