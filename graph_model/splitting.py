"""Splitting a profile: few verdicts, as a simple search finds them, that leave the groups a steward wants.

Two groups are told apart by a "different" between two of their records, and where that is not enough by further
ones. A group that was only held together through another one gets a "same".
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, pairwise
from typing import TypeAlias

from graph_model.records import Judgement, RecordAddress

Pair: TypeAlias = tuple[RecordAddress, RecordAddress, Judgement]

#: The clusters that follow from further verdicts: the partition, each cluster by its members.
Partition: TypeAlias = Callable[[Sequence[Pair]], Sequence[Sequence[RecordAddress]]]


def separating_verdicts(groups: Sequence[Sequence[RecordAddress]], partition: Partition) -> tuple[Pair, ...]:
    """Find verdicts that keep all groups apart and each group together.

    Args:
        groups: the records of each group; no record is in two.
        partition: resolves the component with further verdicts. No verdict in force may join records of two groups
            or separate records of one.

    Raises:
        ValueError: such a verdict is there, so that no further ones help.
    """
    group_of = {address: index for index, group in enumerate(groups) for address in group}
    found: list[Pair] = []
    while True:
        clusters = [sorted(set(cluster) & group_of.keys()) for cluster in partition(found)]
        missing = [pair for cluster in clusters for pair in _differences(cluster, group_of)]
        missing = missing or [pair for group in groups for pair in _joins(group, clusters)]
        if not missing:
            return tuple(found)
        if set(missing) & set(found):
            raise ValueError("verdicts in force contradict the groups")
        found += missing


def _differences(cluster: Sequence[RecordAddress], group_of: Mapping[RecordAddress, int]) -> list[Pair]:
    """One "different" for every two groups that are still in one cluster."""
    first: dict[int, RecordAddress] = {}
    for address in cluster:
        first.setdefault(group_of[address], address)
    return [(low, high, Judgement.DIFFERENT) for low, high in combinations(sorted(first.values()), 2)]


def _joins(group: Sequence[RecordAddress], clusters: Sequence[Sequence[RecordAddress]]) -> list[Pair]:
    """A chain of "same" through the parts of a group that has fallen apart."""
    parts = sorted(min(part) for cluster in clusters if (part := set(cluster) & set(group)))
    return [(low, high, Judgement.SAME) for low, high in pairwise(parts)]
