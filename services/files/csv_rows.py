"""Reads CSV as people and programs write it, so that one bad line never costs the good ones.

Every row comes with its line number; a line that is no row comes as a `BadLine` with the reason, which never holds the
line's data. Lines are read one by one and are bounded, so that memory stays flat whatever the file.
"""

import csv
import re
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO, Final

from services.files.columns import readable_columns
from services.files.lines import MAX_FIELD_CHARACTERS, BadLine, FileEntry, FileRow, Line, Unreadable, Warn, read_lines

_UNCLOSED: Final = "a quote is opened and not closed before a delimiter or the end of a line"
_DELIMITERS: Final = ",;\t|"
#: What parts columns in some exports; only where none of the usual ones is in the header.
_RARE_DELIMITERS: Final = "\x01^~\x1f¦"
#: The first line of a file for a spreadsheet.
_DELIMITER_HINT: Final = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)
_LONE_RETURN: Final = re.compile(rb"(?<=\r)(?!\n)")
#: What an empty line may hold.
_BLANK: Final = b" ,;\t|\r\n"
_QUOTED: Final = re.compile(r'"(?:[^"]|"")*"')
#: How MySQL writes null beside such quotes, and the only escapes that are read.
_NULL_CELL: Final = re.compile(r"(?<![\\\w])\\N(?!\w)")
_ESCAPES: Final = re.compile(r'\\["\\]')
#: So many lines are looked at for the header, where the first one has no column of the key.
_TITLE_LINES: Final = 20


@dataclass(frozen=True, slots=True)
class _Header:
    columns: Sequence[str | None]  #: None: a column that is not read
    delimiter: str
    written: Sequence[str]  #: the names as they stand there; empty: none

    @property
    def width(self) -> int:
        """How many fields a row has."""
        return len(self.columns)

    def takes(self, fields: Sequence[str]) -> bool:
        """Whether a row of another length can be read: nothing is in it, or it lacks empty columns at its end.

        A longer one cannot, even where its last values are empty: a delimiter inside of a value shifts the others.
        """
        return not any(fields) or (len(fields) < self.width and not any(self.written[len(fields) :]))


def read_csv(
    file: BinaryIO, *, needed: Collection[str] = (), used: Collection[str] | None = None, warn: Warn | None = None
) -> Iterator[FileEntry]:
    """Read CSV (RFC 4180) with a header line; values are text, and may hold line feeds in quotes; empty is null.

    The delimiter (comma, semicolon, tab or bar, else what is rare) is the one that the header has most of outside of
    quotes, or the one that a first line `sep=;` names. A quote that is opened and never properly closed costs only the
    line it stands on; quotes escaped by a backslash are read where nothing else makes sense of the line. Lines of
    nothing but delimiters are empty, and are skipped.

    Args:
        file: the bytes, in UTF-8.
        needed: columns without which no row can be used; where the first line has none of them, the header is looked
            for further down, so that the refusal can tell where it is.
        used: columns that are of any use; None: all. Others may be repeated or have no name.
        warn: told once of columns that are not read for such reasons.
    """
    # The limit is global to the csv module, whose own one is too small for long free text.
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    lines = read_lines(file)
    first = next((line for line in lines if not _is_blank(line)), None)
    hint = None if first is None or first.content is None else _DELIMITER_HINT.fullmatch(_lenient(first))
    if hint is not None:
        first = next((line for line in lines if not _is_blank(line)), None)
    if first is None:
        return
    first, *others = _split(first) or [first]
    if others:
        lines = chain(others, lines)
    try:
        header = _header(first, None if hint is None else hint[1], used, warn)
    except Unreadable as error:
        yield BadLine(first.number, f"{error}; without a header no row of the file can be read")
        return
    if needed and not set(needed) & set(header.columns):
        below = list(islice(lines, _TITLE_LINES))
        found = next((line.number for line in below if _has_columns(line, needed)), None)
        if found is not None:
            yield BadLine(
                first.number,
                f"the line is no header: the columns of the catalogue are found on line {found}; delete what stands "
                "above it",
            )
            return
        lines = chain(below, lines)
    yield from _rows(_Texts(lines), header)


def _split(line: Line) -> list[Line]:
    """What carriage returns alone part; all has the number of the line."""
    return [Line(line.number, part) for part in _LONE_RETURN.split(line.content or b"") if part]


