"""Days and times that are stored as counts, written in ISO 8601 with all their digits, whatever their year."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

_DAY_SECONDS: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_LAST_DAY: Final = date.max.toordinal()
#: After so many the calendar is the same again.
_CYCLE_DAYS: Final = 146_097
_CYCLE_YEARS: Final = 400
_LAST_YEAR: Final = 9999
_OFFSET: Final = re.compile(r"([+-])(\d\d):?([0-5]\d)", re.ASCII)

#: From seconds since 1970 to the text of that moment, with a place for the fraction of a second.
Clock = Callable[[int, str], str]


def day_text(days: int) -> str:
    """A day, counted from 1970; years before 0 and after 9999 have a sign, as ISO 8601 has it where it is agreed on."""
    ordinal = days + _EPOCH_DAY
    if 1 <= ordinal <= _LAST_DAY:
        return date.fromordinal(ordinal).isoformat()
    cycles, day = divmod(ordinal - 1, _CYCLE_DAYS)
    moved = date.fromordinal(day + 1)
    year = moved.year + cycles * _CYCLE_YEARS
    return f"{f'{year:04}' if 0 <= year <= _LAST_YEAR else f'{year:+05}'}-{moved:%m-%d}"


def time_text(nanoseconds: int) -> str:
    """A time of the day, counted from midnight; what is no time of a day has other hours than a day has."""
    seconds, fraction = divmod(abs(nanoseconds), 1_000_000_000)
    sign = "-" if nanoseconds < 0 else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{_fraction(fraction)}"


def moment_text(nanoseconds: int, clock: Clock) -> str:
    """A moment, counted from 1970, as such a clock shows it."""
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    return clock(seconds, _fraction(fraction))


def local_clock(seconds: int, fraction: str) -> str:
    """A clock that does not know where it is."""
    days, second = divmod(seconds, _DAY_SECONDS)
    return f"{day_text(days)}T{time_text(second * 1_000_000_000)}{fraction}"


def clock_of(zone: str) -> Clock | None:
    """A clock in a zone: a name such as `Europe/Berlin`, or an offset such as `+05:30`; None where it is not known."""
    found = _zone(zone)
    if found is None:
        return None

    def clock(seconds: int, fraction: str) -> str:
        try:
            text = (_EPOCH + timedelta(seconds=seconds)).astimezone(found).isoformat()
        except OverflowError:
            return utc_clock(seconds, fraction)
        return f"{text[:19]}{fraction}{text[19:]}"

    return clock


def utc_clock(seconds: int, fraction: str) -> str:
    """A clock in UTC."""
    return f"{local_clock(seconds, fraction)}+00:00"


def _zone(name: str) -> ZoneInfo | timezone | None:
    offset = _OFFSET.fullmatch(name)
    try:
        if offset is None:
            return ZoneInfo(name)
        length = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-length if offset[1] == "-" else length)
    except (KeyError, ValueError, OSError):  # none of that name; no name at all; the name of a folder
        return None


def _fraction(nanoseconds: int) -> str:
    """A fraction of a second as Python writes it, with the digits behind the microseconds where it has some."""
    if not nanoseconds:
        return ""
    microseconds, beyond = divmod(nanoseconds, 1_000)
    return f".{nanoseconds:09}" if beyond else f".{microseconds:06}"
