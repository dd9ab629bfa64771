import csv
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from api.problems import PROBLEMS, problem_type
from api.request_documents import ChangesRequest

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
SHOP = ROOT / "examples" / "shop"


def test_every_problem_that_a_caller_can_meet_is_documented() -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    told = {problem_type(error).slug for error in PROBLEMS} - {"change-rejected"}
    assert {slug for slug in told if f"`{slug}`" not in text} == set()


def test_the_example_of_changes_is_a_whole_row_of_the_sample() -> None:
    schema = ChangesRequest.model_json_schema()
    row = schema["examples"][0]["changes"][0]["row"]
    with (SHOP / "data" / "crm.csv").open(encoding="utf-8", newline="") as file:
        assert row.keys() == set(next(csv.reader(file)))


@pytest.mark.parametrize("example", ["context.py", "subscribe.py"])
def test_an_example_says_in_one_line_that_nothing_answers_at_the_address_it_was_given(example: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    ended = subprocess.run(
        [sys.executable, SHOP / example],
        env=os.environ | {"IDENTITY_GRAPH_URL": address},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"nothing answers at {address} ")
    assert len(ended.stderr.splitlines()) == 1
