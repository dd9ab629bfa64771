"""`identity-graph ingest`: good rows are kept, bad ones are listed, and the counts add up."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Run, command_in, make_shop

CAPTURES = Path(__file__).parents[1] / "captures" / "debezium_postgres"
HEADER = b"id,name,email,phone,national_id\n"


def summary(run: Run, *arguments: str | Path, stdin: bytes = b"", expected: int = 0) -> dict[str, Any]:
    finished = run("ingest", "--json", *arguments, stdin=stdin)
    assert finished.returncode == expected, finished.stderr
    result: dict[str, Any] = json.loads(finished.stdout)
    return result


def test_the_counts_of_every_source_add_up(run: Run) -> None:
    result = summary(run, "crm.csv", "shop.jsonl")
    for counts in result["sources"].values():
        assert counts["in"] == 3 == sum(count for word, count in counts.items() if word != "in")


def test_records_that_share_an_identifier_become_one_profile(run: Run) -> None:
    result = summary(run, "crm.csv", "shop.jsonl")
    assert [profile["records"] for profile in result["largest_profiles"]] == [3, 1, 1, 1]


def test_the_same_files_again_change_nothing(run: Run) -> None:
    summary(run, "crm.csv", "shop.jsonl")
    again = summary(run, "crm.csv", "shop.jsonl")
    assert {source: counts["unchanged"] for source, counts in again["sources"].items()} == {"crm": 3, "shop": 3}
    assert again["profiles"] == {}


def test_an_identifier_that_too_many_records_carry_is_named(run: Run) -> None:
    rows = b"".join(b"%d,,till@example.com,,\n" % number for number in range(4))
    result = summary(run, "--source", "crm", "-", stdin=HEADER + rows)
    assert result["became_generic"]["first"] == [{"kind": "email", "value": "till@example.com"}]


def test_the_summary_for_people_names_the_counts(run: Run) -> None:
    finished = run("ingest", "crm.csv")
    assert finished.returncode == 0
    lines = [line.split() for line in finished.stdout.splitlines()[:2]]
    assert dict(zip(*lines, strict=True)) == {
        "source": "crm",
        "in": "3",
        "applied": "3",
        "unchanged": "0",
        "stale": "0",
        "rejected": "0",
        "ignored": "0",
    }


BAD_CSV_ROWS = {
    "too few columns": (b"5,too,few", "has 3 columns; the header has 5"),
    "too many columns": (b"5,a,b,c,d,e", "has 6 columns; the header has 5"),
    "invalid UTF-8": (b"5,\xff\xfe,,,", "not valid UTF-8"),
    "a field of 10 MB": (b"5," + b"x" * 10_000_000 + b",,,", "longer than"),
    "a field of 2 MB": (b"5," + b"x" * 2_000_000 + b",,,", "longer than"),
    "a stray quote": (b'5,"stray quote,,,', "a quote is opened"),
    "an empty key": (b",no key,,,", "the key column 'id' of source 'crm' is null"),
}
BAD_JSON_LINES = {
    "a number": (b"42", "is int; a JSON object is expected"),
    "null": (b"null", "is null; a JSON object is expected"),
    "a list": (b'[{"id": 5}]', "is list; a JSON object is expected"),
    "no JSON": (b"{not json", "not UTF-8 JSON"),
    "invalid UTF-8": (b'{"id": "\xff"}', "not UTF-8 JSON"),
    "a field of 10 MB": (b'{"id": 5, "name": "' + b"x" * 10_000_000 + b'"}', "longer than"),
    "a field of 2 MB": (b'{"id": 5, "name": "' + b"x" * 2_000_000 + b'"}', "longer than"),
    "deep nesting": (b'{"id": 5, "name": ' + b"[" * 400 + b"]" * 400 + b"}", "nested deeper"),
    "no key": (b'{"name": "no key"}', "the key column 'id' of source 'crm' is missing"),
}


def between_good_ones(bad: Iterable[bytes], good: Callable[[int], bytes]) -> bytes:
    """A good line before and after every bad one."""
    lines = [good(0)]
    for number, line in enumerate(bad, start=1):
        lines += [line, good(number)]
    return b"".join(line + b"\n" for line in lines)


@pytest.fixture(scope="module")
def bad_input(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `ingest` says of a file with every bad CSV row, and one with every bad JSON line."""
    folder = make_shop(tmp_path_factory.mktemp("bad"))
    rows = between_good_ones((row for row, _ in BAD_CSV_ROWS.values()), lambda number: b"%d,Ann,,," % (100 + number))
    lines = between_good_ones((line for line, _ in BAD_JSON_LINES.values()), lambda number: b'{"id": %d}' % number)
    (folder / "crm.csv").write_bytes(HEADER + rows)
    (folder / "crm.jsonl").write_bytes(lines)
    return summary(command_in(folder), "crm.csv", "crm.jsonl", expected=1)


