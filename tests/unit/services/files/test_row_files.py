"""Reading files of rows: one bad line never costs the good ones."""

from io import BytesIO

import pytest

from services.files.csv_rows import read_csv
from services.files.json_rows import read_json
from services.files.lines import MAX_FIELD_CHARACTERS, BadLine, FileEntry, FileRow
from services.files.recognition import misnamed, row_format


def csv_entries(text: bytes) -> list[FileEntry]:
    return list(read_csv(BytesIO(text)))


def json_entries(text: bytes) -> list[FileEntry]:
    return list(read_json(BytesIO(text)))


def good_lines(entries: list[FileEntry]) -> list[int]:
    return [entry.line for entry in entries if isinstance(entry, FileRow)]


def bad_lines(entries: list[FileEntry]) -> list[int]:
    return [entry.line for entry in entries if isinstance(entry, BadLine)]


def test_a_csv_row_has_the_columns_of_the_header() -> None:
    assert csv_entries(b"id,name\n1,Ann\n") == [FileRow(2, {"id": "1", "name": "Ann"})]


def test_an_empty_csv_value_is_null() -> None:
    assert csv_entries(b"id,name\n1,\n") == [FileRow(2, {"id": "1", "name": None})]


def test_a_quoted_value_may_hold_line_feeds_and_quotes() -> None:
    assert csv_entries(b'id,name\n1,"Ann\n""Lee"""\n2,Bob\n') == [
        FileRow(2, {"id": "1", "name": 'Ann\n"Lee"'}),
        FileRow(4, {"id": "2", "name": "Bob"}),
    ]


def test_lines_may_end_with_carriage_returns() -> None:
    assert csv_entries(b"id,name\r\n1,Ann\r\n") == [FileRow(2, {"id": "1", "name": "Ann"})]


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    assert csv_entries(b"\xef\xbb\xbfid\n1\n") == [FileRow(2, {"id": "1"})]


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t", b"|"])
def test_the_delimiter_is_told_by_the_header(delimiter: bytes) -> None:
    assert csv_entries(b"id|name".replace(b"|", delimiter) + b"\n1" + delimiter + b"Ann\n") == [
        FileRow(2, {"id": "1", "name": "Ann"})
    ]


def test_empty_lines_are_skipped() -> None:
    assert good_lines(csv_entries(b"id,name\n\n1,Ann\n\n2,Bob\n\n")) == [3, 5]


def test_a_file_of_nothing_has_no_entries() -> None:
    assert csv_entries(b"") == []


def test_a_stray_quote_costs_only_its_own_line() -> None:
    entries = csv_entries(b'id,name\n1,"stray\n2,Bob\n3,"Cleo"\n')
    assert (bad_lines(entries), good_lines(entries)) == ([2], [3, 4])


def test_a_quote_that_is_never_closed_costs_only_its_own_line() -> None:
    entries = csv_entries(b'id,name\n1,"never closed\n2,Bob\n')
    assert (bad_lines(entries), good_lines(entries)) == ([2], [3])


def test_a_quote_inside_an_unquoted_value_is_a_character() -> None:
    assert csv_entries(b'id,name\n1,5"\n') == [FileRow(2, {"id": "1", "name": '5"'})]


def test_a_line_that_is_not_utf_8_costs_only_itself() -> None:
    entries = csv_entries(b"id,name\n1,\xff\n2,Bob\n")
    assert (bad_lines(entries), good_lines(entries)) == ([2], [3])


def test_a_value_that_is_too_long_costs_only_its_row() -> None:
    entries = csv_entries(b"id,name\n1," + b"x" * (MAX_FIELD_CHARACTERS + 1) + b"\n2,Bob\n")
    assert (bad_lines(entries), good_lines(entries)) == ([2], [3])


