"""Tells the world: every committed version on `profile-updated`, the latest state on `profile-state`."""

import asyncio
import random
from collections.abc import Sequence
from typing import Final

from tenacity import AsyncRetrying, retry_if_result, wait_random_exponential

from consumers.decoders.message import Headers
from consumers.producer import Outgoing, Producer
from graph_model.profile.codec import decode_update
from graph_model.profile.events import ProfileEvent
from services.cloud_events import CONTENT_TYPE, PROFILE_SCHEMA, event_attributes
from services.ingestion.ingest import Committed
from services.metrics import Metrics
from services.settings import KafkaSettings
from services.stores.port.protocols import Outbox, Store

#: Attributes of a CloudEvent that have a Kafka header of their own name, not `ce_…`.
_PLAIN_HEADERS: Final = {"datacontenttype": "content-type", "traceparent": "traceparent"}

_STATE_HEADERS: Final[Headers] = (("content-type", CONTENT_TYPE.encode()), ("dataschema", PROFILE_SCHEMA.encode()))
#: Between two looks at whether a state that was published again has been overtaken again.
_FIRST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 2.0
#: Who is stopped while publishing gets so long to end what was begun.
_LAST_WORDS_SECONDS: Final = 5.0


class Publisher:
    """Publishes the events that commits left in an outbox."""

    def __init__(self, store: Store, producer: Producer, settings: KafkaSettings, metrics: Metrics) -> None:
        self._store = store
        self._producer = producer
        self._settings = settings
        self._metrics = metrics

    async def publish(self, outbox: Outbox, committed: Sequence[Committed]) -> None:
        """Publish the events of commits, in order, and give their places in the outbox back: `tell`, `acknowledge`.

        Whoever repeats it after a failure takes what the outbox holds by then, never what has been acknowledged.

        Raises:
            BrokerUnavailable: see `Producer.send`; publishing all again is safe.
            BrokerRefused: see `Producer.send`.
            MessageTooLarge: see `Producer.send`.
            StoreUnavailable: the store does not answer; publishing all again is safe.
        """
        await self.tell(committed)
        await acknowledge(outbox, committed)

    async def tell(self, committed: Sequence[Committed]) -> None:
        """Publish the events of commits that are not acknowledged yet, in order.

        1. Send every event to the updates topic, and the last state of each profile to the state topic.
        2. Wait until the broker has acknowledged all of them.
        3. Read back which versions the store has by now. Another worker may have published a later state
           before ours arrived: send the state that is in force again, and look again, until nothing is newer.

        Raises:
            BrokerUnavailable: see `Producer.send`; telling all again is safe.
            BrokerRefused: see `Producer.send`.
            MessageTooLarge: see `Producer.send`.
            StoreUnavailable: the store does not answer; telling all again is safe.
        """
        telling = asyncio.ensure_future(self._tell([event for commit in committed for event in commit.events]))
        try:
            await asyncio.shield(telling)
        except asyncio.CancelledError:
            # Whoever lost the partition may have sent states that others had overtaken: they must not stay the last.
            await asyncio.wait([telling], timeout=_LAST_WORDS_SECONDS)
            telling.cancel()
            raise

    async def _tell(self, events: Sequence[ProfileEvent]) -> None:
        newest = {event.profile_id: event for event in events}
        states = [self._state(event.profile_id, _document(event)) for event in newest.values()]
        await self._producer.send([*(self._update(event) for event in events), *states])
        self._metrics.published.inc(len(events))
        if newest:
            await self._correct_states({profile_id: event.version for profile_id, event in newest.items()})

    async def _correct_states(self, published: dict[str, int]) -> None:
        """Publish states again until the versions last published (by profile id) are those in force.

        Where others publish the same profile all the time, each round waits longer: who hurries only makes them look
        again, too.
        """

        async def correct() -> bool:
            nonlocal published
            versions = await self._store.read_versions(published)
            overtaken = [profile_id for profile_id, version in versions.items() if version > published[profile_id]]
            newer = await self._store.read_profiles(overtaken) if overtaken else {}
            await self._producer.send([self._state(profile.profile_id, profile.told) for profile in newer.values()])
            published = {profile.profile_id: profile.version for profile in newer.values()}
            return bool(published)

        # The first look is taken by hand: nearly all need no other one, and are spared making the retries.
        if await correct():
            await asyncio.sleep(random.uniform(0, _FIRST_PAUSE_SECONDS))  # noqa: S311 - nothing is secret
            pause = wait_random_exponential(_FIRST_PAUSE_SECONDS, max=_LONGEST_PAUSE_SECONDS)
            await AsyncRetrying(retry=retry_if_result(bool), wait=pause)(correct)

    def _update(self, event: ProfileEvent) -> Outgoing:
        return Outgoing(
            topic=self._settings.updates_topic,
            key=event.profile_id.encode(),
            value=event.data,
            headers=event_headers(event, self._store.store_id),
        )

    def _state(self, profile_id: str, document: bytes) -> Outgoing:
        return Outgoing(
            topic=self._settings.state_topic, key=profile_id.encode(), value=document, headers=_STATE_HEADERS
        )


async def acknowledge(outbox: Outbox, committed: Sequence[Committed]) -> None:
    """Give the places of commits that have been told in an outbox back.

    From the first one on nothing of them may be told again: a state that was overtaken meanwhile would be the last one
    if whoever repeats it then stopped before looking, and the outbox would not know that there is something to correct.

    Raises:
        StoreUnavailable: the store does not answer; acknowledging all again is safe.
    """
    for commit in committed:
        await outbox.acknowledge(commit.commit_id)


def event_headers(event: ProfileEvent, store_id: str) -> Headers:
    """The attributes of an event as headers of a Kafka message, in CloudEvents' binary mode.

    Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
    """
    return tuple(
        (_PLAIN_HEADERS.get(name, f"ce_{name}"), value.encode())
        for name, value in event_attributes(event, store_id).items()
    )


def _document(event: ProfileEvent) -> bytes:
    return bytes(decode_update(event.data).profile)
