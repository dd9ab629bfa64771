"""How a column is written: what turns its values into days, times and numbers, as the catalogue declares it.

Where nothing is declared, text is ISO 8601, and a bare number is neither a day nor a time. Nothing is guessed, and
nothing looks at a clock, a locale or the machine's own zones.

The messages of errors complete "the value …" and never hold the value itself.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from enum import StrEnum
from functools import cache, partial
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

import tzdata

from graph_model.values.characters import visible_text, without_guard
from graph_model.values.equality import JsonValue
from graph_model.values.keys import number_text
from graph_model.values.times import DAY_MILLISECONDS, iso_day, iso_moment

#: Enters the fingerprint of catalogues that name a zone.
ZONES_VERSION: Final = tzdata.IANA_VERSION

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Serial 60 is the 29th of February 1900, which spreadsheets count and which there was not.
_NO_SUCH_SERIAL: Final = 60
_BEFORE_SERIALS: Final = date(1899, 12, 31)
_BEFORE_LATER_SERIALS: Final = date(1899, 12, 30)

_COUNT: Final = re.compile(r"[+-]?\d{1,25}(?:\.\d{1,25})?", re.ASCII)
#: Enough for all digits of a count.
_EXACT: Final = Context(prec=60)
_COMPACT: Final = re.compile(r"(\d{8}|\d{14})(?:\.0{1,25})?", re.ASCII)

#: What `strptime` reads without asking the machine for its language, its zone or today's date.
_DIRECTIVE: Final = re.compile(r"%(.?)", re.DOTALL)
_DIRECTIVES: Final = frozenset("aAbBdfHIjmMpSyYz%")
_UNPARTED: Final = re.compile(r"%[dmYyHIMSj]%[dmYyHIMSj]")
#: What the directives of numbers write; all others write no digits, but for zones.
_WRITES: Final = {
    **dict.fromkeys("dmyHIMS", "[0-9]{2}"), "Y": "[0-9]{4}", "j": "[0-9]{3}", "f": "[0-9]{1,6}", "z": ".+", "%": "%",
}  # fmt: skip

#: Characters; no day, time or count is longer, also where it is padded.
_LONGEST_WRITTEN: Final = 1_000

_OUTSIDE: Final = "lies too far away; expected one of the years 1 to 9999"
_EXPECTED: Final = (
    "which is neither a day nor a time; expected ISO 8601 such as 1984-03-07, or `read` in the catalogue with how the "
    "column is written"
)


class Notation(StrEnum):
    """Usual ways to write a day or a time."""

    ISO = "iso"  #: ISO 8601, in all its usual spellings
    YYYYMMDD = "yyyymmdd"  #: eight digits, or fourteen with the time
    EPOCH_DAYS = "epoch_days"  #: counts since 1970
    EPOCH_SECONDS = "epoch_seconds"
    EPOCH_MILLISECONDS = "epoch_milliseconds"
    EPOCH_MICROSECONDS = "epoch_microseconds"
    EPOCH_NANOSECONDS = "epoch_nanoseconds"
    EXCEL_SERIAL = "excel_serial"  #: days as spreadsheets count them since 1900; the time of day is the fraction


@dataclass(frozen=True, slots=True)
class Reading:
    """What the catalogue says of how a column is written."""

    notation: Notation = Notation.ISO
    formats: tuple[str, ...] = ()  #: patterns of `strptime`; the first one that fits; they stand for the notation
    zone: str | None = None  #: IANA name; of times without a zone, and where the day of an instant is told
    decimal: str | None = None  #: the decimal mark of numbers, point or comma; the other one parts thousands

    @property
    def tells_time(self) -> bool:
        """Whether it declares anything of days or times."""
        return self.notation is not Notation.ISO or bool(self.formats) or self.zone is not None


#: Nothing is declared.
AS_WRITTEN: Final = Reading()


def read_moment(value: JsonValue, reading: Reading = AS_WRITTEN) -> datetime:
    """Read a point in time; without a zone, written or declared, it is in UTC.

    Returns:
        The time in UTC, to the microsecond, rounded down.

    Raises:
        ValueError: it cannot be read as declared, or lies outside the years 1 to 9999.
    """
    try:
        return _local_moment(value, reading).astimezone(UTC)
    except OverflowError:
        raise ValueError(_OUTSIDE) from None


def read_day(value: JsonValue, reading: Reading = AS_WRITTEN) -> date:
    """Read a day: as it is written, or of an instant the day that it was in the declared zone.

    Raises:
        ValueError: it cannot be read as declared, or lies outside the years 1 to 9999.
    """
    try:
        if reading == AS_WRITTEN:
            return iso_day(_iso_text(value))
        moment = _written_moment(value, reading)
        if moment.tzinfo is not None and reading.zone is not None:
            return moment.astimezone(_zone(reading.zone)).date()
        return moment.date()
    except OverflowError:
        raise ValueError(_OUTSIDE) from None


def exact_count(value: JsonValue, reading: Reading) -> Decimal | None:
    """The milliseconds since 1970 that a count says, with all its digits; None where no count is declared.

    Raises:
        ValueError: it is no number.
    """
    unit = None if reading.formats else _UNITS.get(reading.notation)
    return None if unit is None else _EXACT.multiply(_count(value), unit)


def format_fault(pattern: str) -> str | None:
    """What is wrong with a pattern of `strptime`, as a sentence goes on; None: nothing."""
    used = {found[1] for found in _DIRECTIVE.finditer(pattern)}
    unknown = sorted(used - _DIRECTIVES)
    if unknown:
        return f"found %{unknown[0]}; expected only {', '.join(f'%{each}' for each in sorted(_DIRECTIVES))}"
    needed = (("day", "dj"), ("month", "mbBj"), ("year", "Yy"))
    missing = [name for name, ways in needed if not used & set(ways)]
    return f"found no {missing[0]}; expected day, month and year, such as %d/%m/%Y" if missing else None


@cache
def is_zone(name: str) -> bool:
    """Tell whether there is a time zone of this name."""
    try:
        _zone(name)
    except (ValueError, OSError):
        return False
    return True


def _local_moment(value: JsonValue, reading: Reading) -> datetime:
    moment = _written_moment(value, reading)
    if moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC if reading.zone is None else _zone(reading.zone))


def _written_moment(value: JsonValue, reading: Reading) -> datetime:
    """The time that is written; without a zone where none is."""
    if reading.formats:
        return _by_format(_text(value), reading.formats)
    return _NOTATIONS[reading.notation](value)


def _by_format(text: str, formats: tuple[str, ...]) -> datetime:
    for pattern in formats:
        try:
            moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is the declared one
        except ValueError:
            continue
        if _has_all_digits(text, pattern):
            return moment
    raise ValueError(f"is not written as declared, or names a day that there is not; expected {' or '.join(formats)}")


def _has_all_digits(text: str, pattern: str) -> bool:
    """Whether a text has as many digits as its pattern writes.

    Where nothing parts its numbers, `strptime` takes fewer digits than there are to be, and reads other ones.
    """
    shape = _digits_shape(pattern)
    return shape is None or shape.fullmatch(text) is not None


@cache
def _digits_shape(pattern: str) -> re.Pattern[str] | None:
    """The shape of texts that a pattern writes; None where something parts all of its numbers."""
    if _UNPARTED.search(pattern) is None:
        return None
    literals = _DIRECTIVE.split(pattern)  # every other one is a directive
    return re.compile(
        "".join(
            _WRITES.get(part, r"[^0-9]+") if place % 2 else r"\s+".join(map(re.escape, re.split(r"\s+", part)))
            for place, part in enumerate(literals)
        ),
        re.IGNORECASE,
    )


def _iso(value: JsonValue) -> datetime:
    return iso_moment(_iso_text(value))


def _iso_text(value: JsonValue) -> str:
    """The text that ISO 8601 may have written. Whole numbers mean the same as their digits."""
    text = _text(value)
    if _COUNT.fullmatch(text) is None:
        return text
    compact = _COMPACT.fullmatch(text)
    if compact is None:
        raise ValueError(f"is a bare number, {_EXPECTED}")
    return compact[1]


def _compact(value: JsonValue) -> datetime:
    found = _COMPACT.fullmatch(_text(value))
    if found is None:
        raise ValueError("is not written as declared; expected eight digits such as 19840307, or fourteen")
    return iso_moment(found[1])


def _serial(value: JsonValue) -> datetime:
    count = _count(value)
    days = math.floor(count)
    if days < 1 or days == _NO_SUCH_SERIAL:
        raise ValueError("is no day that spreadsheets count; expected 1 for 1900-01-01")
    day = (_BEFORE_SERIALS if days < _NO_SUCH_SERIAL else _BEFORE_LATER_SERIALS) + timedelta(days=days)
    # Spreadsheets keep times to the millisecond at the best; the rest is what binary fractions make of it.
    return _midnight(day) + timedelta(milliseconds=round((count - days) * DAY_MILLISECONDS))


def _days_since_1970(value: JsonValue) -> datetime:
    count = _count(value)
    if count != math.floor(count):
        raise ValueError("is no whole number; expected a count of days since 1970")
    return _midnight(_EPOCH.date() + timedelta(days=int(count)))


def _since_1970(value: JsonValue, notation: Notation) -> datetime:
    return _EPOCH + timedelta(microseconds=math.floor(_EXACT.multiply(_count(value), 1_000 * _UNITS[notation])))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a day has no zone


def _count(value: JsonValue) -> Decimal:
    text = _text(value)
    if _COUNT.fullmatch(text) is None:
        raise ValueError("is no number; expected a count, as declared")
    return Decimal(text)


def _text(value: JsonValue) -> str:
    """What is written, of numbers their digits."""
    if isinstance(value, str):
        if len(value) > _LONGEST_WRITTEN:
            raise ValueError(f"has {len(value)} characters; a day or a time has at most {_LONGEST_WRITTEN}")
        return without_guard(visible_text(value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value) or ""
    found = "a boolean" if isinstance(value, bool) else "a list or an object"
    raise ValueError(f"is {found}, {_EXPECTED}")


@cache
def _zone(name: str) -> ZoneInfo:
    """A zone as the package of the field's database has it: the machine's own database may be another one.

    Raises:
        ValueError: there is no such zone.
    """
    folder = resources.files("tzdata") / "zoneinfo"
    if name not in _zone_names():
        raise ValueError(name)
    with (folder / name).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset((resources.files("tzdata") / "zones").read_text(encoding="utf-8").split())


#: Milliseconds of what is counted since 1970.
_UNITS: Final = {
    Notation.EPOCH_SECONDS: Decimal(1_000),
    Notation.EPOCH_MILLISECONDS: Decimal(1),
    Notation.EPOCH_MICROSECONDS: Decimal("0.001"),
    Notation.EPOCH_NANOSECONDS: Decimal("0.000001"),
}
_NOTATIONS: Final[Mapping[Notation, Callable[[JsonValue], datetime]]] = {
    Notation.ISO: _iso,
    Notation.YYYYMMDD: _compact,
    Notation.EPOCH_DAYS: _days_since_1970,
    **{notation: partial(_since_1970, notation=notation) for notation in _UNITS},
    Notation.EXCEL_SERIAL: _serial,
}
