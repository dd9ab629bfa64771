"""The publisher ends with the state that is in force, and does not hurry where others publish it, too."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from consumers.feed import BatchEnd, Feed
from consumers.health import WorkerHealth
from consumers.producer import Outgoing, Producer
from consumers.publisher import Publisher
from consumers.retry import Retry
from consumers.sent_letters import PartitionLetters
from services.metrics import Metrics
from services.settings import KafkaSettings
from services.stores.port.errors import StoreUnavailable
from services.stores.port.protocols import Outbox
from services.stores.port.stored import StoredProfile
from services.stores.sqlite.store import SqliteStore
from tests.unit.services.people import CATALOGUE, Company


class BusyStore(SqliteStore):
    """Others commit and publish a later version of every profile before each of the first looks."""

    overtaken = 0  #: so many times more
    looks = 0

    async def read_versions(self, profile_ids: Collection[str]) -> Mapping[str, int]:
        self.looks += 1
        ahead = 1 if self.looks <= self.overtaken else 0
        found = await super().read_versions(profile_ids)
        return {name: version + self.looks - 1 + ahead for name, version in found.items()}

    async def read_profiles(self, profile_ids: Collection[str]) -> Mapping[str, StoredProfile]:
        found = await super().read_profiles(profile_ids)
        return {name: replace(profile, version=profile.version + self.looks) for name, profile in found.items()}


class Sent:
    """Takes what would go to the broker."""

    def __init__(self) -> None:
        self.topics: list[str] = []

    async def send(self, messages: Sequence[Outgoing]) -> None:
        self.topics += [message.topic for message in messages]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[BusyStore]:
    opened = await BusyStore.open(tmp_path / "graph.sqlite", CATALOGUE.fingerprint)
    yield opened
    await opened.close()


async def publish(store: BusyStore) -> list[str]:
    """Publish the creation of one profile; answers the topics of all messages sent."""
    company = await Company.over(store)
    result = await company.apply(company.change("crm1", email_1="a"))
    sent = Sent()
    publisher = Publisher(store, cast("Producer", sent), KafkaSettings(), Metrics())

    await publisher.publish(company.outbox, result.committed)
    return sent.topics


async def test_a_state_that_was_overtaken_is_published_again_as_it_is_in_force(store: BusyStore) -> None:
    store.overtaken = 2
    topics = await publish(store)
    settings = KafkaSettings()
    assert topics == [settings.updates_topic, *([settings.state_topic] * 3)]


async def test_where_others_publish_all_the_time_looks_become_rare(store: BusyStore) -> None:
    store.overtaken = 1_000_000
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await publish(store)
    assert 2 <= store.looks <= 20


class DeafOutbox:
    """The answer to the first acknowledgement is lost, though it has happened."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.asked = 0

    async def acknowledge(self, commit_id: str) -> None:
        await self._outbox.acknowledge(commit_id)
        self.asked += 1
        if self.asked == 1:
            raise StoreUnavailable("the answer is lost")


async def test_what_has_begun_to_be_acknowledged_is_not_told_again(store: BusyStore) -> None:
    company = await Company.over(store)
    (committed,) = (await company.apply(company.change("crm1", email_1="a"))).committed
    sent, deaf, offsets = Sent(), DeafOutbox(company.outbox), list[int]()
    publisher = Publisher(store, cast("Producer", sent), KafkaSettings(), Metrics())

    async def commit_offset(offset: int) -> None:
        offsets.append(offset)

    retry = Retry(WorkerHealth(), asyncio.Event())
    feed = Feed(publisher, cast("PartitionLetters", None), retry, commit_offset, Metrics().delay_seconds)
    await feed.begin_batch()
    await feed.committed(cast("Outbox", deaf), [committed])
    feed.end_batch(BatchEnd(next_offset=7))
    feed.close()
    await asyncio.gather(feed.publish_all("people/0"), feed.finish_all("people/0"))

    settings = KafkaSettings()
    assert sent.topics == [settings.updates_topic, settings.state_topic]
    assert deaf.asked == 2
    assert offsets == [7]