def test_a_row_of_another_length_than_the_header_is_told() -> None:
    assert csv_entries(b"id,name\n1,Ann,x\n") == [BadLine(2, "the row has 3 columns; the header has 2")]


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        (b"id,id", "names 'id' more than once"),
        (b"\xff", "not valid UTF-8"),
        (b'"id', "a quote is opened"),
    ],
)
def test_no_row_is_read_under_a_header_that_is_none(header: bytes, fault: str) -> None:
    (entry,) = csv_entries(header + b"\n1,2\n")
    assert isinstance(entry, BadLine)
    assert fault in entry.reason


def test_json_lines_are_rows() -> None:
    assert json_entries(b'{"id": 1}\n\n{"id": 2}') == [FileRow(1, {"id": 1}), FileRow(3, {"id": 2})]


def test_the_elements_of_a_json_array_are_rows() -> None:
    assert json_entries(b'\n [{"id": 1},\n 2, {"id": 3}]\n') == [
        FileRow(1, {"id": 1}),
        BadLine(2, "the value is int; a JSON object is expected"),
        FileRow(3, {"id": 3}),
    ]


def test_a_json_array_that_does_not_end_is_read_up_to_where_it_breaks_off() -> None:
    entries = json_entries(b'[{"id": 1},\n{"id": 2}')
    assert (good_lines(entries), bad_lines(entries)) == ([1, 2], [3])
    assert isinstance(entries[-1], BadLine)
    assert "line 2, column 10" in entries[-1].reason


@pytest.mark.parametrize("value", [b'"\\ud800"', b"NaN", b"-Infinity", b'"\xff"', b'"a\tb"'])
def test_a_bad_element_of_a_json_array_costs_no_other(value: bytes) -> None:
    entries = json_entries(b'[{"id": 1}, {"id": ' + value + b'},\n\n{"id": 3, "n": 12345678901234567890123}]\n')
    assert (good_lines(entries), bad_lines(entries)) == ([1, 3], [2])
    assert entries[-1] == FileRow(3, {"id": 3, "n": "12345678901234567890123"})


@pytest.mark.parametrize("rest", [b'{"id": }]', b"[" * 100_000, b'{"id": 2}] x', b'{"id": 2} {"id": 3}]', b"{"])
def test_what_follows_a_break_in_a_json_array_is_refused(rest: bytes) -> None:
    entries = json_entries(b'[{"id": 1}, ' + rest)
    assert entries[0] == FileRow(1, {"id": 1})
    assert bad_lines(entries) == [len(entries)]


def test_a_line_that_is_too_long_is_passed_over_to_its_end() -> None:
    entries = json_entries(b'{"id": 1}\n"' + b"x" * 12_000_000 + b'"\n{"id": 3}\n')
    assert (bad_lines(entries), good_lines(entries)) == ([2], [1, 3])


def test_no_reason_holds_what_stands_in_the_line() -> None:
    entries = json_entries(b'{"secret": }\n"secret"\n') + csv_entries(b'id,name\nsecret\n1,"secret\n')
    assert all("secret" not in entry.reason for entry in entries if isinstance(entry, BadLine))


@pytest.mark.parametrize(
    ("name", "beginning", "expected"),
    [
        ("rows.csv", b"{", "csv"),
        ("rows.JSONL", b"id,name", "json"),
        ("rows", b'\xef\xbb\xbf {"id": 1}', "json"),
        ("-", b"[", "json"),
        ("-", b"id,name", "csv"),
    ],
)
def test_the_format_is_told_by_the_name_else_by_the_beginning(name: str, beginning: bytes, expected: str) -> None:
    assert row_format(name, beginning) == expected


def test_a_header_of_very_many_columns_is_read_at_once() -> None:
    columns = [f"c{number}" for number in range(200_000)]
    (entry,) = csv_entries(",".join(columns).encode() + b"\n" + b"," * (len(columns) - 1) + b"x\n")
    assert isinstance(entry, FileRow)
    assert entry.values["c199999"] == "x"


@pytest.mark.timeout(10)
def test_a_line_of_nothing_but_tabs_is_told_apart_at_once() -> None:
    assert "no JSON" in (misnamed("json", b"x" + b"\t" * 65_000 + b"x") or "")
    assert misnamed("json", b"key \t\t {1}") is None
