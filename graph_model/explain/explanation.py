"""Why records are one person, or why they are not: the evidence between them, step by step.

What joins is told as ways through the strongest spanning forest of the evidence; what does not, with what stands in
its way.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Judgement, Verdict, verdicts_of
from graph_model.resolution.constraints import Conflict
from graph_model.resolution.evidence_graph import (
    EvidenceGraph,
    EvidenceNode,
    IdentifierNode,
    IdentifierStatus,
    Node,
    Obstacle,
    evidence_graph,
    joining,
    rank,
    spanning_forest,
)
from graph_model.resolution.graph import Graph, shortest_way
from graph_model.resolution.mapping import MappedRecord
from graph_model.resolution.resolve import Cluster, resolve
from graph_model.values.identifiers import Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainStep:
    """Two records with the evidence between them."""

    one: RecordAddress
    other: RecordAddress
    evidence: EvidenceNode
    strength: int | None  #: priority of the kind times the lesser trust of the two sources; None: a verdict
    holders: int  #: how many records carry the value, or are named by the verdict
    conflicts: tuple[Conflict, ...] = ()  #: what keeps the two apart all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedIdentifier:
    """A value that two records have in common."""

    identifier: Identifier
    holders: int  #: how many records carry it; of a value that is no identifier these two
    obstacle: Obstacle | None  #: why it is no evidence for the two; None: it is


class Relation(StrEnum):
    """How two records stand to each other."""

    JOINED = "joined"  #: they are one person
    KEPT_APART = "kept_apart"  #: evidence connects them, and a constraint forbids that they are one person
    UNCONNECTED = "unconnected"  #: no usable evidence connects them
    DELETED = "deleted"  #: at least one of them is no longer there


@dataclass(frozen=True, slots=True, kw_only=True)
class PairEvidence:
    """Why two records are one person, or why they are not."""

    one: RecordAddress
    other: RecordAddress
    relation: Relation
    steps: tuple[ChainStep, ...] = ()  #: the way from one to the other; of records kept apart some steps are refused
    shared: tuple[SharedIdentifier, ...] = ()  #: what both have, strongest first
    conflicts: tuple[Conflict, ...] = ()  #: those between their clusters, and those of either record with itself
    verdicts: tuple[Verdict, ...] = ()  #: those between the two, or between their clusters


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Whole components, resolved, with everything that explains them."""

    records: Mapping[RecordAddress, MappedRecord]
    verdicts: tuple[Verdict, ...]
    clusters: Mapping[RecordAddress, Cluster]  #: record -> its cluster
    status: IdentifierStatus
    catalogue: Catalogue

    def graph(self, members: Collection[RecordAddress]) -> EvidenceGraph:
        """The evidence graph of some of the records."""
        inside = {address: self.records[address] for address in members}
        return evidence_graph(inside, self.verdicts, self.status, self.catalogue)


def survey(
    records: Mapping[RecordAddress, MappedRecord], generic: Mapping[Identifier, int], catalogue: Catalogue
) -> Surroundings:
    """Resolve whole components once more, to explain them.

    Args:
        records: all live records of the components.
        generic: identifiers of theirs that are generic, with how many records carry each.
        catalogue: the meaning by which they are resolved.
    """
    verdicts = verdicts_of(mapped.record for mapped in records.values())
    components = resolve(records, verdicts, frozenset(generic), catalogue)
    clusters = [cluster for component in components for cluster in component.clusters]
    carried = Counter(identifier for mapped in records.values() for identifier in mapped.identifiers)
    status = IdentifierStatus(
        holders={**carried, **generic},
        generic=frozenset(generic),
        dropped=frozenset(identifier for component in components for identifier in component.dropped),
        contradictory=frozenset((c.low, c.name) for cluster in clusters for c in cluster.conflicts if c.low == c.high),
    )
    return Surroundings(
        records=records,
        verdicts=verdicts,
        clusters={address: cluster for cluster in clusters for address in cluster.members},
        status=status,
        catalogue=catalogue,
    )


def explain_members(surroundings: Surroundings, members: Collection[RecordAddress]) -> tuple[ChainStep, ...]:
    """The fewest steps by which the records of one cluster hang together, strongest first."""
    graph = surroundings.graph(members)
    forest = spanning_forest(graph)
    steps = []
    for evidence in forest:
        if not isinstance(evidence, RecordAddress):
            first, *others = sorted(_records(forest.neighbours[evidence]))
            steps += [_step(graph, first, evidence, other) for other in others]
    return tuple(sorted(steps, key=lambda step: (_step_rank(step), step.one, step.other)))


def unused_values(graph: EvidenceGraph) -> tuple[SharedIdentifier, ...]:
    """The values that join nobody although several records of a graph carry them, or too many outside of it."""
    found = [
        SharedIdentifier(identifier=node.identifier, holders=attributes["holders"], obstacle=attributes["obstacle"])
        for node, attributes in graph.nodes.items()
        if isinstance(node, IdentifierNode) and attributes["obstacle"] is not None and attributes["holders"] > 1
    ]
    return tuple(sorted(found, key=lambda value: value.identifier))


