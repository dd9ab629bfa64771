"""A verdict as readers see it, the same over HTTP and in an export; an export can be read back."""

from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import VerdictEntry
from graph_model.values.equality import JsonObject
from graph_model.values.times import iso_time


def verdict_document(entry: VerdictEntry) -> JsonObject:
    """Write an entry of the ledger as a JSON object; `withdrawn_by` is null while it is in force."""
    verdict, withdrawal = entry.verdict, entry.withdrawal
    return {
        "verdict_id": entry.verdict_id,
        "judgement": verdict.judgement.value,
        "records": [_reference(address) for address in verdict.records],
        "groups": [[_reference(address) for address in group] for group in verdict.groups],
        "together": verdict.together,
        "reason": entry.reason,
        "author": entry.author,
        "given_at": iso_time(entry.given_at),
        "withdrawn_by": None if withdrawal is None else withdrawal.author,
        "withdrawn_at": None if withdrawal is None else iso_time(withdrawal.withdrawn_at),
    }


def _reference(address: RecordAddress) -> JsonObject:
    return {"source": address.source, "key": address.written_key}
