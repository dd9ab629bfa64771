"""Evidence as a graph for people and tools: which records hang together by what, how strongly, and how thinly.

The graph is bipartite: records on one side, what may connect them on the other. That is the shape in which sharing an
identifier costs one edge per record, and in which one edge says "this record carries this value".
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from graph_model.catalogue.rules import FULL_TRUST, Catalogue
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Judgement, Verdict
from graph_model.resolution.column_values import read_identifiers
from graph_model.resolution.graph import DepthFirstTrees, Graph, walk_depth_first
from graph_model.resolution.mapping import MappedRecord
from graph_model.resolution.union_find import UnionFind
from graph_model.values.identifiers import Identifier

#: A weak link is suspicious where each side has at least this part of the profile's records: one in so many.
_LEAST_SHARE = 5

#: So many weak links of a profile are named at the most.
_NAMED_LINKS = 10


class Obstacle(StrEnum):
    """Why a value that records share is no evidence."""

    GENERIC = "generic"  #: more records carry it than its kind allows
    BLOCKED = "blocked"  #: it is a value that identifies nobody
    UNREADABLE = "unreadable"  #: it has no normal form of its kind
    DROPPED = "dropped"  #: too many records would hang together by it
    UNTRUSTED = "untrusted"  #: a record's source is trusted to join by verdicts only
    CONTRADICTORY = "contradictory"  #: a record has more values of this kind than a person may have


@dataclass(frozen=True, slots=True)
class IdentifierNode:
    """A node of the graph: a value that records carry. An `Identifier` itself could equal a `RecordAddress`."""

    identifier: Identifier


#: What may connect records: a value, or a single word of a verdict (`Verdict.parts`).
EvidenceNode: TypeAlias = IdentifierNode | Verdict

Node: TypeAlias = RecordAddress | EvidenceNode

#: Records, and what may connect them.
EvidenceGraph: TypeAlias = Graph[Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierStatus:
    """What is known about the records of a graph beyond their own values."""

    holders: Mapping[Identifier, int]  #: how many records carry an identifier; without an entry those of the graph
    generic: Collection[Identifier]  #: identifiers that are no evidence, since too many records carry them
    dropped: Collection[Identifier]  #: evidence left out because too many records would hang together by it
    contradictory: Collection[tuple[RecordAddress, str]]  #: records that break the limit of a kind by themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakLink:
    """A record's value by which alone two large parts of a profile hang together."""

    identifier: Identifier  #: the value to blame
    record: RecordAddress  #: the record that carries it, at which the parts meet
    parts: tuple[int, int]  #: records in each part, the greater first


def evidence_graph(
    records: Mapping[RecordAddress, MappedRecord],
    verdicts: Iterable[Verdict],
    status: IdentifierStatus,
    catalogue: Catalogue,
) -> EvidenceGraph:
    """Connect records with everything they carry, usable as evidence or not.

    Returns:
        A graph of `RecordAddress`, `IdentifierNode` and `Verdict` nodes. Evidence has `holders` (all records that
        carry the value, those outside of the graph included), values have `obstacle` (None, or why they join nobody).
        Edges have `strength` (priority of the kind times trust of the source; None: a verdict) and `obstacle` (None:
        usable).
    """
    graph: EvidenceGraph = Graph(sorted(records))
    for address, mapped in sorted(records.items()):
        for identifier in mapped.identifiers:
            obstacle = _obstacle(address, identifier, status, catalogue)
            strength = catalogue.kinds[identifier.kind].priority * _trust(address, catalogue)
            graph.add_edge(address, IdentifierNode(identifier), strength=strength, obstacle=obstacle)
        for identifier, obstacle in unusable_values(mapped, catalogue).items():
            graph.add_edge(address, IdentifierNode(identifier), strength=0, obstacle=obstacle)
    for word in sorted({part for verdict in verdicts for part in verdict.among(records).parts()}):
        for address in word.records:
            graph.add_edge(address, word, strength=None, obstacle=None)
    for node, attributes in graph.nodes.items():
        if isinstance(node, IdentifierNode):
            obstacles = [edge["obstacle"] for edge in graph.neighbours[node].values()]
            joins = obstacles.count(None) > 1
            attributes["obstacle"] = None if joins else next((found for found in obstacles if found), None)
            attributes["holders"] = status.holders.get(node.identifier, len(graph.neighbours[node]))
        elif isinstance(node, Verdict):
            attributes["holders"] = len(graph.neighbours[node])
    return graph


def unusable_values(mapped: MappedRecord, catalogue: Catalogue) -> dict[Identifier, Obstacle]:
    """The values of a record's identifier columns that identify nobody, or cannot be read, in comparable form."""
    found: dict[Identifier, Obstacle] = {}
    for kind, read in read_identifiers(mapped.record, catalogue):
        text = read.text.strip()
        if not text or kind.normalise is None:
            continue
        if read.is_blocked:
            found[Identifier(kind.name, read.normal or text.casefold())] = Obstacle.BLOCKED
        elif read.normal is None:
            found[Identifier(kind.name, text.casefold())] = Obstacle.UNREADABLE
    return found


