"""Which id a person keeps, written from the rule and followed from outside; shares no code with the engine.

Clusters get the ids that were there before, one to one, so that as many rows as possible get back the id whose own they
were; of equals so that fewest rows change their live id, then most of the last rows come back to their id; then the
smaller ids are given, to the clusters with the smaller first rows. The own rows of an id are its rows, but only those
that it had before while others are merged into it. A row that returns counts as a row of the profile that it was
deleted from, and a row whose key changed as the row it was, but never one that takes the key it had. A deleted id whose
own rows return to another is merged into that one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import TypeAlias

from tests.properties.oracle import Address, Cluster


def present(ids: Mapping[Address, str], moved: Mapping[Address, Address]) -> dict[Address, str]:
    """The same under present addresses; a key that another row has taken over counts for that one only."""
    kept = {row: profile_id for row, profile_id in ids.items() if row not in {*moved, *moved.values()}}
    return kept | {moved[row]: profile_id for row, profile_id in ids.items() if row in moved}


#: What speaks for it in all, which cluster each id is given to (the first ones count most), and the ids by cluster.
_Way: TypeAlias = tuple[tuple[int, int, int], tuple[int, ...], tuple[str, ...]]


def _moved(rows: Collection[Address], moved: Mapping[Address, Address]) -> set[Address]:
    return {moved.get(row, row) for row in rows if row in moved or row not in moved.values()}


@dataclass
class Ids:
    """Who has which id, and what the ids that are gone remember."""

    live: dict[Address, str] = field(default_factory=dict)
    tombstones: dict[Address, str] = field(default_factory=dict)  #: deleted row -> the profile it was deleted from
    left: set[Address] = field(default_factory=set)  #: those of these addresses whose rows have other keys now
    last: dict[str, set[Address]] = field(default_factory=dict)  #: id that was deleted -> the rows that it ended with
    remembered: dict[str, set[Address]] = field(default_factory=dict)  #: id merged into another -> its last rows
    own: dict[str, set[Address]] = field(default_factory=dict)  #: of ids that are gone, or that others are merged into

    def expected(self, clusters: Collection[Cluster], moved: Mapping[Address, Address]) -> dict[Cluster, str]:
        """The id of every cluster that gets one of the old ids; all others get new ones.

        Args:
            clusters: the partition now.
            moved: old key -> new key of the rows whose key has just changed.
        """
        members, own = self._rows(moved)
        given: dict[Cluster, str] = {}
        for rivals, ids in _competitions(sorted(clusters, key=min), members, own):
            best = _best(rivals, ids, partial(self._claim, members, own))
            given |= {cluster: profile_id for cluster, profile_id in zip(rivals, best, strict=True) if profile_id}
        return given

    def follow(self, after: Mapping[Address, str], moved: Mapping[Address, Address], left: Collection[Address]) -> None:
        """Take over what is so now; `left` are the addresses that are empty because their row has another key."""
        _, own = self._rows(moved)
        lost = set(self.live.values()) - set(after.values())
        absorbed = {i for row, i in present(self.live, moved).items() if i in lost and row in after}
        self.remembered = {i: _moved(rows, moved) for i, rows in self.remembered.items()}
        self.last = {i: _moved(rows, moved) for i, rows in self.last.items()}
        for profile_id in self.came_back_elsewhere(after, moved):
            self.remembered[profile_id] = self.last.pop(profile_id) | (own[profile_id] & after.keys())
        for row in moved.values():
            self.tombstones.pop(row, None)
        self.tombstones |= {moved[row]: profile_id for row, profile_id in self.tombstones.items() if row in moved}
        for row, profile_id in self.live.items():
            if profile_id in lost:
                kept = self.remembered if profile_id in absorbed else self.last
                kept.setdefault(profile_id, set()).add(moved.get(row, row))
            self.tombstones |= {key: profile_id for key in (row, moved.get(row, row)) if key not in after}
        for row, profile_id in after.items():
            self.tombstones.pop(row, None)
            self.remembered.pop(profile_id, None)
            self.last.pop(profile_id, None)
        self.left = {row for row in left if row in self.tombstones}
        self.live = dict(after)
        merged = {after[row] for gone in self.remembered for row in own[gone] if row in after}
        self.own = {i: own[i] for i in (*self.remembered, *self.last)}
        for i in merged & own.keys():
            self.own[i] = {row for row in own[i] if after.get(row, i) == i}

    def came_back_elsewhere(
        self, after: Mapping[Address, str], moved: Mapping[Address, Address]
    ) -> dict[str, set[str]]:
        """Deleted ids that have not returned, but rows of their own have -> the ids that these have now."""
        _, own = self._rows(moved)
        gone = self.last.keys() - set(after.values())
        found = {i: {after[row] for row in own.get(i, ()) if row in after} for i in gone}
        return {i: ids for i, ids in found.items() if ids}

    def _rows(self, moved: Mapping[Address, Address]) -> tuple[dict[str, set[Address]], dict[str, set[Address]]]:
        """The last rows of every id, and the own ones, under present keys."""
        members = {gone: _moved(rows, moved) for gone, rows in (*self.remembered.items(), *self.last.items())}
        for row, profile_id in present(self.live, moved).items():
            members.setdefault(profile_id, set()).add(row)
        for row, profile_id in self.tombstones.items():
            if row in moved or row not in self.left:
                members.setdefault(profile_id, set()).update(_moved({row}, moved))
        own = {i: _moved(rows, moved) for i, rows in self.own.items()}
        of_gone = set(chain.from_iterable(own[gone] for gone in self.remembered))
        return members, {i: rows & own[i] if i in own else rows - of_gone for i, rows in members.items()}

    def _claim(
        self,
        members: Mapping[str, set[Address]],
        own: Mapping[str, set[Address]],
        cluster: Cluster,
        profile_id: str,
    ) -> tuple[int, int, int]:
        last = len(cluster & members[profile_id])
        return (len(cluster & own[profile_id]), last if profile_id in self.live.values() else 0, last)


def _competitions(
    clusters: Sequence[Cluster], members: Mapping[str, set[Address]], own: Mapping[str, set[Address]]
) -> list[tuple[list[Cluster], list[str]]]:
    """Clusters and ids that have rows in common, directly or by way of others."""
    waiting, found = list(clusters), []
    while waiting:
        rivals, ids = [waiting.pop(0)], set[str]()
        while True:
            rows = set(chain.from_iterable(rivals))
            more_ids = {i for i in members if rows & (members[i] | own[i])} - ids
            ids |= more_ids
            more = [c for c in waiting if any(c & (members[i] | own[i]) for i in ids)]
            if not more and not more_ids:
                break
            rivals += more
            waiting = [c for c in waiting if c not in more]
        found.append((sorted(rivals, key=min), sorted(ids)))
    return found


def _best(
    clusters: Sequence[Cluster], ids: Sequence[str], claim: Callable[[Cluster, str], tuple[int, int, int]]
) -> tuple[str, ...]:
    """Try everything, cluster by cluster; answers the ids of the clusters, empty for none.

    Of all ways to give away the same ids so far only the best one is kept.
    """
    nothing: _Way = ((0, 0, 0), (0,) * len(ids), ())
    ways: dict[frozenset[str], _Way] = {frozenset(): nothing}
    for rank, cluster in enumerate(clusters):
        further: dict[frozenset[str], _Way] = {}
        for given, (total, places, chosen) in ways.items():
            choices: list[tuple[frozenset[str], _Way]] = [(given, (total, places, (*chosen, "")))]
            for number, profile_id in enumerate(ids):
                weights = claim(cluster, profile_id)
                if profile_id not in given and any(weights):
                    own, live, last = (one + other for one, other in zip(total, weights, strict=True))
                    placed = (*places[:number], len(clusters) - rank, *places[number + 1 :])
                    choices.append((given | {profile_id}, ((own, live, last), placed, (*chosen, profile_id))))
            for taken, way in choices:
                further[taken] = max(further.get(taken, way), way)
        ways = further
    return max(ways.values())[2]
