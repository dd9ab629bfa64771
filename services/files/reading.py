"""The one way from an opened file to its rows."""

import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from services.files.csv_rows import read_csv
from services.files.json_rows import read_json
from services.files.lines import BadLine, FileEntry, Warn
from services.files.parquet_rows import read_parquet
from services.files.recognition import RowFormat, misnamed, no_rows, row_format
from services.files.unpacking import DAMAGED, NoRows, peek, unpacked
from services.files.utf8_text import in_utf8
from services.files.workbook_rows import read_workbook

_ZIP: Final = b"PK\x03\x04"
_PARQUET: Final = b"PAR1"
#: Endings of the names of packed files.
PACKED_SUFFIXES: Final = (".gz", ".zst", ".zip", ".zstd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of a file is of use, and what is known of it before."""

    needed: Collection[str] = ()  #: columns without which no row can be used
    used: Collection[str] | None = None  #: columns of any use; None: all
    encoding: str | None = None  #: None: told by the bytes
    only_json: bool = False  #: it holds messages, whatever its name


@dataclass(frozen=True, slots=True)
class FileRows:
    """What stands in a file."""

    format: RowFormat  #: how it is written
    entries: Iterator[FileEntry]
    encoding: str | None = None  #: what it was found to be encoded in, where nothing declares or marks it


def read_rows(name: str, stream: io.BufferedReader, wanted: Wanted, warn: Warn) -> FileRows:
    """Read the rows of a file: CSV, JSON lines or a JSON array, xlsx or Parquet, also packed with gzip, zstd or zip.

    A bad line comes as such and costs the others nothing. What is no file of rows gives one bad line that says what
    it is.

    Args:
        name: of the file; its ending may tell how it is written.
        stream: the bytes of the file.
        wanted: what of it is of use.
        warn: takes what is to be said of the whole file.
    """
    try:
        inner, plain = unpacked(name.lower(), stream)
        for suffix in PACKED_SUFFIXES:
            inner = inner.lower().removesuffix(suffix)
        beginning = peek(plain)
        if not beginning:
            warn("is empty")
        if beginning.startswith(_ZIP):
            return FileRows("xlsx", _guarded(read_workbook(plain, wanted.used, warn)))
        _refuse(no_rows(beginning))
        if not wanted.only_json and row_format(inner, beginning) == "parquet":
            whole = _from_its_start(stream, beginning)
            return FileRows("parquet", _guarded(read_parquet(whole, wanted.used, warn)))
        text, encoding = in_utf8(plain, wanted.encoding, warn)
        written = "json" if wanted.only_json else row_format(inner, peek(text))
        _refuse(misnamed(written, peek(text)))
    except (NoRows, *DAMAGED) as error:
        return FileRows("csv", iter((_no_file(_what_is_wrong(error)),)))
    if written == "json":
        return FileRows("json", _guarded(read_json(text)), encoding)
    entries = read_csv(text, needed=wanted.needed, used=wanted.used, warn=warn)
    return FileRows("csv", _guarded(entries), encoding)


def _refuse(told: str | None) -> None:
    if told is not None:
        raise NoRows(told)


def _from_its_start(stream: io.BufferedReader, beginning: bytes) -> io.BufferedReader:
    """A file that is read from its end, where its directory is."""
    if stream.seekable():
        stream.seek(0)
        if stream.peek(len(_PARQUET)).startswith(_PARQUET) == beginning.startswith(_PARQUET):
            return stream
    raise NoRows("a Parquet file that is packed, or comes from a pipe; unpack it, and name it as a file")


def _guarded(entries: Iterator[FileEntry]) -> Iterator[FileEntry]:
    """The entries up to where a packed file is damaged."""
    line = 0
    try:
        for entry in entries:
            line = entry.line
            yield entry
    except NoRows as error:
        told = str(error)
        yield BadLine(line + 1, f"the file cannot be read on from here: it is {told}") if line else _no_file(told)
    except (ValueError, *DAMAGED) as error:
        yield BadLine(line + 1, f"the file cannot be read on from here: {_what_is_wrong(error)}")


def _what_is_wrong(error: Exception) -> str:
    if isinstance(error, NoRows):
        return str(error)
    return "what it is packed in is damaged, or ends too early"


def _no_file(told: str) -> BadLine:
    return BadLine(1, f"the file is {told}")
