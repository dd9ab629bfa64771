"""What can go wrong with HTTP alone.

IdentityGraphError
└── ApiError
    ├── InvalidRequest    parameters or body do not have the documented shape
    ├── BodyTooLarge      the body is more than a request may be
    ├── UnreadableBody    the body is not JSON
    ├── NotSentAsJson     the body does not say that it is JSON
    ├── UnknownHost       the request was sent to another name than this service has
    ├── NotAcceptable     no form of the answer is accepted
    ├── InvalidCursor     the place to go on from is none of this service's
    ├── NoEventStream     the store keeps no events
    └── NotReady          the service cannot answer now
"""

from collections.abc import Iterable

from graph_model.errors import IdentityGraphError


class ApiError(IdentityGraphError):
    """A problem of HTTP alone."""


class InvalidRequest(ApiError):
    """Parameters or body do not have the documented shape; every field at fault is named."""


class BodyTooLarge(ApiError):
    """The body is more than a request may be: in bytes, in values, in levels."""

    def __init__(self, found: str) -> None:
        super().__init__(f"{found}. Send less at once: fewer changes, or a smaller document")

    @classmethod
    def of_bytes(cls, found: int, most: int) -> "BodyTooLarge":
        """A body of `found` bytes, or of more where only so many were read."""
        return cls(f"the body has {found:,} bytes or more; expected at most {most:,} (IDENTITY_GRAPH_MAX_BODY_BYTES)")

    @classmethod
    def of_values(cls, found: int, most: int) -> "BodyTooLarge":
        """A body of `found` JSON values, lists and objects included."""
        return cls(f"the body has {found:,} JSON values; expected at most {most:,} (IDENTITY_GRAPH_MAX_BODY_VALUES)")


class UnreadableBody(ApiError):
    """The body is not JSON."""

    def __init__(self, character: int, reason: str) -> None:
        super().__init__(f"the body is not valid JSON at character {character}: {reason}")


class NotSentAsJson(ApiError):
    """The body came with a header that says that it is something else than JSON, or with none."""

    def __init__(self) -> None:
        super().__init__("the body was not sent as JSON; send the header Content-Type: application/json")


class UnknownHost(ApiError):
    """The request was sent to a name that is none of this service's; a page of another site may have sent it."""

    def __init__(self) -> None:
        super().__init__(
            "this service is not known under the name in the header Host; send requests to its address, or let the "
            "operator add the name to IDENTITY_GRAPH_ALLOWED_HOSTS"
        )


class NotAcceptable(ApiError):
    """The caller refuses every form that the answer has."""

    def __init__(self, offered: Iterable[str]) -> None:
        super().__init__(f"the header Accept refuses every form of this answer; expected one of: {', '.join(offered)}")


class InvalidCursor(ApiError):
    """The place to go on from is none that this service gave."""

    def __init__(self) -> None:
        super().__init__("the cursor is none of this service's; give the id of an event as it came, or `start`")


class NoEventStream(ApiError):
    """The store has no outbox that can be read again."""

    def __init__(self, topic: str) -> None:
        super().__init__(
            f"this store keeps no events to stream; subscribe to the Kafka topic {topic}, which carries the same"
        )


class NotReady(ApiError):
    """The service cannot answer now."""
