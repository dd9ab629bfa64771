"""Reads rows of Excel workbooks (xlsx). The library is an extra; without it the refusal names the extra."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any, BinaryIO

from services.files.cells import Cell, RowCells, double_cell, duration_text, text_cell
from services.files.columns import readable_columns
from services.files.extras import library
from services.files.lines import BadLine, FileEntry, Unreadable, Warn
from services.files.unpacking import DAMAGED, NoRows
from services.files.workbook_checks import check_workbook


def read_workbook(stream: BinaryIO, used: Collection[str] | None, warn: Warn) -> Iterator[FileEntry]:
    """Read the first sheet of a workbook that has rows; the first row with a value is the header.

    Args:
        stream: the bytes, which can be searched.
        used: columns that are of any use; None: all. What cannot be read of others costs a warning.
        warn: told once of sheets, columns, or values of them, that are not read.

    Raises:
        NoRows: it cannot be read, or the extra is missing.
    """
    calamine = library("python_calamine", "xlsx")
    try:
        check_workbook(stream, warn)
        workbook = calamine.load_workbook(stream)
        sheets = [workbook.get_sheet_by_name(name) for name in workbook.sheet_names]
    except (calamine.CalamineError, *DAMAGED, RuntimeError, ValueError, IndexError):
        raise NoRows("an Excel file that cannot be read (damaged, or with a password); save it as CSV") from None
    filled = [sheet for sheet in sheets if sheet.height]
    if len(filled) > 1:
        warn(f"has {len(filled)} sheets with rows; only the first, {filled[0].name!r}, is read")
    if filled:
        yield from _rows(filled[0].iter_rows(), used, warn)


def _rows(sheet: Iterator[list[Any]], used: Collection[str] | None, warn: Warn) -> Iterator[FileEntry]:
    made: RowCells | None = None
    for number, cells in _filled(sheet):
        if cells is None:
            yield BadLine(number, "a value of the row is a duration that is too long")
        elif made is not None:
            yield made.entry(number, map(_cell, cells))
        else:
            try:
                made = RowCells(readable_columns([_name(cell) for cell in cells], used, warn), used, warn)
            except Unreadable as error:
                yield BadLine(number, f"{error}; without a header no row of the file can be read")
                return


def _filled(sheet: Iterator[list[Any]]) -> Iterator[tuple[int, list[Any] | None]]:
    """The rows that hold something, with their numbers; None: what one holds cannot be read."""
    for number in count(1):
        try:
            cells = next(sheet, None)
        except OverflowError:
            yield number, None
            continue
        if cells is None:
            return
        if any(cell != "" for cell in cells):
            yield number, cells


def _name(cell: Any) -> str:  # noqa: ANN401 - whatever a cell holds
    return "" if cell == "" else str(_cell(cell)).strip()


def _cell(value: Any) -> Cell:  # noqa: ANN401 - whatever a cell holds
    if isinstance(value, str):
        return text_cell(value)
    if isinstance(value, float):
        return double_cell(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return duration_text(value // timedelta(microseconds=1) * 1_000)
    return value if isinstance(value, bool | int) else str(value)
