"""Failure speaks: one line of the log with reason and cause, a figure, and readiness."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.maintenance import heartbeat

from .conftest import ANN, Service

FILE = "graph.sqlite"
ANOTHER = {"source": "crm", "changes": [{"row": {**ANN, "id": 2}}]}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def told(logs: Sequence[Mapping[str, Any]], found: str) -> Mapping[str, Any]:
    """The one line that tells it."""
    (entry,) = [entry for entry in logs if found in str(entry)]
    return entry


async def figures(service: Service) -> str:
    return (await service.http.get("/metrics")).text


async def is_ready(service: Service) -> bool:
    await service.app.state.services.heartbeat.beat()
    return (await service.http.get("/readyz")).status_code == 200


async def test_a_locked_file_is_told_once_counted_and_seen_by_readiness(service: Service, tmp_path: Path) -> None:
    service.store._lock_seconds = 0.2
    with locked(tmp_path / FILE), capture_logs() as logs:
        answer = await service.http.post("/v1/changes", json=ANOTHER)
        assert not await is_ready(service)
        ready = await service.http.get("/readyz")
    assert answer.status_code == 503
    entry = told(logs, "SQLITE_BUSY")
    assert (entry["event"], entry["status"], entry["path"]) == ("request failed", 503, "/v1/changes")
    assert "is locked" in entry["reason"]
    assert entry["cause"] == "StoreUnavailable <- OperationalError (SQLITE_BUSY)"
    assert (ready.status_code, "is locked" in ready.json()["detail"]) == (503, True)
    text = await figures(service)
    assert 'identity_graph_failed_requests_total{problem="store-unavailable",status="503"} 1.0' in text
    assert 'identity_graph_store_failures_total{kind="StoreUnavailable"}' in text
    assert await is_ready(service)


async def test_a_full_disk_keeps_the_service_unready_although_something_tiny_can_be_written(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.send("crm", ANN)
    (pages,) = service.store._writes.execute("PRAGMA page_count").fetchone()
    service.store._writes.execute(f"PRAGMA max_page_count = {pages}")
    row = {**ANN, "note": "x" * 50_000}
    with capture_logs() as logs:
        answer = await service.http.post("/v1/changes", json={"source": "crm", "changes": [{"row": row}]})
        assert answer.status_code == 503
        await service.store.prove_writable()
        service.store._written_at = -1.0
        assert not await is_ready(service)
    assert told(logs, "SQLITE_FULL")["event"] == "request failed"
    assert 'store_failures_total{kind="NoRoom"} 1.0' in await figures(service)
    service.store._writes.execute("PRAGMA max_page_count = 1000000")
    await service.send("crm", ANN | {"note": "y"})
    assert await is_ready(service)


async def test_a_damaged_row_is_told_without_its_contents_and_shows_for_a_while(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.send("crm", ANN)
    profile = await service.profile_id("email:ann@example.com")
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        connection.execute("UPDATE profile SET document = '{\"ann@example.com'")
    with capture_logs() as logs:
        answer = await service.http.get(f"/v1/profiles/{profile}/explain")
        assert not await is_ready(service)
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:identity-graph:problem:store-damaged")
    entry = told(logs, "request failed")
    assert "verify --repair" in entry["reason"]
    assert "ann@example.com" not in str(logs)
    assert 'identity_graph_store_failures_total{kind="StoreDamaged"} 1.0' in await figures(service)
    monkeypatch.setattr(heartbeat, "PROOF_SECONDS", 0.0)
    assert await is_ready(service)


async def test_an_answer_that_is_no_failure_of_ours_tells_the_log_nothing(service: Service) -> None:
    with capture_logs() as logs:
        assert (await service.http.get(f"/v1/profiles/{'0' * 32}")).status_code == 404
        assert (await service.http.get("/v2")).status_code == 404
    assert logs == []
    assert "identity_graph_failed_requests_total{" not in await figures(service)


async def test_readiness_that_is_asked_again_and_again_tells_the_log_nothing_more(service: Service) -> None:
    service.app.state.services.stopping.set()
    with capture_logs() as logs:
        assert (await service.http.get("/readyz")).status_code == 503
    assert logs == []
