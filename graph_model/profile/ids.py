"""Which cluster keeps which profile id.

Ids are never derived from members. They are given one to one, so that as many records as possible get back the id that
was their own: an id's own records are those that it had while nothing else was merged into it. So when a wrong merge is
corrected, whichever side lives on, both people have their ids again; what arrived while they were merged counts for
nobody. Among equals fewer records change their live id, then more of an id's last records come back to it, and then the
smaller ids are given, to the clusters with the smaller first records.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, TypeAlias

from msgspec import Struct

from graph_model.records.record import RecordAddress
from graph_model.resolution.union_find import UnionFind


class IdCandidate(Struct, frozen=True, kw_only=True, gc=False):
    """A profile id that may live on. All records stand under their present addresses."""

    profile_id: str
    live: bool
    deleted: bool = False  #: all its records were deleted before
    members: frozenset[RecordAddress]  #: its last records
    own: frozenset[RecordAddress]  #: those of them that it had while nothing was merged into it
    guests: frozenset[RecordAddress] = (
        frozenset()
    )  #: those that came while others were merged into it; also deleted ones


#: An id remembers so many guests at the most.
REMEMBERED_GUESTS: Final = 1_000

#: (number of the cluster, the profile) -> what speaks for giving the one the id of the other, the weightiest first.
Claims: TypeAlias = Mapping[tuple[int, str], tuple[int, int, int]]


def assign_ids(
    clusters: Sequence[Sequence[RecordAddress]], former: Sequence[IdCandidate], new_id: Callable[[], str]
) -> list[str]:
    """Give every cluster an id, in the order of `clusters`.

    What is left over gets a new id. Cost: that of a maximum weight matching among the clusters and ids that compete
    (Edmonds, 1965); a cluster and an id without a rival cost nothing.
    """
    claims = _claims(clusters, former)
    by_cluster, by_profile = Counter(index for index, _ in claims), Counter(profile_id for _, profile_id in claims)
    contested = {
        (index, profile_id): weights
        for (index, profile_id), weights in claims.items()
        if by_cluster[index] > 1 or by_profile[profile_id] > 1
    }
    assigned = dict(claims.keys() - contested.keys())
    for competing in _apart(contested):
        assigned |= _matched(competing, clusters)
    return [assigned[index] if index in assigned else new_id() for index in range(len(clusters))]


def guests(former: Sequence[IdCandidate], ids: Mapping[RecordAddress, str]) -> dict[str, tuple[RecordAddress, ...]]:
    """The guests of every id from now on; those without any are left out.

    Whatever comes to an id while others are merged into it is a guest there, until these others have gone. An id that
    is gone keeps its guests, since it may return.

    Args:
        former: the ids that there were.
        ids: live record -> its id now.
    """
    live = set(ids.values())
    if all(profile.profile_id in live and not profile.guests for profile in former):
        return {}
    members: defaultdict[str, set[RecordAddress]] = defaultdict(set)
    for address, profile_id in ids.items():
        members[profile_id].add(address)
    absorbed = [profile for profile in former if profile.profile_id not in members]
    hosts = {ids[address] for profile in absorbed for address in profile.own if address in ids}
    found: dict[str, set[RecordAddress]] = {}
    for profile in former:
        stayed = {address for address in profile.guests if ids.get(address, profile.profile_id) == profile.profile_id}
        if profile.profile_id in hosts:
            found[profile.profile_id] = stayed | (members[profile.profile_id] - profile.own)
        elif profile.profile_id not in members:
            found[profile.profile_id] = {*profile.guests, *(profile.members - profile.own)}
    return {profile_id: _kept(stayed, ids) for profile_id, stayed in found.items() if stayed}


def _kept(stayed: Iterable[RecordAddress], ids: Mapping[RecordAddress, str]) -> tuple[RecordAddress, ...]:
    """As many as are remembered, those that are live first."""
    return tuple(sorted(sorted(stayed, key=lambda address: (address not in ids, address))[:REMEMBERED_GUESTS]))


def _claims(clusters: Sequence[Sequence[RecordAddress]], former: Iterable[IdCandidate]) -> Claims:
    place = {address: index for index, members in enumerate(clusters) for address in members}
    claims = {}
    for profile in former:
        last = _counted(profile.members, place)
        own = last if profile.own is profile.members else _counted(profile.own & profile.members, place)
        for index, count in last.items():
            claims[index, profile.profile_id] = (own.get(index, 0), count if profile.live else 0, count)
    return claims


def _counted(addresses: Iterable[RecordAddress], place: Mapping[RecordAddress, int]) -> dict[int, int]:
    """How many of some records each cluster has."""
    counts: dict[int, int] = {}
    for address in addresses:
        index = place.get(address)
        if index is not None:
            counts[index] = counts.get(index, 0) + 1
    return counts


def _apart(claims: Claims) -> Iterable[Claims]:
    """Split claims into independent groups."""
    connected: UnionFind[int | str] = UnionFind()
    for claim in claims:
        connected.union(claim)
    parts: defaultdict[int | str, dict[tuple[int, str], tuple[int, int, int]]] = defaultdict(dict)
    for claim, weights in claims.items():
        parts[connected.find(claim[0])][claim] = weights
    return parts.values()


def _matched(claims: Claims, clusters: Sequence[Sequence[RecordAddress]]) -> dict[int, str]:
    """The best way to give ids to clusters: number of the cluster -> id.

    All preferences are in one integer: the sums of the three weights as digits, the weightiest first, then for each id,
    the smallest first, a digit that says which cluster it is given to, if to any.
    """
    ids = sorted({profile_id for _, profile_id in claims})
    competing = {index for index, _ in claims}
    if len(ids) == 1 or len(competing) == 1:
        return dict([min(claims, key=lambda claim: _single_preference(claim, claims[claim], clusters))])
    import networkx as nx

    ranks = _ranks(competing, clusters)
    base = len(ranks) + 1
    digits = {profile_id: base ** (len(ids) - 1 - place) for place, profile_id in enumerate(ids)}
    beyond = base ** len(ids)
    most = 1 + sum(weight for weights in claims.values() for weight in weights)
    graph: nx.Graph[int | str] = nx.Graph()
    for (index, profile_id), (own, live, last) in claims.items():
        weight = ((own * most + live) * most + last) * beyond + (len(ranks) - ranks[index]) * digits[profile_id]
        graph.add_edge(index, profile_id, weight=weight)
    matching: AbstractSet[tuple[int | str, int | str]] = nx.max_weight_matching(graph)
    pairs = ((one, other) if isinstance(one, int) else (other, one) for one, other in matching)
    return {index: profile_id for index, profile_id in pairs if isinstance(index, int) and isinstance(profile_id, str)}


def _single_preference(
    claim: tuple[int, str], weights: tuple[int, int, int], clusters: Sequence[Sequence[RecordAddress]]
) -> tuple[int, int, int, str, RecordAddress]:
    """Sorts claims of which only one can be met, the best first: those on one id, or those of one cluster."""
    own, live, last = weights
    index, profile_id = claim
    return (-own, -live, -last, profile_id, min(clusters[index]))


def _ranks(indexes: Iterable[int], clusters: Sequence[Sequence[RecordAddress]]) -> dict[int, int]:
    """Number clusters by their smallest records."""
    ordered = sorted(indexes, key=lambda index: min(clusters[index]))
    return {index: rank for rank, index in enumerate(ordered)}
