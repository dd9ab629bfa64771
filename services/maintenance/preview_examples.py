"""Describes what a preview found: which profiles would merge or split, by what, and some of their rows side by side."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final, Generic, TypeVar

from graph_model.catalogue.rules import Catalogue
from graph_model.explain.comparison import RowComparison, compare_rows
from graph_model.explain.explanation import Surroundings, explain_members, survey
from graph_model.explain.masking import Visibility
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Verdict
from graph_model.resolution.constraints import Constraint
from graph_model.resolution.evidence_graph import EvidenceNode
from graph_model.resolution.mapping import MappedRecord, map_record
from graph_model.values.identifiers import Identifier
from services.maintenance.spool import Spool, SpooledRecord

#: An example names so many records of each profile or part at the most, and so many profiles or parts.
NAMED: Final = 10

#: Stands for a steward's word, among kinds of identifiers.
VERDICT: Final = "verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordGroup:
    """Records that belong together."""

    profile_id: str | None  #: the profile that they are in now, where they are told apart by that
    records: tuple[RecordAddress, ...]  #: the first of them
    records_total: int


@dataclass(frozen=True, slots=True)
class Bridge:
    """What would join two records of different profiles."""

    one: RecordAddress
    other: RecordAddress
    evidence: str  #: the kind of the identifier, or `VERDICT`


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileMerge:
    """Profiles that would become one, with all or some of their records."""

    parts: tuple[RecordGroup, ...]  #: one of each profile, the greatest first
    parts_total: int
    evidence: tuple[Bridge, ...]
    comparison: RowComparison  #: rows of all parts side by side


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSplit:
    """A profile whose records would become several people."""

    profile_id: str
    parts: tuple[RecordGroup, ...]  #: the greatest first
    parts_total: int
    reasons: tuple[str, ...]  #: why the greatest part and another are not one, without values
    comparison: RowComparison  #: rows of all parts side by side


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A group of records, whole by the new law and whole as it is stored."""

    surroundings: Surroundings
    clusters: Sequence[tuple[RecordAddress, ...]]
    profile_of: Mapping[RecordAddress, str]
    visibility: Visibility  #: what the reader of reasons may see of keys

    @classmethod
    def of(cls, group: Sequence[SpooledRecord], spool: Spool, catalogue: Catalogue, visibility: Visibility) -> "Case":
        """Resolve a group by the new law."""
        mapped = {spooled.record.address: map_record(spooled.record, catalogue) for spooled in group}
        surroundings = survey(mapped, _generic(mapped, spool), catalogue)
        return cls(
            surroundings=surroundings,
            clusters=sorted({cluster.members for cluster in surroundings.clusters.values()}),
            profile_of={s.record.address: s.profile_id for s in group if s.profile_id is not None},
            visibility=visibility,
        )

    def side_by_side(self, parts: Sequence[Sequence[RecordAddress]]) -> RowComparison:
        """Compare the rows of several parts: first one of each, then a second, and so on."""
        turns = zip_longest(*sorted(map(sorted, parts), key=lambda part: (-len(part), part)))
        records = self.surroundings.records
        rows = [records[address] for turn in turns for address in turn if address is not None]
        return compare_rows(rows, self.surroundings.catalogue)

    def profiles(self) -> dict[str, list[RecordAddress]]:
        """The stored profiles with their records."""
        members: defaultdict[str, list[RecordAddress]] = defaultdict(list)
        for address, profile_id in self.profile_of.items():
            members[profile_id].append(address)
        return dict(members)


def _generic(mapped: Mapping[RecordAddress, MappedRecord], spool: Spool) -> dict[Identifier, int]:
    return spool.generic_holders({identifier for each in mapped.values() for identifier in each.identifiers})


