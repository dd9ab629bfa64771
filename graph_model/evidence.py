"""Evidence as a person reads it: which shared identifier joined which records."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from graph_model.catalogue import Catalogue
from graph_model.identifiers import Identifier
from graph_model.mapping import MappedRecord
from graph_model.records import RecordAddress
from graph_model.union_find import UnionFind


@dataclass(frozen=True, slots=True)
class Join:
    """One step by which a profile hangs together."""

    record: RecordAddress
    other: RecordAddress
    identifier: Identifier

    def __str__(self) -> str:
        return f"{self.record} and {self.other} share {self.identifier.kind} {self.identifier.value}"


def joins(members: Iterable[MappedRecord], generic: frozenset[Identifier], catalogue: Catalogue) -> tuple[Join, ...]:
    """The fewest joins that hold the members together, strongest evidence first.

    They are a maximum spanning forest of the evidence (Kruskal, 1956): a record is joined by the strongest
    identifier that connects it with what is joined already.
    """
    holders: dict[Identifier, list[RecordAddress]] = defaultdict(list)
    for mapped in members:
        for identifier in mapped.identifiers:
            if identifier not in generic:
                holders[identifier].append(mapped.address)
    connected: UnionFind[RecordAddress] = UnionFind()
    found = []
    for identifier in sorted(holders, key=lambda i: (-catalogue.kinds[i.kind].priority, len(holders[i]), i)):
        first, *others = sorted(holders[identifier])
        for other in others:
            if connected.find(first) != connected.find(other):
                connected.union((first, other))
                found.append(Join(first, other, identifier))
    return tuple(found)
