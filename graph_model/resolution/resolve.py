"""The law: clusters are a pure function of the records and verdicts now in force.

    resolve(records, verdicts, generic identifiers, catalogue) -> components with their clusters and conflicts

Nothing here depends on the order in which anything arrived. Evidence joins in one fixed order: always the two clusters
with the greatest strength between them, ties by the smallest record address of the one, then of the other. A "same"
verdict is stronger than any identifier. The strength of an identifier between two clusters is its kind's priority
times the trust in the less trusted of them; a cluster has the trust of its most trusted record that carries the
identifier. A union that a constraint forbids is refused, considered again when either side has grown, and in the end
kept as a visible conflict.
"""

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, groupby
from typing import Final, NamedTuple

from msgspec import Struct

from graph_model.catalogue.rules import COMPONENT_LIMIT, FULL_TRUST, Catalogue
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Verdict
from graph_model.resolution.constraints import (
    ClaimedValues,
    Conflict,
    Separation,
    ValueRule,
    VerdictGroups,
    are_contested,
    claimed_values,
    value_rules,
    values_conflict,
    values_said,
    verdict_conflict,
)
from graph_model.resolution.evidence import Evidence, usable_evidence
from graph_model.resolution.mapping import MappedRecord
from graph_model.resolution.union_find import UnionFind
from graph_model.values.identifiers import HIGHEST_PRIORITY, Identifier

#: Strength of a "same" verdict.
_ABOVE_ALL: Final = HIGHEST_PRIORITY * FULL_TRUST + 1

_NOTHING_DROPPED: Final[frozenset[Identifier]] = frozenset()


class Cluster(Struct, frozen=True, gc=False):
    """Records that are one person."""

    members: tuple[RecordAddress, ...]  #: sorted
    conflicts: tuple[Conflict, ...]  #: those with one side in this cluster, sorted


class Component(Struct, frozen=True, gc=False):
    """Records connected by usable evidence, whatever keeps some apart: the unit of recomputation."""

    clusters: tuple[Cluster, ...]  #: by smallest member
    dropped: frozenset[Identifier]  #: evidence left out because too many records hang together by it


def resolve(
    records: Mapping[RecordAddress, MappedRecord],
    verdicts: Iterable[Verdict],
    generic: frozenset[Identifier],
    catalogue: Catalogue,
) -> tuple[Component, ...]:
    """Partition live records into components and clusters.

    Args:
        records: whole components; what is left out must share no usable evidence with them.
        verdicts: those in force, in any order, also repeated; records that are not here play no part.
        generic: identifiers carried by more records than their kind allows; they are no evidence.
        catalogue: priorities, limits of values, and trust.

    Returns:
        Components by smallest record address. Each record is in exactly one cluster of one component. Every two
        clusters that evidence connects have one conflict that says why they are two.
        Cost: linear in records and identifiers, but for components in which a union may be refused, where it is
        O(p log p) in the pairs of clusters that share evidence.
    """
    evidence = usable_evidence(records, verdicts, generic, catalogue)
    connected: UnionFind[RecordAddress] = UnionFind(sorted(records))
    for holders in evidence.links.values():
        connected.union(holders)
    for verdict in evidence.same:
        connected.union(verdict.records)
    rules = value_rules(catalogue)
    apart, broken = _kept_apart(evidence, connected), _broken(evidence, connected)
    sets = {connected.find(members[0]): members for members in connected.sets()}
    uncertain = {root for root, members in sets.items() if root in apart or _may_be_parted(members, records, rules)}
    parts = _parts(evidence, connected, uncertain) if uncertain else {}
    return tuple(
        [
            _resolve_component(members, parts[root], apart.get(root, ()), broken.get(root, ()), records, catalogue)
            if root in uncertain
            else Component((Cluster(tuple(members), tuple(broken.get(root, ()))),), _NOTHING_DROPPED)
            for root, members in sets.items()
        ]
    )


def _may_be_parted(
    members: Sequence[RecordAddress], records: Mapping[RecordAddress, MappedRecord], rules: Sequence[ValueRule]
) -> bool:
    """Tell whether records that hang together may be more than one cluster, so that it matters what joins them."""
    if len(members) > COMPONENT_LIMIT:
        return True
    if not rules or len(members) == 1:
        return False
    return are_contested([values_said(records[address], rules) for address in members], rules)


@dataclass(slots=True)
class _ComponentEvidence:
    """The evidence that joins records within one component."""

    links: dict[Identifier, Sequence[RecordAddress]]
    same: list[Verdict]


def _parts(
    evidence: Evidence, connected: UnionFind[RecordAddress], roots: Collection[RecordAddress]
) -> Mapping[RecordAddress, _ComponentEvidence]:
    """Divide evidence by component, under the representatives of those that are asked for."""
    parts = {root: _ComponentEvidence({}, []) for root in roots}
    for identifier, holders in evidence.links.items():
        part = parts.get(connected.find(holders[0]))
        if part is not None:
            part.links[identifier] = holders
    for verdict in evidence.same:
        part = parts.get(connected.find(verdict.groups[0][0]))
        if part is not None:
            part.same.append(verdict)
    return parts


