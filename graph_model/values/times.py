"""Times as sources write them, and as readers see them."""

import re
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Says what is read. `datetime.fromisoformat` by itself takes more, and more with each version of Python: it reads a
#: fraction of a minute as one of a second, and zones of 60 minutes.
_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d|\d{8})"
    r"(?:[T ](?=..)"  # at least an hour or a zone
    r"(?P<hour>\d\d)?"
    r"(?P<rest>(?:(?<=\d)(?P<colon>:?)\d\d(?:(?P=colon)\d\d(?:[.,]\d+)?)?)?(?:[Zz]|[+-]\d\d(?::?[0-5]\d)?)?)"
    r")?",
    re.ASCII,
)


def iso_moment(text: str) -> datetime:
    """Read an ISO 8601 day, with or without a time and a zone; digits after the microseconds are left off.

    >>> iso_moment("20261120T0830Z").isoformat()
    '2026-11-20T08:30:00+00:00'

    Raises:
        ValueError: the text is none of these, or names a day or a time that there is not.
        OverflowError: it is the end of the year 9999.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError("expected an ISO 8601 day or time")
    hour = found["hour"] or "00"
    ends_a_day = hour == "24"
    moment = datetime.fromisoformat(f"{found['day']}T{'00' if ends_a_day else hour}{found['rest'] or ''}".upper())
    if not ends_a_day:
        return moment
    if moment.time() != time.min:
        raise ValueError("expected 24:00 to be the end of the day")
    return moment + timedelta(days=1)


@lru_cache(maxsize=16_384)
def iso_time(milliseconds: int) -> str:
    """Write milliseconds since 1970 as ISO 8601 in UTC, for example `2026-11-20T08:30:00.000Z`."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{moment.isoformat(timespec='milliseconds')[:-6]}Z"


def milliseconds(written: str) -> int:
    """Read what `iso_time` wrote."""
    return round((datetime.fromisoformat(written) - _EPOCH) / timedelta(milliseconds=1))
