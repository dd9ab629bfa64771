"""Excel workbooks: every value is read as it is meant, or refused with the reason."""

import io
import zipfile
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest

from services.files.lines import BadLine, FileRow
from services.files.reading import Wanted
from tests.unit.services.files.reads import entries, only_reason, rows


def workbook(*lines: list[object], **formats: str) -> bytes:
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for line in lines:
        sheet.append(line)
    for place, form in formats.items():
        sheet[place].number_format = form
    book.save(buffer)
    return buffer.getvalue()


def with_cell(written: bytes, before: bytes, after: bytes) -> bytes:
    """The workbook with other XML in its first sheet, as other programs write it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written)) as one, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as other:
        for name in one.namelist():
            content = one.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert before in content
                content = content.replace(before, after)
            other.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (date(1984, 3, 7), "1984-03-07"),
        (datetime(2026, 1, 5, 12, 30, 0, 123_000), "2026-01-05T12:30:00.123000"),  # noqa: DTZ001 as Excel has them
        (time(12, 30), "12:30:00"),
        (timedelta(hours=26, minutes=30), "PT26H30M"),
        (timedelta(0), "PT0S"),
        (True, True),
        (12.0, 12),
        (0.1, 0.1),
        ("007", "007"),
        ("", None),
        (None, None),
    ],
)
def test_a_cell_is_read_as_it_is_meant(cell: object, expected: object) -> None:
    assert rows(workbook(["id", "v"], [1, cell]), "people.xlsx") == [{"id": 1, "v": expected}]


def test_numbers_and_days_in_the_header_are_names() -> None:
    assert rows(workbook(["id", 2026, date(2026, 1, 5)], [1, 2, 3]), "people.xlsx") == [
        {"id": 1, "2026": 2, "2026-01-05": 3}
    ]


def test_a_duration_that_is_too_long_costs_its_row() -> None:
    found, _ = entries(workbook(["id", "v"], [1, 9e9], [2, 0.5], B2="[h]:mm", B3="[h]:mm"), "people.xlsx")
    assert isinstance(found[0], BadLine)
    assert found[0].line == 2
    assert found[1] == FileRow(3, {"id": 2, "v": "PT12H"})


def test_what_is_no_number_is_no_value_and_infinity_is_refused() -> None:
    written = workbook(["id", "v"], [1, 2])
    cell = b'<c r="B2" t="n"><v>2</v></c>'
    assert rows(with_cell(written, cell, b'<c r="B2"><v>NaN</v></c>'), "people.xlsx") == [{"id": 1, "v": None}]
    found, _ = entries(with_cell(written, cell, b'<c r="B2"><v>1E+400</v></c>'), "people.xlsx")
    assert isinstance(found[0], BadLine)
    assert "'v' is Infinity" in found[0].reason


def test_cells_with_an_error_are_told() -> None:
    written = workbook(["id", "v"], [1, 2])
    cell = b'<c r="B2" t="n"><v>2</v></c>'
    found, told = entries(with_cell(written, cell, b'<c r="B2" t="e"><v>#REF!</v></c>'), "people.xlsx")
    assert found == [FileRow(2, {"id": 1, "v": None})]
    assert len(told) == 1
    assert "a cell with an error" in told[0]


def test_a_column_without_a_name_is_told_and_a_repeated_one_that_is_used_refused() -> None:
    _, told = entries(workbook(["id", None, "v"], [1, 2, 3]), "people.xlsx")
    assert told == ["has a column without a name (2), not read"]
    twice = workbook(["id", "v", "v"], [1, 2, 3])
    assert "names 'v' more than once" in only_reason(twice, "people.xlsx", Wanted(used=["id", "v"]))
    found, told = entries(twice, "people.xlsx", Wanted(used=["id"]))
    assert (found, len(told)) == ([FileRow(2, {"id": 1})], 1)


def test_a_table_may_begin_anywhere_and_a_merged_cell_is_its_first() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for place, value in {"C3": "id", "D3": "v", "C4": 1, "D4": "x", "C5": 2}.items():
        sheet[place] = value
    sheet.merge_cells("D4:D5")
    buffer = io.BytesIO()
    book.save(buffer)
    assert entries(buffer.getvalue(), "people.xlsx") == (
        [FileRow(4, {"id": 1, "v": "x"}), FileRow(5, {"id": 2, "v": None})],
        [],
    )


def test_a_workbook_without_a_value_has_no_rows() -> None:
    assert entries(workbook(), "people.xlsx") == ([], [])


def test_a_value_far_from_the_others_is_told_before_it_fills_memory() -> None:
    far = with_cell(workbook(["id", "v"], [1, 2]), b'<row r="2"><c r="A2"', b'<row r="1048576"><c r="XFD1048576"')
    reason = only_reason(far, "people.xlsx")
    assert "1048576 rows and 16384 columns" in reason


def test_a_workbook_that_unpacks_to_more_than_memory_is_told() -> None:
    buffer = io.BytesIO(workbook(["id"], [1]))
    with (
        zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/x.xml", "w", force_zip64=True) as x,
    ):
        x.write(b"0")
    content = bytearray(buffer.getvalue())
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = b"\xfe\xff\xff\xff"  # the size that the directory says
    assert "unpacks to more than" in only_reason(bytes(content), "people.xlsx")
