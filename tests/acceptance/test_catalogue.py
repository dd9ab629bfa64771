"""`identity-graph catalogue`: check, schema, draft."""

import gzip
import json
from pathlib import Path

from jsonschema import Draft202012Validator

from tests.acceptance.conftest import Run

FAULTY = """\
version: 1
identifiers:
  email: {normalise: email, holders: few, colour: red}
  phone: {holders: lots}
traits: {name: text}
sources:
  crm: {key: [id], columns: {name: {trait: name}, email: {identifier: mail}}}
  crm: {key: [id], columns: {email: {identifier: email}}}
"""


def test_a_good_catalogue_is_summed_up(run: Run) -> None:
    finished = run("catalogue", "check", "catalogue.yaml")
    assert finished.returncode == 0
    assert "catalogue.yaml is valid" in finished.stdout


def test_every_problem_of_a_catalogue_is_named_with_its_line(run: Run, folder: Path) -> None:
    (folder / "faulty.yaml").write_text(FAULTY)
    finished = run("catalogue", "check", "faulty.yaml")
    assert finished.returncode == 2
    assert finished.stderr.startswith("error: faulty.yaml: the catalogue has ")
    for line, word in ((3, "colour"), (4, "lots"), (8, "crm")):
        assert any(f"line {line}:" in told and word in told for told in finished.stderr.splitlines()), word


def test_what_may_not_be_meant_is_a_warning(run: Run) -> None:
    finished = run("catalogue", "check", "catalogue.yaml")
    assert "warning: sources.crm: without a version column, files loaded later win" in finished.stderr


def test_a_faulty_catalogue_stops_every_command(run: Run, folder: Path) -> None:
    (folder / "catalogue.yaml").write_text(FAULTY)
    assert [run(*command).returncode for command in (("ingest", "crm.csv"), ("verify",), ("serve",))] == [2, 2, 2]


def test_a_catalogue_that_is_not_there_is_told_with_what_to_do(run: Run) -> None:
    finished = run("verify", "--catalogue", "nowhere.yaml")
    assert finished.returncode == 2
    assert "give it with --catalogue or IDENTITY_GRAPH_CATALOGUE" in finished.stderr


def test_the_schema_is_one(run: Run) -> None:
    Draft202012Validator.check_schema(json.loads(run("catalogue", "schema").stdout))


def test_a_draft_of_a_file_is_a_catalogue_that_takes_it(run: Run, folder: Path) -> None:
    (folder / "drafted.yaml").write_text(run("catalogue", "draft", "crm.csv").stdout)
    finished = run("resolve", "--catalogue", "drafted.yaml", "crm.csv", "--out", "-")
    assert finished.returncode == 0
    assert len(finished.stdout.splitlines()) == 4


def test_lines_that_a_draft_could_not_read_are_told(run: Run, folder: Path) -> None:
    with (folder / "crm.csv").open("a") as file:
        file.write("4,few\n5,few\n")
    finished = run("catalogue", "draft", "crm.csv")
    assert finished.stderr == (
        "warning: crm.csv: 2 of the first 5 rows could not be read; the first is on line 5: the row has 2 columns; the "
        "header has 5\n"
    )


def test_a_draft_of_a_single_column_is_warned_of(run: Run, folder: Path) -> None:
    (folder / "odd.csv").write_text("id#email\n1#ann@example.com\n")
    finished = run("catalogue", "draft", "odd.csv")
    assert "warning: odd.csv: only one column was found, 'id#email'" in finished.stderr


def test_a_draft_of_envelopes_is_a_catalogue_that_takes_them(run: Run, folder: Path) -> None:
    captured = Path(__file__).parents[1] / "captures/debezium_postgres/c.json"
    (folder / "changes.jsonl").write_text(json.dumps(json.loads(captured.read_text())))
    (folder / "drafted.yaml").write_text(run("catalogue", "draft", "changes.jsonl").stdout)
    finished = run("resolve", "--catalogue", "drafted.yaml", "changes.jsonl", "--out", "-")
    assert finished.returncode == 0
    assert finished.stdout.splitlines()[1:] == ["changes,[1003],1"]


def test_a_draft_of_several_files_is_one_catalogue_that_takes_them(run: Run, folder: Path) -> None:
    (folder / "orders.csv").write_text(
        "order_id,customer_id,total\n" + "".join(f"{n},{1 + n % 3},9.5\n" for n in range(9))
    )
    (folder / "customers.csv").write_text("id,email\n1,ann@example.com\n2,bob@example.com\n3,cyd@example.com\n")
    drafted = run("catalogue", "draft", "customers.csv", "shop.jsonl", "orders.csv")
    (folder / "drafted.yaml").write_text(drafted.stdout)
    assert "# orders looks like what customers did (customer_id is the key of customers)" in drafted.stdout
    finished = run("resolve", "--catalogue", "drafted.yaml", "customers.csv", "shop.jsonl", "--out", "-")
    profiles = [line.rpartition(",")[2] for line in finished.stdout.splitlines()[1:]]
    assert (len(profiles), len(set(profiles))) == (6, 5)


def test_a_draft_of_a_packed_file_in_another_encoding_says_so_and_takes_it(run: Run, folder: Path) -> None:
    rows = "".join(f"{n};Jörg{n};Größler;j{n}@example.com\n" for n in range(40))
    (folder / "kunden.csv.gz").write_bytes(gzip.compress(f"Kundennummer;Vorname;Straße;Mail\n{rows}".encode("cp1252")))
    drafted = run("catalogue", "draft", "kunden.csv.gz")
    (folder / "drafted.yaml").write_text(drafted.stdout)
    assert "  kunden:\n    file: kunden.csv.gz\n    encoding: cp1252" in drafted.stdout
    finished = run("resolve", "--catalogue", "drafted.yaml", "kunden.csv.gz", "--out", "-")
    assert (finished.returncode, len(finished.stdout.splitlines())) == (0, 41)


def test_a_draft_of_messages_takes_their_key_whatever_repeats(run: Run, folder: Path) -> None:
    rows = [{"no": n % 2, "mail": f"a{n % 2}@example.com"} for n in range(6)]
    lines = [
        {"topic": "t", "partition": 0, "offset": n, "key": f'{{"no": {row["no"]}}}', "payload": json.dumps(row)}
        for n, row in enumerate(rows)
    ]
    (folder / "messages.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert 'key: ["no"] # the key of the messages' in run("catalogue", "draft", "messages.jsonl").stdout


def test_a_file_without_a_row_is_refused_with_what_it_is(run: Run, folder: Path) -> None:
    (folder / "page.csv").write_text("<!DOCTYPE html><html><body>no rows</body></html>")
    finished = run("catalogue", "draft", "page.csv")
    assert finished.returncode == 2
    assert finished.stderr.startswith("error: page.csv holds no row: line 1: the file is ")


def test_a_draft_needs_something_to_draft_from(run: Run) -> None:
    finished = run("catalogue", "draft")
    assert finished.returncode == 2
    assert finished.stderr == "error: give files, or --topic\n"
