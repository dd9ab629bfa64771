"""Evidence: which of the reasons to join records may be used at all."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Judgement, Verdict
from graph_model.resolution.constraints import Conflict, own_conflicts, value_rules
from graph_model.resolution.mapping import MappedRecord
from graph_model.values.identifiers import Identifier

#: Identifier -> the records that it joins, sorted; two or more.
Links: TypeAlias = Mapping[Identifier, Sequence[RecordAddress]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for and against joining records."""

    links: Links
    same: tuple[Verdict, ...]  #: one group of two or more records each, sorted
    different: tuple[Verdict, ...]  #: two or more groups each, sorted
    broken: tuple[Conflict, ...]  #: constraints that single records break by themselves


def usable_evidence(
    records: Mapping[RecordAddress, MappedRecord],
    verdicts: Iterable[Verdict],
    generic: frozenset[Identifier],
    catalogue: Catalogue,
) -> Evidence:
    """Choose the evidence between records that may be used.

    An identifier is no evidence where it is generic, for records of sources without any trust, and for records that
    have more values of its kind than one person may have.

    Args:
        records: live records.
        verdicts: those in force, in any order, also repeated; records that are not here play no part.
        generic: identifiers carried by more records than their kind allows.
        catalogue: limits and trust.
    """
    rules = value_rules(catalogue)
    untrusted = {source.name for source in catalogue.sources.values() if source.trust == 0}
    holders: defaultdict[Identifier, list[RecordAddress]] = defaultdict(list)
    broken: list[Conflict] = []
    for address, mapped in records.items():
        own = own_conflicts(mapped, rules)
        broken += own
        if address.source in untrusted:
            continue
        excluded = {conflict.name for conflict in own} if own else ()
        for identifier in mapped.identifiers:
            if identifier not in generic and identifier.kind not in excluded:
                holders[identifier].append(address)
    said = sorted({part for verdict in verdicts for part in verdict.among(records).parts()})
    return Evidence(
        links={identifier: sorted(addresses) for identifier, addresses in holders.items() if len(addresses) > 1},
        same=tuple(verdict for verdict in said if verdict.judgement is Judgement.SAME),
        different=tuple(verdict for verdict in said if verdict.judgement is Judgement.DIFFERENT),
        broken=tuple(sorted(broken)),
    )
