"""`identity-graph export --format verdicts`: the ledger, for people who leave or check."""

import asyncio
import json
from pathlib import Path

from graph_model.catalogue.document import parse_catalogue
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Judgement, Verdict, VerdictEntry, Withdrawal
from services.ingestion.ingest import Ingest
from services.metrics import Metrics
from services.stores.port.plan import VerdictWrite
from services.stores.sqlite.store import SqliteStore
from tests.acceptance.conftest import Run

ANN, BOB, CLEO = (RecordAddress.of("crm", [number]) for number in (1, 2, 3))


def entry(verdict_id: str, other: RecordAddress, withdrawal: Withdrawal | None = None) -> VerdictEntry:
    verdict = Verdict.pair(Judgement.DIFFERENT, ANN, other, verdict_id)
    return VerdictEntry(verdict=verdict, reason="two", author="kim", given_at=1_000, withdrawal=withdrawal)


async def decide(folder: Path, entries: list[VerdictEntry]) -> None:
    catalogue = parse_catalogue((folder / "catalogue.yaml").read_text(), "catalogue.yaml")
    store = await SqliteStore.open(folder / "graph.sqlite", catalogue.fingerprint)
    ingest = Ingest(store, catalogue, await store.claim_outbox("steward"), metrics=Metrics())
    await ingest.decide([VerdictWrite(entry=each, expected=None) for each in entries])
    await store.close()


def test_all_verdicts_are_exported_oldest_first_with_withdrawn_ones(run: Run, folder: Path) -> None:
    run("ingest", "crm.csv")
    withdrawn = entry("01", BOB, Withdrawal(author="lee", withdrawn_at=2_000))
    asyncio.run(decide(folder, [withdrawn, entry("02", CLEO)]))
    told = [json.loads(line) for line in run("export", "--format", "verdicts").stdout.splitlines()]
    assert [each["verdict_id"] for each in told] == ["01", "02"]
    assert [each["withdrawn_by"] for each in told] == ["lee", None]
    assert told[1]["records"] == [{"source": "crm", "key": [1]}, {"source": "crm", "key": [3]}]


def test_a_store_without_verdicts_exports_none(run: Run) -> None:
    run("ingest", "crm.csv")
    finished = run("export", "--format", "verdicts")
    assert (finished.returncode, finished.stdout) == (0, "")
