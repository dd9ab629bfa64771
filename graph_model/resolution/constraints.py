"""Constraints: which clusters must not become one, and what a person is told about it.

Three things forbid a union: more values of an identifier kind than a person may have, two values of an exclusive
trait, and a verdict that says "different". A cluster that has too many values already, since a "same" verdict joined
them, may still take in what brings no further one.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

import orjson

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Verdict
from graph_model.resolution.mapping import MappedRecord
from graph_model.values.identifiers import Identifier


class Constraint(StrEnum):
    """Why a union is forbidden."""

    VALUES = "values"  #: more values of an identifier kind than one person may have
    TRAIT = "trait"  #: two values of a trait of which a person has one
    VERDICT = "verdict"  #: a steward says that they are two people


@dataclass(frozen=True, slots=True, order=True)
class Conflict:
    """Two records that contradict each other.

    Where `low` and `high` are the same record, that record breaks the constraint by itself.
    """

    low: RecordAddress  #: the smaller address of the two
    high: RecordAddress
    constraint: Constraint
    name: str  #: the identifier kind, the trait, or the id of the verdict
    low_value: str  #: what `low` says; empty of a verdict
    high_value: str
    refused: Identifier | Verdict | None  #: strongest evidence that would have joined the two; None within one record


@dataclass(frozen=True, slots=True)
class ValueRule:
    """How many values of a kind or trait one person may have."""

    constraint: Constraint
    name: str
    limit: int  #: at least 1

    def values(self, mapped: MappedRecord) -> set[str]:
        """What a record says, as text."""
        if self.constraint is Constraint.VALUES:
            return {value for kind, value in mapped.identifiers if kind == self.name}
        value = mapped.traits.get(self.name)
        if value is None:
            return set()
        return {value if isinstance(value, str) else orjson.dumps(value).decode()}


#: Place of a rule -> values; rules without values are left out.
Values: TypeAlias = dict[int, set[str]]

#: The same of a cluster, each value with the smallest record that says it.
ClaimedValues: TypeAlias = Mapping[int, Mapping[str, RecordAddress]]


@lru_cache(maxsize=16)
def value_rules(catalogue: Catalogue) -> tuple[ValueRule, ...]:
    """The rules of a catalogue, in the order in which a broken one is named: kinds, then traits, by name."""
    kinds = [(kind.name, kind.value_limit) for kind in catalogue.kinds.values() if kind.value_limit is not None]
    return (
        *(ValueRule(Constraint.VALUES, name, limit) for name, limit in sorted(kinds)),
        *(ValueRule(Constraint.TRAIT, name, 1) for name in sorted(catalogue.exclusive_traits)),
    )


def values_said(mapped: MappedRecord, rules: Sequence[ValueRule]) -> Values:
    """What a record says of limited kinds and traits; values of a kind that it breaks by itself do not count."""
    said = {}
    for place, rule in enumerate(rules):
        values = rule.values(mapped)
        if values and len(values) <= rule.limit:
            said[place] = values
    return said


def own_conflicts(mapped: MappedRecord, rules: Sequence[ValueRule]) -> list[Conflict]:
    """The constraints that a record breaks by itself, each with the two smallest of its values."""
    if not rules or len({kind for kind, _ in mapped.identifiers}) == len(mapped.identifiers):
        return []  # quick way out: no kind has two values, and a trait never has
    found = []
    for rule in rules:
        values = rule.values(mapped)
        if len(values) > rule.limit:
            first, second = sorted(values)[:2]
            found.append(Conflict(mapped.address, mapped.address, rule.constraint, rule.name, first, second, None))
    return found


def broken_kinds(identifiers: Collection[Identifier], rules: Iterable[ValueRule]) -> frozenset[str]:
    """The kinds of which a record carries more values than one person may have; it joins nothing by them."""
    if len({kind for kind, _ in identifiers}) == len(identifiers):
        return frozenset()  # quick way out
    values = Counter(identifier.kind for identifier in identifiers)
    limits = {rule.name: rule.limit for rule in rules if rule.constraint is Constraint.VALUES}
    return frozenset(kind for kind, count in values.items() if count > limits.get(kind, count))


def are_contested(said: Iterable[Values], rules: Sequence[ValueRule]) -> bool:
    """Tell whether records together say more than one person may, so that the order of unions matters."""
    together: defaultdict[int, set[str]] = defaultdict(set)
    for values in said:
        for place, found in values.items():
            together[place] |= found
    return any(len(found) > rules[place].limit for place, found in together.items())


class Separation:
    """What keeps clusters apart while they grow; clusters have numbers."""

    def __init__(
        self, rules: Sequence[ValueRule], said: Iterable[Values], places: Mapping[int, Mapping[str, int]]
    ) -> None:
        """Start with clusters of one record each.

        Args:
            rules: how many values a person may have.
            said: what each record says, in the order of the clusters' numbers.
            places: cluster -> the group that it is in by each verdict that keeps groups apart.
        """
        self._rules = rules
        self._said = [dict(values) for values in said]
        self._places = {number: dict(groups) for number, groups in places.items()}

    def forbids(self, one: int, other: int, *, by_verdict: bool) -> bool:
        """Tell whether two clusters must not become one; a "same" verdict between them overrules their values."""
        if are_apart(self._places.get(one, {}), self._places.get(other, {})):
            return True
        if by_verdict:
            return False
        others = self._said[other]
        return any(
            _are_too_many(values, others[place], self._rules[place].limit)
            for place, values in self._said[one].items()
            if place in others
        )

    def join(self, one: int, other: int) -> None:
        """Let the cluster `one` take in the cluster `other`, whose number is not used any more."""
        for place, values in self._said[other].items():
            self._said[one][place] = self._said[one].get(place, set()) | values
        if other in self._places:
            self._places.setdefault(one, {}).update(self._places.pop(other))


def claimed_values(members: Iterable[tuple[RecordAddress, Values]]) -> ClaimedValues:
    """Gather what the records of a cluster say; the smallest address comes first."""
    first: dict[int, dict[str, RecordAddress]] = {}
    for address, said in members:
        for place, values in said.items():
            known = first.setdefault(place, {})
            for value in values:
                known.setdefault(value, address)
    return first


def values_conflict(
    one: ClaimedValues, other: ClaimedValues, rules: Sequence[ValueRule], refused: Identifier | Verdict
) -> Conflict:
    """Name why the values of two clusters forbid their union, which they must do.

    It is the first rule broken. Of either side, the smallest record speaks that says what the other side does not.
    """
    place = next(
        place
        for place, rule in enumerate(rules)
        if place in one and place in other and _are_too_many(one[place].keys(), other[place].keys(), rule.limit)
    )
    sides = [
        min((address, value) for value, address in mine[place].items() if value not in theirs[place])
        for mine, theirs in ((one, other), (other, one))
    ]
    (low, low_value), (high, high_value) = sorted(sides)
    return Conflict(low, high, rules[place].constraint, rules[place].name, low_value, high_value, refused)


#: Verdict -> the group of a cluster, with the smallest of its records there.
VerdictGroups: TypeAlias = Mapping[str, tuple[int, RecordAddress]]


def are_apart(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Tell whether a verdict puts two clusters into different groups."""
    few, many = (one, other) if len(one) < len(other) else (other, one)
    return any(verdict_id in many and many[verdict_id] != group for verdict_id, group in few.items())


def verdict_conflict(one: VerdictGroups, other: VerdictGroups, refused: Identifier | Verdict) -> Conflict | None:
    """Name the verdict that forbids a union, by the smallest two records that it keeps apart; None: none does."""
    found = [
        (min(address, other[verdict_id][1]), max(address, other[verdict_id][1]), verdict_id)
        for verdict_id, (group, address) in one.items()
        if verdict_id in other and other[verdict_id][0] != group
    ]
    if not found:
        return None
    low, high, verdict_id = min(found)
    return Conflict(low, high, Constraint.VERDICT, verdict_id, "", "", refused)


def _are_too_many(one: AbstractSet[str], other: AbstractSet[str], limit: int) -> bool:
    return len(one | other) > max(limit, len(one), len(other))
