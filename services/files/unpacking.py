"""Takes a file out of what it is packed in, and brings its text into UTF-8.

Everything streams, so that memory stays flat however much a small file unpacks to.
"""

import codecs
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO, Final, cast

import zstandard
from charset_normalizer import from_bytes

from services.files.recognition import PEEKED_BYTES, packing_of

_CHUNK_BYTES: Final = 65_536
#: What stands in a zip file that is a document of some program.
_DOCUMENT_MEMBERS: Final = {
    "xl/workbook.xml": "xlsx",
    "xl/workbook.bin": "an Excel file of binary form (xlsb); save it as xlsx or CSV",
    "word/document.xml": "a Word document; export the rows as CSV",
    "content.xml": "an OpenDocument file; save it as xlsx or CSV",
}
#: The longer ones first: a mark of UTF-32 begins with one of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: Encodings that are looked for where nothing declares one: those in which programs of today still export.
_CANDIDATES: Final = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "shift_jis", "cp932", "euc_jp", "gb18030", "big5", "euc_kr",
    "cp949", "koi8_r", "iso8859_2", "iso8859_15",
]  # fmt: skip

_LAST_OF_ASCII: Final = 127
#: So many bytes beyond ASCII tell an encoding; fewer may be anything, or damage.
_ENOUGH_TO_TELL: Final = 10

Warn = Callable[[str], None]

#: What reading a damaged file fails with.
DAMAGED: Final = (OSError, EOFError, zlib.error, zstandard.ZstdError)


class NoRows(Exception):
    """A file is no file of rows; the message says what it is."""


def peek(stream: BinaryIO) -> bytes:
    """The first bytes of a stream that can give them back."""
    return cast("io.BufferedReader", stream).peek(PEEKED_BYTES)[:PEEKED_BYTES]


def unpacked(stream: io.BufferedReader) -> io.BufferedReader:
    """The bytes that a file was packed from; xlsx files stay as they are.

    Raises:
        NoRows: it holds something else than one file.
    """
    packing = packing_of(peek(stream))
    if packing == "gzip":
        return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=stream)), PEEKED_BYTES)
    if packing == "zstd":
        reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
        return io.BufferedReader(cast("io.RawIOBase", reader), PEEKED_BYTES)
    if packing == "zip":
        return _out_of_zip(stream)
    return stream


def in_utf8(stream: io.BufferedReader, encoding: str | None, warn: Warn) -> tuple[io.BufferedReader, str | None]:
    """The text of a stream in UTF-8, with line feeds at the ends of its lines.

    Bytes that mean nothing in the encoding stay as they are, so that they cost the line they stand on.

    Args:
        stream: the bytes.
        encoding: the declared one; None: that of the byte order mark, or UTF-8, or what the bytes look like.
        warn: told where the encoding was found by its looks.

    Returns:
        The text, and the encoding that it was found to have by its looks; None where that was declared or marked.
    """
    beginning = peek(stream)
    marked = next((name for mark, name in _MARKS if beginning.startswith(mark)), None)
    declared = None if encoding is None else codecs.lookup(encoding).name
    looks = None if marked or declared else _unmarked_utf16(beginning) or _by_looks(beginning, warn)
    found = marked or declared or looks
    text = beginning if found is None else beginning.decode(found, errors="ignore").encode(errors="ignore")
    carriage_returns_only = b"\r" in text and b"\n" not in text
    if found in (None, "utf-8") and not carriage_returns_only:
        return stream, None
    recoded = _Recoded(stream, found or "utf-8", carriage_returns_only=carriage_returns_only)
    return io.BufferedReader(cast("io.RawIOBase", recoded), PEEKED_BYTES), looks


def _out_of_zip(stream: io.BufferedReader) -> io.BufferedReader:
    if not stream.seekable():
        raise NoRows("packed with zip, which cannot be read from standard input; unpack it first")
    try:
        archive = zipfile.ZipFile(stream)
        members = [member for member in archive.infolist() if not member.is_dir()]
        names = {member.filename for member in members}
        document = next((told for name, told in _DOCUMENT_MEMBERS.items() if name in names), None)
        if document is None and len(members) == 1:
            return io.BufferedReader(cast("io.RawIOBase", archive.open(members[0])), PEEKED_BYTES)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError):
        raise NoRows("a zip or xlsx file that cannot be read (damaged, or with a password)") from None
    if document == "xlsx":
        stream.seek(0)
        return stream
    raise NoRows(document or f"a zip file of {len(members)} files; unpack it, and name those that are meant")


def _unmarked_utf16(beginning: bytes) -> str | None:
    """UTF-16 without its mark: in Western texts nearly every second byte is zero."""
    pairs = len(beginning) // 2
    if pairs == 0:
        return None
    even, odd = beginning[0 : 2 * pairs : 2].count(0), beginning[1 : 2 * pairs : 2].count(0)
    if max(even, odd) * 10 < pairs * 7:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def _by_looks(beginning: bytes, warn: Warn) -> str | None:
    """The encoding that bytes look like which are no UTF-8; None where they are, or where it cannot be told."""
    cut = codecs.getincrementaldecoder("utf-8")()
    try:
        cut.decode(beginning)
    except UnicodeDecodeError:
        if sum(byte > _LAST_OF_ASCII for byte in beginning) < _ENOUGH_TO_TELL:
            return None
        best = from_bytes(beginning, cp_isolation=_CANDIDATES, threshold=0.3).best()
        if best is None or best.coherence == 0:
            return None
        found = next((each for each in _CANDIDATES if _decoded(beginning, each) == str(best)), str(best.encoding))
        warn(
            f"is not UTF-8; it is read as {found}, which it looks like. If names come out wrong, name another encoding "
            f"in the catalogue, else say `encoding: {found}`"
        )
        return found
    return None


def _decoded(content: bytes, encoding: str) -> str:
    return codecs.getincrementaldecoder(encoding)(errors="replace").decode(content)


class _Recoded(io.RawIOBase):
    """A stream in UTF-8, of one in another encoding."""

    def __init__(self, stream: BinaryIO, encoding: str, *, carriage_returns_only: bool) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
        self._carriage_returns_only = carriage_returns_only
        self._ready = b""

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # the stubs know no writable buffers
        """Fill the buffer; 0 at the end."""
        while not self._ready:
            chunk = self._stream.read(_CHUNK_BYTES)
            text = self._decoder.decode(chunk, final=not chunk)
            if self._carriage_returns_only:
                text = text.replace("\r", "\n")
            self._ready = text.encode(errors="surrogateescape")
            if not chunk:
                break
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size
