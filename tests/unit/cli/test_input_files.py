"""Which source a file belongs to, and what its lines stand for."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from cli.exit_codes import UsageRefused
from cli.input_files import Entry, InputFile, choose_sources, fits, open_path, read_entries
from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.values.positions import Position

CAPTURED = Path(__file__).parents[2] / "captures" / "debezium_postgres" / "c.json"

CATALOGUE = """
version: 1
identifiers: {email: {normalise: email}}
traits: {}
sources:
  crm: {file: "crm*.csv", key: [id], columns: {email: {identifier: email}}}
  crm_eu: {file: "crm_eu*.csv", key: [id], columns: {email: {identifier: email}}}
  shop: {file: "exports/shop.csv", key: [id], columns: {email: {identifier: email}}}
  customer:
    {topic: capcrm.crm.customer, format: debezium, key: [id], columns: {email: {identifier: email}}}
  elsewhere:
    {topic: elsewhere, format: debezium, key: [id], columns: {email: {identifier: email}}}
"""


@pytest.fixture
def catalogue() -> Catalogue:
    return parse_catalogue(CATALOGUE, "catalogue.yaml")


@pytest.fixture
def only_rows() -> Catalogue:
    return parse_catalogue(CATALOGUE[: CATALOGUE.index("  customer:")], "catalogue.yaml")


def chosen(catalogue: Catalogue, path: Path, source: str | None = None) -> InputFile:
    path.parent.mkdir(exist_ok=True)
    path.touch()
    (file,) = choose_sources([path], source, catalogue)
    return file


def entries(file: InputFile, catalogue: Catalogue, content: bytes, warnings: list[str] | None = None) -> list[Entry]:
    numbers: Iterator[int] = count(1)
    told = [] if warnings is None else warnings
    file.path.write_bytes(content)
    with open_path(file.path) as stream:
        return list(read_entries(file, stream, catalogue, lambda: (next(numbers), 5), told.append))


@pytest.mark.parametrize(
    "pattern",
    [
        "*.csv", "crm*", "a/crm.csv", "*/crm.csv", "b/crm.csv", "x/*/*/crm.csv", "/*/a/crm.csv", "/x/a/crm.csv",
        "/crm.csv", "crm.cs?", "[ab]rm.csv", "[!ab]rm.csv", "CRM.csv", "./crm.csv",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["crm.csv", "a/crm.csv", "/x/a/crm.csv", "../crm.csv"])
def test_a_name_pattern_means_what_it_means_in_python(path: str, pattern: str) -> None:
    assert fits(Path(path), pattern) == Path(path).match(pattern)


def test_no_file_fits_a_pattern_without_a_name() -> None:
    assert not fits(Path("crm.csv"), ".")


def test_no_name_of_a_file_keeps_a_pattern_of_many_stars_busy() -> None:
    assert not fits(Path("a" * 255), "*a" * 100 + "b")
    assert not fits(Path("a" * 100_000), "*a?" * 30 + "b")


def test_a_file_belongs_to_the_source_whose_pattern_it_fits(catalogue: Catalogue, tmp_path: Path) -> None:
    assert list(chosen(catalogue, tmp_path / "crm_2026.csv").sources) == ["crm"]


def test_a_pattern_may_name_the_folder(catalogue: Catalogue, tmp_path: Path) -> None:
    assert list(chosen(catalogue, tmp_path / "exports" / "shop.csv").sources) == ["shop"]


def test_a_file_that_fits_several_patterns_needs_its_source_named(catalogue: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(UsageRefused, match=r"several sources \(crm, crm_eu\); name one with --source"):
        chosen(catalogue, tmp_path / "crm_eu.csv")


def test_a_named_source_decides(catalogue: Catalogue, tmp_path: Path) -> None:
    assert list(chosen(catalogue, tmp_path / "crm_eu.csv", "crm_eu").sources) == ["crm_eu"]


def test_a_file_that_fits_no_pattern_may_hold_envelopes_of_any_table(catalogue: Catalogue, tmp_path: Path) -> None:
    assert list(chosen(catalogue, tmp_path / "changes.jsonl").sources) == ["customer", "elsewhere"]


def test_a_file_of_no_source_is_refused_where_there_are_only_rows(only_rows: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(UsageRefused, match="fits no `file` pattern"):
        chosen(only_rows, tmp_path / "changes.jsonl")


def test_a_folder_is_refused(catalogue: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(UsageRefused, match="is a folder; a readable file is expected"):
        choose_sources([tmp_path], None, catalogue)


def test_rows_get_their_positions_in_the_order_of_the_lines(catalogue: Catalogue, tmp_path: Path) -> None:
    read = entries(chosen(catalogue, tmp_path / "crm.csv"), catalogue, b"id,email\n1,\n2,\n")
    assert [entry.changes[0].position for entry in read] == [Position(0, 1), Position(0, 2)]


def test_a_bad_key_costs_its_own_line_only(catalogue: Catalogue, tmp_path: Path) -> None:
    content = b"id,email\n1,\n8.96529E+18,\n1234567890123456789,\n,x\n2.0,\n"
    read = entries(chosen(catalogue, tmp_path / "crm.csv"), catalogue, content)
    keys = [entry.changes[0].address.key if entry.changes else entry.reason for entry in read]
    assert keys[::2] == ["[1]", '["1234567890123456789"]', "[2]"]
    assert "has lost digits" in str(keys[1])
    assert "is null" in str(keys[3])


def test_an_envelope_in_a_file_keeps_every_digit(catalogue: Catalogue, tmp_path: Path) -> None:
    message = json.loads(CAPTURED.read_bytes())
    envelope = message["value"].get("payload", message["value"])
    envelope["after"]["id"] = 123456789012345678901
    (entry,) = entries(chosen(catalogue, tmp_path / "changes.jsonl"), catalogue, json.dumps(envelope).encode())
    assert entry.changes[0].address.key == '["123456789012345678901"]'


def test_a_bare_envelope_and_a_whole_message_are_the_same_change(catalogue: Catalogue, tmp_path: Path) -> None:
    message = json.loads(CAPTURED.read_bytes())
    content = "\n".join(json.dumps(line) for line in (message["value"], message)).encode()
    bare, whole = entries(chosen(catalogue, tmp_path / "changes.jsonl"), catalogue, content)
    assert bare.changes[0].row == whole.changes[0].row


def test_envelopes_of_a_named_source_may_come_from_any_topic(catalogue: Catalogue, tmp_path: Path) -> None:
    file = chosen(catalogue, tmp_path / "changes.jsonl", "elsewhere")
    (entry,) = entries(file, catalogue, json.dumps(json.loads(CAPTURED.read_bytes())).encode())
    assert entry.changes[0].address.source == "elsewhere"


def test_a_row_of_a_source_with_a_pattern_has_the_same_key_from_a_file_as_from_its_topic(tmp_path: Path) -> None:
    pattern = "{topic_pattern: 'cap.*', format: debezium, key: [id], columns: {email: {identifier: email}}}"
    catalogue = parse_catalogue(CATALOGUE[: CATALOGUE.index("  customer:")] + f"  all: {pattern}\n", "catalogue.yaml")
    (entry,) = entries(chosen(catalogue, tmp_path / "dump", "all"), catalogue, _line())
    (change,) = entry.changes
    assert change.address.key == '["capcrm.crm.customer",1003]'


def test_changes_from_a_file_never_outrank_those_of_a_topic(catalogue: Catalogue, tmp_path: Path) -> None:
    file = chosen(catalogue, tmp_path / "changes.jsonl")
    (entry,) = entries(file, catalogue, json.dumps(json.loads(CAPTURED.read_bytes())).encode())
    assert entry.changes[0].position.epoch == 0


def test_a_message_that_is_no_change_is_ignored_by_rule(catalogue: Catalogue, tmp_path: Path) -> None:
    (entry,) = entries(chosen(catalogue, tmp_path / "changes.jsonl"), catalogue, b'{"key": {"id": 1}, "value": null}')
    assert (entry.changes, entry.reason) == ((), None)


@pytest.mark.parametrize(
    "headers", ['[["traceparent", "TRACE"]]', '{"traceparent": "TRACE"}', '{"n": 1, "traceparent": "TRACE"}']
)
def test_headers_come_along(catalogue: Catalogue, tmp_path: Path, headers: str) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    message = json.loads(CAPTURED.read_bytes()) | {"headers": json.loads(headers.replace("TRACE", trace))}
    file = chosen(catalogue, tmp_path / "changes.jsonl")
    (entry,) = entries(file, catalogue, json.dumps(message).encode())
    assert entry.changes[0].trace == trace


@pytest.mark.parametrize("headers", ["5", '"x"', "[1]", '["xy"]', "[null]"])
def test_headers_of_another_shape_cost_nothing_else(catalogue: Catalogue, tmp_path: Path, headers: str) -> None:
    message = json.loads(CAPTURED.read_bytes()) | {"headers": json.loads(headers)}
    file = chosen(catalogue, tmp_path / "changes.jsonl")
    (entry,) = entries(file, catalogue, json.dumps(message).encode())
    assert entry.reason is None


def test_a_header_without_the_key_refuses_the_file_once(catalogue: Catalogue, tmp_path: Path) -> None:
    file = chosen(catalogue, tmp_path / "crm.csv")
    (entry,) = entries(file, catalogue, b"idd,email\n1,\n2,\n")
    assert entry.reason == (
        "the file has no column 'id', the key of source 'crm'; it has idd, email; none of its rows can be used; "
        "did you mean 'idd'?"
    )


def test_columns_that_a_header_lacks_are_warned_of_once(catalogue: Catalogue, tmp_path: Path) -> None:
    warnings: list[str] = []
    read = entries(chosen(catalogue, tmp_path / "crm.csv"), catalogue, b"id,e_mail\n1,\n2,\n", warnings)
    assert [entry.reason for entry in read] == [None, None]
    (warning,) = warnings
    assert warning.endswith(
        "crm.csv has no column 'email' (did you mean 'e_mail'?); the catalogue names that for source 'crm'; "
        "the file has id, e_mail"
    )


def test_a_column_that_only_some_json_rows_have_is_not_warned_of(catalogue: Catalogue, tmp_path: Path) -> None:
    warnings: list[str] = []
    content = b'{"id": 1}\n{"id": 2, "email": "ann@example.com"}\n'
    read = entries(chosen(catalogue, tmp_path / "crm.jsonl", "crm"), catalogue, content, warnings)
    assert len(read) == 2
    assert warnings == []


def _line() -> bytes:
    return json.dumps(json.loads(CAPTURED.read_bytes())).encode() + b"\n"