def rejection(result: dict[str, Any], file: str, line: int) -> str:
    found = [each for each in result["rejected"]["first"] if (each["file"], each["line"]) == (file, line)]
    return "".join(each["reason"] for each in found)


@pytest.mark.parametrize("name", BAD_CSV_ROWS)
def test_a_bad_csv_row_is_listed_with_line_and_reason(bad_input: dict[str, Any], name: str) -> None:
    line = 3 + 2 * list(BAD_CSV_ROWS).index(name)
    assert BAD_CSV_ROWS[name][1] in rejection(bad_input, "crm.csv", line)


@pytest.mark.parametrize("name", BAD_JSON_LINES)
def test_a_bad_json_line_is_listed_with_line_and_reason(bad_input: dict[str, Any], name: str) -> None:
    line = 2 + 2 * list(BAD_JSON_LINES).index(name)
    assert BAD_JSON_LINES[name][1] in rejection(bad_input, "crm.jsonl", line)


def test_the_good_rows_around_bad_ones_are_kept(bad_input: dict[str, Any]) -> None:
    assert bad_input["sources"]["crm"]["applied"] == len(BAD_CSV_ROWS) + len(BAD_JSON_LINES) + 2


def test_nothing_but_the_bad_rows_is_rejected(bad_input: dict[str, Any]) -> None:
    assert bad_input["rejected"]["count"] == len(BAD_CSV_ROWS) + len(BAD_JSON_LINES)


def test_only_the_first_twenty_rejected_lines_are_listed(run: Run) -> None:
    finished = run("ingest", "--source", "crm", "-", stdin=HEADER + b"few\n" * 25)
    assert finished.returncode == 1
    assert finished.stdout.count("standard input, line") == 20
    assert "and 5 more" in finished.stdout


def test_a_value_that_cannot_be_used_leaves_its_record_in_force(run: Run) -> None:
    summary(run, "--source", "crm", "-", stdin=HEADER + b"1,Ann,not an email,,\n")
    document = json.loads(run("export").stdout)
    assert document["records"][0]["issues"] == [{"column": "email", "reason": "cannot be read as kind 'email'"}]


def test_values_that_cannot_be_used_are_counted_by_column_and_reason(run: Run) -> None:
    rows = HEADER + b"1,Ann,not an email,,\n2,Bob,neither,,\n3,Cleo,cleo@example.com,,\n"
    result = summary(run, "--source", "crm", "-", stdin=rows)
    (found,) = result["unread_values"]
    assert (found["source"], found["column"], found["count"]) == ("crm", "email", 2)
    assert found["reason"] == "cannot be read as kind 'email'"


def test_of_values_that_cannot_be_used_the_first_is_shown_masked_with_its_line(run: Run) -> None:
    rows = HEADER + b"1,Ann,ann@example.com,,\n2,Bob,not a mail,,\n3,Cleo,neither,,\n"
    (found,) = summary(run, "--source", "crm", "-", stdin=rows)["unread_values"]
    assert found["first"] == "standard input, line 3: n*** a*** m***"


def test_values_that_cannot_be_used_are_told_to_people(run: Run) -> None:
    finished = run("ingest", "--source", "crm", "-", stdin=HEADER + b"1,Ann,not an email,,\n")
    assert "crm.email  1: the value cannot be read as kind 'email'" in finished.stdout
    assert "first in standard input, line 2: n*** a*** e***" in finished.stdout


def test_a_key_that_stands_twice_in_a_file_is_told_with_its_lines(run: Run) -> None:
    finished = run("ingest", "--source", "crm", "-", stdin=HEADER + b"1,Ann,,,\n2,Bob,,,\n1,Cleo,,,\n")
    assert "has 1 row whose key came before" in finished.stderr
    assert "the first is on line 4, with the key of line 2" in finished.stderr


def test_people_whom_a_generic_identifier_takes_apart_are_told(run: Run) -> None:
    def till(numbers: Iterable[int]) -> bytes:
        return HEADER + b"".join(b"%d,,till@example.com,,\n" % number for number in numbers)

    summary(run, "--source", "crm", "-", stdin=till(range(2)))
    result = summary(run, "--source", "crm", "-", stdin=till(range(4)))
    assert len(result["became_generic"]["taken_apart"]) == 1


def test_a_file_without_the_key_column_is_refused_once(run: Run) -> None:
    result = summary(run, "--source", "crm", "-", stdin=b"number,name\n1,Ann\n2,Bob\n", expected=1)
    assert result["rejected"]["count"] == 1
    assert "the file has no column 'id'" in result["rejected"]["first"][0]["reason"]
    assert "it has number, name" in result["rejected"]["first"][0]["reason"]


