"""Trait values: what a column's value says, in the one form that its type has.

The reason given for a value that does not fit never holds the value itself.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from graph_model.values.equality import JsonValue
from graph_model.values.normalise.characters import visible_text
from graph_model.values.normalise.date import day_of_count, normalise_date
from graph_model.values.times import iso_moment

#: Enters the catalogue's fingerprint; raised when a value is read differently.
TRAIT_VALUES_VERSION = "1"

LONGEST_TEXT = 2_000  #: characters
_LARGEST_INTEGER = 2**63 - 1
_EXACT_IN_A_FLOAT = 2**53
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MILLISECOND = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
_LAST_MILLISECOND = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)

_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,3})?", re.ASCII)
_TIME_COUNT = re.compile(r"-?\d{9,19}", re.ASCII)
_FRACTION = re.compile(r"[.,](\d+)", re.ASCII)  # of the seconds: ISO 8601 dates and zones have none
_FRACTION_DIGITS = 100
_TRUTHS = {
    "true": True, "t": True, "yes": True, "1": True,
    "false": False, "f": False, "no": False, "0": False,
}  # fmt: skip


class TraitType(StrEnum):
    """What values of a trait are; a value that is not of the type becomes an issue of its record."""

    TEXT = "text"
    DATE = "date"  #: ISO 8601 text, or days since 1970
    TIMESTAMP = "timestamp"  #: ISO 8601 text, or seconds, milli-, micro- or nanoseconds since 1970
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"


def typed_value(value: JsonValue, trait_type: TraitType) -> JsonValue:
    """Read a column's value as a trait.

    Args:
        value: as received from the source.
        trait_type: what the catalogue says the trait is.

    Returns:
        Text; a date as `YYYY-MM-DD`; a timestamp as `YYYY-MM-DDTHH:MM:SS.mmmZ`; a number; a boolean; or None
        where there is no value: null, or text with nothing visible in it.

    Raises:
        ValueError: the value is not of the type. The message completes "the value …".
    """
    if isinstance(value, str):
        value = visible_text(value)
    if value is None or value == "":
        return None
    return _READERS[trait_type](value)


def timestamp_milliseconds(value: JsonValue) -> int | None:
    """Read a time as milliseconds since 1970, rounded down; None where it cannot be read.

    Text is ISO 8601 with a date (without a zone it is UTC) or a count of at least nine digits. The size of a
    count tells its unit: seconds below 10^11, milliseconds below 10^14, microseconds below 10^17, else
    nanoseconds. So seconds reach the year 5138, and milliseconds are understood from March 1973 on.
    """
    try:
        if isinstance(value, str):
            return _milliseconds_of_text(visible_text(value))
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return _milliseconds_of_count(value)
    except (ValueError, OverflowError):
        return None
    return None


def exact_milliseconds(value: JsonValue) -> Decimal | None:
    """Read an ISO 8601 time as milliseconds since 1970 with all digits of its fraction; None where it is none."""
    if not isinstance(value, str):
        return None
    text = visible_text(value)
    try:
        moment = _moment(text)
    except (ValueError, OverflowError):
        return None
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    fraction = _FRACTION.search(text)
    digits = fraction[1] if fraction is not None else ""
    if len(digits) > _FRACTION_DIGITS:
        return None
    return Decimal(f"{seconds * 10 ** len(digits) + int(digits or 0)}E{3 - len(digits)}")


def _text(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise _unfit(value, "text")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"has {len(value)} characters; expected at most {LONGEST_TEXT}")
    return value


def _date(value: JsonValue) -> str:
    day = None
    if isinstance(value, str):
        day = normalise_date(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        try:
            day = day_of_count(value)
        except OverflowError:
            day = None
    if day is None:
        raise _unfit(value, "a date such as 1984-03-07 or a count of days since 1970")
    return day


def _timestamp(value: JsonValue) -> str:
    milliseconds = timestamp_milliseconds(value)
    if milliseconds is None:
        raise _unfit(value, "an ISO 8601 timestamp or a count since 1970")
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _integer(value: JsonValue) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST_INTEGER:
        raise _unfit(value, "a whole number of at most 64 bits")
    return value


def _number(value: JsonValue) -> int | float:
    """Make whole numbers integers where that loses nothing, so that `12`, `"12"` and `12.0` are one."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value) if _INTEGER.fullmatch(value) is None else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unfit(value, "a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _unfit(value, "a finite number")
    if isinstance(value, int) and abs(value) <= _LARGEST_INTEGER:
        return value
    return int(number) if number.is_integer() and abs(number) <= _EXACT_IN_A_FLOAT else number


def _boolean(value: JsonValue) -> bool:
    truth = _TRUTHS.get(str(value).casefold()) if isinstance(value, str | int) else None
    if truth is None:
        raise _unfit(value, "true or false")
    return truth


def _milliseconds_of_text(text: str) -> int:
    if _TIME_COUNT.fullmatch(text):
        return _milliseconds_of_count(int(text))
    return (_moment(text) - _EPOCH) // timedelta(milliseconds=1)


def _moment(text: str) -> datetime:
    """The time that an ISO 8601 text names, to the microsecond."""
    moment = iso_moment(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _milliseconds_of_count(count: int) -> int:
    size = abs(count)
    if size < 10**11:
        milliseconds = count * 1_000
    elif size < 10**14:
        milliseconds = count
    elif size < 10**17:
        milliseconds = count // 1_000
    else:
        milliseconds = count // 1_000_000
    if not _FIRST_MILLISECOND <= milliseconds <= _LAST_MILLISECOND:
        raise OverflowError("outside the years 1 to 9999")
    return milliseconds


def _unfit(value: JsonValue, expected: str) -> ValueError:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "text"}
    return ValueError(f"is {names.get(type(value), 'a list or an object')}; expected {expected}")


_READERS: Mapping[TraitType, Callable[[JsonValue], JsonValue]] = {
    TraitType.TEXT: _text,
    TraitType.DATE: _date,
    TraitType.TIMESTAMP: _timestamp,
    TraitType.INTEGER: _integer,
    TraitType.NUMBER: _number,
    TraitType.BOOLEAN: _boolean,
}
