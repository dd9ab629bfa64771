"""A verdict as readers see it: the same over HTTP and in an export."""

from graph_model.profiles import Document
from graph_model.times import iso_time
from graph_model.verdicts import VerdictEntry


def verdict_document(entry: VerdictEntry) -> Document:
    """Write an entry of the ledger as a JSON object; `withdrawn_by` is null while it is in force."""
    verdict, withdrawal = entry.verdict, entry.withdrawal
    return {
        "verdict_id": entry.verdict_id,
        "judgement": verdict.judgement.value,
        "records": [{"source": end.source, "key": end.written_key} for end in (verdict.low, verdict.high)],
        "reason": entry.reason,
        "author": entry.author,
        "given_at": iso_time(entry.given_at),
        "withdrawn_by": None if withdrawal is None else withdrawal.author,
        "withdrawn_at": None if withdrawal is None else iso_time(withdrawal.withdrawn_at),
    }
