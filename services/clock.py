"""The clock and the ids of the running service: the only sources of what does not follow from values."""

import time

import uuid6


def now_milliseconds() -> int:
    """The present time, milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """A unique id that sorts by time: a UUIDv7 (RFC 9562) as 32 hexadecimal digits."""
    return uuid6.uuid7().hex