def _is_blank(line: Line) -> bool:
    return line.content is not None and not line.content.strip(_BLANK)


def _rows(texts: "_Texts", header: _Header) -> Iterator[FileEntry]:
    columns, width = header.columns, header.width
    names = [name for name in columns if name is not None]
    reads_all = len(names) == width
    rows = csv.reader(texts, delimiter=header.delimiter, strict=True, skipinitialspace=True)
    while True:
        texts.begin_row()
        reason = None
        try:
            fields = next(rows, None)
            if fields is None:
                return
            if len(fields) != width and not header.takes(fields):
                reason = _wrong_count(fields, header)
        except (csv.Error, Unreadable) as error:
            fields = _escaped(texts.first, header) if isinstance(error, csv.Error) else []
            if not fields:
                reason = _UNCLOSED if texts.in_quotes else _reason(error)
            texts.give_back()
        else:
            if reason is not None:
                texts.give_back()
        if reason is not None:
            yield BadLine(texts.row_line, reason)
        elif reads_all and len(fields) == width and any(fields):
            yield FileRow(texts.row_line, {name: value or None for name, value in zip(names, fields, strict=True)})
        elif any(fields):
            named = zip(columns, fields, strict=False)
            yield FileRow(texts.row_line, {name: value or None for name, value in named if name is not None})


class _Texts:
    """The lines decoded; they can be given back, so that a row that went wrong costs only its first line.

    A line that cannot be decoded raises `Unreadable`, and reading goes on behind it.
    """

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._waiting: deque[Line] = deque()
        self._taken: list[Line] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        content = line.content
        if content is not None and content.find(b"\r", 0, -2) >= 0:
            line, *others = _split(line)
            self._waiting.extendleft(reversed(others))
            content = line.content
        self._taken.append(line)
        if content is None:
            return line.text
        if b"\0" in content:
            raise Unreadable(f"the line holds a NUL character (byte {content.index(0) + 1} of the line)")
        try:
            return content.decode()
        except UnicodeDecodeError:
            return line.text  # which says what is wrong

    @property
    def first(self) -> Line:
        """The line on which the present row begins."""
        return self._taken[0]

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


def _header(line: Line, delimiter: str | None, used: Collection[str] | None, warn: Warn | None) -> _Header:
    text = line.text
    delimiter = delimiter or _delimiter(text)
    try:
        written = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=True), [])
    except csv.Error as error:
        raise Unreadable(_reason(error)) from None
    names = [_name(column) for column in written]
    return _Header(readable_columns(names, used, warn), delimiter, names)


def _name(column: str) -> str:
    return column.replace("\ufeff", "").strip()


def _delimiter(header: str) -> str:
    outside = _QUOTED.sub("", header)
    usual = max(_DELIMITERS, key=outside.count)
    return usual if usual in outside else next((each for each in _RARE_DELIMITERS if each in outside), usual)


def _lenient(line: Line) -> str:
    return (line.content or b"").decode(errors="replace")


def _has_columns(line: Line, needed: Collection[str]) -> bool:
    text = _lenient(line)
    return set(needed) <= {_name(column).strip('"') for column in text.split(_delimiter(text))}


def _escaped(line: Line, header: _Header) -> list[str]:
    """The fields of a line in which quotes are escaped by a backslash, as MySQL writes them; none of other lines."""
    text = _NULL_CELL.sub(r"\\\\N", _lenient(line))
    # A backslash before anything else may be a character of its own, which reading the line would lose.
    if _ESCAPES.sub("", text).count("\\") or "\\" not in text:
        return []
    reader = csv.reader([text], delimiter=header.delimiter, escapechar="\\", skipinitialspace=True, strict=True)
    try:
        fields = next(reader)
    except csv.Error:
        return []
    return fields if len(fields) == header.width else []


def _wrong_count(fields: Sequence[str], header: _Header) -> str:
    return f"the row has {len(fields)} columns; the header has {header.width}"


def _reason(error: Exception) -> str:
    text = str(error)
    if "field larger than field limit" in text:
        return f"a value is longer than {MAX_FIELD_CHARACTERS} characters"
    if "expected after" in text or "unexpected end of data" in text:
        return _UNCLOSED
    return text