def _kept_apart(evidence: Evidence, connected: UnionFind[RecordAddress]) -> Mapping[RecordAddress, list[Verdict]]:
    """The verdicts that keep records of one component apart, under the component's representative."""
    found: defaultdict[RecordAddress, list[Verdict]] = defaultdict(list)
    for verdict in evidence.different:
        for root, groups in _by_component(verdict, connected).items():
            if len(groups) > 1:
                found[root].append(replace(verdict, groups=tuple(map(tuple, groups.values()))))
    return found


def _broken(evidence: Evidence, connected: UnionFind[RecordAddress]) -> Mapping[RecordAddress, list[Conflict]]:
    """The constraints that single records break, under the representative of their component."""
    found: defaultdict[RecordAddress, list[Conflict]] = defaultdict(list)
    for conflict in evidence.broken:
        found[connected.find(conflict.low)].append(conflict)
    return found


def _by_component(
    verdict: Verdict, connected: UnionFind[RecordAddress]
) -> Mapping[RecordAddress, Mapping[int, Sequence[RecordAddress]]]:
    """The groups of a verdict within each component, under the component's representative."""
    found: defaultdict[RecordAddress, defaultdict[int, list[RecordAddress]]] = defaultdict(lambda: defaultdict(list))
    for number, group in enumerate(verdict.groups):
        for address in group:
            found[connected.find(address)][number].append(address)
    return found


def _resolve_component(
    members: Sequence[RecordAddress],
    part: _ComponentEvidence,
    different: Sequence[Verdict],
    broken: Sequence[Conflict],
    records: Mapping[RecordAddress, MappedRecord],
    catalogue: Catalogue,
) -> Component:
    rules = value_rules(catalogue)
    said = [values_said(records[address], rules) for address in members]
    kept, dropped = _within_limit(part, catalogue)
    if not different and not are_contested(said, rules):
        together = _hanging_together(members, part, kept)
        return Component(_clusters(together, _cluster_of(together), broken), dropped)
    number_of = {address: number for number, address in enumerate(members)}
    links = _evidence_links(part, kept, number_of, catalogue)
    groups = _join(links, Separation(rules, said, _places(different, number_of)), len(members))
    named = [[members[number] for number in group] for group in groups]
    cluster_of = _cluster_of(named)
    spoken = [claimed_values((members[number], said[number]) for number in group) for group in groups]
    standings = _standings(different, cluster_of, len(groups))
    refused = _refused(links, members, cluster_of, standings, spoken, rules)
    return Component(_clusters(named, cluster_of, (*broken, *refused)), dropped)


def _hanging_together(
    members: Sequence[RecordAddress], part: _ComponentEvidence, kept: Iterable[Identifier]
) -> list[list[RecordAddress]]:
    """The clusters of a component in which no union can be refused, so that their order is all the same."""
    connected: UnionFind[RecordAddress] = UnionFind(members)
    for verdict in part.same:
        connected.union(verdict.records)
    for identifier in kept:
        connected.union(part.links[identifier])
    return connected.sets()


def _cluster_of(groups: Iterable[Iterable[RecordAddress]]) -> Mapping[RecordAddress, int]:
    return {address: index for index, group in enumerate(groups) for address in group}


def _clusters(
    groups: Iterable[Sequence[RecordAddress]],
    cluster_of: Mapping[RecordAddress, int],
    conflicts: Iterable[Conflict],
) -> tuple[Cluster, ...]:
    """Give each group the conflicts that have a side in it."""
    found: defaultdict[int, list[Conflict]] = defaultdict(list)
    for conflict in conflicts:
        for index in {cluster_of[conflict.low], cluster_of[conflict.high]}:
            found[index].append(conflict)
    return tuple(Cluster(tuple(group), tuple(sorted(found[index]))) for index, group in enumerate(groups))


def _within_limit(part: _ComponentEvidence, catalogue: Catalogue) -> tuple[list[Identifier], frozenset[Identifier]]:
    """Drop the weakest identifiers until no more than `COMPONENT_LIMIT` records hang together.

    The strongest is that of the greatest priority, then of the fewest holders, then the smallest. One stays exactly
    where all evidence that is at least as strong connects few enough records around it, which is what dropping the
    weakest again and again from every group that is too large comes to.

    Returns:
        Those kept, strongest first, and those dropped.
    """
    connected: UnionFind[RecordAddress] = UnionFind()
    for verdict in part.same:
        connected.union(verdict.records)
    kept: list[Identifier] = []
    dropped: list[Identifier] = []
    for identifier in sorted(part.links, key=lambda i: (-catalogue.kinds[i.kind].priority, len(part.links[i]), i)):
        size = connected.union(part.links[identifier])
        (kept if size <= COMPONENT_LIMIT else dropped).append(identifier)
    return kept, frozenset(dropped)


class _EvidenceLink(NamedTuple):
    """Evidence that joins any two of some records with one strength."""

    strength: int
    evidence: Identifier | Verdict
    holders: Sequence[int]  #: numbers of records


