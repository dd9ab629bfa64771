"""Takes a file out of what it is packed in. Everything streams, so memory stays flat however much a file unpacks to."""

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import PurePath
from typing import BinaryIO, Final, cast

import zstandard

from services.files.recognition import PEEKED_BYTES, packing_of

#: So little is unpacked at a time that even a file made to explode gives some megabytes of it.
_ZSTD_BYTES: Final = 1_024
#: A file that is packed more often is made to do harm.
_MOST_PACKINGS: Final = 3
_NAMES_SHOWN: Final = 5
_MARK_OF_TAR: Final = (257, b"ustar")

#: What stands in a zip file that is a document of some program.
_DOCUMENT_MEMBERS: Final = {
    "xl/workbook.xml": "xlsx",
    "xl/workbook.bin": "an Excel file of binary form (xlsb); save it as xlsx or CSV",
    "word/document.xml": "a Word document; export the rows as CSV",
    "content.xml": "an OpenDocument file; save it as xlsx or CSV",
}
#: What systems put beside the files that are meant.
_SYSTEM_FOLDER: Final = "__MACOSX/"
_SYSTEM_NAMES: Final = ("._", ".DS_Store", "Thumbs.db", "desktop.ini")

#: What reading a damaged file fails with.
DAMAGED: Final = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, zipfile.BadZipFile)


class NoRows(Exception):
    """A file is no file of rows; the message says what it is."""


class _Ahead(io.RawIOBase):
    """A stream of which the beginning is read already, in whatever portions it came."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._failure: Exception | None = None
        ready = bytearray()
        try:
            while len(ready) < PEEKED_BYTES and (part := read_some(source, PEEKED_BYTES - len(ready))):
                ready += part
        except DAMAGED as error:
            self._failure = error  # what came before it is read first
        self._ready = bytes(ready)

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # the stubs know no writable buffers
        """Fill the buffer; 0 at the end."""
        part = self._ready[: len(buffer)]
        if part:
            self._ready = self._ready[len(part) :]
        elif self._failure is not None:
            raise self._failure
        else:
            part = read_some(self._source, len(buffer))
        buffer[: len(part)] = part
        return len(part)


class _Zstandard(io.RawIOBase):
    """What was packed with zstd; other than the library's own reader, it fails where the file ends too early."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False  #: the present frame is begun, and not read to its end
        self._packed = b""
        self._ready = b""

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # the stubs know no writable buffers
        """Fill the buffer; 0 at the end."""
        while not self._ready:
            part = self._packed or self._source.read(_ZSTD_BYTES)
            if not part:
                if self._begun:
                    raise EOFError
                break
            self._ready = self._frame.decompress(part)
            self._begun, self._packed = not self._frame.eof, self._frame.unused_data
            if self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size


def read_some(source: BinaryIO, most: int) -> bytes:
    """Bytes that come next, as many as are at hand; none at the end.

    A reader that was asked for more goes on until it has them, and gives none of them where a later one is damaged.
    """
    part: bytes = getattr(source, "read1", source.read)(most)
    return part


def ahead(source: BinaryIO) -> io.BufferedReader:
    """A stream that `peek` can look into, whatever it comes from."""
    return cast("io.BufferedReader", io.BufferedReader(cast("io.RawIOBase", _Ahead(source)), PEEKED_BYTES))


def peek(stream: io.BufferedReader) -> bytes:
    """The first bytes of a stream, which it gives once more when it is read."""
    return stream.peek(PEEKED_BYTES)[:PEEKED_BYTES]


def unpacked(name: str, stream: io.BufferedReader) -> tuple[str, io.BufferedReader]:
    """The name and the bytes of what a file was packed from; an xlsx file stays as it is.

    Raises:
        NoRows: it holds something else than one file.
    """
    source: BinaryIO = stream
    # What can be searched is read from its beginning, so that a directory at its end is found.
    plain = stream if stream.seekable() else ahead(stream)
    for _ in range(_MOST_PACKINGS):
        packing = packing_of(peek(plain))
        if packing == "zip":
            name, inner = _out_of_zip(name, source)
            if inner is None:
                return name, cast("io.BufferedReader", source)
        elif packing is not None:
            inner = _opened(packing, plain)
        else:
            break
        source = inner
        plain = ahead(inner)
    beginning = peek(plain)
    if packing_of(beginning) is not None:
        raise NoRows(f"packed more than {_MOST_PACKINGS} times; unpack it")
    place, mark = _MARK_OF_TAR
    if beginning[place:].startswith(mark):
        raise NoRows("a tar archive; take the file out that is meant")
    return name, ahead(plain)


def _opened(packing: str, stream: io.BufferedReader) -> BinaryIO:
    if packing == "gzip":
        return cast("BinaryIO", gzip.GzipFile(fileobj=stream))
    return cast("BinaryIO", _Zstandard(stream))


def _out_of_zip(name: str, stream: BinaryIO) -> tuple[str, BinaryIO | None]:
    """The one file of an archive, with its name; no stream where the archive is an xlsx file."""
    if not stream.seekable():
        raise NoRows("packed with zip, which can be read from a file only, not from a pipe; unpack it first")
    stream.seek(0)
    try:
        archive = zipfile.ZipFile(stream)
        names = [each.filename for each in archive.infolist() if not each.is_dir()]
        document = next((told for member, told in _DOCUMENT_MEMBERS.items() if member in names), None)
        meant = [each for each in names if not _is_of_the_system(each)]
        if document is None and len(meant) == 1:
            return PurePath(meant[0]).name, cast("BinaryIO", archive.open(meant[0]))
    except RuntimeError:
        raise NoRows("a zip file with a password, or packed in a way that cannot be read; unpack it") from None
    except (*DAMAGED, ValueError, IndexError):  # a wrong place, a name in no encoding, no name at all
        raise NoRows("a zip or xlsx file that cannot be read: it is damaged, or not complete") from None
    if document == "xlsx":
        stream.seek(0)
        return name, None
    raise NoRows(document or f"a zip file of {len(meant)} files ({_shown(meant)}); one is expected: unpack it")


def _is_of_the_system(member: str) -> bool:
    return member.startswith(_SYSTEM_FOLDER) or PurePath(member).name.startswith(_SYSTEM_NAMES)


def _shown(names: Sequence[str]) -> str:
    return ", ".join([*map(repr, names[:_NAMES_SHOWN]), *(["…"] if len(names) > _NAMES_SHOWN else [])]) or "nothing"
