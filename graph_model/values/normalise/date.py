"""Calendar dates."""

from functools import lru_cache
from typing import Final

from graph_model.values.characters import readable
from graph_model.values.reading import read_day

#: Characters; no date is longer, also where it is padded.
_LONGEST_TEXT: Final = 100


def normalise_date(text: str) -> str | None:
    """Write the date as `YYYY-MM-DD`.

    Read are ISO 8601 dates (`1984-03-07`, `19840307`) and the date part of ISO 8601 timestamps. Everything else is
    refused, bare numbers and `03/07/1984` included: what it counts, and which of its numbers is the month, cannot be
    known. Where the catalogue says how a column is written, it is read so before it comes here.

    >>> normalise_date("1984-03-07T10:30:00Z")
    '1984-03-07'
    """
    return _read_before(text) if len(text) <= _LONGEST_TEXT else None


@lru_cache(maxsize=32_768)
def _read_before(text: str) -> str | None:
    seen = readable(text)
    if seen is None:
        return None
    try:
        return read_day(seen).isoformat()
    except ValueError:
        return None
