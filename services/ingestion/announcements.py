"""The first events of profiles that a first load has made, told from what the store has of them.

A load writes no events; they are owed (`AnnounceProfiles`) and told while the stream goes on. Whoever changes a profile
before its turn tells its first event with the change, so that no version is left out and none comes after a later one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from graph_model.profile.events import ProfileEvent
from graph_model.profile.transition import BeforeAndAfter, transitions
from graph_model.records.key_changes import KeyChanges
from graph_model.records.tasks import AnnounceProfiles
from graph_model.values.times import milliseconds
from services.stores.port.stored import StoredProfile

_NO_KEY_CHANGES: Final = KeyChanges(renamed={}, taken=frozenset())


def first_event(stored: StoredProfile) -> ProfileEvent | None:
    """The event that tells of a profile which is still as a first load made it: the same bytes, whoever tells it.

    Raises:
        StoreDamaged: its document cannot be read.
    """
    profile = stored.read()
    (created,) = transitions(
        BeforeAndAfter(
            known={},
            before={},
            after=dict.fromkeys(profile.members, profile.profile_id),
            keys=_NO_KEY_CHANGES,
            returned={},
            composed={profile.profile_id: profile},
            causes=lambda _: (),
            now=milliseconds(profile.created_at),
            version_floor=stored.version - 1,
        )
    )
    return created.event


def first_events(
    events: Sequence[ProfileEvent], known: Mapping[str, StoredProfile], owed: AnnounceProfiles
) -> Iterator[ProfileEvent]:
    """The first events that must be told before these, since they are about profiles nobody has been told of.

    Args:
        events: what a commit tells.
        known: the profiles as they were before it.
        owed: what was to be told a moment ago; meanwhile more may have been.
    """
    for event in events:
        stored = known.get(event.profile_id)
        if stored is not None and owed.concerns(stored.profile_id, stored.version):
            first = first_event(stored)
            if first is not None:
                yield first