def describe_merge(case: Case, cluster: Sequence[RecordAddress]) -> ProfileMerge:
    """Describe a cluster of records that are in several profiles now."""
    parts: defaultdict[str, list[RecordAddress]] = defaultdict(list)
    for address in cluster:
        if address in case.profile_of:
            parts[case.profile_of[address]].append(address)
    steps = explain_members(case.surroundings, cluster)
    bridges = [
        Bridge(step.one, step.other, _evidence_name(step.evidence))
        for step in steps
        if case.profile_of.get(step.one) != case.profile_of.get(step.other)
    ]
    return ProfileMerge(
        parts=_parts([(profile_id, addresses) for profile_id, addresses in parts.items()]),
        parts_total=len(parts),
        evidence=tuple(bridges[:NAMED]),
        comparison=case.side_by_side(list(parts.values())),
    )


def _evidence_name(evidence: EvidenceNode) -> str:
    return VERDICT if isinstance(evidence, Verdict) else evidence.identifier.kind


def describe_split(case: Case, profile_id: str, clusters: Sequence[Sequence[RecordAddress]]) -> ProfileSplit:
    """Describe a profile whose records are in several of the clusters given."""
    parts = [[a for a in cluster if case.profile_of.get(a) == profile_id] for cluster in clusters]
    greatest, *others = sorted(parts, key=lambda part: (-len(part), part))
    return ProfileSplit(
        profile_id=profile_id,
        parts=_parts([(None, part) for part in parts]),
        parts_total=len(parts),
        reasons=tuple(dict.fromkeys(_reason(case, greatest, other) for other in others[:NAMED])),
        comparison=case.side_by_side(parts),
    )


def _reason(case: Case, one: Sequence[RecordAddress], other: Sequence[RecordAddress]) -> str:
    """Why two parts of a profile would be two people."""
    surroundings, name = case.surroundings, case.visibility.name
    here, there = surroundings.clusters[one[0]], surroundings.clusters[other[0]]
    conflict = next((conflict for conflict in here.conflicts if conflict in there.conflicts), None)
    if conflict is not None:
        if conflict.constraint is Constraint.VERDICT:
            return f"{name(conflict.low)} and {name(conflict.high)}: a verdict says that they are two people"
        return f"{name(conflict.low)} and {name(conflict.high)}: they contradict each other in {conflict.name}"
    carriers = {i: address for address in reversed(other) for i in surroundings.records[address].identifiers}
    shared = [(i, address) for address in one for i in surroundings.records[address].identifiers if i in carriers]
    too_common = [(surroundings.status.holders[i], i, a) for i, a in shared if i in surroundings.status.generic]
    if too_common:
        # That which the fewest carry is the likeliest to have joined them so far.
        holders, identifier, address = min(too_common)
        both = f"{name(address)} and {name(carriers[identifier])}"
        return f"{both}: {holders} records carry their {identifier.kind}, too many"
    if shared:
        identifier, address = shared[0]
        return f"{name(address)} and {name(carriers[identifier])}: their {identifier.kind} may not be used as evidence"
    return f"{name(one[0])} and {name(other[0])}: nothing connects them any more"


def _parts(found: Sequence[tuple[str | None, Sequence[RecordAddress]]]) -> tuple[RecordGroup, ...]:
    greatest_first = sorted(found, key=lambda part: (-len(part[1]), sorted(part[1])))
    return tuple(
        RecordGroup(profile_id=profile_id, records=tuple(sorted(records)[:NAMED]), records_total=len(records))
        for profile_id, records in greatest_first[:NAMED]
    )


Example = TypeVar("Example")


@dataclass(slots=True)
class Examples(Generic[Example]):
    """The largest of many, and the first of the others."""

    limit: int
    _largest: tuple[int, Example] | None = None
    _others: list[Example] = field(default_factory=list)

    def offer(self, size: int, describe: Callable[[], Example]) -> None:
        """Keep what is larger than all before, and anything while there is room; only then it is described."""
        if self._largest is None:
            self._largest = (size, describe())
        elif size > self._largest[0]:
            self._others.append(self._largest[1])
            self._largest = (size, describe())
        elif len(self._others) < self.limit - 1:
            self._others.append(describe())

    @property
    def kept(self) -> tuple[Example, ...]:
        """The examples, the largest first."""
        return () if self._largest is None else (self._largest[1], *self._others)[: self.limit]
