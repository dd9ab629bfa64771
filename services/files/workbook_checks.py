"""Looks through a workbook (xlsx) before it is read: for what reading does not tell, and what would fill memory."""

import re
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, Final

from services.files.lines import Warn
from services.files.unpacking import NoRows

#: A workbook is read as a whole.
MAX_UNPACKED_BYTES: Final = 2_000_000_000
#: A sheet is held as a rectangle, which may have so many cells for each one that is filled, and as many as this anyway.
_CELLS_FOR_ONE: Final = 20
_FREE_CELLS: Final = 5_000_000

_PORTION_BYTES: Final = 1_000_000
_SHEET: Final = re.compile(r"/?xl/worksheets/[^/]+\.xml", re.IGNORECASE)
#: A tag that has an end of its own, so that something stands between.
_FILLED_CELL: Final = re.compile(
    rb"<(?:\w+:)?c\s(?:[^<>]*?\s)?r=[\"']([A-Za-z]{1,3})([0-9]{1,7})[\"'](?:[^<>]*[^<>/])?>"
)
_ERROR_CELL: Final = re.compile(rb"<(?:\w+:)?c\s(?:[^<>]*?\s)?t=[\"']e[\"']")


def check_workbook(stream: BinaryIO, warn: Warn) -> None:
    """Look through the sheets of a workbook, and leave the stream at its beginning.

    Args:
        stream: the bytes, which can be searched.
        warn: told of cells with errors, which reading takes for empty ones.

    Raises:
        NoRows: what is in it would need far more memory than it has values.
        BadZipFile, and other errors of `DAMAGED`: it is damaged.
    """
    errors = 0
    with zipfile.ZipFile(stream) as archive:
        if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
            raise NoRows(f"an Excel file that unpacks to more than {MAX_UNPACKED_BYTES} bytes; save it as CSV")
        for member in archive.infolist():
            if _SHEET.fullmatch(member.filename):
                errors += _errors(_portions(archive, member))
    if errors:
        cells = "a cell" if errors == 1 else f"{errors} cells"
        warn(f"has {cells} with an error of Excel, such as #REF! or #N/A, read as empty")
    stream.seek(0)


def _errors(portions: Iterator[bytes]) -> int:
    """Count the cells of a sheet with an error, where it is no larger than its values are many."""
    errors = filled = last_row = last_column = 0
    for portion in portions:
        errors += len(_ERROR_CELL.findall(portion))
        cells = _FILLED_CELL.findall(portion)
        filled += len(cells)
        last_column = max(last_column, *map(_column, {letters for letters, _ in cells}), 0)
        last_row = max(last_row, *map(int, {row for _, row in cells}), 0)
    if last_row * last_column > _FREE_CELLS + _CELLS_FOR_ONE * filled:
        raise NoRows(
            f"an Excel file of which a sheet has {filled} values in {last_row} rows and {last_column} columns; "
            "delete those that stand far from the others, or save the sheet as CSV"
        )
    return errors


def _portions(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The text of a sheet in pieces, none of which ends inside of a tag."""
    rest = b""
    with archive.open(member) as text:
        while part := text.read(_PORTION_BYTES):
            text_so_far = rest + part
            end = text_so_far.rfind(b"<")
            yield text_so_far[: max(end, 0)]
            rest = text_so_far[max(end, 0) :][:_PORTION_BYTES]
    yield rest


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number
