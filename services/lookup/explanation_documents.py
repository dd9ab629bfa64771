"""Explanations as JSON documents, with values as the reader may see them; the API and the command show the same."""

from msgspec import structs

from graph_model.catalogue.rules import Catalogue
from graph_model.explain.comparison import RowComparison
from graph_model.explain.doubtful import DoubtfulPair
from graph_model.explain.explanation import ChainStep, SharedIdentifier
from graph_model.explain.masking import Visibility
from graph_model.explain.words import (
    Ledger,
    conflict_words,
    doubtful_pair_words,
    history_words,
    pair_words,
    shared_rule,
    step_rule,
    weak_link_words,
)
from graph_model.profile.events import NamedCause
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Verdict
from graph_model.resolution.constraints import Conflict
from graph_model.resolution.evidence_graph import WeakLink
from graph_model.values.equality import JsonObject
from graph_model.values.identifiers import Identifier
from graph_model.values.times import iso_time
from services.lookup.explain import HistoryAccount, PairAccount, ProfileAccount
from services.lookup.row_documents import comparison_document, reference_document
from services.stores.port.stored import StoredRecord


class ExplanationWriter:
    """Writes explanations for one reader."""

    def __init__(self, catalogue: Catalogue, visibility: Visibility) -> None:
        self._catalogue = catalogue
        self._visibility = visibility

    def profile(self, account: ProfileAccount) -> JsonObject:
        """Why the records of a profile are one person, or where they are now."""
        return {
            **_head(account),
            "records": [self._reference(address) for address in account.members],
            "steps": [self._step(step, account.ledger) for step in account.steps],
            "unused": [self._shared(value, account.members) for value in account.unused],
            "conflicts": [self._conflict(conflict, account.ledger) for conflict in account.conflicts],
            "suspicious": [self.weak_link(link) for link in account.weak_links],
            "doubtful": [self.doubtful_pair(pair) for pair in account.doubtful],
            "comparison": self.comparison(account.comparison),
        }

    def pair(self, account: PairAccount) -> JsonObject:
        """Why two records are one person, or why they are not."""
        pair = account.pair
        return {
            "relation": pair.relation.value,
            "explanation": pair_words(pair, self._visibility),
            "records": [self._standing(record) for record in account.records],
            "steps": [self._step(step, account.ledger) for step in pair.steps],
            "shared": [self._shared(value, (pair.one, pair.other)) for value in pair.shared],
            "conflicts": [self._conflict(conflict, account.ledger) for conflict in pair.conflicts],
            "verdicts": [self._verdict(verdict, account.ledger) for verdict in pair.verdicts],
            "comparison": self.comparison(account.comparison),
        }

    def history(self, account: HistoryAccount) -> JsonObject:
        """How a profile came to be."""
        steps = [
            {
                **{name: value for name, value in structs.asdict(step).items() if name != "profile_id"},
                "explanation": history_words(step),
                "causes": [self._cause(cause, account.ledger) for cause in step.causes],
            }
            for step in account.steps
        ]
        return {**_head(account), "created_at": account.profile.created_at, "steps": steps}

    def weak_link(self, link: WeakLink) -> JsonObject:
        """A value to blame if a profile is two people."""
        return {
            **self._identifier(link.identifier),
            "record": self._reference(link.record),
            "parts": link.parts,
            "explanation": weak_link_words(link, self._visibility),
        }

    def doubtful_pair(self, pair: DoubtfulPair) -> JsonObject:
        """Two records that one identifier joins although their names or birth dates differ."""
        return {
            **self._identifier(pair.identifier),
            "records": [self._reference(pair.one), self._reference(pair.other)],
            "parts": pair.parts,
            "differing": pair.differing,
            "explanation": doubtful_pair_words(pair, self._catalogue, self._visibility),
        }

    def comparison(self, comparison: RowComparison) -> JsonObject:
        """Rows side by side."""
        return comparison_document(comparison, self._visibility)

    def _step(self, step: ChainStep, ledger: Ledger) -> JsonObject:
        evidence = step.evidence
        if isinstance(evidence, Verdict):
            what: JsonObject = {"kind": None, "value": None, "verdict": self._verdict(evidence, ledger)}
        else:
            what = {**self._identifier(evidence.identifier), "verdict": None}
        return {
            "records": [self._reference(step.one), self._reference(step.other)],
            **what,
            "strength": step.strength,
            "rule": step_rule(step, self._catalogue, ledger),
            "refused_by": [self._conflict(conflict, ledger) for conflict in step.conflicts],
        }

    def _shared(self, value: SharedIdentifier, holders: tuple[RecordAddress, ...]) -> JsonObject:
        return {
            **self._identifier(value.identifier),
            "holders": value.holders,
            "obstacle": None if value.obstacle is None else value.obstacle.value,
            "rule": shared_rule(value, holders, self._catalogue),
        }

    def _conflict(self, conflict: Conflict, ledger: Ledger) -> JsonObject:
        refused = conflict.refused
        if isinstance(refused, Identifier):
            refused = Identifier(refused.kind, self._visibility.value(refused.value))
        return {
            "constraint": conflict.constraint.value,
            "name": conflict.name,
            "records": [self._reference(conflict.low), self._reference(conflict.high)],
            "values": [self._visibility.value(conflict.low_value), self._visibility.value(conflict.high_value)],
            "refused": None if refused is None else str(refused),
            "explanation": conflict_words(conflict, self._catalogue, ledger, self._visibility),
        }

    def _verdict(self, verdict: Verdict, ledger: Ledger) -> JsonObject:
        return {
            "verdict_id": verdict.verdict_id,
            "judgement": verdict.judgement.value,
            "records": [self._reference(address) for address in verdict.records],
            "groups": [[self._reference(address) for address in group] for group in verdict.groups],
            **self._story(verdict.verdict_id, ledger),
        }

    def _story(self, verdict_id: str, ledger: Ledger) -> JsonObject:
        entry = ledger.get(verdict_id)
        return {
            "author": None if entry is None else entry.author,
            "reason": None if entry is None else self._visibility.value(entry.reason),
            "given_at": None if entry is None else iso_time(entry.given_at),
        }

    def _cause(self, cause: NamedCause, ledger: Ledger) -> JsonObject:
        entry = ledger.get(cause.verdict) if isinstance(cause.verdict, str) else None
        return {
            **self._reference(RecordAddress.stored(cause.source, cause.key)),
            "epoch": cause.epoch,
            "offset": cause.offset,
            "verdict": None if entry is None else self._verdict(entry.verdict, ledger),
            "withdrawn": cause.withdrawn is True,
        }

    def _standing(self, stored: StoredRecord) -> JsonObject:
        record = stored.record
        return {
            **self._reference(record.address),
            "profile_id": stored.profile_id,
            "deleted_at": iso_time(record.observed_at) if record.is_tombstone else None,
        }

    def _identifier(self, identifier: Identifier) -> JsonObject:
        return {"kind": identifier.kind, "value": self._visibility.value(identifier.value)}

    def _reference(self, address: RecordAddress) -> JsonObject:
        return reference_document(address, self._visibility)


def _head(account: ProfileAccount | HistoryAccount) -> JsonObject:
    """Which profile it is, and, of a former one, where its records are now."""
    return {
        "profile_id": account.profile.profile_id,
        "version": account.profile.version,
        "status": account.profile.status.value,
        "merged_into": account.profile.merged_into,
        "now": account.shares,
    }
