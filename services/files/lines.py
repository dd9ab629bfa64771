"""What a file of rows consists of: lines, and the entries that they stand for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final, NamedTuple, TypeAlias

from graph_model.values.equality import JsonValue

#: The longest line, in bytes; a customer row is thousands of times shorter.
MAX_LINE_BYTES: Final = 5_000_000

#: The longest value of a column, in characters.
MAX_FIELD_CHARACTERS: Final = 1_000_000

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

#: Takes a warning about the whole file; it goes on after the file's name: "has …".
Warn: TypeAlias = Callable[[str], None]


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


class Unreadable(Exception):
    """A line, or a row begun on it, cannot be read; the message says why."""


class Line(NamedTuple):
    """A line as it lies in the file."""

    number: int
    content: bytes | None  #: with its line feed; None: it was too long to be read

    @property
    def text(self) -> str:
        """The line decoded.

        Raises:
            Unreadable: it is too long, or not UTF-8.
        """
        if self.content is None:
            raise Unreadable(f"the line is longer than {MAX_LINE_BYTES} bytes")
        try:
            return self.content.decode()
        except UnicodeDecodeError as error:
            raise Unreadable(
                f"the line is not valid UTF-8 (byte {error.start + 1} of the line); where the file is written in "
                "another encoding, name it in the catalogue, such as `encoding: cp1252`"
            ) from None


def read_lines(file: BinaryIO) -> Iterator[Line]:
    """The lines of a file, byte order marks at its beginning removed; of one that is too long only its number."""
    number = 0
    while content := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if number == 1:
            while content.startswith(BYTE_ORDER_MARK):
                content = content.removeprefix(BYTE_ORDER_MARK)
        if len(content) <= MAX_LINE_BYTES or content.endswith(b"\n"):
            yield Line(number, content)
            continue
        while content and not content.endswith(b"\n"):
            content = file.readline(MAX_LINE_BYTES)
        yield Line(number, None)