def test_rows_that_nothing_orders_are_warned_of(run: Run) -> None:
    finished = run("ingest", "crm.csv", "shop.jsonl")
    assert "warning: crm, shop: without a version column, files loaded later win" in finished.stderr


def test_envelopes_find_their_source_by_their_table(run: Run, folder: Path) -> None:
    names = ("c", "d", "heartbeat", "full_c")
    lines = [json.dumps(json.loads((CAPTURES / f"{name}.json").read_text())) for name in names]
    (folder / "changes.jsonl").write_text("\n".join(lines))
    result = summary(run, "changes.jsonl", expected=1)
    counts = result["sources"]["customer"]
    assert (counts["in"], counts["applied"], counts["ignored"], counts["rejected"]) == (4, 2, 1, 1)
    assert "belongs to no source of the catalogue" in result["rejected"]["first"][0]["reason"]


def test_a_table_that_the_catalogue_does_not_know_is_told_with_its_line(run: Run) -> None:
    envelope = json.loads((CAPTURES / "full_c.json").read_text())["value"]
    result = summary(run, "-", stdin=json.dumps(envelope).encode(), expected=1)
    assert result["rejected"]["first"][0]["line"] == 1


def envelopes(*names: str, edited: Callable[[dict[str, Any]], object] = lambda _: None) -> str:
    """Captured messages, one on each line, all of the table `customer`."""
    lines = []
    for name in names:
        message = json.loads((CAPTURES / f"{name}.json").read_text())
        message["value"]["source"]["table"] = "customer"
        edited(message)
        lines.append(json.dumps(message))
    return "\n".join(lines)


def test_a_truncate_deletes_the_rows_before_it_and_leaves_those_after_it(run: Run, folder: Path) -> None:
    def after_the_truncate(message: dict[str, Any]) -> None:
        message["value"]["source"]["lsn"] += 1_000_000
        message["key"]["id"] = message["value"]["after"]["id"] = 77

    lines = [envelopes("r_nulls", "c", "t"), envelopes("u", edited=after_the_truncate)]
    (folder / "changes.jsonl").write_text("\n".join(lines))
    result = summary(run, "changes.jsonl")
    counts = result["sources"]["customer"]
    assert (counts["in"], counts["applied"]) == (4, 4)
    assert result["profiles"] == {"created": 3, "deleted": 2}
    assert result["owed_records"] == 3
    (document,) = [json.loads(line) for line in run("export").stdout.splitlines()]
    assert [record["key"] for record in document["records"]] == [[77]]


def test_a_truncate_twice_is_harmless(run: Run, folder: Path) -> None:
    (folder / "changes.jsonl").write_text(envelopes("c", "t", "t"))
    result = summary(run, "changes.jsonl")
    assert result["profiles"] == {"created": 1, "deleted": 1}
    again = summary(run, "changes.jsonl")
    assert again["profiles"] == {}
    assert run("export").stdout == ""


def test_a_truncate_is_told_to_people(run: Run, folder: Path) -> None:
    (folder / "changes.jsonl").write_text(envelopes("c", "t"))
    assert "Work that was owed (deletions): done, 1 record read" in run("ingest", "changes.jsonl").stdout


def test_a_missing_file_is_misuse(run: Run) -> None:
    finished = run("ingest", "crm.csv", "missing.csv")
    assert finished.returncode == 2
    assert finished.stderr == (
        "error: missing.csv is missing; a readable file is expected, or `-` for standard input\n"
    )


def test_nothing_is_loaded_when_one_of_the_files_is_missing(run: Run) -> None:
    run("ingest", "crm.csv", "missing.csv")
    assert run("export").returncode == 2


def test_an_unknown_source_is_misuse(run: Run) -> None:
    finished = run("ingest", "--source", "nobody", "crm.csv")
    assert finished.returncode == 2
    assert "the catalogue has no source 'nobody'; it has: crm, shop, customer" in finished.stderr


def test_a_store_that_does_not_answer_is_unavailable(run: Run) -> None:
    finished = run("ingest", "--store", "ws://127.0.0.1:9/gremlin", "crm.csv")
    assert finished.returncode == 3
    assert finished.stderr.splitlines()[-1].startswith("error: ")


def test_a_store_of_another_catalogue_is_refused(run: Run, folder: Path) -> None:
    run("ingest", "crm.csv")
    catalogue = folder / "catalogue.yaml"
    catalogue.write_text(catalogue.read_text().replace("holders: 3", "holders: 4"))
    finished = run("ingest", "crm.csv")
    assert finished.returncode == 2
    assert "this store holds what another catalogue says" in finished.stderr
    assert "identity-graph re-resolve --catalogue FILE" in finished.stderr
