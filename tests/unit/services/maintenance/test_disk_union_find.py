from contextlib import closing

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from services.maintenance.spool import DiskUnionFind

COUNT = 30
numbers = st.integers(1, COUNT)


def test_no_numbers_are_no_sets() -> None:
    with closing(DiskUnionFind(0)):
        pass


@given(st.lists(st.tuples(numbers, numbers)))
def test_sets_are_named_by_their_smallest_number(pairs: list[tuple[int, int]]) -> None:
    graph: nx.Graph[int] = nx.Graph(pairs)
    graph.add_nodes_from(range(1, COUNT + 1))
    expected = {number: min(found) for found in nx.connected_components(graph) for number in found}
    with closing(DiskUnionFind(COUNT)) as together:
        for one, other in pairs:
            together.union(one, other)
        assert {number: together.find(number) for number in range(1, COUNT + 1)} == expected
