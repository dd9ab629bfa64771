"""Times as readers see them."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=16_384)
def iso_time(milliseconds: int) -> str:
    """Write milliseconds since 1970 as ISO 8601 in UTC, for example `2026-11-20T08:30:00.000Z`."""
    time = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{time.isoformat(timespec='milliseconds')[:-6]}Z"


def milliseconds(time: str) -> int:
    """Read what `iso_time` wrote."""
    return round((datetime.fromisoformat(time) - _EPOCH) / timedelta(milliseconds=1))
