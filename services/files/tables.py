"""Rows of files that are tables by themselves: Excel workbooks (xlsx) and Parquet.

Their values become what the same row would hold as JSON: days and times as ISO 8601 text, numbers without a digit lost.
The libraries are extras; without them the refusal names the extra.
"""

import importlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from types import ModuleType
from typing import Any, BinaryIO, Final

from graph_model.values.equality import JsonValue
from services.files.lines import FileRow, Warn
from services.files.unpacking import NoRows

_BATCH_ROWS: Final = 1_000
_EXACT_IN_A_FLOAT: Final = 2**53


def read_xlsx(stream: BinaryIO, warn: Warn) -> Iterator[FileRow]:
    """Read the first sheet of a workbook that has rows; the first row with a value is the header.

    Raises:
        NoRows: it cannot be read, or the extra is missing.
    """
    calamine = _library("python_calamine", "xlsx")
    try:
        workbook = calamine.load_workbook(stream)
        sheets = [workbook.get_sheet_by_name(name) for name in workbook.sheet_names]
    except (calamine.CalamineError, OSError):
        raise NoRows("an Excel file that cannot be read (damaged, or with a password); save it as CSV") from None
    filled = [sheet for sheet in sheets if sheet.height]
    if len(filled) > 1:
        warn(f"has {len(filled)} sheets with rows; only the first, {filled[0].name!r}, is read")
    header: list[str | None] = []
    for number, cells in enumerate(filled[0].to_python(skip_empty_area=False) if filled else (), start=1):
        if not any(cell != "" for cell in cells):
            continue
        if not header:
            header = _header([str(cell).strip() for cell in cells], warn)
            continue
        named = zip(header, cells, strict=False)
        yield FileRow(number, {name: _plain(cell) for name, cell in named if name is not None})


def read_parquet(stream: BinaryIO) -> Iterator[FileRow]:
    """Read a Parquet file, in portions; the line of a row is its number.

    Raises:
        NoRows: it cannot be read, or the extra is missing.
    """
    parquet = _library("pyarrow.parquet", "parquet")
    try:
        file = parquet.ParquetFile(stream)
    except (OSError, ValueError):
        raise NoRows("a Parquet file that cannot be read, or is not complete") from None
    number = 0
    for batch in file.iter_batches(batch_size=_BATCH_ROWS):
        for row in batch.to_pylist():
            number += 1
            yield FileRow(number, {name: _plain(value) for name, value in row.items()})


def _header(names: list[str], warn: Warn) -> list[str | None]:
    repeated = {name for name in names if name and names.count(name) > 1}
    if repeated:
        warn(f"names {', '.join(map(repr, sorted(repeated)))} more than once; not read")
    return [name if name and name not in repeated else None for name in names]


def _plain(value: Any) -> JsonValue:  # noqa: ANN401 - whatever a cell holds
    if value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_IN_A_FLOAT:
        return int(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    return _written(value)


def _written(value: object) -> str:
    """What JSON has no form for, as text: ISO 8601, or all digits of a decimal number."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _library(module: str, extra: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise NoRows(
            f"{extra}, and what reads it is not installed; install it with: pip install 'identity-graph[{extra}]'"
        ) from None