def pair_evidence(surroundings: Surroundings, one: RecordAddress, other: RecordAddress) -> PairEvidence:
    """Why two live records are one person, or what keeps them apart."""
    here, there = surroundings.clusters[one], surroundings.clusters[other]
    steps = _inside(surroundings, one, other) if here is there else _across(surroundings, one, other)
    between = _conflicts_between(here, there)
    alone = [c for cluster in (here, there) for c in cluster.conflicts if c.low == c.high and c.low in (one, other)]
    ends = ({one}, {other}) if here is there else ({*here.members}, {*there.members})
    connected = Relation.KEPT_APART if steps or between else Relation.UNCONNECTED
    return PairEvidence(
        one=one,
        other=other,
        relation=Relation.JOINED if here is there else connected,
        steps=steps,
        shared=_shared(surroundings, one, other),
        conflicts=tuple(dict.fromkeys((*between, *alone))),
        verdicts=tuple(verdict for verdict in surroundings.verdicts if _is_between(verdict, *ends)),
    )


def _is_between(verdict: Verdict, one: Collection[RecordAddress], other: Collection[RecordAddress]) -> bool:
    """Whether a single word of a verdict is about two sets of records."""
    here = {number for number, group in enumerate(verdict.groups) if any(address in one for address in group)}
    there = {number for number, group in enumerate(verdict.groups) if any(address in other for address in group)}
    return bool(here and there) and (verdict.judgement is Judgement.SAME or len(here | there) > 1)


def _inside(surroundings: Surroundings, one: RecordAddress, other: RecordAddress) -> tuple[ChainStep, ...]:
    """The way from one record of a cluster to another whose weakest step is the strongest."""
    graph = surroundings.graph(surroundings.clusters[one].members)
    way = shortest_way(spanning_forest(graph), one, other)
    records, between = _records(way), [node for node in way if not isinstance(node, RecordAddress)]
    return tuple(
        _step(graph, low, evidence, high) for (low, high), evidence in zip(pairwise(records), between, strict=True)
    )


def _across(surroundings: Surroundings, one: RecordAddress, other: RecordAddress) -> tuple[ChainStep, ...]:
    """The way between two clusters of one component over evidence that was refused; empty where there is none."""
    graph = surroundings.graph(surroundings.records)
    contracted = _contracted(surroundings, graph)
    start, end = (surroundings.clusters[address].members[0] for address in (one, other))
    way = shortest_way(contracted, start, end) if start in contracted else []
    if not way:
        return ()
    steps: list[ChainStep] = []
    place = one
    for here, there in pairwise(_records(way)):
        crossing = _crossing(graph, contracted, here, there)
        conflicts = _conflicts_between(surroundings.clusters[here], surroundings.clusters[there])
        steps += [*_inside(surroundings, place, crossing.one), replace(crossing, conflicts=conflicts)]
        place = crossing.other
    return (*steps, *_inside(surroundings, place, other))


def _contracted(surroundings: Surroundings, graph: EvidenceGraph) -> EvidenceGraph:
    """The graph with each cluster in one node, named by its smallest record; edges know the strongest holder there."""
    joins = joining(graph)
    contracted: EvidenceGraph = Graph()
    for evidence in joins:
        if isinstance(evidence, RecordAddress):
            continue
        holders = joins.neighbours[evidence]
        ranked = sorted((-(edge["strength"] or 0), record) for record, edge in holders.items())
        for _, record in reversed(ranked):  # the strongest is written last
            contracted.add_edge(surroundings.clusters[record].members[0], evidence, holder=record)
    return contracted


def _crossing(graph: EvidenceGraph, contracted: EvidenceGraph, here: RecordAddress, there: RecordAddress) -> ChainStep:
    """The strongest evidence between two neighbouring clusters."""
    steps = []
    for evidence in contracted.neighbours[here].keys() & contracted.neighbours[there].keys():
        if not isinstance(evidence, RecordAddress):
            one, other = (contracted.neighbours[cluster][evidence]["holder"] for cluster in (here, there))
            steps.append(_step(graph, one, evidence, other))
    return min(steps, key=_step_rank)


def _shared(surroundings: Surroundings, one: RecordAddress, other: RecordAddress) -> tuple[SharedIdentifier, ...]:
    graph = surroundings.graph((one, other))
    both = [node for node in graph if isinstance(node, IdentifierNode) and len(graph.neighbours[node]) > 1]
    both.sort(key=lambda node: rank(node, _strength(graph, one, node, other), graph.nodes[node]["holders"]))
    return tuple(
        SharedIdentifier(
            identifier=node.identifier,
            holders=graph.nodes[node]["holders"],
            obstacle=graph.neighbours[one][node]["obstacle"] or graph.neighbours[other][node]["obstacle"],
        )
        for node in both
    )


def _conflicts_between(here: Cluster, there: Cluster) -> tuple[Conflict, ...]:
    if here is there:
        return ()
    return tuple(conflict for conflict in here.conflicts if conflict in there.conflicts)


def _step(graph: EvidenceGraph, one: RecordAddress, evidence: EvidenceNode, other: RecordAddress) -> ChainStep:
    return ChainStep(
        one=one,
        other=other,
        evidence=evidence,
        strength=_strength(graph, one, evidence, other),
        holders=graph.nodes[evidence]["holders"],
    )


def _strength(graph: EvidenceGraph, one: RecordAddress, evidence: EvidenceNode, other: RecordAddress) -> int | None:
    if isinstance(evidence, Verdict):
        return None
    strength: int = min(graph.neighbours[record][evidence]["strength"] for record in (one, other))
    return strength


def _step_rank(step: ChainStep) -> tuple[bool, int, int, tuple[str, ...]]:
    return rank(step.evidence, step.strength, step.holders)


def _records(nodes: Iterable[Node]) -> list[RecordAddress]:
    return [node for node in nodes if isinstance(node, RecordAddress)]
