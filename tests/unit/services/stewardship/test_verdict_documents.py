"""A verdict as readers see it."""

from dataclasses import replace

from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Judgement, Verdict, VerdictEntry, Withdrawal
from services.stewardship.verdict_documents import verdict_document

GIVEN = VerdictEntry(
    verdict=Verdict.pair(Judgement.DIFFERENT, RecordAddress.of("crm", [1]), RecordAddress.of("shop", ["a", 2]), "v1"),
    reason="father and son",
    author="kim",
    given_at=1_000,
)


def test_a_verdict_in_force_is_told_with_its_story() -> None:
    assert verdict_document(GIVEN) == {
        "verdict_id": "v1",
        "judgement": "different",
        "records": [{"source": "crm", "key": [1]}, {"source": "shop", "key": ["a", 2]}],
        "groups": [[{"source": "crm", "key": [1]}], [{"source": "shop", "key": ["a", 2]}]],
        "together": False,
        "reason": "father and son",
        "author": "kim",
        "given_at": "1970-01-01T00:00:01.000Z",
        "withdrawn_by": None,
        "withdrawn_at": None,
    }


def test_a_withdrawn_verdict_tells_who_took_it_back_and_when() -> None:
    document = verdict_document(replace(GIVEN, withdrawal=Withdrawal(author="lee", withdrawn_at=2_000)))
    assert (document["withdrawn_by"], document["withdrawn_at"]) == ("lee", "1970-01-01T00:00:02.000Z")
