"""The law: clusters are a pure function of the records now in force.

    resolve(records, generic identifiers, catalogue) -> components with their clusters and conflicts

Nothing here depends on the order in which records arrived. Evidence joins in one fixed order: always the two
clusters with the greatest strength between them, ties by the smallest record address of the one, then of
the other. A union that a constraint forbids is refused and kept as a visible conflict.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from graph_model.catalogue import Catalogue
from graph_model.identifiers import Identifier
from graph_model.mapping import MappedRecord
from graph_model.records import RecordAddress
from graph_model.union_find import UnionFind

#: So many records at the most are joined into one profile; above it the weakest evidence is dropped.
COMPONENT_LIMIT = 1_000

#: Identifier -> the records that carry it, sorted.
Evidence = Mapping[Identifier, Sequence[RecordAddress]]


@dataclass(frozen=True, slots=True, order=True)
class Conflict:
    """Two values of an exclusive kind that cannot be one person's.

    Where `low` and `high` are the same record, that record breaks the constraint by itself.
    """

    low: RecordAddress
    high: RecordAddress
    kind: str  #: the exclusive kind
    low_value: str
    high_value: str
    refused: Identifier | None  #: the evidence that would have joined the two; None within one record


@dataclass(frozen=True, slots=True)
class Cluster:
    """Records that are one person."""

    members: tuple[RecordAddress, ...]  #: sorted
    conflicts: tuple[Conflict, ...]  #: those with one side in this cluster, sorted


@dataclass(frozen=True, slots=True)
class Component:
    """Records connected by identifiers they share, whatever keeps some apart: the unit of recomputation."""

    clusters: tuple[Cluster, ...]  #: by smallest member
    dropped: tuple[Identifier, ...]  #: evidence left out because too many records hang together by it


def resolve(
    records: Mapping[RecordAddress, MappedRecord], generic: frozenset[Identifier], catalogue: Catalogue
) -> tuple[Component, ...]:
    """Partition live records into components and clusters.

    Args:
        records: whole components; what is left out must share no identifier with them but generic ones.
        generic: identifiers carried by more records than their kind allows; they are no evidence.
        catalogue: priorities and exclusive kinds.

    Returns:
        Components by smallest record address. Each record is in exactly one cluster of one component.
        Cost: linear in records and identifiers, but for components with conflicts, where it is
        O(p log p) in the pairs of clusters that share evidence.
    """
    links = _shared_identifiers(records.values(), generic)
    connected: UnionFind[RecordAddress] = UnionFind(sorted(records))
    for holders in links.values():
        connected.union(holders)
    links_of: dict[RecordAddress, list[Identifier]] = defaultdict(list)
    for identifier, holders in links.items():
        links_of[connected.find(holders[0])].append(identifier)
    components = []
    for members in connected.sets():
        inside = {identifier: links[identifier] for identifier in links_of[connected.find(members[0])]}
        components.append(_resolve_component(tuple(members), inside, records, catalogue))
    return tuple(components)


def _shared_identifiers(records: Iterable[MappedRecord], generic: frozenset[Identifier]) -> Evidence:
    holders: dict[Identifier, list[RecordAddress]] = defaultdict(list)
    for mapped in records:
        for identifier in mapped.identifiers:
            if identifier not in generic:
                holders[identifier].append(mapped.address)
    return {identifier: sorted(addresses) for identifier, addresses in holders.items() if len(addresses) > 1}


def _resolve_component(
    members: tuple[RecordAddress, ...],
    links: Evidence,
    records: Mapping[RecordAddress, MappedRecord],
    catalogue: Catalogue,
) -> Component:
    exclusive = _exclusive_values(members, records, catalogue)
    if len(members) <= COMPONENT_LIMIT and not exclusive.contested:
        return Component((Cluster(members, ()),), ())
    evidence = exclusive.usable(links)
    strongest_first = sorted(evidence, key=lambda identifier: _strength(identifier, evidence, catalogue))
    kept, dropped = _within_limit(strongest_first, evidence)
    groups = _join(members, [(identifier, evidence[identifier]) for identifier in kept], exclusive, catalogue)
    conflicts = (*exclusive.broken, *_refused(groups, kept, evidence, exclusive))
    return Component(
        tuple(
            Cluster(group, tuple(sorted(c for c in conflicts if c.low in group or c.high in group))) for group in groups
        ),
        tuple(dropped),
    )


def _strength(identifier: Identifier, evidence: Evidence, catalogue: Catalogue) -> tuple[int, int, Identifier]:
    """Sorts strongest first: kind priority, then fewer holders, then the identifier itself."""
    return (-catalogue.kinds[identifier.kind].priority, len(evidence[identifier]), identifier)


def _within_limit(
    strongest_first: Sequence[Identifier], evidence: Evidence
) -> tuple[list[Identifier], list[Identifier]]:
    """Drop the weakest evidence until no more than `COMPONENT_LIMIT` records hang together.

    Evidence stays exactly where all that is at least as strong connects few enough records around it, which
    is what dropping the weakest again and again from every group that is too large comes to.
    """
    connected: UnionFind[RecordAddress] = UnionFind()
    kept: list[Identifier] = []
    dropped: list[Identifier] = []
    for identifier in strongest_first:
        size = connected.union(evidence[identifier])
        (kept if size <= COMPONENT_LIMIT else dropped).append(identifier)
    return kept, dropped


@dataclass(frozen=True, slots=True)
class _ExclusiveValues:
    """What the records of a component say in kinds of which a person has only one value."""

    values: Mapping[RecordAddress, Mapping[str, str]]  #: record -> kind -> its one value
    broken: tuple[Conflict, ...]  #: records with several values of one kind
    contested: bool  #: whether any kind has more than one value here, so that a union may be refused

    def usable(self, links: Evidence) -> Evidence:
        """The evidence without the records that break the constraint of its kind by themselves."""
        excluded = {(conflict.low, conflict.kind) for conflict in self.broken}
        usable = {
            identifier: [address for address in holders if (address, identifier.kind) not in excluded]
            for identifier, holders in links.items()
        }
        return {identifier: holders for identifier, holders in usable.items() if len(holders) > 1}


def _exclusive_values(
    members: Iterable[RecordAddress], records: Mapping[RecordAddress, MappedRecord], catalogue: Catalogue
) -> _ExclusiveValues:
    values: dict[RecordAddress, dict[str, str]] = {}
    broken: list[Conflict] = []
    if not any(kind.exclusive for kind in catalogue.kinds.values()):
        return _ExclusiveValues(values, (), contested=False)
    distinct: dict[str, set[str]] = defaultdict(set)
    for address in members:
        of_record: dict[str, list[str]] = defaultdict(list)
        for identifier in records[address].identifiers:
            if catalogue.kinds[identifier.kind].exclusive:
                of_record[identifier.kind].append(identifier.value)
                distinct[identifier.kind].add(identifier.value)
        for kind, found in of_record.items():
            if len(found) > 1:
                broken.append(Conflict(address, address, kind, found[0], found[1], None))
            else:
                values.setdefault(address, {})[kind] = found[0]
    contested = any(len(found) > 1 for found in distinct.values())
    return _ExclusiveValues(values, tuple(broken), contested)


def _join(
    members: Sequence[RecordAddress],
    evidence: Sequence[tuple[Identifier, Sequence[RecordAddress]]],
    exclusive: _ExclusiveValues,
    catalogue: Catalogue,
) -> list[tuple[RecordAddress, ...]]:
    """Join clusters in the one order; a cluster is named by its smallest member throughout."""
    cluster_of = {address: address for address in members}
    clusters = {address: [address] for address in members}
    values = {address: dict(exclusive.values.get(address, {})) for address in members}
    by_priority: dict[int, list[Sequence[RecordAddress]]] = defaultdict(list)
    for identifier, holders in evidence:
        by_priority[catalogue.kinds[identifier.kind].priority].append(holders)
    for priority in sorted(by_priority, reverse=True):
        neighbours: dict[RecordAddress, set[RecordAddress]] = defaultdict(set)
        for holders in by_priority[priority]:
            for one, other in combinations(sorted({cluster_of[address] for address in holders}), 2):
                neighbours[one].add(other)
                neighbours[other].add(one)
        pairs = [(one, other) for one, others in neighbours.items() for other in others if one < other]
        heapq.heapify(pairs)
        while pairs:
            one, other = heapq.heappop(pairs)
            if one not in clusters or other not in clusters or _forbidden(values[one], values[other]):
                continue
            clusters[one] += clusters.pop(other)
            values[one] |= values.pop(other)
            for address in clusters[one]:
                cluster_of[address] = one
            for third in neighbours.pop(other) - {one}:
                neighbours[third].discard(other)
                if third not in neighbours[one]:
                    neighbours[one].add(third)
                    neighbours[third].add(one)
                    heapq.heappush(pairs, (min(one, third), max(one, third)))
            neighbours[one].discard(other)
    return [tuple(sorted(clusters[name])) for name in sorted(clusters)]


def _forbidden(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return any(other.get(kind, value) != value for kind, value in one.items())


def _refused(
    groups: Sequence[tuple[RecordAddress, ...]],
    strongest_first: Sequence[Identifier],
    evidence: Evidence,
    exclusive: _ExclusiveValues,
) -> list[Conflict]:
    """Name one conflict for every two clusters that evidence connects and a constraint keeps apart."""
    cluster_of = {address: index for index, group in enumerate(groups) for address in group}
    holders_of_value: list[dict[str, tuple[str, RecordAddress]]] = []
    for group in groups:
        first: dict[str, tuple[str, RecordAddress]] = {}
        for address in group:
            for kind, value in exclusive.values.get(address, {}).items():
                first.setdefault(kind, (value, address))
        holders_of_value.append(first)
    told: set[tuple[int, int]] = set()
    conflicts: list[Conflict] = []
    for identifier in strongest_first:
        touched = sorted({cluster_of[address] for address in evidence[identifier]})
        for low, high in combinations(touched, 2):
            if (low, high) in told:
                continue
            told.add((low, high))
            kind = min(
                kind
                for kind, (value, _) in holders_of_value[low].items()
                if holders_of_value[high].get(kind, (value,))[0] != value
            )
            (low_value, low_record), (high_value, high_record) = (
                holders_of_value[low][kind],
                holders_of_value[high][kind],
            )
            conflicts.append(Conflict(low_record, high_record, kind, low_value, high_value, identifier))
    return conflicts
