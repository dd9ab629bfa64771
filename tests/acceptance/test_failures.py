"""How failures of the real commands look to who reads standard error: people, or programs."""

import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import COMMAND, Run, environment
from tests.acceptance.serving import Served

JSON = {"IDENTITY_GRAPH_LOG_FORMAT": "json"}
NOBODY = "ws://127.0.0.1:9/gremlin"


def lines(said: str) -> list[Mapping[str, Any]]:
    """Every line is a JSON object."""
    return [json.loads(line) for line in said.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "code", "found"),
    [
        (["ingest", "nowhere.csv"], 2, "nowhere.csv"),
        (["explain", "email:nobody@example.com"], 2, "no store"),
        (["serve", "--catalogue", "none.yaml"], 2, "none.yaml"),
        (["serve", "--store", NOBODY], 3, "127.0.0.1:9 cannot be reached: nothing answers there"),
        (["serve", "--store", "ws://127.0.0.1:99999/gremlin"], 2, "IDENTITY_GRAPH_STORE is no address"),
        (["consume"], 2, "IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS"),
        (["ingest"], 2, "Missing argument"),
        (["ingset", "crm.csv"], 2, "ingset"),
        (["serve", "--port", "many"], 2, "--port"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_last_line_is_json_where_the_log_is_json(run: Run, arguments: list[str], code: int, found: str) -> None:
    finished = run(*arguments, **JSON)
    assert finished.returncode == code
    *_, last = lines(finished.stderr)
    assert (last["level"], last["exit_code"]) == ("error", code)
    assert found in last["event"]
    assert last["timestamp"].endswith("Z")


def test_wrong_settings_are_told_in_json_as_well(run: Run) -> None:
    finished = run("consume", **JSON, IDENTITY_GRAPH_CONSUMER_PORT="many")
    assert finished.returncode == 2
    (last,) = lines(finished.stderr)
    assert "IDENTITY_GRAPH_CONSUMER_PORT" in last["event"]


def test_warnings_and_the_end_of_a_good_run_are_json_as_well(run: Run) -> None:
    finished = run("ingest", "crm.csv", **JSON)
    assert finished.returncode == 0
    assert {line["level"] for line in lines(finished.stderr)} <= {"warning", "info"}


def test_for_people_the_last_line_stays_a_sentence(run: Run) -> None:
    assert run("ingest", "nowhere.csv").stderr.startswith("error: ")


def test_a_disk_without_room_is_told_once_for_each_request_counted_and_seen_by_readiness(folder: Path) -> None:
    limited = f"ulimit -f 1000; exec {shlex.quote(COMMAND)} serve --port 0"  # of 1,024 bytes, for each file
    process = subprocess.Popen(
        ["bash", "-c", limited],
        env=environment(folder) | JSON,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        served = Served(process)
        answer = httpx.Response(200)
        failed = 0
        for number in range(200):
            rows = [{"row": {"id": 1_000 * number + row, "email": "x" * 400}} for row in range(100)]
            answer = httpx.post(f"{served.address}/v1/changes", json={"source": "shop", "changes": rows}, timeout=30)
            failed += answer.status_code >= 500
            if failed == 2:
                break
        assert answer.status_code == 503
        ready = httpx.get(f"{served.address}/readyz")
        assert (ready.status_code, "nothing more can be written" in ready.json()["detail"]) == (503, True)
        figures = httpx.get(f"{served.address}/metrics").text
        assert 'identity_graph_store_failures_total{kind="NoRoom"} 2.0' in figures
        assert 'identity_graph_failed_requests_total{problem="store-unavailable",status="503"} 2.0' in figures
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[1]
    finally:
        process.kill()
        process.communicate()
    told = [line for line in lines(said) if line["event"] == "request failed"]
    assert len(told) == 2
    assert "nothing more can be written" in told[0]["reason"]
    assert "SQLITE_" in told[0]["cause"]


def test_a_file_that_another_program_holds_is_told_within_seconds(run: Run, folder: Path) -> None:
    assert run("ingest", "crm.csv").returncode == 0
    hold = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN IMMEDIATE')"
    holder = subprocess.Popen(
        [sys.executable, "-c", f"{hold}; print('held', flush=True); input()", str(folder / "graph.sqlite")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        began = time.monotonic()
        finished = run("ingest", "shop.jsonl", IDENTITY_GRAPH_STORE_LOCK_SECONDS="1")
        assert time.monotonic() - began < 15
    finally:
        holder.communicate("\n")
    assert finished.returncode == 3
    assert "is locked: another process holds it" in finished.stderr
