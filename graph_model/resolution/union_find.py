"""Disjoint sets with path halving and union by size (Tarjan, 1975)."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Element = TypeVar("Element", bound=Hashable)


class UnionFind(Generic[Element]):
    """A partition of elements that only ever grows coarser. Unknown elements are alone."""

    def __init__(self, elements: Iterable[Element] = ()) -> None:
        self._parents: dict[Element, Element] = {element: element for element in elements}
        self._sizes: dict[Element, int] = {}

    def find(self, element: Element) -> Element:
        """The representative of the set that holds `element`."""
        parents = self._parents
        parent = parents.setdefault(element, element)
        while parent != element:
            grandparent = parents[parent]
            parents[element] = grandparent
            element, parent = grandparent, parents[grandparent]
        return element

    def union(self, elements: Iterable[Element]) -> int:
        """Join the sets of all `elements`; answers the size of the set they are in afterwards."""
        sizes = self._sizes
        joined: Element | None = None
        size = 0
        for root in map(self.find, elements):
            if joined is None:
                joined, size = root, sizes.get(root, 1)
            elif root != joined:
                further = sizes.get(root, 1)
                large, small = (joined, root) if size >= further else (root, joined)
                self._parents[small] = joined = large
                size = sizes[large] = size + further
        return size

    def sets(self) -> list[list[Element]]:
        """All sets, in the order in which their first elements were named."""
        grouped: dict[Element, list[Element]] = {}
        for element in self._parents:
            grouped.setdefault(self.find(element), []).append(element)
        return list(grouped.values())
