"""The change feed as server-sent events, for stores whose outbox can be read again.

A cursor names a place in the outbox of one store. A place that is no longer kept, or that another store gave,
is answered with one `reset` event; what is kept follows.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from api.dependencies import services_of
from api.errors import InvalidCursor, InvalidRequest, NoEventStream
from api.problems import problem_docs
from api.shared_feed import SharedFeed, frame
from services.lookup.updates import Updates
from services.stores.port.errors import StoreUnavailable
from services.stores.port.protocols import Store

router = APIRouter(prefix="/v1/profile-updates", tags=["profile updates"])

_CURSOR = re.compile(r"([0-9a-f]{1,32})-(\d{1,18})", re.ASCII)
#: After so long without an event a comment tells the connection's proxies that it is in use.
_QUIET_SECONDS: Final = 15.0
_COMMENT: Final = b": ping\n\n"
#: Proxies pass every event on at once.
_HEADERS: Final = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

_EVENT_SCHEMA: Final = {
    "type": "object",
    "properties": {
        **{name: {"type": "string"} for name in ("data", "event", "id")},
        "retry": {"minimum": 0, "type": "integer"},
    },
}

_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "a stream that does not end; every event's data is a CloudEvent in structured JSON",
        "content": {"text/event-stream": {"itemSchema": _EVENT_SCHEMA}},
    },
    **problem_docs(InvalidRequest, InvalidCursor, NoEventStream, StoreUnavailable),
}


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a reader's stream begins."""

    store: Store
    feed: SharedFeed  #: of the same store
    after: int  #: sequence number; events after it are sent; negative: a place that this store never had


async def opened_subscription(
    request: Request,
    after: Annotated[
        str | None, Query(max_length=100, description="id of the last event seen, or `start` for the oldest kept")
    ] = None,
    last_event_id: Annotated[
        str | None, Header(max_length=100, description="the same, as browsers send it when they reconnect")
    ] = None,
) -> Subscription:
    """Find out where to begin, before anything is sent.

    Raises:
        NoEventStream: the store keeps no events.
        InvalidCursor: the place named is none of this service's.
    """
    services = services_of(request)
    feed = services.feed
    if feed is None:
        raise NoEventStream(services.settings.kafka.updates_topic)
    oldest, newest = await feed.bounds()
    place = last_event_id or after
    if place is None:
        begin = newest
    elif place == "start":
        # Whoever wants everything is to know that older events are gone, or were never told.
        begin = -1 if oldest else 0
    elif match := _CURSOR.fullmatch(place):
        begin = int(match[2]) if match[1] == services.store.store_id else -1
    else:
        raise InvalidCursor
    return Subscription(services.store, feed, begin)


SubscriptionDep: TypeAlias = Annotated[Subscription, Depends(opened_subscription)]


@router.get("", summary="Follow the changes of profiles", response_class=StreamingResponse, responses=_RESPONSES)
async def stream_profile_updates(subscription: SubscriptionDep) -> StreamingResponse:
    """Every change of every profile, as it happens.

    Of the newest 10 000 changes every version is told. Who comes back later than that gets the newest state of each
    profile that has changed since, once, with `compacted` in its data: it stands for all versions after
    `previous_version`, the last one that this reader was told.

    `id` is an opaque cursor: give the last one seen as `Last-Event-ID` (browsers do so by themselves) or
    `?after=` to go on from there; without either the stream begins now. An event may come twice: drop those whose
    profile `version` is not above the one at hand. A `reset` event means that events were missed: read the
    profiles anew.

    ```
    curl -N localhost:8080/v1/profile-updates
    curl -N 'localhost:8080/v1/profile-updates?after=start'
    ```
    """
    return StreamingResponse(follow(subscription), headers=_HEADERS, media_type="text/event-stream")


async def follow(subscription: Subscription) -> AsyncIterator[bytes]:
    """What is sent: events from the reader's place on, several in one piece."""
    feed, place = subscription.feed, subscription.after
    updates = Updates(subscription.store)
    while not feed.is_over:
        page = await feed.page(place)
        if page.reset_to is not None:
            yield _reset(feed.cursor(page.reset_to))
        pieces = page.pieces
        if pieces is None or updates.are_ahead:
            pieces = feed.written(await updates.told(page.entries))
        for piece in pieces:
            yield piece
        is_at_end, place = page.end == place, page.end
        while is_at_end and not await feed.wait(place, _QUIET_SECONDS):
            yield _COMMENT


def _reset(cursor: str) -> bytes:
    reason = "events after this place are no longer kept; what is kept follows. Read the profiles anew"
    return frame("reset", orjson.dumps({"reason": reason}), cursor)