def _evidence_links(
    part: _ComponentEvidence, kept: Sequence[Identifier], number_of: Mapping[RecordAddress, int], catalogue: Catalogue
) -> list[_EvidenceLink]:
    """Weigh evidence, strongest first.

    An identifier gives one link for each trust that its holders have: it joins those with at least so much trust. So
    the strongest link between two clusters has the strength of the identifier between them.
    """
    links = [
        _EvidenceLink(_ABOVE_ALL, verdict, [number_of[address] for address in verdict.records]) for verdict in part.same
    ]
    for identifier in kept:
        trusts = [(_trust(address, catalogue), number_of[address]) for address in part.links[identifier]]
        for least in {trust for trust, _ in trusts}:
            holders = [number for trust, number in trusts if trust >= least]
            if len(holders) > 1:
                links.append(_EvidenceLink(catalogue.kinds[identifier.kind].priority * least, identifier, holders))
    return sorted(links, key=lambda link: -link.strength)


def _trust(address: RecordAddress, catalogue: Catalogue) -> int:
    source = catalogue.sources.get(address.source)
    return FULL_TRUST if source is None else source.trust


def _join(links: Iterable[_EvidenceLink], separation: Separation, size: int) -> list[list[int]]:
    """Join records, given by number, in the one order; a cluster has the number of its smallest record throughout."""
    cluster_of = list(range(size))
    clusters = {number: [number] for number in range(size)}
    neighbours: list[dict[int, int]] = [{} for _ in range(size)]  # cluster -> neighbour -> strength between them
    refused: list[set[int]] = [set() for _ in range(size)]  # cluster -> neighbours to try again when it has grown
    pairs: list[tuple[int, int, int]] = []  # those to try: strength (negative, so that the greatest is first), clusters
    for strength, level in groupby(links, key=lambda link: link.strength):
        for link in level:
            for one, other in combinations(sorted({cluster_of[number] for number in link.holders}), 2):
                if other not in neighbours[one]:
                    neighbours[one][other] = neighbours[other][one] = strength
                    pairs.append((-strength, one, other))
        heapq.heapify(pairs)
        while pairs:
            negative, one, other = heapq.heappop(pairs)
            if one not in clusters or other not in clusters:
                continue
            if separation.forbids(one, other, by_verdict=negative == -_ABOVE_ALL):
                refused[one].add(other)
                refused[other].add(one)
                continue
            separation.join(one, other)
            for number in clusters[other]:
                cluster_of[number] = one
            clusters[one] += clusters.pop(other)
            again = (_merge(neighbours, one, other) | refused[one]) & neighbours[one].keys()
            refused[one].clear()
            for third in again:
                heapq.heappush(pairs, (-neighbours[one][third], min(one, third), max(one, third)))
    return [sorted(clusters[number]) for number in sorted(clusters)]


def _merge(neighbours: Sequence[dict[int, int]], one: int, other: int) -> set[int]:
    """Give the neighbours of `other` to `one`; answers those that are new to it, or nearer than before."""
    nearer = set()
    for third, strength in neighbours[other].items():
        del neighbours[third][other]
        if third != one and neighbours[one].get(third, -1) < strength:
            neighbours[one][third] = neighbours[third][one] = strength
            nearer.add(third)
    neighbours[other].clear()
    return nearer


def _refused(
    links: Iterable[_EvidenceLink],
    members: Sequence[RecordAddress],
    cluster_of: Mapping[RecordAddress, int],
    standings: Sequence[VerdictGroups],
    spoken: Sequence[ClaimedValues],
    rules: Sequence[ValueRule],
) -> list[Conflict]:
    """Name one conflict for every two clusters that evidence connects, with the strongest of it."""
    strongest: dict[tuple[int, int], Identifier | Verdict] = {}
    for link in links:
        for pair in combinations(sorted({cluster_of[members[number]] for number in link.holders}), 2):
            strongest.setdefault(pair, link.evidence)
    return [
        verdict_conflict(standings[one], standings[other], evidence)
        or values_conflict(spoken[one], spoken[other], rules, evidence)
        for (one, other), evidence in strongest.items()
    ]


def _places(different: Iterable[Verdict], number_of: Mapping[RecordAddress, int]) -> Mapping[int, Mapping[str, int]]:
    """Record, given by number -> the group that it is in by each verdict."""
    places: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for verdict in different:
        for group, members in enumerate(verdict.groups):
            for address in members:
                places[number_of[address]][verdict.verdict_id] = group
    return places


def _standings(
    different: Iterable[Verdict], cluster_of: Mapping[RecordAddress, int], clusters: int
) -> Sequence[VerdictGroups]:
    """Where each cluster stands by the verdicts; all its records that one speaks of are in the same group."""
    standings: list[dict[str, tuple[int, RecordAddress]]] = [{} for _ in range(clusters)]
    for verdict in different:
        for group, members in enumerate(verdict.groups):
            for address in members:
                standings[cluster_of[address]].setdefault(verdict.verdict_id, (group, address))
    return standings
