"""Explanations in words. They name rules of the catalogue, records and stewards, never a person's values."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from graph_model.catalogue.rules import COMPONENT_LIMIT, FULL_TRUST, Catalogue
from graph_model.explain.doubtful import DoubtfulPair
from graph_model.explain.explanation import ChainStep, PairEvidence, Relation, SharedIdentifier
from graph_model.explain.masking import Visibility
from graph_model.profile.events import HistoryStep, ProfileEventType
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Judgement, Verdict, VerdictEntry
from graph_model.resolution.constraints import Conflict, Constraint
from graph_model.resolution.evidence_graph import Obstacle, WeakLink
from graph_model.values.times import iso_time

#: Verdict id -> what was said.
Ledger: TypeAlias = Mapping[str, VerdictEntry]


def step_rule(step: ChainStep, catalogue: Catalogue, ledger: Ledger) -> str:
    """Why the evidence of a step counts."""
    if isinstance(step.evidence, Verdict):
        return verdict_words(step.evidence, ledger)
    return kind_rule(step.evidence.identifier.kind, step.holders, (step.one, step.other), catalogue)


def kind_rule(kind_name: str, holders: int, between: Iterable[RecordAddress], catalogue: Catalogue) -> str:
    """The catalogue's rule by which a value joins."""
    kind = catalogue.kinds[kind_name]
    trust = "".join(
        f"; trust of {name}: {catalogue.sources[name].trust} of {FULL_TRUST}"
        for name in sorted({address.source for address in between} & catalogue.sources.keys())
        if catalogue.sources[name].trust < FULL_TRUST
    )
    return (
        f"{kind_name}: joins up to {kind.holder_limit:,} records, priority {kind.priority}; {holders:,} carry it{trust}"
    )


def verdict_words(verdict: Verdict, ledger: Ledger) -> str:
    """Who said what, and when."""
    entry = ledger.get(verdict.verdict_id)
    said = "one person" if verdict.judgement is Judgement.SAME else f"{_people(len(verdict.groups))} people"
    if entry is None:  # withdrawn a moment ago
        return f"verdict {verdict.verdict_id}: {said}"
    return f"{entry.author} said on {iso_time(entry.given_at)[:10]}: {said}"


def _people(number: int) -> str:
    return "two" if number == 2 else str(number)


def shared_rule(value: SharedIdentifier, between: Sequence[RecordAddress], catalogue: Catalogue) -> str:
    """Why a value that records have in common joins them, or why it does not."""
    if value.obstacle is None:
        return kind_rule(value.identifier.kind, value.holders, between, catalogue)
    kind = catalogue.kinds[value.identifier.kind]
    untrusted = {a.source for a in between if a.source in catalogue.sources and not catalogue.sources[a.source].trust}
    words = {
        Obstacle.GENERIC: f"joins up to {kind.holder_limit:,} records; {value.holders:,} carry it, so it is generic",
        Obstacle.BLOCKED: "the value is blocked, since it identifies nobody",
        Obstacle.UNREADABLE: "the value has no normal form of this kind",
        Obstacle.DROPPED: f"left out, since more than {COMPONENT_LIMIT:,} records would hang together by it",
        Obstacle.UNTRUSTED: f"records of {' and '.join(sorted(untrusted))} are joined by verdicts only (trust 0)",
        Obstacle.CONTRADICTORY: f"a record has more values of it than a person may have ({kind.value_limit})",
    }
    return f"{kind.name}: {words[value.obstacle]}"


def conflict_words(conflict: Conflict, catalogue: Catalogue, ledger: Ledger, visibility: Visibility) -> str:
    """What a constraint forbids."""
    low, high = visibility.name(conflict.low), visibility.name(conflict.high)
    if conflict.constraint is Constraint.VERDICT:
        verdict = Verdict.pair(Judgement.DIFFERENT, conflict.low, conflict.high, conflict.name)
        return f"{low} and {high}: {verdict_words(verdict, ledger)}"
    limit = 1 if conflict.constraint is Constraint.TRAIT else catalogue.kinds[conflict.name].value_limit
    may_have = f"a person may have {limit}"
    if conflict.low != conflict.high and limit != 1:
        return f"the profiles of {low} and {high} have too many values of {conflict.name} together; {may_have}"
    if conflict.low == conflict.high:
        return f"{low} has several values of {conflict.name} by itself, and {may_have}; it joins nothing by them"
    return f"{low} and {high} have different values of {conflict.name}; {may_have}"


def pair_words(pair: PairEvidence, visibility: Visibility) -> str:
    """How two records stand to each other, in one sentence."""
    both = f"{visibility.name(pair.one)} and {visibility.name(pair.other)}"
    match pair.relation:
        case Relation.JOINED:
            return f"{both} are one person"
        case Relation.KEPT_APART:
            return f"{both} are connected by evidence and kept apart by a constraint"
        case Relation.UNCONNECTED:
            why = "nothing that they share is evidence" if pair.shared else "they share nothing"
            return f"{both} are two people: {why}"
        case Relation.DELETED:
            return f"{both} are not compared, since a deleted record belongs to nobody"


def weak_link_words(link: WeakLink, visibility: Visibility) -> str:
    """How a profile would fall apart."""
    larger, smaller = link.parts
    return (
        f"{link.identifier.kind} of {visibility.name(link.record)} alone holds {larger:,} and {smaller:,} records "
        "together; if it is wrong, they are two people"
    )


def doubtful_pair_words(pair: DoubtfulPair, catalogue: Catalogue, visibility: Visibility) -> str:
    """Why two records of a profile may be two people."""
    kind = catalogue.kinds[pair.identifier.kind]
    traits = " and ".join(filter(None, (", ".join(pair.differing[:-1]), pair.differing[-1])))
    return (
        f"{visibility.name(pair.one)} and {visibility.name(pair.other)} are one person by this {kind.name} alone "
        f"(priority {kind.priority}), and differ in {traits}; if they share it, they are two people"
    )


def history_words(step: HistoryStep) -> str:
    """What a step of a profile's history was."""
    itself = {step.profile_id}
    before, after = sorted({*step.ids_before} - itself), sorted({*step.ids_after} - itself)
    match step.change:
        case ProfileEventType.MERGED:
            return f"its records went to {', '.join(after)}"
        case ProfileEventType.DELETED:
            return "all its records were deleted"
        case ProfileEventType.CREATED:
            return f"it got records of {', '.join(before)}" if before else "it came back"
    told = [f"it gave records to {', '.join(after)}"] if after else []
    told += [f"it took in records of {', '.join(before)}"] if before else []
    return " and ".join(told)