def joining(graph: EvidenceGraph) -> EvidenceGraph:
    """The part of the graph that joins: usable evidence that at least two records share, and all records."""
    joins: EvidenceGraph = Graph(node for node in graph if isinstance(node, RecordAddress))
    for node in graph:
        if isinstance(node, RecordAddress) or (isinstance(node, Verdict) and node.judgement is Judgement.DIFFERENT):
            continue
        usable = {other: edge for other, edge in graph.neighbours[node].items() if edge["obstacle"] is None}
        if len(usable) > 1:
            for other, edge in usable.items():
                joins.add_edge(node, other, **edge)
    return joins


def spanning_forest(graph: EvidenceGraph) -> EvidenceGraph:
    """The strongest way in which the records of a graph hang together (Kruskal, 1956).

    Of all ways from one record to another, the one in this forest has the strongest weakest step. "Same" verdicts go
    before everything; of equally strong values those that fewer records carry go first.
    """
    joins = joining(graph)
    ranked = []
    for evidence in joins:
        if not isinstance(evidence, RecordAddress):
            for record, edge in joins.neighbours[evidence].items():
                ranked.append((rank(evidence, edge["strength"], len(joins.neighbours[evidence])), record, evidence))
    connected: UnionFind[Node] = UnionFind()
    forest: EvidenceGraph = Graph(node for node in joins if isinstance(node, RecordAddress))
    for _, record, evidence in sorted(ranked, key=lambda edge: (edge[0], edge[1])):
        if connected.find(record) != connected.find(evidence):
            connected.union((record, evidence))
            forest.add_edge(record, evidence, **joins.neighbours[record][evidence])
    return forest


def rank(evidence: EvidenceNode, strength: int | None, holders: int) -> tuple[bool, int, int, tuple[str, ...]]:
    """Sorts evidence, strongest first."""
    if isinstance(evidence, IdentifierNode):
        return (True, -(strength or 0), holders, evidence.identifier)
    return (False, 0, 0, (evidence.verdict_id,))


def weak_links(graph: EvidenceGraph, at_least: int) -> tuple[WeakLink, ...]:
    """Find the identifiers to blame if the records of a profile are two people: bridges between two large parts of it.

    An edge of the graph is a bridge if without it the records would fall apart (Tarjan, 1974): one wrong value in one
    record would explain it. What hangs together by a verdict has been looked at, and is not suspicious.

    Args:
        graph: the records of one profile with their evidence.
        at_least: records that each part must have; it must also have a fifth of all records.

    Returns:
        One link for each identifier to blame, that with the most even parts; the ten most even, in this order.
        Cost: linear in the graph.
    """
    joins = joining(graph)
    records = sum(isinstance(node, RecordAddress) for node in joins)
    smallest = max(at_least, -(-records // _LEAST_SHARE))
    trees = walk_depth_first(joins)
    below = _records_below(trees)
    found: dict[Identifier, WeakLink] = {}
    for parent, child in trees.bridges():
        record, value = (parent, child) if isinstance(parent, RecordAddress) else (child, parent)
        part = below[child]
        parts = (max(part, records - part), min(part, records - part))
        if not isinstance(record, RecordAddress) or not isinstance(value, IdentifierNode) or parts[1] < smallest:
            continue
        link = WeakLink(identifier=value.identifier, record=record, parts=parts)
        known = found.get(value.identifier, link)
        found[value.identifier] = min(known, link, key=_evenness)
    return tuple(sorted(found.values(), key=_evenness)[:_NAMED_LINKS])


def _evenness(link: WeakLink) -> tuple[int, Identifier, RecordAddress]:
    return (link.parts[0], link.identifier, link.record)


def _records_below(trees: DepthFirstTrees[Node]) -> Mapping[Node, int]:
    """How many records hang below each node of a depth-first tree, itself included."""
    below = {node: int(isinstance(node, RecordAddress)) for node in trees.parents}
    for child, parent in reversed(trees.parents.items()):
        if parent is not None:
            below[parent] += below[child]
    return below


def _obstacle(
    address: RecordAddress, identifier: Identifier, status: IdentifierStatus, catalogue: Catalogue
) -> Obstacle | None:
    if identifier in status.generic:
        return Obstacle.GENERIC
    if identifier in status.dropped:
        return Obstacle.DROPPED
    if (address, identifier.kind) in status.contradictory:
        return Obstacle.CONTRADICTORY
    return None if _trust(address, catalogue) else Obstacle.UNTRUSTED


def _trust(address: RecordAddress, catalogue: Catalogue) -> int:
    source = catalogue.sources.get(address.source)  # None: gone from the catalogue, its records wait for `re-resolve`
    return FULL_TRUST if source is None else source.trust
