"""`identity-graph demo generate`: what it writes can be loaded, and leads to nearly the truth that lies beside it."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.acceptance.conftest import Run

FILES = ("demo/crm.jsonl", "demo/web_shop.csv", "demo/newsletter.jsonl", "demo/loyalty.csv")
WIRING = ("--catalogue", "demo/catalogue.yaml", "--store", "sqlite:demo.sqlite")

#: Of two rows that are joined, so often they are one person: households share a phone, and not all give a birth date.
FEWEST_RIGHT = 0.90
#: Of two rows of one person, so often they are joined: what is misspelt or was changed in one system only is not found.
FEWEST_FOUND = 0.70


@pytest.fixture
def generated(run: Run) -> Mapping[str, object]:
    arguments = ("--people", "400", "--events", "2500", "--seed", "7", "--out", "demo", "--json")
    said: Mapping[str, object] = json.loads(run("demo", "generate", *arguments).stdout)
    return said


def _people(path: Path) -> dict[tuple[str, str], str]:
    with path.open(newline="") as file:
        _, *rows = csv.reader(file)
    return {(source, key): person for source, key, person in rows}


def _pairs(groups: Iterable[object]) -> int:
    return sum(size * (size - 1) // 2 for size in Counter(groups).values())


def test_the_same_seed_writes_the_same_files(run: Run, folder: Path, generated: Mapping[str, object]) -> None:
    run("demo", "generate", "--people", "400", "--events", "2500", "--seed", "7", "--out", "again")
    for file in (folder / "demo").iterdir():
        assert (folder / "again" / file.name).read_bytes() == file.read_bytes()


def test_loading_it_leads_to_the_rows_of_the_truth_and_nearly_to_its_people(
    run: Run, folder: Path, generated: Mapping[str, object]
) -> None:
    assert run("ingest", *WIRING, *FILES).returncode == 0
    run("export", *WIRING, "--format", "csv", "--out", "members.csv")
    found, truth = _people(folder / "members.csv"), _people(folder / "demo" / "truth.csv")
    assert found.keys() == truth.keys()
    assert len(truth) == generated["rows"]
    both = _pairs((truth[address], found[address]) for address in truth)
    assert both / _pairs(found.values()) >= FEWEST_RIGHT
    assert both / _pairs(truth.values()) >= FEWEST_FOUND


def test_it_has_identifiers_that_are_carried_by_too_many(run: Run, generated: Mapping[str, object]) -> None:
    told = json.loads(run("resolve", "--catalogue", WIRING[1], *FILES, "--out", "members.csv", "--json").stdout)
    assert told["generic"]


def test_the_summary_tells_what_was_written(folder: Path, generated: Mapping[str, object]) -> None:
    lines = generated["lines"]
    assert isinstance(lines, dict)
    for file in FILES:
        written = (folder / file).read_text().splitlines()
        assert len(written) - file.endswith(".csv") == lines[Path(file).stem]


def test_a_folder_that_cannot_be_made_is_wrong_usage(run: Run, folder: Path) -> None:
    (folder / "demo").write_text("a file")
    assert run("demo", "generate", "--out", "demo").returncode == 2


@pytest.mark.parametrize("name", ["catalogue.yaml", "crm.jsonl", "truth.csv"])
def test_files_of_others_are_left_as_they_are(run: Run, folder: Path, name: str) -> None:
    (folder / "own").mkdir()
    (folder / "own" / name).write_text("of somebody else")
    finished = run("demo", "generate", "--people", "5", "--out", "own")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert name in finished.stderr
    assert [(file.name, file.read_text()) for file in (folder / "own").iterdir()] == [(name, "of somebody else")]


def test_invented_data_take_the_place_of_those_before(run: Run, folder: Path, generated: Mapping[str, object]) -> None:
    before = (folder / "demo" / "truth.csv").read_bytes()
    assert run("demo", "generate", "--people", "5", "--out", "demo").returncode == 0
    assert (folder / "demo" / "truth.csv").read_bytes() != before
