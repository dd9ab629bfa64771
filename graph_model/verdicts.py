"""The ledger of verdicts: what stewards said about pairs of records, why, and what they took back.

A record carries the verdicts in force about it (`graph_model.records.Verdict`), which are all that the law sees. The
ledger keeps every one of them for people, withdrawn ones included.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx

from graph_model.records import Judgement, RecordAddress, Verdict


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


def contradicting(given: Verdict, in_force: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts in force that say together the opposite of the one given; none where it contradicts nothing.

    "Different" contradicts a chain of "same" between the two records, and "same" a "different" between two records
    that such chains would join.
    """
    same: nx.Graph[RecordAddress] = nx.Graph()
    same.add_nodes_from((given.low, given.high))
    different = []
    for verdict in sorted(in_force):
        if verdict.judgement is Judgement.SAME:
            same.add_edge(verdict.low, verdict.high, verdict=verdict)
        else:
            different.append(verdict)
    if given.judgement is Judgement.DIFFERENT:
        return _chain(same, given.low, given.high)
    around = {end: nx.node_connected_component(same, end) for end in (given.low, given.high)}
    for verdict in different:
        for one, other in ((verdict.low, verdict.high), (verdict.high, verdict.low)):
            if one in around[given.low] and other in around[given.high]:
                return (*_chain(same, given.low, one), verdict, *_chain(same, other, given.high))
    return ()


def _chain(same: "nx.Graph[RecordAddress]", one: RecordAddress, other: RecordAddress) -> tuple[Verdict, ...]:
    if not nx.has_path(same, one, other):
        return ()
    path = nx.shortest_path(same, one, other)
    return tuple(same.edges[step]["verdict"] for step in pairwise(path))
