"""`identity-graph ingest --snapshot`: what a whole table does not hold is gone, and nothing else."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Run

CATALOGUE = """\
version: 1
identifiers:
  email: {normalise: email}
traits:
  name: text
sources:
  crm:
    file: "crm*.csv"
    key: [id]
    columns: {email: {identifier: email}, name: {trait: name}}
  numbered:
    file: "numbered*.csv"
    key: [id]
    version: rev
    columns: {email: {identifier: email}, name: {trait: name}}
  fed:
    topic: shop.people
    file: "fed*.csv"
    key: [id]
    columns: {email: {identifier: email}, name: {trait: name}}
"""

Load = Callable[..., dict[str, Any]]


@pytest.fixture
def load(run: Run, folder: Path) -> Load:
    """Writes a file, and takes it in; gives the summary."""
    (folder / "catalogue.yaml").write_text(CATALOGUE)

    def loaded(name: str, rows: str, *options: str, header: str = "id,email,name", expected: int = 0) -> dict[str, Any]:
        (folder / name).write_text(f"{header}\n" + "".join(f"{row}\n" for row in rows.split()))
        finished = run("ingest", "--json", *options, name)
        assert finished.returncode == expected, finished.stdout + finished.stderr
        result: dict[str, Any] = json.loads(finished.stdout)
        return result

    return loaded


def live(run: Run) -> list[str]:
    """The rows of all live profiles."""
    finished = run("export", "--format", "csv")
    return sorted("".join(line.split(",")[:-1]) for line in finished.stdout.splitlines()[1:])


ALL = "1,a@a.example.org,Ann 2,b@a.example.org,Bob 3,c@a.example.org,Cyd"
TWO = "1,a@a.example.org,Ann 3,c@a.example.org,Cyd"


def test_a_row_that_a_snapshot_does_not_hold_is_deleted(load: Load, run: Run) -> None:
    load("crm.csv", ALL)
    result = load("crm.csv", TWO, "--snapshot", "--most-deleted", "50")
    assert result["snapshot"] == {"deleted": {"crm": 1}, "refused": {}}
    assert live(run) == ["crm[1]", "crm[3]"]
    assert "owed" not in run("verify").stdout


def test_files_of_one_table_are_one_snapshot(load: Load, run: Run, folder: Path) -> None:
    load("crm.csv", ALL)
    (folder / "crm-1.csv").write_text("id,email,name\n1,a@a.example.org,Ann\n")
    (folder / "crm-2.csv").write_text("id,email,name\n3,c@a.example.org,Cyd\n")
    finished = run("ingest", "--snapshot", "--most-deleted", "50", "crm-1.csv", "crm-2.csv")
    assert "does not hold them: 1 row of crm" in finished.stdout
    assert live(run) == ["crm[1]", "crm[3]"]


def test_without_the_option_nothing_is_deleted(load: Load, run: Run) -> None:
    load("crm.csv", ALL)
    assert "snapshot" not in load("crm.csv", TWO)
    assert len(live(run)) == 3


def test_more_than_the_allowed_share_is_refused_with_the_number(load: Load, run: Run) -> None:
    load("crm.csv", ALL)
    result = load("crm.csv", TWO, "--snapshot", expected=1)
    assert "1 of its 3 rows are not in the snapshot" in result["snapshot"]["refused"]["crm"]
    assert "--most-deleted 34" in result["snapshot"]["refused"]["crm"]
    assert len(live(run)) == 3


def test_new_rows_of_the_files_do_not_count_into_the_share(load: Load, run: Run) -> None:
    """Else the table of somebody else, given by mistake, would delete all rows as soon as it is long enough."""
    load("crm.csv", ALL)
    others = " ".join(f"{number},x{number}@a.example.org,X" for number in range(100, 200))
    result = load("crm.csv", others, "--snapshot", expected=1)
    assert "3 of its 3 rows" in result["snapshot"]["refused"]["crm"]
    assert {"crm[1]", "crm[2]", "crm[3]"} < set(live(run))


def test_a_line_without_a_readable_key_stops_the_deletion(load: Load, run: Run) -> None:
    load("crm.csv", ALL)
    result = load("crm.csv", TWO + " ,x@a.example.org,X", "--snapshot", "--most-deleted", "50", expected=1)
    assert "crm.csv, line 4" in result["snapshot"]["refused"]["crm"]
    assert len(live(run)) == 3


def test_a_rejected_line_with_a_readable_key_counts_as_present(load: Load, run: Run) -> None:
    header = "id,rev,email,name"
    load("numbered.csv", "1,1,a@a.example.org,Ann 2,1,b@a.example.org,Bob", header=header)
    rows = "1,1,a@a.example.org,Ann 2,soon,b@a.example.org,Bob"
    result = load("numbered.csv", rows, "--snapshot", "--most-deleted", "50", header=header, expected=1)
    assert result["snapshot"] == {"deleted": {"numbered": 0}, "refused": {}}
    assert len(live(run)) == 2


@pytest.mark.parametrize(("version", "is_back"), [(4, False), (5, True), (6, True)])
def test_a_row_of_equal_or_greater_version_comes_back(load: Load, run: Run, version: int, is_back: bool) -> None:
    header = "id,rev,email,name"
    load("numbered.csv", "1,5,a@a.example.org,Ann 2,5,b@a.example.org,Bob", header=header)
    load("numbered.csv", "2,5,b@a.example.org,Bob", "--snapshot", "--most-deleted", "50", header=header)
    assert live(run) == ["numbered[2]"]
    load("numbered.csv", f"1,{version},a@a.example.org,Ann", header=header)
    assert ("numbered[1]" in live(run)) is is_back


def test_a_row_that_comes_back_has_its_profile_s_id(load: Load, run: Run) -> None:
    load("crm.csv", ALL)
    before = run("export", "--format", "csv").stdout
    load("crm.csv", TWO, "--snapshot", "--most-deleted", "50")
    load("crm.csv", ALL)
    assert sorted(run("export", "--format", "csv").stdout.splitlines()) == sorted(before.splitlines())


def test_a_table_that_kafka_feeds_needs_the_time_of_its_snapshot(load: Load, run: Run) -> None:
    load("fed.csv", ALL)
    finished = run("ingest", "--snapshot", "fed.csv")
    assert (finished.returncode, "--as-of TIME" in finished.stderr) == (2, True)
    load("fed.csv", TWO, "--snapshot", "--as-of", "2001-01-01T00:00:00Z", "--most-deleted", "50")
    assert len(live(run)) == 3
    load("fed.csv", TWO, "--snapshot", "--as-of", "2999-01-01T00:00:00Z", "--most-deleted", "50")
    assert live(run) == ["fed[1]", "fed[3]"]


def test_a_snapshot_that_was_interrupted_goes_on_with_the_same_command(load: Load, run: Run, folder: Path) -> None:
    """Whatever of it is in force already, the end is the same; the rows that were new do not come as absent."""
    load("crm.csv", ALL)
    load("crm.csv", "1,a@a.example.org,Ann 4,d@a.example.org,Dee")
    result = load("crm.csv", "1,a@a.example.org,Ann 4,d@a.example.org,Dee", "--snapshot", "--most-deleted", "50")
    assert result["snapshot"]["deleted"] == {"crm": 2}
    assert live(run) == ["crm[1]", "crm[4]"]
    again = load("crm.csv", "1,a@a.example.org,Ann 4,d@a.example.org,Dee", "--snapshot")
    assert again["snapshot"]["deleted"] == {"crm": 0}


def test_a_packed_file_that_ends_too_early_stops_the_deletion(load: Load, run: Run, folder: Path) -> None:
    load("crm.csv", ALL)
    whole = gzip.compress(("id,email,name\n" + "".join(f"{row}\n" for row in TWO.split())).encode())
    (folder / "crm.csv.gz").write_bytes(whole[:-9])
    finished = run("ingest", "--json", "--source", "crm", "--snapshot", "--most-deleted", "100", "crm.csv.gz")
    assert finished.returncode == 1
    assert "crm" in json.loads(finished.stdout)["snapshot"]["refused"]
    assert len(live(run)) == 3


def test_several_tables_are_snapshots_of_their_own(load: Load, run: Run, folder: Path) -> None:
    load("crm.csv", ALL)
    load("numbered.csv", "1,1,z@a.example.org,Zoe 2,1,y@a.example.org,Yve", header="id,rev,email,name")
    (folder / "crm.csv").write_text("id,email,name\n1,a@a.example.org,Ann\n2,b@a.example.org,Bob\n")
    (folder / "numbered.csv").write_text("id,rev,email,name\n2,1,y@a.example.org,Yve\n")
    finished = run("ingest", "--json", "--snapshot", "--most-deleted", "40", "crm.csv", "numbered.csv")
    told = json.loads(finished.stdout)["snapshot"]
    assert (finished.returncode, told["deleted"]) == (1, {"crm": 1})
    assert "--most-deleted 50" in told["refused"]["numbered"]
    assert live(run) == ["crm[1]", "crm[2]", "numbered[1]", "numbered[2]"]


def test_other_sources_are_left_alone(load: Load, run: Run) -> None:
    load("crm.csv", ALL)
    load("numbered.csv", "1,1,z@a.example.org,Zoe", header="id,rev,email,name")
    load("crm.csv", TWO, "--snapshot", "--most-deleted", "50")
    assert live(run) == ["crm[1]", "crm[3]", "numbered[1]"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--as-of", "2026-01-01", "crm.csv"], "expected --snapshot"),
        (["--snapshot", "--as-of", "yesterday", "crm.csv"], "is no time"),
    ],
)
def test_what_cannot_be_meant_is_refused(load: Load, run: Run, arguments: list[str], told: str) -> None:
    load("crm.csv", ALL)
    finished = run("ingest", *arguments)
    assert finished.returncode == 2
    assert told in finished.stderr
