"""`verify`, `verify --repair`, `preview`: is the store what it must be, and what would another catalogue make of it?"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.conftest import CATALOGUE, Run


@pytest.fixture
def filled(run: Run) -> Run:
    run("ingest", "crm.csv", "shop.jsonl")
    return run


def _damage(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "graph.sqlite")) as connection, connection:
        connection.execute(statement)


@pytest.fixture
def damaged(filled: Run, folder: Path) -> Run:
    """A record has been moved to a profile where it does not belong."""
    _damage(
        folder,
        "UPDATE record SET profile_id = (SELECT max(profile_id) FROM record WHERE source = 'shop') WHERE key = '[2]'",
    )
    return filled


@pytest.fixture
def stricter(folder: Path) -> Path:
    """A catalogue that takes an e-mail which two records share for generic, and looks at one more column."""
    text = CATALOGUE.replace("email, holders: 3", "email, holders: 1").replace(
        "note: {trait: note}", "note: {trait: note}\n      login: {identifier: email}"
    )
    path = folder / "stricter.yaml"
    path.write_text(text)
    return path


def test_differences_are_repaired_and_told(damaged: Run) -> None:
    finished = damaged("verify", "--repair")
    assert finished.returncode == 0, finished.stdout
    assert "that the law joins otherwise" in finished.stdout
    assert finished.stdout.splitlines()[-2:] == [
        "Repaired by resolving again: 0 differences left.",
        "Everything is as the records say.",
    ]
    assert damaged("verify").returncode == 0


def test_a_repair_is_counted_for_scripts(damaged: Run) -> None:
    report = json.loads(damaged("verify", "--repair", "--json").stdout)
    assert (report["differences"], report["differences_total"]) == ([], 0)
    assert report["repaired"] > 0


def test_verify_alone_changes_nothing_and_names_the_way_to_repair(damaged: Run) -> None:
    finished = damaged("verify")
    assert finished.returncode == 1
    assert finished.stdout.splitlines()[-1].endswith("found; `--repair` resolves these places again.")
    assert damaged("verify").stdout == finished.stdout


def test_a_sound_store_needs_no_repair(filled: Run) -> None:
    finished = filled("verify", "--repair")
    assert finished.returncode == 0
    assert finished.stdout.splitlines()[1:] == ["Everything is as the records say."]


def test_a_preview_tells_what_would_change_and_how_to_apply_it(filled: Run, stricter: Path) -> None:
    finished = filled("preview", "--catalogue", stricter)
    assert finished.returncode == 0, finished.stderr
    lines = finished.stdout.splitlines()
    assert lines[0] == ("6 records are 4 profiles now, and would be 5; 1 record would belong to another profile id.")
    assert "split                    1  2" in lines
    assert "    since crm[1] and shop[10]: 2 records carry their email, too many" in lines
    assert lines[-1] == (
        f"Nothing was changed. To bring it into force: identity-graph re-resolve --catalogue {stricter}"
    )
    assert "crm: login, note: no stored record has these columns" in finished.stderr
    assert "    ≠ phone" not in finished.stdout
    assert "      email  ann@example.com  ANN@example.com  (missing)" in lines


def test_a_preview_masks_values_on_demand(filled: Run, stricter: Path) -> None:
    for arguments in ((), ("--json",)):
        told = filled("preview", "--catalogue", stricter, "--mask", *arguments).stdout
        assert "a***@e***.c***" in told
        assert not [value for value in ("ann@example.com", "ANN@example.com", "Ann Lee") if value in told]


def test_a_preview_can_be_read_by_scripts(filled: Run, stricter: Path) -> None:
    found = json.loads(filled("preview", "--catalogue", stricter, "--json", "--examples", "1").stdout)
    assert found["profiles"] == {
        "before": 4, "after": 5, "unchanged": 3, "merging": 0, "merged_into": 0, "splitting": 1, "split_into": 2
    }  # fmt: skip
    (split,) = found["splits"]
    assert [part["records"] for part in split["parts"]] == [
        [{"source": "crm", "key": [1]}, {"source": "shop", "key": [11]}],
        [{"source": "shop", "key": [10]}],
    ]
    assert found["generic"] == [{"kind": "email", "become": 1, "cease": 0}]
    assert [record["key"] for record in split["comparison"]["records"]] == [[1], [10], [11]]
    assert {line["field"]: line["differs"] for line in split["comparison"]["lines"]}["email"] is False


def test_what_was_previewed_comes_into_force_with_the_command_that_it_names(
    filled: Run, folder: Path, stricter: Path
) -> None:
    found = json.loads(filled("preview", "--catalogue", stricter, "--json").stdout)
    applied = filled(*found["apply"].split()[1:])
    assert applied.returncode == 0, applied.stderr
    verified = json.loads(filled("verify", "--json", "--catalogue", stricter).stdout)
    assert (verified["profiles"], verified["differences"]) == (found["profiles"]["after"], [])


def test_a_preview_of_a_catalogue_with_faults_is_refused(filled: Run, folder: Path) -> None:
    (folder / "broken.yaml").write_text("version: 1\nidentifiers: 5\n")
    assert filled("preview", "--catalogue", "broken.yaml").returncode == 2


def test_a_preview_of_a_store_that_is_not_there_is_refused(run: Run, stricter: Path) -> None:
    finished = run("preview", "--catalogue", stricter)
    assert finished.returncode == 2
    assert finished.stderr.startswith("error: there is no store")
