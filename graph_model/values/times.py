"""Times as sources write them, and as readers see them."""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

#: A day, in milliseconds; days of UTC are of one length.
DAY_MILLISECONDS: Final = 86_400_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: The minutes of a day as they are written.
_MINUTES: Final = tuple(f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(60))

#: Says what is read. `datetime.fromisoformat` by itself takes more, and more with each version of Python: it reads a
#: fraction of a minute as one of a second, and zones of 60 minutes.
_MOMENT: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d|\d{8})"
    r"(?:[Tt ](?P<hour>\d\d)(?P<rest>(?:(?P<colon>:?)\d\d(?:(?P=colon)\d\d(?:[.,]\d+)?)?)?))?"
    r"(?:(?P<gap>[Tt ])?(?P<zone>[Zz]|UTC|GMT|[+-]\d\d(?::?[0-5]\d)?)"
    r"(?:\[[A-Za-z][A-Za-z0-9_+/-]{0,63}\])?)?",  # Java writes the name of the zone beside its offset
    re.ASCII,
)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_COMPACT_MOMENT: Final = re.compile(r"(\d{8})(\d{6}(?:[.,]\d+)?(?:[Zz]|UTC|GMT)?)", re.ASCII)
_HOURS_ONLY: Final = 3  #: characters of a zone without minutes

_NO_ISO: Final = (
    "is not written as ISO 8601 writes days and times; expected such as 1984-03-07, or `read` in the catalogue with "
    "how the column is written"
)
_NO_SUCH_DAY: Final = "names a day or a time that there is not; expected one of the calendar"


def iso_moment(text: str) -> datetime:
    """Read an ISO 8601 day, with or without a time and a zone; digits after the microseconds are left off.

    Beside what the standard says, what databases and programs make of it: fourteen digits, a zone as `UTC` or `GMT`, a
    zone behind a space or behind a bare day, the name of a zone in brackets behind its offset.

    >>> iso_moment("2026-11-20 08:30:00 UTC").isoformat()
    '2026-11-20T08:30:00+00:00'

    Raises:
        ValueError: the text is none of these, or names a day or a time that there is not; "the value …".
        OverflowError: it is the end of the year 9999.
    """
    found = _written_moment(text)
    hour = found["hour"] or "00"
    ends_a_day = hour == "24"
    moment = _moment(found, "00" if ends_a_day else hour)
    if not ends_a_day:
        return moment
    if moment.time() != time.min:
        raise ValueError(_NO_SUCH_DAY)
    return moment + timedelta(days=1)


def iso_day(text: str) -> date:
    """Read the day that is written in what `iso_moment` reads.

    Raises:
        ValueError: see `iso_moment`.
    """
    if _DAY.fullmatch(text) is None:
        iso_moment(text)  # the time beside the day must make sense, too
        text = _written_moment(text)["day"]
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(_NO_SUCH_DAY) from None


def _written_moment(text: str) -> re.Match[str]:
    compact = _COMPACT_MOMENT.fullmatch(text)
    found = _MOMENT.fullmatch(text if compact is None else f"{compact[1]}T{compact[2]}")
    if found is None:
        raise ValueError(_NO_ISO)
    if found["zone"] is not None and not _is_clear(found):
        raise ValueError(_NO_ISO)
    return found


def _is_clear(found: re.Match[str]) -> bool:
    """Whether a zone is one: behind a bare day, hours alone could be anything, and only they stand behind a `T`."""
    gap, signed = found["gap"], found["zone"][0] in "+-"
    if found["hour"] is not None:
        return gap in (None, " ")
    return signed if gap in ("T", "t") else not signed or gap == " " or len(found["zone"]) > _HOURS_ONLY


def _moment(found: re.Match[str], hour: str) -> datetime:
    zone = "+00:00" if found["zone"] in ("UTC", "GMT", "Z", "z") else found["zone"] or ""
    try:
        return datetime.fromisoformat(f"{found['day']}T{hour}{found['rest'] or ''}{zone}")
    except ValueError:
        raise ValueError(_NO_SUCH_DAY) from None


def iso_time(milliseconds: int) -> str:
    """Write milliseconds since 1970 as ISO 8601 in UTC, for example `2026-11-20T08:30:00.000Z`."""
    day, rest = divmod(milliseconds, DAY_MILLISECONDS)
    minute, rest = divmod(rest, 60_000)
    return f"{_day_since_1970(day)}T{_MINUTES[minute]}:{rest // 1_000:02}.{rest % 1_000:03}Z"


@lru_cache(maxsize=16_384)
def _day_since_1970(days: int) -> str:
    return (_EPOCH + timedelta(days=days)).date().isoformat()


def milliseconds(written: str) -> int:
    """Read what `iso_time` wrote."""
    return round((datetime.fromisoformat(written) - _EPOCH) / timedelta(milliseconds=1))
