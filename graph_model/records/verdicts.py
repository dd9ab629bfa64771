"""Verdicts: what stewards said about records, why, and what they took back.

A verdict speaks of groups of records. It keeps the groups apart, and where it says `together` it also joins the
records of each group. A record carries only its place in each verdict in force (`records.record.VerdictMark`), which
is all that the law sees. The ledger keeps every verdict for people, withdrawn ones included.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

from graph_model.records.key_changes import KeyChanges
from graph_model.records.record import Record, RecordAddress, VerdictMark

#: A sentence names so many records of a group at the most.
_NAMED: Final = 10

Groups: TypeAlias = tuple[tuple[RecordAddress, ...], ...]


class Judgement(StrEnum):
    """What a steward says about records."""

    SAME = "same"  #: they are one person, whatever else speaks against it
    DIFFERENT = "different"  #: they are several people, whatever else joins them


@dataclass(frozen=True, slots=True, order=True)
class Verdict:
    """A steward's word about groups of records: stronger than every other evidence."""

    groups: Groups
    """The records of each group, sorted; a group that has none any more is empty.

    While a row is on its way to a key that another row of the verdict has not left yet, that address is in both groups.
    """
    together: bool  #: whether it also joins the records of each group
    verdict_id: str  #: its entry in the ledger of verdicts

    @classmethod
    def pair(cls, judgement: Judgement, one: RecordAddress, other: RecordAddress, verdict_id: str) -> "Verdict":
        """What is said about two records."""
        low, high = sorted((one, other))
        if judgement is Judgement.SAME:
            return cls(((low, high),), together=True, verdict_id=verdict_id)
        return cls(((low,), (high,)), together=False, verdict_id=verdict_id)

    @property
    def judgement(self) -> Judgement:
        """Whether it only joins, or keeps apart."""
        return Judgement.SAME if len(self.groups) == 1 else Judgement.DIFFERENT

    @property
    def records(self) -> tuple[RecordAddress, ...]:
        """All records that it is about, sorted."""
        return tuple(sorted({address for group in self.groups for address in group}))

    @property
    def marks(self) -> tuple[tuple[RecordAddress, VerdictMark], ...]:
        """What its records carry while it is in force."""
        return tuple(
            (address, VerdictMark(self.verdict_id, number, self.together))
            for number, group in enumerate(self.groups)
            for address in group
        )

    def says_same_as(self, other: "Verdict") -> bool:
        """Whether two verdicts say the same, whichever group comes first."""
        return self.together == other.together and sorted(self.groups) == sorted(other.groups)

    def parts(self) -> Iterator["Verdict"]:
        """What it says in single words: each group that it joins, and which groups are different."""
        if self.together:
            for group in self.groups:
                if len(group) > 1:
                    yield Verdict((group,), together=True, verdict_id=self.verdict_id)
        inhabited = tuple(sorted(group for group in self.groups if group))
        if len(inhabited) > 1:
            yield Verdict(inhabited, together=False, verdict_id=self.verdict_id)

    def among(self, present: Mapping[RecordAddress, object]) -> "Verdict":
        """What it says of the records that are there."""
        if all(address in present for group in self.groups for address in group):
            return self
        groups = tuple(tuple(address for address in group if address in present) for group in self.groups)
        return replace(self, groups=groups)

    def with_moved(self, moved: Mapping[RecordAddress, RecordAddress]) -> "Verdict":
        """The same about rows that have other keys now: old address -> new one, each in the group of the old one."""
        keys = KeyChanges(moved)
        return replace(self, groups=tuple(tuple(sorted(keys.present(group))) for group in self.groups))

    def with_marks_moved(
        self, lost: Iterable[tuple[RecordAddress, VerdictMark]], gained: Iterable[tuple[RecordAddress, VerdictMark]]
    ) -> "Verdict":
        """The same after marks of it have left addresses, and come to others."""
        places = set(self.marks).difference(lost).union(gained)
        groups = (sorted(a for a, mark in places if mark.group == number) for number in range(len(self.groups)))
        return replace(self, groups=tuple(map(tuple, groups)))

    @property
    def sentence(self) -> str:
        """What it says, for example `crm[1] and crm[2] are different`; of many records some are named."""
        if self.judgement is Judgement.SAME:
            return f"{_listed(self.groups[0], ' and ')} are {self.judgement}"
        groups = (f"({_listed(group, ', ')})" if len(group) != 1 else str(group[0]) for group in self.groups)
        return f"{' and '.join(groups)} are {self.judgement}"

    def __str__(self) -> str:
        return f"verdict:{self.judgement}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A verdict taken back."""

    author: str
    withdrawn_at: int  #: milliseconds since 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictEntry:
    """A verdict with its story."""

    verdict: Verdict
    reason: str
    author: str
    given_at: int  #: milliseconds since 1970
    withdrawal: Withdrawal | None = None  #: None: in force

    @property
    def verdict_id(self) -> str:
        """The id of the verdict; ids sort by time."""
        return self.verdict.verdict_id

    @property
    def is_in_force(self) -> bool:
        """Whether nobody has taken it back."""
        return self.withdrawal is None


def verdicts_of(records: Iterable[Record]) -> tuple[Verdict, ...]:
    """What verdicts say about records, by the marks that these carry, in single words (`Verdict.parts`), sorted."""
    members: defaultdict[str, defaultdict[int, list[RecordAddress]]] = defaultdict(lambda: defaultdict(list))
    joining = set()
    for record in records:
        for mark in record.marks:
            members[mark.verdict_id][mark.group].append(record.address)
            if mark.together:
                joining.add(mark.verdict_id)
    return tuple(
        sorted(
            part
            for verdict_id, groups in members.items()
            for part in Verdict(
                tuple(tuple(sorted(group)) for group in groups.values()), verdict_id in joining, verdict_id
            ).parts()
        )
    )


def contradicting(given: Verdict, in_force: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts in force that say together the opposite of the one given; none where it contradicts nothing.

    Records that chains of "same" join contradict a "different" between any of them.
    """
    import networkx as nx

    by_id = {verdict.verdict_id: verdict for verdict in sorted(in_force)}
    known = {**by_id, given.verdict_id: given}
    same: nx.Graph[RecordAddress | tuple[str, int]] = nx.Graph()
    for verdict in known.values():
        same.add_nodes_from(verdict.records)
        for number, group in enumerate(verdict.groups) if verdict.together else ():
            same.add_edges_from(((verdict.verdict_id, number), address) for address in group)
    joined = {node: number for number, nodes in enumerate(nx.connected_components(same)) for node in nodes}
    for verdict in (given, *by_id.values()):
        seen: dict[int, tuple[int, RecordAddress]] = {}
        for number, group in enumerate(verdict.groups):
            for address in group:
                other, first = seen.setdefault(joined[address], (number, address))
                if other != number:
                    chain = [node[0] for node in nx.shortest_path(same, first, address) if not _is_address(node)]
                    named = dict.fromkeys((*chain, verdict.verdict_id))
                    if given.verdict_id in named:
                        return tuple(known[verdict_id] for verdict_id in named if verdict_id != given.verdict_id)
    return ()


def _listed(addresses: Sequence[RecordAddress], separator: str) -> str:
    more = len(addresses) - _NAMED
    return separator.join((*map(str, addresses[:_NAMED]), *([f"{more} more"] if more > 0 else [])))


def _is_address(node: RecordAddress | tuple[str, int]) -> bool:
    return isinstance(node, RecordAddress)
