"""Reads rows that are written as JSON objects: one on each line, or all in one array."""

from collections.abc import Iterator, Mapping
from json import JSONDecodeError
from typing import BinaryIO, Final

from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import DEEPEST, array_elements, is_writable, read_exact_json
from services.files.console_messages import console_message
from services.files.lines import MAX_FIELD_CHARACTERS, MAX_LINE_BYTES, BadLine, FileEntry, FileRow, Line, read_lines
from services.files.unpacking import DAMAGED, read_some

#: A JSON array has to be read as a whole; a larger one has to be given as JSON lines.
MAX_ARRAY_BYTES: Final = 200_000_000
_PORTION_BYTES: Final = 65_536


def read_json(file: BinaryIO) -> Iterator[FileEntry]:
    """Read JSON objects: one on each line, or all in one array. Empty lines are skipped."""
    lines = read_lines(file)
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


def _json_row(line: Line) -> FileEntry:
    if line.content is None:
        return BadLine(line.number, f"the line is longer than {MAX_LINE_BYTES} bytes")
    try:
        value = read_exact_json(line.content)
    except JSONDecodeError as error:
        message = console_message(line.content)
        if message is not None:
            return FileRow(line.number, message)
        # Of the error only the place is told: the text may quote data.
        return BadLine(line.number, f"the line is not UTF-8 JSON (at character {error.pos + 1})")
    return _object(line.number, value, len(line.content))


def _array(beginning: bytes, file: BinaryIO) -> Iterator[FileEntry]:
    content, failure = _whole(beginning, file)
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
    if failure is not None:
        raise failure


def _whole(beginning: bytes, file: BinaryIO) -> tuple[bytes, Exception | None]:
    """What a file holds, up to more than an array may have, and what reading it fails with behind that."""
    content = bytearray(beginning)
    try:
        while len(content) <= MAX_ARRAY_BYTES and (part := read_some(file, _PORTION_BYTES)):
            content += part
    except DAMAGED as error:
        return bytes(content), error
    return bytes(content), None


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
