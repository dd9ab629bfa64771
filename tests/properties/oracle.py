"""A deliberately naive second implementation of the law, written from its text; shares no code with the engine.

Records are plain values, clusters are sets, and everything is found by looking at every pair again and again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

#: (kind, value)
Identifier = tuple[str, str]
Address = tuple[str, str]
Cluster = frozenset[Address]


@dataclass(frozen=True)
class Kind:
    """What the catalogue says of a kind of identifier."""

    limit: int  # holders
    priority: int
    values: int | None = None  # that one person may have


@dataclass(frozen=True)
class Row:
    """A live record."""

    identifiers: frozenset[Identifier]
    traits: Mapping[str, str] = field(default_factory=dict)
    trust: int = 100


@dataclass(frozen=True, order=True)
class Verdict:
    low: Address
    high: Address
    judgement: str  # same, different
    name: str


@dataclass(frozen=True)
class Conflict:
    constraint: str
    name: str
    said: frozenset[tuple[Address, str]]  # which records contradict each other, and their values
    refused: str | None  # kind:value, or verdict:same


@dataclass(frozen=True)
class Answer:
    partition: frozenset[Cluster]
    conflicts: frozenset[tuple[frozenset[Cluster], Conflict]]  # the one or two clusters that each is about
    dropped: frozenset[Identifier]


@dataclass
class World:
    rows: Mapping[Address, Row]
    kinds: Mapping[str, Kind]
    exclusive_traits: frozenset[str] = frozenset()
    verdicts: tuple[Verdict, ...] = ()  # those about rows that are not there play no part
    most: int = 1_000  # records that may hang together by identifiers

    def resolve(self) -> Answer:
        dropped = self._dropped()
        clusters = self._clusters(dropped)
        conflicts = set()
        for one, other in combinations(clusters, 2):
            if self._evidence(one, other, dropped):
                conflicts.add((frozenset({one, other}), self._conflict(one, other, dropped)))
        for cluster in clusters:
            for address in cluster:
                conflicts |= {(frozenset({cluster}), conflict) for conflict in self._broken(address)}
        return Answer(frozenset(clusters), frozenset(conflicts), frozenset(dropped))

    def _clusters(self, dropped: set[Identifier]) -> list[Cluster]:
        """Join, again and again, the two clusters with the greatest strength between them that nothing forbids."""
        clusters = [frozenset({address}) for address in self.rows]
        while True:
            allowed = []
            for one, other in combinations(clusters, 2):
                low, high = sorted((one, other), key=min)
                evidence = self._evidence(low, high, dropped)
                if evidence and not self._reasons(low, high):
                    allowed.append((evidence[0][0], min(low), min(high), low, high))
            if not allowed:
                return clusters
            _, _, _, low, high = min(allowed, key=lambda found: found[:3])
            clusters = [cluster for cluster in clusters if cluster not in (low, high)] + [low | high]

    def _evidence(self, one: Cluster, other: Cluster, dropped: Iterable[Identifier] = ()) -> list[tuple[int, str]]:
        """What speaks for joining two clusters, each with its strength (negative); the strongest first."""
        if self._between(one, other, "same"):
            return [(-1_000_000, "verdict:same")]
        found = []
        for identifier in self._carried(one) & self._carried(other) - set(dropped):
            holders = self._holders(identifier)
            best_of_one = max(self.rows[address].trust for address in holders & one)
            best_of_other = max(self.rows[address].trust for address in holders & other)
            priority = self.kinds[identifier[0]].priority
            strength = priority * min(best_of_one, best_of_other)
            found.append((-strength, -priority, len(holders), identifier))
        return [(strength, ":".join(identifier)) for strength, _, _, identifier in sorted(found)]

    def _reasons(self, one: Cluster, other: Cluster) -> list[tuple[str, str]]:
        """Which constraints forbid that two clusters become one; the one that is told first."""
        reasons = [("verdict", verdict.name) for verdict in self._between(one, other, "different")]
        if not self._between(one, other, "same"):
            for constraint, name, limit in self._limits():
                mine, theirs = (_all(self._said(cluster, constraint, name)) for cluster in (one, other))
                if len(mine | theirs) > max(limit, len(mine), len(theirs)):
                    reasons.append((constraint, name))
        return reasons

    def _conflict(self, one: Cluster, other: Cluster, dropped: Iterable[Identifier]) -> Conflict:
        constraint, name = self._reasons(one, other)[0]
        refused = self._evidence(one, other, dropped)[0][1]
        if constraint == "verdict":
            verdict = self._between(one, other, "different")[0]
            return Conflict(constraint, name, frozenset({(verdict.low, ""), (verdict.high, "")}), refused)
        mine, theirs = self._said(one, constraint, name), self._said(other, constraint, name)
        said = set()
        for here, there in ((mine, theirs), (theirs, mine)):
            said.add(min((address, value) for address, values in here.items() for value in values - _all(there)))
        return Conflict(constraint, name, frozenset(said), refused)

    def _broken(self, address: Address) -> list[Conflict]:
        """The constraints that a record breaks by itself."""
        found = []
        for name, kind in self.kinds.items():
            values = sorted(value for k, value in self.rows[address].identifiers if k == name)
            if kind.values is not None and len(values) > kind.values:
                said = frozenset({(address, values[0]), (address, values[1])})
                found.append(Conflict("values", name, said, None))
        return found

    def _between(self, one: Cluster, other: Cluster, judgement: str) -> list[Verdict]:
        return [
            verdict
            for verdict in sorted(self.verdicts)
            if verdict.judgement == judgement
            and ((verdict.low in one and verdict.high in other) or (verdict.low in other and verdict.high in one))
        ]

    def _limits(self) -> list[tuple[str, str, int]]:
        kinds = [("values", name, kind.values) for name, kind in sorted(self.kinds.items()) if kind.values is not None]
        return kinds + [("trait", name, 1) for name in sorted(self.exclusive_traits)]

    def _said(self, cluster: Cluster, constraint: str, name: str) -> dict[Address, set[str]]:
        """Who in a cluster says what; a record that breaks the constraint by itself says nothing."""
        if constraint == "trait":
            traits = {address: self.rows[address].traits for address in cluster}
            return {address: {said[name]} for address, said in traits.items() if name in said}
        return {
            address: {value for kind, value in self.rows[address].identifiers if kind == name}
            for address in cluster
            if name not in {conflict.name for conflict in self._broken(address)}
        }

    @cached_property
    def _joins(self) -> dict[Address, frozenset[Identifier]]:
        """By which identifiers each record may be joined."""
        carried = [identifier for row in self.rows.values() for identifier in row.identifiers]
        generic = {identifier for identifier in carried if carried.count(identifier) > self.kinds[identifier[0]].limit}
        joins = {}
        for address, row in self.rows.items():
            broken = {conflict.name for conflict in self._broken(address)}
            usable = {i for i in row.identifiers if i[0] not in broken and i not in generic and row.trust > 0}
            joins[address] = frozenset(usable)
        return joins

    def _holders(self, identifier: Identifier) -> frozenset[Address]:
        return frozenset(address for address in self.rows if identifier in self._joins[address])

    def _carried(self, cluster: Cluster) -> frozenset[Identifier]:
        return frozenset(identifier for address in cluster for identifier in self._joins[address])

    def _dropped(self) -> set[Identifier]:
        """Drop the weakest identifier of every group that is too large, again and again."""
        dropped: set[Identifier] = set()
        while True:
            too_weak = set()
            for group in self._groups(dropped):
                joining = [i for i in self._carried(group) - dropped if len(self._holders(i)) > 1]
                if len(group) > self.most and joining:
                    too_weak.add(max(joining, key=lambda i: (-self.kinds[i[0]].priority, len(self._holders(i)), i)))
            if not too_weak:
                return dropped
            dropped |= too_weak

    def _groups(self, dropped: set[Identifier]) -> list[Cluster]:
        """What hangs together by evidence, whatever forbids it."""
        groups = [frozenset({address}) for address in self.rows]
        while True:
            for one, other in combinations(groups, 2):
                if self._evidence(one, other, dropped):
                    groups = [group for group in groups if group not in (one, other)] + [one | other]
                    break
            else:
                return groups


def _all(said: Mapping[Address, set[str]]) -> set[str]:
    return {value for values in said.values() for value in values}
