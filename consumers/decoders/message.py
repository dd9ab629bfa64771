"""A message as it came: bytes and coordinates, nothing understood yet."""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from graph_model.records.record import Change
from graph_model.records.tasks import TruncateSource
from graph_model.values.times import DAY_MILLISECONDS

Headers: TypeAlias = tuple[tuple[str, bytes | None], ...]

#: What a message can stand for.
Decoded: TypeAlias = Change | TruncateSource

#: https://www.w3.org/TR/trace-context/#traceparent-header-field-values
_TRACEPARENT: Final = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a topic, or one envelope of a file."""

    topic: str  #: empty: it did not come from Kafka
    partition: int = 0
    offset: int  #: offset in the partition; without a topic the number given at acceptance
    timestamp: int  #: milliseconds since 1970: when it was sent, else when it was read
    key: bytes | None = None
    value: bytes | None = None
    headers: Headers = ()
    is_timed: bool = True  #: of a message of Kafka: its log says when it was sent

    @property
    def says_when(self) -> bool:
        """Whether its `timestamp` is more than the time at which it was read."""
        return self.is_timed and bool(self.topic)

    def header(self, name: str) -> bytes | None:
        """The last value of a header; None where it is absent or null."""
        return next((value for key, value in reversed(self.headers) if key == name), None)

    @property
    def trace(self) -> str | None:
        """The W3C `traceparent` that the message carries; None where there is none, or a malformed one."""
        value = self.header("traceparent")
        return None if value is None or _TRACEPARENT.fullmatch(value) is None else value.decode("ascii")


def time_sent(said: int, read_at: int) -> int | None:
    """When a message was sent, as its log says.

    Args:
        said: milliseconds since 1970. Producers that set no time leave 0 or -1, others a time of a wrong unit.
        read_at: the present time, likewise.

    Returns:
        None where it cannot be: not after 1970, or more than a day ahead.
    """
    return said if 0 < said <= read_at + DAY_MILLISECONDS else None
