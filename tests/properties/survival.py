"""Which id a person keeps, written from the rule and followed from outside; shares no code with the engine.

Clusters get the ids that were there before, one to one: the id that shares most records with a cluster goes first;
of equals a live id before one that is gone, then the smaller id, then the cluster with the smaller first record. A row
that returns counts as a member of the profile that it was deleted from, and a row whose key changed as the row it was.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from tests.properties.oracle import Address, Cluster


def present(ids: Mapping[Address, str], moved: Mapping[Address, Address]) -> dict[Address, str]:
    """The same under present addresses; a key that another row has taken over counts for that one only."""
    kept = {row: profile_id for row, profile_id in ids.items() if row not in {*moved, *moved.values()}}
    return kept | {moved[row]: profile_id for row, profile_id in ids.items() if row in moved}


@dataclass
class Ids:
    """Who has which id, and what the ids that are gone remember."""

    live: dict[Address, str] = field(default_factory=dict)
    graves: dict[Address, str] = field(default_factory=dict)  #: deleted row -> the profile it was deleted from
    remembered: dict[str, set[Address]] = field(default_factory=dict)  #: id that is gone -> its last rows

    def expected(self, clusters: Collection[Cluster], moved: Mapping[Address, Address]) -> dict[Cluster, str]:
        """The id of every cluster that gets one of the old ids; all others get new ones.

        Args:
            clusters: the partition now.
            moved: old key -> new key of the rows whose key has just changed.
        """
        members = {gone: {moved.get(row, row) for row in rows} for gone, rows in self.remembered.items()}
        for row, profile_id in present(self.live, moved).items():
            members.setdefault(profile_id, set()).add(row)
        for row, profile_id in self.graves.items():
            members.setdefault(profile_id, set()).update({row, moved.get(row, row)})
        given: dict[Cluster, str] = {}
        while True:
            claims = [
                (-len(cluster & rows), profile_id not in self.live.values(), profile_id, min(cluster), cluster)
                for cluster in clusters
                if cluster not in given
                for profile_id, rows in members.items()
                if profile_id not in given.values() and cluster & rows
            ]
            if not claims:
                return given
            _, _, profile_id, _, cluster = min(claims, key=lambda claim: claim[:4])
            given[cluster] = profile_id

    def follow(self, after: Mapping[Address, str], moved: Mapping[Address, Address]) -> None:
        """Take over what is so now."""
        lost = set(self.live.values()) - set(after.values())
        absorbed = {i for row, i in present(self.live, moved).items() if i in lost and row in after}
        for row, profile_id in self.live.items():
            if profile_id in absorbed:
                self.remembered.setdefault(profile_id, set()).update({row, moved.get(row, row)})
            if row not in after:
                self.graves[row] = profile_id
        for row, profile_id in after.items():
            self.graves.pop(row, None)
            self.remembered.pop(profile_id, None)
        self.live = dict(after)
