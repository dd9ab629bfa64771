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
        roots = set(map(self.find, elements))
        if not roots:
            return 0
        if len(roots) == 1:
            return self._sizes.get(roots.pop(), 1)
        sizes = {root: self._sizes.get(root, 1) for root in roots}
        largest = max(sizes, key=sizes.__getitem__)
        for root in roots:
            self._parents[root] = largest
        total = self._sizes[largest] = sum(sizes.values())
        return total

    def sets(self) -> list[list[Element]]:
        """All sets, in the order in which their first elements were named."""
        grouped: dict[Element, list[Element]] = {}
        for element in self._parents:
            grouped.setdefault(self.find(element), []).append(element)
        return list(grouped.values())
