"""Ways through graphs and where they fall apart, as networkx finds them."""

from collections.abc import Iterable
from typing import Any

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from graph_model.resolution.graph import Graph, shortest_way, walk_depth_first

NODES = st.integers(0, 9)
EDGES = st.lists(st.tuples(NODES, NODES).filter(lambda edge: edge[0] != edge[1]), max_size=20)


def drawn(
    edges: list[tuple[int, int]],
) -> tuple[Graph[int], "nx.Graph[Any]"]:  # its stubs confuse nodes and edges
    """The same graph twice: ten nodes, and edges between them."""
    ours: Graph[int] = Graph(range(10))
    theirs: nx.Graph[int] = nx.Graph()
    theirs.add_nodes_from(range(10))
    for one, other in edges:
        ours.add_edge(one, other)
        theirs.add_edge(one, other)
    return ours, theirs


@given(EDGES)
def test_every_edge_is_told_once(edges: list[tuple[int, int]]) -> None:
    ours, _ = drawn(edges)
    assert sorted(sorted((one, other)) for one, other, _ in ours.edges()) == sorted(
        map(sorted, set(map(frozenset, edges)))
    )


@given(EDGES)
def test_a_way_is_as_short_as_any(edges: list[tuple[int, int]]) -> None:
    ours, theirs = drawn(edges)
    way = shortest_way(ours, 0, 9)
    assert (way != []) == nx.has_path(theirs, 0, 9)
    if way:
        assert (way[0], way[-1]) == (0, 9)
        assert nx.is_path(theirs, way)
        assert len(way) == nx.shortest_path_length(theirs, 0, 9) + 1


def test_a_node_is_reached_from_itself_without_a_step() -> None:
    ours, _ = drawn([])
    assert shortest_way(ours, 3, 3) == [3]


@given(EDGES)
def test_the_bridges_are_the_edges_that_alone_hold_parts_together(edges: list[tuple[int, int]]) -> None:
    ours, theirs = drawn(edges)
    bridges: Iterable[tuple[int, int]] = nx.bridges(theirs)
    assert set(map(frozenset, walk_depth_first(ours).bridges())) == set(map(frozenset, bridges))


@given(EDGES)
def test_the_joints_are_the_nodes_that_alone_hold_parts_together(edges: list[tuple[int, int]]) -> None:
    ours, theirs = drawn(edges)
    assert walk_depth_first(ours).joints() == set(nx.articulation_points(theirs))


def test_an_edge_knows_what_was_written_of_it_last() -> None:
    graph: Graph[str] = Graph()
    graph.add_edge("a", "b", weight=1, kind="road")
    graph.add_edge("b", "a", weight=2)
    assert graph.neighbours["a"]["b"] == graph.neighbours["b"]["a"] == {"weight": 2, "kind": "road"}
