"""Which source a file belongs to, and what its lines stand for."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from cli.exit_codes import UsageRefused
from cli.input_files import Entry, InputFile, choose_sources, open_path, read_entries
from graph_model.catalogue import Catalogue
from graph_model.catalogue_document import parse_catalogue
from graph_model.records import Position

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


def entries(file: InputFile, catalogue: Catalogue, content: bytes) -> list[Entry]:
    numbers: Iterator[int] = count(1)
    file.path.write_bytes(content)
    with open_path(file.path) as stream:
        return list(read_entries(file, stream, catalogue, lambda: (next(numbers), 5)))


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


def test_a_bare_envelope_and_a_whole_message_are_the_same_change(catalogue: Catalogue, tmp_path: Path) -> None:
    message = json.loads(CAPTURED.read_bytes())
    content = "\n".join(json.dumps(line) for line in (message["value"], message)).encode()
    bare, whole = entries(chosen(catalogue, tmp_path / "changes.jsonl"), catalogue, content)
    assert bare.changes[0].row == whole.changes[0].row


def test_envelopes_of_a_named_source_may_come_from_any_topic(catalogue: Catalogue, tmp_path: Path) -> None:
    file = chosen(catalogue, tmp_path / "changes.jsonl", "elsewhere")
    (entry,) = entries(file, catalogue, json.dumps(json.loads(CAPTURED.read_bytes())).encode())
    assert entry.changes[0].address.source == "elsewhere"


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
