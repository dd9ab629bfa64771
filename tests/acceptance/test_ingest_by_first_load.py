"""`identity-graph ingest` into a store that nobody has written to: the same in less time, whole or killed half-way."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from cli.file_load import PAYS_FROM
from graph_model.catalogue.document import parse_catalogue
from services.maintenance.verification.verify import verify
from services.stores.sqlite.store import SqliteStore
from tests.acceptance.conftest import COMMAND, Run, environment
from tests.acceptance.test_bootstrap import CATALOGUE, SECONDS
from tests.dump import Dump, dump

ROWS: Final = 5_000
#: So that the files are large enough.
PADDING: Final = "x" * (PAYS_FROM // ROWS)
BAD: Final = "7,too,few\n"


@pytest.fixture
def large(folder: Path) -> Path:
    """A file with two versions of some rows, e-mails that cannot be read, a phone too many have, and a bad line."""
    (folder / "catalogue.yaml").write_text(CATALOGUE)
    rows = [
        f"{n},1,2026-01-01T00:00:00Z,{_email(n)},{n % 997},Person {n},{PADDING}\n" for n in (*range(ROWS), *range(9))
    ]
    rows.insert(4_000, BAD)
    (folder / "crm.csv").write_text("id,rev,at,email,phone,name,note\n" + "".join(rows))
    return folder


def _email(number: int) -> str:
    if number % 1_000 == 77:
        return "no mail"
    return f"p{number * 7919 % (ROWS // 2)}@example.com"


def told(finished: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What a run says, without the ids of profiles."""
    said: dict[str, Any] = json.loads(finished.stdout.replace("standard input", "crm.csv"))
    said["largest_profiles"] = [each["records"] for each in said["largest_profiles"]]
    return said


def writers(path: Path) -> set[str]:
    async def read() -> set[str]:
        store = await SqliteStore.open(path, parse_catalogue(CATALOGUE, "catalogue.yaml").fingerprint)
        try:
            return {*await store.read_writers()}
        finally:
            await store.close()

    return asyncio.run(read())


def dumped(path: Path) -> Dump:
    async def read() -> Dump:
        catalogue = parse_catalogue(CATALOGUE, "catalogue.yaml")
        store = await SqliteStore.open(path, catalogue.fingerprint)
        try:
            assert (await verify(store, catalogue)).problems == ()
            # When a row was accepted differs.
            found = await dump(store)
            return replace(found, records={at: _without_acceptance(each) for at, each in found.records.items()})
        finally:
            await store.close()

    return asyncio.run(read())


def _without_acceptance(record: bytes) -> bytes:
    return orjson.dumps({name: said for name, said in orjson.loads(record).items() if name != "accepted_at"})


@pytest.mark.timeout(300)
def test_both_ways_of_ingest_come_to_the_same_and_say_the_same(large: Path, run: Run) -> None:
    loaded = run("ingest", "--json", "crm.csv")
    assert loaded.returncode == 1, loaded.stderr
    assert writers(large / "graph.sqlite") == {"bootstrap"}
    streamed = run(
        *("ingest", "--json", "--source", "crm", "-", "--store", "sqlite:streamed.sqlite"),
        stdin=(large / "crm.csv").read_bytes(),
    )
    assert streamed.returncode == 1, streamed.stderr
    assert writers(large / "streamed.sqlite") == {"cli-ingest"}
    assert dumped(large / "graph.sqlite") == dumped(large / "streamed.sqlite")
    one, other = told(loaded), told(streamed)
    # The stream makes of some profiles several versions, and finds in its order what is too common.
    assert one.pop("profiles").keys() <= other.pop("profiles").keys()
    for said in (one, other):
        said["became_generic"].pop("first")
        said["became_generic"].pop("taken_apart")
    assert one == other
    assert one["rejected"] == {
        "count": 1,
        "first": [{"file": "crm.csv", "line": 4002, "reason": "the row has 3 columns; the header has 7"}],
    }


def test_what_is_small_goes_the_way_of_the_stream(run: Run, folder: Path) -> None:
    assert run("ingest", "crm.csv").returncode == 0
    assert [path.name for path in folder.iterdir() if "load" in path.name] == []
    assert run("bootstrap", "crm.csv").returncode == 2


@pytest.mark.timeout(300)
def test_a_second_ingest_changes_nothing(large: Path, run: Run) -> None:
    run("ingest", "--json", "crm.csv")
    again = told(run("ingest", "--json", "crm.csv"))
    assert (again["sources"]["crm"]["stale"], again["profiles"]) == (ROWS + 9, {})
    assert writers(large / "graph.sqlite") == {"bootstrap", "cli-ingest"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("began", ["ingest", "bootstrap"])
def test_ingest_goes_on_with_a_first_load_that_was_killed(large: Path, run: Run, began: str) -> None:
    spool = large / "graph.sqlite-load"
    whole = run("ingest", "--json", "crm.csv", "--store", "sqlite:whole.sqlite")
    assert killed_when(large, began, lambda: any(large.glob("*.unfinished")))
    assert run("ingest", "--help").returncode == 0
    refused = run("verify")
    assert (refused.returncode, "the first load of this store is under way" in refused.stderr) == (2, True)
    assert killed_when(large, began, spool.exists)
    finished = run("ingest", "--json", "crm.csv")
    assert (finished.returncode, told(finished)) == (1, told(whole))
    assert dumped(large / "graph.sqlite") == dumped(large / "whole.sqlite")
    assert [path.name for path in large.iterdir() if "load" in path.name] == []


@pytest.mark.timeout(300)
def test_other_files_are_ingested_behind_a_first_load_that_was_killed(large: Path, run: Run) -> None:
    (large / "crm_more.csv").write_text("id,rev,at,email,phone,name\n1000000,1,2026-01-01T00:00:00Z,,,More\n")
    assert killed_when(large, "ingest", (large / "graph.sqlite-load").exists)
    finished = run("ingest", "--json", "crm_more.csv")
    assert finished.returncode == 1, finished.stderr
    counts = told(finished)["sources"]["crm"]
    assert (counts["in"], counts["applied"], counts["rejected"]) == (ROWS + 11, ROWS + 1, 1)


@pytest.mark.timeout(300)
def test_a_catalogue_that_is_edited_behind_a_killed_reading_is_followed_at_once(large: Path, run: Run) -> None:
    for command in ("bootstrap", "ingest"):
        assert killed_when(large, command, lambda: any(large.glob("*.unfinished")))
        text = (large / "catalogue.yaml").read_text()
        (large / "catalogue.yaml").write_text(text.replace("holders: 3", "holders: 2", 1))
    finished = run("ingest", "--json", "crm.csv")
    assert finished.returncode == 1, finished.stderr
    assert run("verify").returncode == 0


@pytest.mark.timeout(300)
def test_an_interrupted_first_load_says_that_the_same_command_goes_on(large: Path, run: Run) -> None:
    process = started(large, "ingest")
    wait_for(process, lambda: any(large.glob("*.unfinished")))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert b"Interrupted; at least 0 rows are in force; the same command goes on." in said
    assert run("ingest", "crm.csv").returncode == 1


def started(folder: Path, command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [COMMAND, command, "crm.csv"],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def wait_for(process: subprocess.Popen[bytes], holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def killed_when(folder: Path, command: str, holds: Callable[[], bool]) -> bool:
    """Run a command until something holds, and kill it then; whether it was killed before its end."""
    process = started(folder, command)
    wait_for(process, holds)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL
