"""`identity-graph ingest` of messages that were kept in files: their times, deletions, positions and formats."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Run, command_in

CAPTURES = Path(__file__).parents[1] / "captures"

CATALOGUE = """\
version: 1
identifiers: {email: {normalise: email}}
traits: {city: text, email: text}
sources:
  orders: {file: "orders*", topic: shop.inv.orders, format: debezium, key: [id], epoch: EPOCH,
           columns: {email: {identifier: email, trait: email}, city: {trait: city}}}
  members: {file: "members*", key: [id], columns: {email: {identifier: email, trait: email}, city: {trait: city}}}
  archive: {file: "archive*", key: [id], event_time: changed,
            columns: {email: {identifier: email, trait: email}, city: {trait: city}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "catalogue.yaml").write_text(CATALOGUE.replace("EPOCH", "1"))
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    return command_in(folder)


def envelope(city: str, *, time: int, lsn: int | None = None, snapshot: bool = False) -> dict[str, Any]:
    """A version of the first order, as a connector for PostgreSQL writes it; the envelope's time is a minute later."""
    return {
        "key": {"id": 1},
        "value": {
            "before": None,
            "after": {"id": 1, "email": "ida@example.com", "city": city},
            "source": {
                "connector": "postgresql",
                "name": "shop",
                "ts_ms": time,
                "snapshot": "true" if snapshot else "false",
                "db": "shop",
                "schema": "inv",
                "table": "orders",
                "lsn": lsn,
            },
            "op": "r" if snapshot else "u",
            "ts_ms": (time or 1_780_000_000_000) + 60_000,
        },
    }


def lines(*messages: object) -> bytes:
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def ingested(run: Run, *arguments: str, expected: int = 0) -> dict[str, Any]:
    finished = run("ingest", "--json", *arguments)
    assert finished.returncode == expected, finished.stderr
    result: dict[str, Any] = json.loads(finished.stdout)
    return result


def profiles(run: Run) -> list[dict[str, Any]]:
    exported = [json.loads(line) for line in run("export").stdout.splitlines()]
    return [profile for profile in exported if profile["records"]]


def cities(run: Run) -> list[str]:
    return [profile["traits"]["city"]["value"] for profile in profiles(run)]


def test_a_row_of_a_snapshot_without_a_time_is_as_new_as_its_envelope(run: Run, folder: Path) -> None:
    (folder / "orders.jsonl").write_bytes(lines(envelope("Linz", time=0, snapshot=True)))
    (folder / "archive.csv").write_text("id,email,city,changed\n9,ida@example.com,Graz,2009-02-01T00:00:00Z\n")
    ingested(run, "orders.jsonl", "archive.csv")
    (profile,) = profiles(run)
    city = profile["traits"]["city"]
    assert (city["value"], city["observed_at"]) == ("Linz", "2026-05-28T20:27:40.000Z")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "members.jsonl",
            lines(
                {"id": 1, "email": "ida@example.com", "city": "Linz", "__deleted": "false", "__op": "c"},
                {"id": 1, "email": None, "city": None, "__deleted": "true", "__op": "d"},
                {"id": 2, "email": "leo@example.com", "city": "Graz", "__deleted": False},
                {"id": 3, "email": None, "city": None, "__deleted": True},
            ),
        ),
        (
            "members.csv",
            b"id,email,city,__deleted\n1,ida@example.com,Linz,false\n1,,,true\n2,leo@example.com,Graz,false\n3,,,true\n",
        ),
    ],
)
def test_rows_that_a_connector_has_rewritten_as_deleted_leave_no_profile(
    name: str, content: bytes, run: Run, folder: Path
) -> None:
    (folder / name).write_bytes(content)
    assert ingested(run, name)["rejected"]["count"] == 0
    assert cities(run) == ["Graz"]


def test_a_log_that_begins_anew_is_told_and_a_raised_epoch_is_the_way_out(run: Run, folder: Path) -> None:
    (folder / "orders-1.jsonl").write_bytes(lines(envelope("Linz", time=1_780_000_000_000, lsn=90_000)))
    (folder / "orders-2.jsonl").write_bytes(lines(envelope("Graz", time=1_780_000_100_000, lsn=500)))
    ingested(run, "orders-1.jsonl")
    finished = run("ingest", "orders-2.jsonl")
    assert "1 change of orders counted as sent again" in finished.stdout
    assert "raise `epoch`" in finished.stdout
    assert cities(run) == ["Linz"]
    assert ingested(run, "orders-2.jsonl")["positions_jumped_back"] == {"orders": 1}
    (folder / "catalogue.yaml").write_text(CATALOGUE.replace("EPOCH", "2"))
    assert ingested(run, "orders-2.jsonl")["positions_jumped_back"] == {}
    assert cities(run) == ["Graz"]


def test_lines_that_were_sent_again_are_not_told(run: Run, folder: Path) -> None:
    versions = [envelope(city, time=1_780_000_000_000 + n, lsn=10 * n) for n, city in enumerate(("Linz", "Graz"), 1)]
    (folder / "orders.jsonl").write_bytes(lines(*versions, *versions))
    assert ingested(run, "orders.jsonl")["positions_jumped_back"] == {}
    assert cities(run) == ["Graz"]


def test_envelopes_in_a_file_of_rows_are_named(run: Run, folder: Path) -> None:
    value = json.loads((CAPTURES / "debezium_postgres" / "c.json").read_text())["value"]
    (folder / "members.jsonl").write_bytes(lines(value))
    (rejected,) = ingested(run, "members.jsonl", expected=1)["rejected"]["first"]
    assert rejected["reason"].endswith("this looks like an envelope of Debezium; use `format: debezium`")


def test_rows_in_a_file_of_envelopes_are_named(run: Run, folder: Path) -> None:
    value = json.loads((CAPTURES / "debezium_postgres" / "unwrap_c.json").read_text())["value"]
    (folder / "orders.jsonl").write_bytes(lines(value))
    (rejected,) = ingested(run, "orders.jsonl", expected=1)["rejected"]["first"]
    assert rejected["reason"].endswith("ExtractNewRecordState has unwrapped; use `format: rows`")


def test_a_draft_of_messages_of_another_program_names_them(run: Run, folder: Path) -> None:
    maxwell = {"database": "test", "table": "e", "type": "insert", "ts": 1477053217, "xid": 23396, "data": {"id": 1}}
    (folder / "changes.jsonl").write_bytes(lines(maxwell, maxwell))
    finished = run("catalogue", "draft", "changes.jsonl")
    assert finished.returncode != 0
    assert "this looks like a change as Maxwell writes it" in finished.stderr
