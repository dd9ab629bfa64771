"""A subscriber that takes the documentation at its word, and what it must hold in the end.

It applies `profile-updated` from the start: what is not above the version that it holds of a profile, it drops.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiokafka import ConsumerRecord

from graph_model.profile.document import ProfileStatus
from services.stores.port.protocols import Store

#: A profile's document, as JSON tells it.
Document = dict[str, Any]


@dataclass(slots=True)
class Subscriber:
    """What one subscriber has heard."""

    held: dict[str, Document] = field(default_factory=dict)  #: profile id -> newest document
    heard: dict[tuple[str, int], Document] = field(default_factory=dict)  #: (profile id, version) -> update
    contradictions: list[str] = field(default_factory=list)  #: versions that were told twice, and not alike

    def hear(self, updates: Iterable[ConsumerRecord]) -> None:
        """Apply messages of `profile-updated`, in the order of their partitions."""
        for message in updates:
            update = orjson.loads(message.value)
            profile_id, version = update["profile_id"], update["version"]
            if self.heard.setdefault((profile_id, version), update) != update:
                self.contradictions.append(f"{profile_id} version {version}")
            if profile_id not in self.held or version > self.held[profile_id]["version"]:
                self.held[profile_id] = update["profile"]

    def missing(self, stored: dict[str, Document]) -> list[str]:
        """Versions of stored profiles that were never told."""
        return [
            f"{profile_id} version {version}"
            for profile_id, document in stored.items()
            for version in range(1, document["version"] + 1)
            if (profile_id, version) not in self.heard
        ]


async def stored_documents(store: Store) -> dict[str, Document]:
    """Every profile of a store, live or not, by id."""
    return {profile.profile_id: orjson.loads(profile.document) async for profile in store.scan_profiles()}


async def check_what_was_told(store: Store, updates: Iterable[ConsumerRecord], states: Iterable[ConsumerRecord]) -> int:
    """Compare what was told on both topics with what the store shows; answers the number of updates checked.

    Args:
        store: nobody writes to it any more.
        updates: everything on `profile-updated`.
        states: everything on `profile-state`; of each key the last message counts.
    """
    subscriber = Subscriber()
    subscriber.hear(updates)
    stored = await stored_documents(store)
    live = {profile_id: each for profile_id, each in stored.items() if each["status"] == ProfileStatus.LIVE}
    held = {profile_id: each for profile_id, each in subscriber.held.items() if each["status"] == ProfileStatus.LIVE}
    assert subscriber.contradictions == []
    assert subscriber.missing(stored) == []
    assert held == live
    assert {state.key.decode(): orjson.loads(state.value) for state in states} == stored
    return len(subscriber.heard)
