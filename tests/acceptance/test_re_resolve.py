"""`identity-graph re-resolve`: a changed catalogue, applied to what is stored."""

import asyncio
import json
import os
import pty
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph_model.records.tasks import ReResolve
from services.stores.port.plan import TaskWrite
from services.stores.sqlite.store import SqliteStore
from stack.process import wait_until
from tests.acceptance.conftest import COMMAND, Run, environment
from tests.acceptance.serving import serving


@pytest.fixture
def filled(run: Run) -> Run:
    assert run("ingest", "crm.csv", "shop.jsonl").returncode == 0
    return run


@pytest.fixture
def new(folder: Path) -> Path:
    """A catalogue by which a telephone number is no evidence any more."""
    catalogue = folder / "new.yaml"
    text = (folder / "catalogue.yaml").read_text()
    catalogue.write_text(
        text.replace(
            "phone: {normalise: phone, region: US, holders: few", "phone: {normalise: phone, region: US, holders: 1"
        )
    )
    return catalogue


def report(run: Run, catalogue: Path) -> dict[str, Any]:
    finished = run("re-resolve", "--catalogue", catalogue, "--json")
    assert finished.returncode == 0, finished.stderr
    result: dict[str, Any] = json.loads(finished.stdout)
    return result


def members(run: Run, catalogue: Path) -> list[list[str]]:
    lines = run("export", "--catalogue", catalogue).stdout.splitlines()
    return sorted(sorted(f"{r['source']}{r['key']}" for r in json.loads(line)["records"]) for line in lines)


def test_stored_records_follow_the_new_catalogue(filled: Run, new: Path) -> None:
    assert report(filled, new) == {"was_owed": True, "records": 6, "profiles": {"created": 1, "split": 1}}
    assert members(filled, new) == [["crm[1]", "shop[10]"], ["crm[2]"], ["crm[3]"], ["shop[11]"], ["shop[12]"]]
    assert filled("verify", "--catalogue", new).returncode == 0


def test_the_former_catalogue_leads_back(filled: Run, new: Path, folder: Path) -> None:
    before = members(filled, folder / "catalogue.yaml")
    report(filled, new)
    report(filled, folder / "catalogue.yaml")
    assert members(filled, folder / "catalogue.yaml") == before


def test_what_has_changed_is_told_to_people(filled: Run, new: Path) -> None:
    finished = filled("re-resolve", "--catalogue", new)
    assert finished.stdout.splitlines() == [
        "The catalogue is in force; 6 records read anew.",
        "Profile changes: 1 created, 1 split",
    ]


def test_where_nothing_is_owed_it_says_so(filled: Run, folder: Path) -> None:
    finished = filled("re-resolve", "--catalogue", "catalogue.yaml")
    assert finished.returncode == 0
    assert finished.stdout == "This catalogue is in force, and nothing is owed: all records follow it.\n"


def test_the_former_catalogue_is_refused_from_then_on(filled: Run, new: Path) -> None:
    report(filled, new)
    finished = filled("ingest", "crm.csv")
    assert finished.returncode == 2
    assert "this store holds what another catalogue says" in finished.stderr


def eventually(address: str, condition: Callable[[httpx.Response], bool], path: str) -> httpx.Response:
    """The answer of a running `serve`, once it is as it should be; a second and some leeway for a busy machine."""
    answers: list[httpx.Response] = []

    def is_so() -> bool:
        answers.append(httpx.get(f"{address}{path}"))
        return condition(answers[-1])

    assert wait_until(is_so, within=10), answers[-1].text
    return answers[-1]


def test_a_running_api_goes_on_with_the_new_catalogue(filled: Run, new: Path, folder: Path) -> None:
    by_phone = "/v1/profiles?identifier=phone:%2B12125550142"
    with serving(environment(folder)) as served:
        former = httpx.get(f"{served.address}{by_phone}").json()["profiles"]
        assert [len(profile["records"]) for profile in former] == [3]
        report(filled, new)
        eventually(served.address, lambda answer: len(answer.json()["profiles"]) == 2, by_phone)
        body = {"source": "shop", "changes": [{"row": {"id": 20, "phone": "+1 212-555-0142"}}]}
        sent = httpx.post(f"{served.address}/v1/changes", json=body)
        assert (sent.status_code, sent.json()["outcomes"]["applied"]) == (200, 1)
        assert httpx.get(f"{served.address}/readyz").status_code == 200
    assert len(members(filled, new)) == 6
    assert filled("verify", "--catalogue", new).returncode == 0


def test_a_running_api_that_cannot_load_the_new_catalogue_says_so_and_what_to_do(
    filled: Run, new: Path, folder: Path
) -> None:
    with serving(environment(folder)) as served:
        asyncio.run(change_without_text(folder))
        answer = eventually(served.address, lambda answer: answer.status_code == 503, "/v1/profiles/1")
        assert answer.json()["type"] == "urn:identity-graph:problem:catalogue-changed"
        assert "--catalogue FILE" in answer.json()["detail"]
        ready = httpx.get(f"{served.address}/readyz")
        assert (ready.status_code, "keeps no text" in ready.json()["detail"]) == (503, True)
        for path in ("/healthz", "/metrics", "/docs", "/openapi.json"):
            assert httpx.get(f"{served.address}{path}").status_code == 200
        report(filled, new)
        eventually(served.address, lambda answer: answer.status_code == 200, "/readyz")


def test_an_open_stream_ends_where_the_new_catalogue_cannot_be_loaded(filled: Run, folder: Path) -> None:
    with (
        serving(environment(folder)) as served,
        httpx.stream("GET", f"{served.address}/v1/profile-updates?after=start", timeout=10) as stream,
    ):
        lines = stream.iter_lines()
        assert next(lines).startswith("event: identitygraph.profile.")
        asyncio.run(change_without_text(folder))
        assert any("identitygraph.profile." in line for line in lines)


async def change_without_text(folder: Path) -> None:
    """Bring a catalogue into force as a version of the program did that kept no text."""
    store = await SqliteStore.open(folder / "graph.sqlite", "", any_meaning=True)
    await store.change_catalogue("a" * 64, TaskWrite(task_id="1", expected=None, task=ReResolve()))
    await store.close()


def test_a_store_that_is_not_there_is_not_made(run: Run, new: Path, folder: Path) -> None:
    finished = run("re-resolve", "--catalogue", new)
    assert finished.returncode == 2
    assert not (folder / "graph.sqlite").exists()


def test_interrupted_it_goes_on_with_the_same_command(run: Run, new: Path, folder: Path) -> None:
    rows = b"".join(b'{"id": %d, "phone": "+1212555%04d"}\n' % (number, number // 2) for number in range(6_000))
    assert run("ingest", "--source", "shop", "-", stdin=rows).returncode == 0
    terminal, other_side = pty.openpty()
    arguments = [COMMAND, "re-resolve", "--catalogue", str(new)]
    with subprocess.Popen(
        arguments, cwd=folder, env=environment(folder), stdout=other_side, stderr=other_side
    ) as command:
        os.close(other_side)
        shown = b""

        def has_begun() -> bool:
            nonlocal shown
            shown += os.read(terminal, 65_536)
            return b"re-resolution of all records" in shown

        assert wait_until(has_begun, within=60)
        command.send_signal(signal.SIGINT)
    assert command.returncode == 130
    os.close(terminal)
    rest = report(run, new)
    assert rest["was_owed"]
    assert 0 < rest["records"] < 6_000
    assert len(members(run, new)) == 6_000
    assert report(run, new)["was_owed"] is False
