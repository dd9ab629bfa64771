"""Reads files of rows, CSV or JSON, so that one bad line never costs the good ones.

Every row comes with its line number; a line that is no row comes as a `BadLine` with the reason, which never
holds the line's data. Lines are read one by one and are bounded, so that memory stays flat whatever the file.
"""

import csv
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import PurePath
from typing import BinaryIO, Final, Literal, TypeAlias

from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import DEEPEST, array_elements, is_writable, read_exact_json

#: The longest line, in bytes; a customer row is thousands of times shorter.
MAX_LINE_BYTES: Final = 5_000_000

#: The longest value of a column, in characters.
MAX_FIELD_CHARACTERS: Final = 1_000_000

#: A JSON array has to be read as a whole; a larger one has to be given as JSON lines.
MAX_ARRAY_BYTES: Final = 200_000_000

FileFormat = Literal["csv", "json"]

_FORMATS: Final[Mapping[str, FileFormat]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UNCLOSED: Final = "a quote is opened and not closed before a delimiter or the end of a line"
_DELIMITERS: Final = ",;\t|"


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row of a file."""

    line: int  #: where it begins, counted from 1; in a JSON array the number of the element
    values: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a file that is no row."""

    line: int  #: counted as for rows
    reason: str  #: what was found and what was expected, without data


FileEntry: TypeAlias = FileRow | BadLine


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as it lies in the file."""

    number: int
    content: bytes | None  #: with its line feed; None: it was too long to be read

    @property
    def text(self) -> str:
        """The line decoded.

        Raises:
            _Unreadable: it is too long, or not UTF-8.
        """
        if self.content is None:
            raise _Unreadable(f"the line is longer than {MAX_LINE_BYTES} bytes")
        try:
            return self.content.decode()
        except UnicodeDecodeError as error:
            raise _Unreadable(f"the line is not valid UTF-8 (byte {error.start + 1} of the line)") from None


class _Unreadable(Exception):
    """A line, or a row begun on it, cannot be read; the message says why."""


def file_format(name: str, beginning: bytes) -> FileFormat:
    """Tell how a file is written: by the ending of its name, else by how it begins."""
    known = _FORMATS.get(PurePath(name).suffix.lower())
    if known is not None:
        return known
    return "json" if beginning.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"[") else "csv"


def read_csv(file: BinaryIO) -> Iterator[FileEntry]:
    """Read CSV (RFC 4180) with a header line; values are text, and may hold line feeds in quotes; empty is null.

    The delimiter (comma, semicolon, tab or bar) is the one that the header has most of. A quote that is opened
    and never properly closed costs only the line it stands on. Empty lines are skipped.
    """
    # The limit is global to the csv module, whose own one is too small for long free text.
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    lines = _lines(file)
    header = next(lines, None)
    if header is None:
        return
    try:
        columns, delimiter = _header(header)
    except _Unreadable as error:
        yield BadLine(header.number, f"{error}; without a header no row of the file can be read")
        return
    texts = _Texts(lines)
    rows = csv.reader(texts, delimiter=delimiter, strict=True)
    while True:
        texts.begin_row()
        try:
            fields = next(rows, None)
            reason = None if not fields or len(fields) == len(columns) else _wrong_count(fields, columns)
        except (csv.Error, _Unreadable) as error:
            fields, reason = [], _UNCLOSED if texts.in_quotes else _reason(error)
        if fields is None:
            return
        if reason is not None:
            yield BadLine(texts.row_line, reason)
            texts.give_back()
        elif fields:
            yield FileRow(texts.row_line, {name: value or None for name, value in zip(columns, fields, strict=True)})


def read_json(file: BinaryIO) -> Iterator[FileEntry]:
    """Read JSON objects: one on each line, or all in one array. Empty lines are skipped."""
    lines = _lines(file)
    for line in lines:
        if line.content is not None and not line.content.strip():
            continue
        if line.content is not None and line.content.lstrip()[:1] == b"[":
            yield from _array(line.content, file)
            return
        yield _json_row(line)
        break
    for line in lines:
        if line.content is None or line.content.strip():
            yield _json_row(line)


def _lines(file: BinaryIO) -> Iterator[_Line]:
    """The lines of a file, the byte order mark removed; of one that is too long only its number."""
    number = 0
    while content := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if number == 1:
            content = content.removeprefix(_BYTE_ORDER_MARK)
        if len(content) <= MAX_LINE_BYTES or content.endswith(b"\n"):
            yield _Line(number, content)
            continue
        while content and not content.endswith(b"\n"):
            content = file.readline(MAX_LINE_BYTES)
        yield _Line(number, None)


class _Texts:
    """The lines decoded; they can be given back, so that a row that went wrong costs only its first line.

    A line that cannot be decoded raises `_Unreadable`, and reading goes on behind it.
    """

    def __init__(self, lines: Iterator[_Line]) -> None:
        self._lines = lines
        self._waiting: deque[_Line] = deque()
        self._taken: list[_Line] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self._taken.append(line)
        return line.text

    @property
    def in_quotes(self) -> bool:
        """Whether the present row goes on over several lines."""
        return len(self._taken) > 1

    @property
    def row_line(self) -> int:
        """The number of the line on which the present row begins."""
        return self._taken[0].number

    def begin_row(self) -> None:
        """Count the lines of a new row."""
        self._taken.clear()

    def give_back(self) -> None:
        """Let all lines of the present row be read again, but for its first one."""
        self._waiting.extendleft(reversed(self._taken[1:]))


def _header(line: _Line) -> tuple[list[str], str]:
    text = line.text
    delimiter = max(_DELIMITERS, key=text.count)
    try:
        columns = [column.strip() for column in next(csv.reader([text], delimiter=delimiter, strict=True))]
    except csv.Error as error:
        raise _Unreadable(_reason(error)) from None
    if not all(columns):
        raise _Unreadable(f"the header has a column without a name (number {columns.index('') + 1})")
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise _Unreadable(f"the header names {', '.join(map(repr, repeated))} more than once")
    return columns, delimiter


def _wrong_count(fields: Sequence[str], columns: Sequence[str]) -> str:
    return f"the row has {len(fields)} columns; the header has {len(columns)}"


def _reason(error: Exception) -> str:
    text = str(error)
    if "field larger than field limit" in text:
        return f"a value is longer than {MAX_FIELD_CHARACTERS} characters"
    if "expected after" in text or "unexpected end of data" in text:
        return _UNCLOSED
    return text


def _json_row(line: _Line) -> FileEntry:
    if line.content is None:
        return BadLine(line.number, f"the line is longer than {MAX_LINE_BYTES} bytes")
    try:
        value = read_exact_json(line.content)
    except JSONDecodeError as error:
        # Of the error only the place is told: the text may quote data.
        return BadLine(line.number, f"the line is not UTF-8 JSON (at character {error.pos + 1})")
    return _object(line.number, value, len(line.content))


def _array(beginning: bytes, file: BinaryIO) -> Iterator[FileEntry]:
    content = beginning + file.read(MAX_ARRAY_BYTES)
    if len(content) > MAX_ARRAY_BYTES:
        yield BadLine(1, f"the JSON array is longer than {MAX_ARRAY_BYTES} bytes; write one object per line")
        return
    try:
        values = read_exact_json(content)
    except JSONDecodeError:
        yield from _one_by_one(content)
    else:
        for number, value in enumerate(values if isinstance(values, list) else [values], start=1):
            yield _object(number, value, len(content))


def _one_by_one(content: bytes) -> Iterator[FileEntry]:
    """The elements of an array that cannot be read as a whole, up to where their ends cannot be found any more."""
    number = 0
    try:
        for number, element in enumerate(array_elements(content), start=1):
            try:
                yield _object(number, read_exact_json(element), len(element))
            except JSONDecodeError:
                yield BadLine(number, "the element of the array is not UTF-8 JSON")
    except JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        yield BadLine(number + 1, f"the JSON array cannot be read on from this element ({place} of the file)")


def _object(number: int, value: JsonValue, size: int) -> FileEntry:
    """Check that a value is an object whose values are not too long; `size` bytes bound them all."""
    if not isinstance(value, Mapping):
        found = "null" if value is None else type(value).__name__
        return BadLine(number, f"the value is {found}; a JSON object is expected")
    if size > MAX_FIELD_CHARACTERS:
        for column, content in value.items():
            if isinstance(content, str) and len(content) > MAX_FIELD_CHARACTERS:
                return BadLine(number, f"the value of {column!r} is longer than {MAX_FIELD_CHARACTERS} characters")
    if not is_writable(value):
        return BadLine(number, f"the object is nested deeper than {DEEPEST} levels")
    return FileRow(number, value)
