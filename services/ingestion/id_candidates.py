"""Which profile ids may live on after a batch, and which records count as theirs. Pure."""

from collections.abc import Mapping

from graph_model.profile.codec import Salvaged
from graph_model.profile.document import ProfileStatus
from graph_model.profile.ids import IdCandidate
from graph_model.records.record import RecordAddress
from services.ingestion.loading import Loaded


def id_candidates(loaded: Loaded, known: Mapping[str, Salvaged]) -> list[IdCandidate]:
    """Every id that may live on, with the records that count as its last members, and those that were its own.

    A row that returns counts as a member of the profile of its tombstone, and a row whose key changed as the row it
    was; one that takes the key that another row has left counts for nobody.

    Args:
        loaded: the batch with everything around it.
        known: profile id -> profile, for every one that was loaded.
    """
    members: dict[str, set[RecordAddress]] = {profile_id: set() for profile_id in known}
    for address, profile_id in loaded.components.memberships.items():
        if profile_id in members:  # a damaged store may have lost it
            members[profile_id].add(address)
    for profile_id, profile in loaded.components.profiles.items():
        if profile.status is not ProfileStatus.LIVE:
            members[profile_id].update(known[profile_id].profile.members)
    if loaded.keys:
        members = {profile_id: loaded.keys.present(found) for profile_id, found in members.items()}
    for change in loaded.changes.values():
        tombstone = loaded.previous.get(change.previous) if change.previous else change.stored
        if tombstone is None or not tombstone.record.is_tombstone or tombstone.profile_id not in members:
            continue
        if change.after is not None and (change.previous or tombstone.record.moved_to is None):
            members[tombstone.profile_id].add(change.address)
    own = _Own(loaded, known, {profile_id: frozenset(found) for profile_id, found in members.items()})
    return [
        IdCandidate(
            profile_id=profile_id,
            live=loaded.components.profiles[profile_id].status is ProfileStatus.LIVE,
            deleted=loaded.components.profiles[profile_id].status is ProfileStatus.DELETED,
            members=found,
            own=own.records(profile_id),
            guests=own.guests[profile_id],
        )
        for profile_id, found in own.members.items()
    ]


class _Own:
    """The own records of ids, under present addresses.

    They are its members, but for those that came while others were merged into it, and the own ones of these others.
    """

    def __init__(
        self,
        loaded: Loaded,
        known: Mapping[str, Salvaged],
        members: Mapping[str, frozenset[RecordAddress]],
    ) -> None:
        self.members = members
        status = {profile_id: profile.status for profile_id, profile in loaded.components.profiles.items()}
        self._live = {profile_id for profile_id in members if status[profile_id] is ProfileStatus.LIVE}
        self._merged_into = {
            profile_id: known[profile_id].profile.merged_into
            for profile_id in members
            if status[profile_id] is ProfileStatus.ABSORBED
        }
        self.guests = {
            profile_id: frozenset(loaded.keys.present(profile.guests)) if profile.guests else frozenset()
            for profile_id, profile in loaded.components.profiles.items()
        }
        self._found: dict[str, frozenset[RecordAddress]] = {}
        self._of_merged = frozenset[RecordAddress]().union(*map(self.records, self._merged_into))
        # Those that were merged into it may have left while nothing about the id itself was loaded.
        for profile_id in self._live:
            if self.guests[profile_id] and self._of_merged.isdisjoint(members[profile_id]):
                self.guests[profile_id] = frozenset()

    def records(self, profile_id: str) -> frozenset[RecordAddress]:
        """The own records of an id."""
        if profile_id not in self._found:
            members, guests = self.members[profile_id], self.guests[profile_id]
            if guests:
                members = members - guests
            if not self._merged_into:
                return members
            if profile_id in self._live:
                return members - self._of_merged
            self._found[profile_id] = members  # what leads back to it finds something
            merged = [i for i, into in self._merged_into.items() if i != profile_id and into == profile_id]
            self._found[profile_id] = members.difference(*map(self.records, merged))
        return self._found[profile_id]
