"""What a reader of the change feed is told: every event as it was; where that is not kept, the newest state, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graph_model.profile.compaction import compacted_event
from graph_model.profile.document import ProfileDamaged
from graph_model.profile.events import ProfileEvent
from services.stores.port.protocols import StoreReader
from services.stores.port.stored import OutboxEntry, StoredProfile

#: Of so many profiles that are told ahead of their later events it is known that these are told; of more, events are
#: told again, which readers drop by their version.
_MOST_REMEMBERED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Told:
    """An event that is told at a place in the outbox."""

    sequence: int
    event: ProfileEvent


class Updates:
    """Follows the outbox for one reader.

    Of a version that is kept as a head the state that is in force is told in its place, with all that came between. It
    is not told again where a later event of that state is met.
    """

    def __init__(self, store: StoreReader) -> None:
        self._store = store
        self._ahead: dict[str, int] = {}  #: profile id -> version that was told before its event was met

    @property
    def are_ahead(self) -> bool:
        """Whether a state was told whose own event is still to come."""
        return bool(self._ahead)

    async def told(self, entries: Sequence[OutboxEntry]) -> list[Told]:
        """Give what is to be told of the next events of the outbox, which follow those given before.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        heads = {entry.head.profile_id for entry in entries if entry.event is None}
        states = await self._store.read_profiles(heads) if heads else {}
        told = []
        for entry in entries:
            head = entry.head
            if head.version <= self._ahead.get(head.profile_id, 0):
                if head.version == self._ahead[head.profile_id]:
                    del self._ahead[head.profile_id]
                continue
            event = entry.event
            if event is None:
                event = _compacted(states.get(head.profile_id), head.previous_version)
                if event is None:
                    continue
                if event.version > head.version:
                    self._remember(event)
            told.append(Told(entry.sequence, event))
        return told

    def _remember(self, event: ProfileEvent) -> None:
        self._ahead[event.profile_id] = event.version
        if len(self._ahead) > _MOST_REMEMBERED:
            del self._ahead[next(iter(self._ahead))]


def _compacted(state: StoredProfile | None, previous_version: int) -> ProfileEvent | None:
    """The event in the place of a head; None: nothing is left of the profile, or its repair, which is due, tells it."""
    if state is None:
        return None
    try:
        return compacted_event(state.document, previous_version)
    except ProfileDamaged:
        return None
