"""Calendar dates."""

import re
from datetime import date, timedelta

from graph_model.values.normalise.characters import readable
from graph_model.values.times import iso_moment

_DAYS = re.compile(r"-?\d{1,6}", re.ASCII)


def normalise_date(text: str) -> str | None:
    """Write the date as `YYYY-MM-DD`.

    Read are ISO 8601 dates (`1984-03-07`, `19840307`), the date part of ISO 8601 timestamps, and whole
    numbers of up to six digits as days since 1970, which is how Debezium sends dates. Everything else is
    refused, `03/07/1984` included: which of its numbers is the month cannot be known.

    >>> normalise_date("5179")
    '1984-03-07'
    """
    seen = readable(text)
    if seen is None:
        return None
    try:
        if _DAYS.fullmatch(seen):
            return day_of_count(int(seen))
        iso_moment(seen)  # the time beside the date must make sense too
        return date.fromisoformat(re.split("[T ]", seen, maxsplit=1)[0]).isoformat()
    except (ValueError, OverflowError):
        return None


def day_of_count(days: int) -> str:
    """Write the day that lies `days` after 1970-01-01.

    Raises:
        OverflowError: the day lies outside the years 1 to 9999.
    """
    return (date(1970, 1, 1) + timedelta(days=days)).isoformat()
