"""Disjoint sets of so many numbers that memory need not hold them.

The sets are a forest in a temporary file, 8 bytes for each number, which the operating system maps into memory and out
again as it sees fit.
"""

import mmap
from tempfile import TemporaryFile

_BYTES = 8


class DiskUnionFind:
    """Disjoint sets of the numbers 1 to `count`, each of them alone at first. Close it to free the disk."""

    def __init__(self, count: int) -> None:
        with TemporaryFile() as file:
            file.truncate(_BYTES * (count + 1))
            self._map = mmap.mmap(file.fileno(), 0)
        # A parent of 0 means none, so that an empty file is right as it is.
        self._parents = memoryview(self._map).cast("q")

    def find(self, number: int) -> int:
        """The number that stands for the set: its smallest."""
        parents = self._parents
        while parent := parents[number]:
            if grandparent := parents[parent]:
                parents[number] = grandparent
            number = parent
        return number

    def union(self, one: int, other: int) -> None:
        """Make one set of those that two numbers are in."""
        low, high = sorted((self.find(one), self.find(other)))
        if low != high:
            self._parents[high] = low

    def close(self) -> None:
        """Remove the file."""
        self._parents.release()
        self._map.close()
