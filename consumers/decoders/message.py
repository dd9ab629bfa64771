"""A message as it came: bytes and coordinates, nothing understood yet."""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from graph_model.records.record import Change
from graph_model.records.tasks import TruncateSource

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
    timestamp: int  #: milliseconds since 1970
    key: bytes | None = None
    value: bytes | None = None
    headers: Headers = ()

    def header(self, name: str) -> bytes | None:
        """The last value of a header; None where it is absent or null."""
        return next((value for key, value in reversed(self.headers) if key == name), None)

    @property
    def trace(self) -> str | None:
        """The W3C `traceparent` that the message carries; None where there is none, or a malformed one."""
        value = self.header("traceparent")
        return None if value is None or _TRACEPARENT.fullmatch(value) is None else value.decode("ascii")
