"""Trait values: what a column's value says, in the one form that its type has.

The reason given for a value that does not fit never holds the value itself.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from graph_model.values.amounts import plain_number
from graph_model.values.characters import visible_text, without_guard
from graph_model.values.equality import JsonValue
from graph_model.values.paths import astray_in
from graph_model.values.reading import AS_WRITTEN, Reading, exact_count, read_day, read_moment

#: Enters the catalogue's fingerprint; raised when a value is read differently.
TRAIT_VALUES_VERSION: Final = "3"

LONGEST_TEXT: Final = 2_000  #: characters
_LARGEST_INTEGER: Final = 2**63 - 1
_EXACT_IN_A_FLOAT: Final = 2**53
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_INTEGER: Final = re.compile(r"([+-]?\d{1,19})(?:\.0{1,400})?", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,3})?", re.ASCII)
_FRACTION: Final = re.compile(r"(?::\d\d|[T ]\d{6}|\d{14})[.,](\d+)", re.ASCII | re.IGNORECASE)
_FRACTION_DIGITS: Final = 100
_TRUTHS: Final = {
    "true": True, "t": True, "yes": True, "y": True, "1": True, "1.0": True,
    "false": False, "f": False, "no": False, "n": False, "0": False, "0.0": False,
}  # fmt: skip


class TraitType(StrEnum):
    """What values of a trait are; a value that is not of the type becomes an issue of its record."""

    TEXT = "text"
    DATE = "date"
    TIMESTAMP = "timestamp"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"


#: Types of traits that are numbers.
NUMBERS: Final = frozenset({TraitType.INTEGER, TraitType.NUMBER})


def typed_value(value: JsonValue, trait_type: TraitType, reading: Reading = AS_WRITTEN) -> JsonValue:
    """Read a column's value as a trait.

    Args:
        value: as received from the source.
        trait_type: what the catalogue says the trait is.
        reading: how the column is written.

    Returns:
        Text; a date as `YYYY-MM-DD`; a timestamp as `YYYY-MM-DDTHH:MM:SS.mmmZ`; a number; a boolean; or None
        where there is no value: null, or text with nothing visible in it.

    Raises:
        ValueError: the value is not of the type. The message completes "the value …".
    """
    if isinstance(value, str):
        value = value.strip()
        if len(value) > LONGEST_TEXT:
            raise ValueError(f"has {len(value)} characters; expected at most {LONGEST_TEXT}")
        value = without_guard(visible_text(value))
    if value is None or value == "":
        return None
    return _READERS[trait_type](value, reading)


def timestamp_milliseconds(value: JsonValue, reading: Reading = AS_WRITTEN) -> int | None:
    """Read a time as milliseconds since 1970, rounded down; None where it cannot be read."""
    try:
        return (read_moment(value, reading) - _EPOCH) // timedelta(milliseconds=1)
    except ValueError:
        return None


def exact_milliseconds(value: JsonValue, reading: Reading = AS_WRITTEN) -> Decimal | None:
    """Read a time as milliseconds since 1970 with all digits of its fraction; None where it is none."""
    try:
        moment = read_moment(value, reading)
        counted = exact_count(value, reading)
    except ValueError:
        return None
    if counted is not None:
        return counted
    fraction = _FRACTION.search(value) if isinstance(value, str) and not reading.formats else None
    digits = f"{moment.microsecond:06}" if fraction is None else fraction[1]
    if len(digits) > _FRACTION_DIGITS:
        return None
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    return Decimal(f"{seconds * 10 ** len(digits) + int(digits)}E{3 - len(digits)}")


def _text(value: JsonValue, _: Reading) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise _unfit(value, "text")
    return value


def _date(value: JsonValue, reading: Reading) -> str:
    return read_day(value, reading).isoformat()


def _timestamp(value: JsonValue, reading: Reading) -> str:
    moment = read_moment(value, reading)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _integer(value: JsonValue, reading: Reading) -> int:
    number = _plain_number(value, reading)
    whole = _INTEGER.fullmatch(number) if isinstance(number, str) else None
    if whole is not None:
        number = int(whole[1])
    elif isinstance(number, float) and number.is_integer() and abs(number) <= _EXACT_IN_A_FLOAT:
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or abs(number) > _LARGEST_INTEGER:
        raise _unfit(value, "a whole number of at most 64 bits")
    return number


def _number(value: JsonValue, reading: Reading) -> int | float:
    """Make whole numbers integers where that loses nothing, so that `12`, `"12"` and `12.0` are one."""
    number = _plain_number(value, reading)
    if isinstance(number, str) and _NUMBER.fullmatch(number):
        whole = _INTEGER.fullmatch(number)
        number = _exact_float(number) if whole is None else int(whole[1])
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise _unfit(value, "a number")
    if isinstance(number, int) and abs(number) <= _LARGEST_INTEGER:
        return number
    try:
        close = float(number)
    except OverflowError:
        close = math.inf
    if not math.isfinite(close):
        raise _unfit(value, "a finite number")
    if close != number:
        raise _inexact()
    return int(close) if close.is_integer() and abs(close) <= _EXACT_IN_A_FLOAT else close


def _exact_float(text: str) -> float:
    """The number whose shortest spelling has the digits that are written."""
    number = float(text)
    if math.isfinite(number) and Decimal(repr(number)) != Decimal(text):
        raise _inexact()
    return number


def _plain_number(value: JsonValue, reading: Reading) -> JsonValue:
    """A number as programs write it, of one that people write as the column declares."""
    if reading.decimal is None or not isinstance(value, str):
        return value
    number = plain_number(value, reading.decimal)
    if number is None:
        raise _unfit(value, f"a number with the decimal mark {reading.decimal!r}, as declared")
    return number


def _boolean(value: JsonValue, _: Reading) -> bool:
    truth = _TRUTHS.get(str(value).casefold()) if isinstance(value, str | int | float) else None
    if truth is None:
        raise _unfit(value, "true or false")
    return truth


def _inexact() -> ValueError:
    return ValueError("has more digits than a JSON number holds exactly; expected fewer, or a trait of type text")


def _unfit(value: JsonValue, expected: str) -> ValueError:
    return ValueError(f"is {nested_name(value)}; expected {expected}")


def nested_name(value: JsonValue) -> str:
    """What sort of value it is, and of one that holds others how to get at them."""
    astray = astray_in(value)
    if astray is not None:
        way = "a list, whose elements have paths such as `contacts[].email`" if astray == [] else nested_name(astray)
        return f"behind a path that leads into {way}, and not into an object"
    if isinstance(value, Mapping):
        return "an object, whose members have paths such as `address.city`"
    if isinstance(value, list):
        return "a list of several values"
    return {bool: "a boolean", str: "text", type(None): "null"}.get(type(value), "a number")


_READERS: Final[Mapping[TraitType, Callable[[JsonValue, Reading], JsonValue]]] = {
    TraitType.TEXT: _text,
    TraitType.DATE: _date,
    TraitType.TIMESTAMP: _timestamp,
    TraitType.INTEGER: _integer,
    TraitType.NUMBER: _number,
    TraitType.BOOLEAN: _boolean,
}
