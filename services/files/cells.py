"""Cells of tables: what they hold becomes what the same row would hold as JSON, or is refused with the reason."""

import math
import struct
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from graph_model.values.equality import JsonValue
from graph_model.values.positions import LARGEST_INTEGER, SMALLEST_INTEGER
from services.files.lines import MAX_FIELD_CHARACTERS, BadLine, FileEntry, FileRow, Warn

#: Numbers of the floating types hold every whole number up to these.
_EXACT_IN_A_DOUBLE: Final = 2**53
_EXACT_IN_A_SINGLE: Final = 2**24
_EXACT_IN_A_HALF: Final = 2**11


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that cannot be read as its source meant it."""

    reason: str  #: completes "the value …", without the value itself


Cell: TypeAlias = "JsonValue | Refused"


@dataclass(frozen=True, slots=True)
class RowCells:
    """Makes rows of cells. A refused one costs its row, or nothing but a warning where its column is of no use."""

    columns: Sequence[str | None]  #: None: a column that is not read
    used: Collection[str] | None  #: columns of any use; None: all
    warn: Warn
    _told: set[str] = field(default_factory=set)

    def entry(self, number: int, cells: Iterable[Cell]) -> FileEntry:
        """The row of such a number."""
        values: dict[str, JsonValue] = {}
        for column, cell in zip(self.columns, cells, strict=False):
            if column is None:
                continue
            if not isinstance(cell, Refused):
                values[column] = cell
            elif self.used is None or column in self.used:
                return BadLine(number, f"the value of {column!r} {cell.reason}")
            else:
                values[column] = None
                self._tell(column, cell)
        return FileRow(number, values)

    def _tell(self, column: str, cell: Refused) -> None:
        if column not in self._told:
            self._told.add(column)
            self.warn(f"has values in {column!r} that are not read: such a value {cell.reason}")


def text_cell(text: str) -> Cell:
    """An empty text is none."""
    if len(text) > MAX_FIELD_CHARACTERS:
        return Refused(f"is longer than {MAX_FIELD_CHARACTERS} characters")
    return text or None


def integer_cell(number: int) -> Cell:
    """A whole number; what 64 bits do not hold is the text of its digits, as in JSON."""
    return number if SMALLEST_INTEGER <= number <= LARGEST_INTEGER else str(number)


def double_cell(number: float) -> Cell:
    """A number of 64 bits, a whole one as such; what is no number is no value."""
    if math.isfinite(number):
        return int(number) if number.is_integer() and abs(number) < _EXACT_IN_A_DOUBLE else number
    return None if math.isnan(number) else Refused("is Infinity; a number is expected, or null")


def single_cell(number: float) -> Cell:
    """A number of 32 bits, as the shortest text that is it: 0.1, and not the digits that 64 bits add to it."""
    return _narrow_cell(number, "f", _EXACT_IN_A_SINGLE)


def half_cell(number: float) -> Cell:
    """A number of 16 bits; see `single_cell`."""
    return _narrow_cell(number, "e", _EXACT_IN_A_HALF)


def _narrow_cell(number: float, form: str, exact: int) -> Cell:
    if not math.isfinite(number) or (number.is_integer() and abs(number) <= exact):
        return double_cell(number)
    if number.is_integer():
        # Digits may be lost, as in a spreadsheet; it is written as one writes it, which no key may be.
        return next(text for digits in range(1, 18) if float(text := f"{number:.{digits}E}") == number)
    shortest = (float(f"{number:.{digits}e}") for digits in range(17))
    return next(short for short in shortest if struct.unpack(form, struct.pack(form, short))[0] == number)


def duration_text(nanoseconds: int) -> str:
    """A duration in ISO 8601: `PT26H30M`."""
    seconds, fraction = divmod(abs(nanoseconds), 1_000_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    told = f"{seconds}.{fraction:09}".rstrip("0").rstrip(".") if fraction else str(seconds)
    parts = [f"{hours}H" if hours else "", f"{minutes}M" if minutes else "", f"{told}S" if told != "0" else ""]
    return f"{'-' if nanoseconds < 0 else ''}PT{''.join(parts) or '0S'}"
