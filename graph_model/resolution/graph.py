"""Undirected graphs with attributes, of the size of a profile: ways through them, and where they would fall apart.

networkx does the same and more, but takes longer to import than to explain a profile; what other programs read is
made with it (`graph_model.explain.evidence_export`).
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

Element = TypeVar("Element", bound=Hashable)

Attributes: TypeAlias = dict[str, Any]


class Graph(Generic[Element]):
    """Nodes and edges in the order in which they were added; both have attributes."""

    def __init__(self, nodes: Iterable[Element] = ()) -> None:
        self.nodes: dict[Element, Attributes] = {node: {} for node in nodes}
        #: node -> neighbour -> the edge
        self.neighbours: dict[Element, dict[Element, Attributes]] = {node: {} for node in self.nodes}

    def __iter__(self) -> Iterator[Element]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __contains__(self, node: Element) -> bool:
        return node in self.nodes

    def add_edge(self, one: Element, other: Element, **attributes: object) -> None:
        """Connect two nodes, which need not be there yet; of an edge that is there only attributes are written anew."""
        for node in (one, other):
            self.nodes.setdefault(node, {})
            self.neighbours.setdefault(node, {})
        edge = self.neighbours[one].setdefault(other, {})
        edge.update(attributes)
        self.neighbours[other][one] = edge

    def edges(self) -> Iterator[tuple[Element, Element, Attributes]]:
        """Every edge once."""
        seen: set[Element] = set()
        for one, neighbours in self.neighbours.items():
            seen.add(one)
            for other, edge in neighbours.items():
                if other not in seen:
                    yield one, other, edge


def shortest_way(graph: Graph[Element], start: Element, end: Element) -> list[Element]:
    """A way of the fewest edges, both ends included; empty where there is none.

    Raises:
        KeyError: there is no node `start`.
    """
    before: dict[Element, Element] = {start: start}
    reached = [start]
    for node in reached:  # grows while it is walked through
        if node == end:
            way = [end]
            while way[-1] != start:
                way.append(before[way[-1]])
            return way[::-1]
        for further in graph.neighbours[node]:
            if further not in before:
                before[further] = node
                reached.append(further)
    return []


@dataclass(frozen=True, slots=True)
class DepthFirstTrees(Generic[Element]):
    """A depth-first walk through all of a graph, and where a step back leads (Tarjan, 1972)."""

    parents: dict[Element, Element | None]  #: in the order of the walk; None: a tree begins here
    place: dict[Element, int]  #: the number of a node in that order
    lowest: dict[Element, int]  #: the first node in that order that a node and all below it touch without its parent

    def bridges(self) -> Iterator[tuple[Element, Element]]:
        """The edges without which the graph would have more parts: parent and child."""
        for child, parent in self.parents.items():
            if parent is not None and self.lowest[child] > self.place[parent]:
                yield parent, child

    def joints(self) -> set[Element]:
        """The nodes without which the graph would have more parts."""
        found: set[Element] = set()
        begun: set[Element] = set()  # trees whose first node has a child
        for child, parent in self.parents.items():
            if parent is None:
                continue
            if self.parents[parent] is not None:
                if self.lowest[child] >= self.place[parent]:
                    found.add(parent)
            elif parent in begun:
                found.add(parent)
            else:
                begun.add(parent)
        return found


def walk_depth_first(graph: Graph[Element]) -> DepthFirstTrees[Element]:
    """Walk through all of a graph. Cost: linear."""
    parents: dict[Element, Element | None] = {}
    place: dict[Element, int] = {}
    lowest: dict[Element, int] = {}
    for root in graph:
        if root in place:
            continue
        parents[root] = None
        place[root] = lowest[root] = len(place)
        stack = [(root, iter(graph.neighbours[root]))]
        while stack:
            node, further = stack[-1]
            for neighbour in further:
                if neighbour not in place:
                    parents[neighbour] = node
                    place[neighbour] = lowest[neighbour] = len(place)
                    stack.append((neighbour, iter(graph.neighbours[neighbour])))
                    break
                if neighbour != parents[node]:
                    lowest[node] = min(lowest[node], place[neighbour])
            else:
                stack.pop()
                parent = parents[node]
                if parent is not None:
                    lowest[parent] = min(lowest[parent], lowest[node])
    return DepthFirstTrees(parents, place, lowest)
