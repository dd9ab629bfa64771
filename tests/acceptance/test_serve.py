"""`identity-graph serve`: says where it listens, answers, and stops when told to."""

import re
import signal
import socket
from pathlib import Path

import httpx
import pytest

from stack.settings import CHECKOUT
from tests.acceptance.conftest import Run, environment
from tests.acceptance.serving import serving


def test_of_the_sample_it_prints_requests_that_are_answered(run: Run, folder: Path) -> None:
    sample = CHECKOUT / "examples" / "shop"
    catalogue = {"IDENTITY_GRAPH_CATALOGUE": str(sample / "catalogue.yaml")}
    run("ingest", *sorted((sample / "data").iterdir()), **catalogue)
    with serving({**environment(folder), **catalogue}) as served:
        found = re.search(r"curl '(\S+)'", served.said)
        assert found is not None
        assert len(httpx.get(found[1]).json()["profiles"][0]["records"]) > 3


def test_no_identifier_of_a_customer_is_printed(run: Run, folder: Path) -> None:
    run("ingest", "crm.csv", "shop.jsonl")
    with serving(environment(folder)) as served:
        assert "identifier=email:VALUE" in served.said
        assert "@" not in served.said


def test_three_requests_are_worth_trying(run: Run, folder: Path) -> None:
    run("ingest", "crm.csv", "shop.jsonl")
    with serving(environment(folder)) as served:
        assert served.said.count("curl ") == 3


def test_an_empty_store_is_told_with_what_to_do(folder: Path) -> None:
    with serving(environment(folder)) as served:
        assert "load something with `identity-graph ingest FILE`" in served.said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_with_exit_code_0(folder: Path, number: signal.Signals) -> None:
    with serving(environment(folder)) as served:
        served.process.send_signal(number)
        assert served.process.wait(timeout=20) == 0


def test_nothing_is_logged_in_a_quiet_run(folder: Path) -> None:
    with serving(environment(folder)) as served:
        served.process.send_signal(signal.SIGINT)
        assert served.process.communicate(timeout=20)[1] == ""


def test_a_port_in_use_is_told_in_one_line(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        finished = run("serve", "--port", str(taken.getsockname()[1]))
    assert finished.returncode == 2
    assert finished.stderr.count("\n") == 1
    assert "Address already in use" in finished.stderr


def test_two_on_one_store_write_in_turn(folder: Path) -> None:
    with serving(environment(folder)) as one, serving(environment(folder)) as other:
        for number in range(8):
            served = (one, other)[number % 2]
            body = {"source": "shop", "changes": [{"row": {"id": number // 2, "email": f"{number}@example.com"}}]}
            answer = httpx.post(f"{served.address}/v1/changes", json=body)
            assert (answer.status_code, answer.json()["outcomes"]["applied"]) == (200, 1), answer.text
