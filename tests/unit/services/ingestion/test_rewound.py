"""Positions of a source's own log that jump back while its times go on: its changes are stale, and that is told."""

from msgspec.structs import replace
from structlog.testing import capture_logs

from graph_model.records.record import Change, Outcome
from graph_model.values.positions import Position, SourcePosition
from services.ingestion.ingest import Ingest
from tests.unit.services.people import CATALOGUE, Company


def streamed(company: Company, name: str, lsn: int, **row: str) -> Change:
    return replace(company.change(name, **row), source_position=SourcePosition("postgresql", (lsn,)))


async def test_changes_after_a_restore_are_counted_and_warned_of_once_for_each_source(company: Company) -> None:
    ingest = Ingest(company.store, CATALOGUE, company.outbox, metrics=company.metrics)
    rows = ("crm1", "crm2", "shop1")
    await ingest.apply([streamed(company, row, 9_000, email_1="a") for row in rows])
    with capture_logs() as logs:
        results = [await ingest.apply([streamed(company, row, 20, email_1="b") for row in rows]) for _ in range(2)]
    assert [result.rewound for result in results] == [{"crm": 2, "shop": 1}] * 2
    assert sum(result.outcomes[source, Outcome.STALE] for result in results for source in ("crm", "shop")) == 6
    assert sorted((log["log_level"], log["source"]) for log in logs) == [("warning", "crm"), ("warning", "shop")]
    assert all("`epoch`" in log["way_out"] and "`topic.prefix`" in log["way_out"] for log in logs)
    assert b'identity_graph_rewound_changes_total{source="crm"} 4.0' in company.metrics.render()


async def test_what_a_connector_sends_again_is_not_told(company: Company) -> None:
    ingest = Ingest(company.store, CATALOGUE, company.outbox, metrics=company.metrics)
    block = [streamed(company, "crm1", 10 * number, email_1=value) for number, value in enumerate("abbc", start=1)]
    await ingest.apply(block)
    with capture_logs() as logs:
        again = [replace(each, position=Position(1, 100 + place)) for place, each in enumerate(block)]
        result = await ingest.apply(again)
    assert result.outcomes == {("crm", Outcome.STALE): 4}
    assert not result.rewound
    assert logs == []
