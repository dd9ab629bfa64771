"""`verify`, `explain`, `export`: what a filled store tells."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.conftest import Run


@pytest.fixture
def filled(run: Run) -> Run:
    run("ingest", "crm.csv", "shop.jsonl")
    return run


def test_a_sound_store_is_verified(filled: Run) -> None:
    finished = filled("verify")
    assert finished.returncode == 0
    assert finished.stdout.splitlines()[-1] == "Everything is as the records say."


def test_what_was_checked_can_be_read_by_scripts(filled: Run) -> None:
    report = json.loads(filled("verify", "--json").stdout)
    assert (report["records"], report["profiles"], report["differences"]) == (6, 4, [])


def test_a_record_in_the_wrong_profile_is_found(filled: Run, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "graph.sqlite")) as connection, connection:
        connection.execute("UPDATE record SET profile_id = (SELECT max(profile_id) FROM profile) WHERE source = 'crm'")
    finished = filled("verify")
    assert finished.returncode == 1
    assert "joins 4 records that the law joins otherwise" in finished.stdout


def test_a_profile_is_explained_by_its_id(filled: Run) -> None:
    profile_id = json.loads(filled("export").stdout.splitlines()[0])["profile_id"]
    assert profile_id in filled("explain", profile_id).stdout


def test_an_identifier_that_nobody_carries_is_told(filled: Run) -> None:
    finished = filled("explain", "email:stranger@example.com")
    assert finished.returncode == 1
    assert finished.stderr.startswith("error: no record carries this email")


def test_a_row_is_shown_as_it_was_received(filled: Run) -> None:
    for name in (("shop:10",), ("shop", "10"), ("shop[10]",)):
        first, second, *values = filled("record", *name).stdout.splitlines()
        assert first.startswith("shop[10]: accepted ")
        assert second.startswith("in profile ")
        assert values == ["  email  ANN@example.com", "  phone  (missing)"]


def test_a_row_is_told_to_scripts_and_masked_on_demand(filled: Run) -> None:
    told = json.loads(filled("record", "shop", "10", "--json", "--mask").stdout)
    assert (told["source"], told["key"], told["deleted"]) == ("shop", [10], False)
    assert told["values"] == {"email": "A***@e***.c***", "phone": None}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (("crm:99",), "error: no source has ever sent the record crm[99]"),
        (("till", "1"), "error: a record is written source[key]"),
        (("crm",), "error: a record is written source[key]"),
    ],
)
def test_a_row_that_nobody_sent_is_told(filled: Run, name: tuple[str, ...], message: str) -> None:
    finished = filled("record", *name)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr.startswith(message)


def test_all_live_profiles_are_exported(filled: Run) -> None:
    documents = [json.loads(line) for line in filled("export").stdout.splitlines()]
    assert [len(document["records"]) for document in documents] == [3, 1, 1, 1]


def test_members_are_exported_as_resolve_writes_them(filled: Run) -> None:
    rows = [line.rsplit(",", 1) for line in filled("export", "--format", "csv").stdout.splitlines()]
    assert rows[0] == ["source,key", "profile_id"]
    assert len({profile_id for _, profile_id in rows[1:]}) == 4


def test_an_export_to_a_file_is_whole(filled: Run, folder: Path) -> None:
    assert filled("export", "--out", "profiles.jsonl").returncode == 0
    assert len((folder / "profiles.jsonl").read_text().splitlines()) == 4


def test_a_profile_that_cannot_be_unpacked_is_not_exported_as_it_is(filled: Run, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "graph.sqlite")) as connection, connection:
        connection.execute("UPDATE profile SET document = x'07ffff'")  # by a dictionary that the file does not have
    finished = filled("export")
    assert (finished.returncode, finished.stdout) == (1, "")
    assert "the store is damaged" in finished.stderr


@pytest.mark.parametrize("command", [("verify",), ("export",), ("explain", "email:ann@example.com")])
def test_a_store_file_that_is_not_there_is_refused_and_not_made(
    run: Run, folder: Path, command: tuple[str, ...]
) -> None:
    finished = run(*command)
    assert finished.returncode == 2
    assert finished.stderr.startswith(f"error: there is no store {folder / 'graph.sqlite'}; load files into it with")
    assert not (folder / "graph.sqlite").exists()


@pytest.mark.parametrize(
    "command",
    [("verify",), ("verify", "--repair"), ("export",), ("verdict", "list"), ("ingest", "crm.csv"), ("migrate",)],
)
def test_a_database_of_another_program_is_refused_and_stays_as_it_is(
    run: Run, folder: Path, command: tuple[str, ...]
) -> None:
    with closing(sqlite3.connect(folder / "graph.sqlite")) as connection:
        connection.execute("CREATE TABLE customer (id)")
    before = {file: file.read_bytes() for file in folder.iterdir()}
    finished = run(*command)
    assert finished.returncode == 2
    assert "is a database of another program (application_id 0; its tables: customer)" in finished.stderr
    assert {file: file.read_bytes() for file in folder.iterdir()} == before


def test_commands_that_only_read_leave_the_file_as_it_is(filled: Run, folder: Path) -> None:
    before = (folder / "graph.sqlite").read_bytes()
    for command in (("verify",), ("export",), ("record", "shop:10"), ("explain", "shop:10"), ("suspicious",),
                    ("verdict", "list"), ("preview", "--catalogue", "catalogue.yaml")):  # fmt: skip
        assert filled(*command).returncode == 0
    assert (folder / "graph.sqlite").read_bytes() == before


def test_an_empty_store_is_told_by_verify(run: Run) -> None:
    run("ingest", "--source", "crm", "-")
    assert run("verify").stdout.splitlines()[-1].startswith("The store is empty: there is nothing to verify")
