"""`identity-graph bootstrap`: the first load of a store, whole or killed on the way."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.values.positions import Position
from services.maintenance.verification.verify import verify
from services.stores.port.errors import LoadUnderWay
from services.stores.sqlite.store import SqliteStore
from tests.acceptance.conftest import COMMAND, Run, environment
from tests.dump import Dump, dump

#: Nothing of a row follows from when it is read.
CATALOGUE: Final = """\
version: 1
identifiers:
  email: {normalise: email, holders: 3}
  phone: {normalise: exact, holders: 3}
traits: {name: text}
sources:
  crm:
    file: "crm*.csv"
    key: [id]
    version: rev
    event_time: at
    columns: {email: {identifier: email}, phone: {identifier: phone}, name: {trait: name}}
"""
ROWS: Final = 6_000
#: A step of a load takes no longer.
SECONDS: Final = 60.0


def summary(run: Run, *arguments: str | Path, expected: int = 0) -> dict[str, Any]:
    finished = run("bootstrap", "--json", *arguments)
    assert finished.returncode == expected, finished.stderr
    result: dict[str, Any] = json.loads(finished.stdout)
    return result


def test_a_first_load_joins_what_ingest_joins(run: Run) -> None:
    told = summary(run, "crm.csv", "shop.jsonl")
    assert (told["records"], told["profiles"], told["resumed"]) == (6, 4, False)
    assert run("verify").returncode == 0


def test_the_counts_of_every_source_add_up(run: Run) -> None:
    for counts in summary(run, "crm.csv", "shop.jsonl")["sources"].values():
        assert counts["in"] == 3 == sum(count for word, count in counts.items() if word != "in")


def test_files_go_on_with_ingest_behind_a_first_load(run: Run) -> None:
    summary(run, "crm.csv")
    finished = run("ingest", "--json", "crm.csv", "shop.jsonl")
    sources = json.loads(finished.stdout)["sources"]
    assert (sources["crm"]["unchanged"], sources["shop"]["applied"]) == (3, 3)
    assert run("verify").returncode == 0


def test_a_rejected_line_costs_the_others_nothing(run: Run, folder: Path) -> None:
    with (folder / "crm.csv").open("a") as file:
        file.write("4,too,few\n")
    told = summary(run, "crm.csv", expected=1)
    assert (told["records"], told["rejected"]["count"]) == (3, 1)


def test_a_store_that_was_written_to_stays_as_it_is(run: Run) -> None:
    run("ingest", "crm.csv")
    finished = run("bootstrap", "shop.jsonl")
    assert finished.returncode == 2
    assert "has been written to, by cli-ingest" in finished.stderr


def test_a_file_that_cannot_be_read_leaves_the_store_free(run: Run, folder: Path) -> None:
    (folder / "shop.jsonl").unlink()
    assert run("bootstrap", "crm.csv", "shop.jsonl").returncode == 2
    assert run("ingest", "crm.csv").returncode == 0


def test_a_first_load_leaves_no_spool(run: Run, folder: Path) -> None:
    summary(run, "crm.csv")
    assert [path.name for path in folder.iterdir() if "load" in path.name] == []


def _printed_by_kcat(offset: int, message: dict[str, Any]) -> str:
    place = {"topic": "capcrm.crm.customer", "partition": 0, "offset": offset, "ts": 1_780_000_000_000 + offset}
    return json.dumps({**place, "key": json.dumps(message["key"]), "payload": json.dumps(message["value"])})


async def test_a_stream_goes_on_behind_the_messages_of_a_dump(run: Run, folder: Path) -> None:
    captured = Path(__file__).parents[1] / "captures" / "debezium_postgres"
    messages = [json.loads((captured / name).read_text()) for name in ("c.json", "d.json", "c.json")]
    dump_of_topic = "\n".join(_printed_by_kcat(offset, message) for offset, message in enumerate(messages, 40))
    (folder / "topic.jsonl").write_text(dump_of_topic)
    summary(run, "topic.jsonl")
    catalogue = parse_catalogue((folder / "catalogue.yaml").read_text(), "catalogue.yaml")
    store = await SqliteStore.open(folder / "graph.sqlite", catalogue.fingerprint)
    outbox = await store.claim_outbox("identity-graph/capcrm.crm.customer/0")
    positions = {stored.record.position async for stored in store.scan_records()}
    await store.close()
    assert outbox.progress == Position(1, 42)
    assert positions <= {Position(1, offset) for offset in (40, 41, 42)}


@pytest.fixture
def large(folder: Path) -> Path:
    (folder / "catalogue.yaml").write_text(CATALOGUE)
    lines = (
        f"{n},1,2026-01-01T00:00:00Z,p{n * 7919 % (ROWS // 2)}@example.com,{n % 997},Person {n}\n" for n in range(ROWS)
    )
    (folder / "crm.csv").write_text("id,rev,at,email,phone,name\n" + "".join(lines))
    return folder


@pytest.mark.timeout(300)
def test_a_load_that_is_killed_again_and_again_comes_to_the_same(large: Path) -> None:
    spool = large / "graph.sqlite-load"
    assert _killed_when(large, lambda: any(large.glob("*.unfinished")))
    with pytest.raises(LoadUnderWay):
        asyncio.run(_dumped(large / "graph.sqlite"))
    assert _killed_when(large, spool.exists)
    after = 0.25
    while _killed_when(large, spool.exists, after):
        after *= 2
    _run(large, store=large / "whole.sqlite").wait(SECONDS)
    killed, whole = (asyncio.run(_dumped(large / name)) for name in ("graph.sqlite", "whole.sqlite"))
    # When a row was accepted differs.
    assert killed.records.keys() == whole.records.keys()
    assert replace(killed, records={}) == replace(whole, records={})


@pytest.mark.timeout(300)
def test_whoever_goes_on_with_a_load_is_told_that_the_files_named_now_are_not_read(large: Path, run: Run) -> None:
    assert _killed_when(large, (large / "graph.sqlite-load").exists)
    (large / "crm_more.csv").write_text("id,rev,at,email,phone,name\n1000000,1,2026-01-01T00:00:00Z,,,More\n")
    finished = run("bootstrap", "crm_more.csv")
    assert finished.returncode == 0, finished.stderr
    assert "none was read now" in " ".join(finished.stdout.split())


@pytest.mark.timeout(300)
def test_what_was_rejected_is_told_by_whoever_ends_the_load(large: Path, run: Run) -> None:
    with (large / "crm.csv").open("a") as file:
        file.write("7,too,few\n")
    assert _killed_when(large, (large / "graph.sqlite-load").exists)
    told = summary(run, "crm.csv", expected=1)
    assert (told["resumed"], told["records"], told["sources"]["crm"]["applied"]) == (True, ROWS, ROWS)
    assert [(each["file"], each["line"]) for each in told["rejected"]["first"]] == [("crm.csv", ROWS + 2)]


@pytest.mark.timeout(300)
def test_a_load_that_was_killed_before_it_told_says_that_it_is_complete(large: Path, run: Run) -> None:
    spool, kept = large / "graph.sqlite-load", large / "kept"
    with (large / "crm.csv").open("a") as file:
        file.write("7,too,few\n")
    process = _run(large)
    _wait_for(process, spool.exists)
    kept.hardlink_to(spool)
    assert process.wait(SECONDS) == 1
    kept.rename(spool)
    finished = run("bootstrap", "crm.csv")
    assert finished.returncode == 1, finished.stderr
    assert "The load of these files was complete" in finished.stdout
    assert "interrupted" not in finished.stdout
    assert f"Loaded: {ROWS:,} records" in finished.stdout
    assert "crm.csv, line 6002" in finished.stdout
    assert not spool.exists()
    assert run("bootstrap", "crm.csv").returncode == 2


def test_a_load_that_rejects_every_row_leaves_the_store_to_its_first_load(run: Run, folder: Path) -> None:
    rows = (folder / "crm.csv").read_text()
    (folder / "crm.csv").write_text(rows.replace("id,", "number,", 1))
    assert summary(run, "crm.csv", expected=1)["records"] == 0
    (folder / "crm.csv").write_text(rows)
    assert summary(run, "crm.csv")["records"] == 3


@pytest.mark.timeout(300)
def test_a_catalogue_that_is_edited_while_a_load_lies_half_done_says_what_to_do(large: Path, run: Run) -> None:
    spool = large / "graph.sqlite-load"
    assert _killed_when(large, lambda: spool.exists() and _is_begun(large / "graph.sqlite"))
    catalogue = large / "catalogue.yaml"
    catalogue.write_text(catalogue.read_text().replace("holders: 3", "holders: 9"))
    finished = run("bootstrap", "crm.csv")
    assert finished.returncode == 2
    assert f"Loaded: {ROWS:,} records" in finished.stdout
    assert "bring it into force with `identity-graph re-resolve --catalogue FILE`" in finished.stderr
    assert run("re-resolve", "--catalogue", "catalogue.yaml").returncode == 0
    assert run("verify").returncode == 0


def _is_begun(path: Path) -> bool:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        return bool(store.execute("SELECT 1 FROM record LIMIT 1").fetchone())


def _run(folder: Path, store: Path | None = None) -> subprocess.Popen[bytes]:
    variables = environment(folder) | ({} if store is None else {"IDENTITY_GRAPH_STORE": f"sqlite:{store}"})
    return subprocess.Popen([COMMAND, "bootstrap", "crm.csv"], cwd=folder, env=variables, stdout=subprocess.DEVNULL)


def _killed_when(folder: Path, holds: Callable[[], bool], after: float = 0.0) -> bool:
    """Run the load until something holds, and kill it then; whether it was killed before its end."""
    process = _run(folder)
    _wait_for(process, holds)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    return process.returncode == -signal.SIGKILL


def _wait_for(process: subprocess.Popen[bytes], holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)


async def _dumped(path: Path) -> Dump:
    catalogue = parse_catalogue(CATALOGUE, "catalogue.yaml")
    store = await SqliteStore.open(path, catalogue.fingerprint)
    try:
        assert (await verify(store, catalogue)).problems == ()
        return await dump(store)
    finally:
        await store.close()
