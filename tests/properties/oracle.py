"""A deliberately naive second implementation of the law, written from its text; shares no code with the engine.

Records are dictionaries, clusters are sets, and everything is found by looking at every pair.
"""

from collections.abc import Mapping
from itertools import combinations

#: (kind, value)
Identifier = tuple[str, str]
Address = tuple[str, str]


class Kind:
    """Limit, exclusivity and priority of an identifier kind."""

    def __init__(self, limit: int, priority: int, *, exclusive: bool) -> None:
        self.limit = limit
        self.priority = priority
        self.exclusive = exclusive


def partition(
    records: Mapping[Address, frozenset[Identifier]], kinds: Mapping[str, Kind]
) -> frozenset[frozenset[Address]]:
    """Join, again and again, the two clusters with the greatest strength that nothing forbids."""
    holders: dict[Identifier, set[Address]] = {}
    for address, identifiers in records.items():
        for identifier in identifiers:
            holders.setdefault(identifier, set()).add(address)
    usable = {i for i, found in holders.items() if len(found) <= kinds[i[0]].limit}
    clusters = [frozenset([address]) for address in sorted(records)]
    refused: set[frozenset[frozenset[Address]]] = set()
    while True:
        candidates = []
        for one, other in combinations(clusters, 2):
            low, high = (one, other) if min(one) < min(other) else (other, one)
            if frozenset((low, high)) in refused:
                continue
            shared = _evidence(low, records, kinds) & _evidence(high, records, kinds) & usable
            if shared:
                strength = max(kinds[kind].priority for kind, _ in shared)
                candidates.append((-strength, min(low), min(high), low, high))
        if not candidates:
            return frozenset(clusters)
        _, _, _, low, high = min(candidates, key=lambda found: found[:3])
        if _contradict(low, high, records, kinds):
            refused.add(frozenset((low, high)))
        else:
            clusters = [cluster for cluster in clusters if cluster not in (low, high)] + [low | high]


def _breaks_by_itself(identifiers: frozenset[Identifier], kind: str, kinds: Mapping[str, Kind]) -> bool:
    return kinds[kind].exclusive and sum(k == kind for k, _ in identifiers) > 1


def _evidence(
    cluster: frozenset[Address], records: Mapping[Address, frozenset[Identifier]], kinds: Mapping[str, Kind]
) -> set[Identifier]:
    return {
        (kind, value)
        for address in cluster
        for kind, value in records[address]
        if not _breaks_by_itself(records[address], kind, kinds)
    }


def _contradict(
    low: frozenset[Address],
    high: frozenset[Address],
    records: Mapping[Address, frozenset[Identifier]],
    kinds: Mapping[str, Kind],
) -> bool:
    values = {i for i in _evidence(low | high, records, kinds) if kinds[i[0]].exclusive}
    return any(len({value for k, value in values if k == kind}) > 1 for kind in kinds)
