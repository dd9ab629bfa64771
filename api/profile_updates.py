"""The change feed as server-sent events, for stores whose outbox can be read again.

A cursor names a place in the outbox of one store. A place that is no longer kept, or that another store gave,
is answered with one `reset` event; what is kept follows.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.dependencies import services_of
from api.errors import InvalidCursor, InvalidRequest, NoEventStream
from api.problems import problem_docs
from services.cloud_events import event_attributes, event_type
from services.lookup.updates import Told, Updates
from services.stores.port.errors import StoreUnavailable
from services.stores.port.protocols import DurableOutbox, Store
from services.waiting import first_of

router = APIRouter(prefix="/v1/profile-updates", tags=["profile updates"])

_CURSOR = re.compile(r"([0-9a-f]{1,32})-(\d{1,18})", re.ASCII)
_PAGE: Final = 200
_WAIT_SECONDS: Final = 60.0

_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "a stream that does not end; every event's data is a CloudEvent in structured JSON"},
    **problem_docs(InvalidRequest, InvalidCursor, NoEventStream, StoreUnavailable),
}


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a reader's stream begins."""

    store: Store
    outbox: DurableOutbox  #: the same store
    store_id: str
    after: int  #: sequence number; events after it are sent; negative: a place that this store never had
    endings: tuple[asyncio.Event, ...]  #: the stream ends with the first of them

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be sent."""
        return any(ending.is_set() for ending in self.endings)

    def cursor(self, sequence: int) -> str:
        """The opaque name of a place in this outbox."""
        return f"{self.store_id}-{sequence}"


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
    store = services.store
    if not isinstance(store, DurableOutbox):
        raise NoEventStream(services.settings.kafka.updates_topic)
    oldest, newest = await store.outbox_bounds()
    place = last_event_id or after
    if place is None:
        begin = newest
    elif place == "start":
        begin = oldest
    elif match := _CURSOR.fullmatch(place):
        begin = int(match[2]) if match[1] == services.store.store_id else -1
    else:
        raise InvalidCursor
    return Subscription(
        services.store, store, services.store.store_id, begin, (services.stopping, services.heartbeat.refused)
    )


SubscriptionDep: TypeAlias = Annotated[Subscription, Depends(opened_subscription)]


@router.get("", summary="Follow the changes of profiles", response_class=EventSourceResponse, responses=_RESPONSES)
async def stream_profile_updates(subscription: SubscriptionDep) -> AsyncIterator[ServerSentEvent]:
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
    outbox, after = subscription.outbox, subscription.after
    updates = Updates(subscription.store)
    while not subscription.is_over:
        oldest, newest = await outbox.outbox_bounds()
        if not oldest <= after <= newest:
            after = oldest
            yield _reset(subscription.cursor(after))
        entries = await outbox.read_outbox(after, _PAGE)
        for told in await updates.told(entries):
            yield _update(subscription, told)
        after = entries[-1].sequence if entries else after
        if not entries and after < newest:  # the newest events are gone, and older ones still wait to be published
            after = newest
            yield _reset(subscription.cursor(after))
        elif not entries:
            waiting = outbox.wait_for_events(after, _WAIT_SECONDS)
            await first_of(waiting, *(ending.wait() for ending in subscription.endings))


def _update(subscription: Subscription, told: Told) -> ServerSentEvent:
    attributes = event_attributes(told.event, subscription.store_id)
    data = orjson.dumps({**attributes, "data": orjson.Fragment(told.event.data)})
    return ServerSentEvent(raw_data=data.decode(), event=event_type(told.event), id=subscription.cursor(told.sequence))


def _reset(cursor: str) -> ServerSentEvent:
    reason = "events after this place are no longer kept; what is kept follows. Read the profiles anew"
    return ServerSentEvent(raw_data=orjson.dumps({"reason": reason}).decode(), event="reset", id=cursor)
