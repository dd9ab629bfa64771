"""Brings the text of a file into UTF-8, in whatever encoding it is written."""

import codecs
import io
from typing import BinaryIO, Final, cast

from services.files.declared_encoding import decodable
from services.files.lines import BYTE_ORDER_MARK, MAX_LINE_BYTES, Warn
from services.files.recognition import PEEKED_BYTES
from services.files.text_encoding import likely_encoding
from services.files.unpacking import DAMAGED, peek, read_some

_CHUNK_BYTES: Final = 65_536
#: So much is looked at to tell an encoding that nothing declares.
_SAMPLE_BYTES: Final = 1_000_000
#: The longer ones first: a mark of UTF-32 begins with one of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (BYTE_ORDER_MARK, "utf-8"),
)
_WIDE_ENCODINGS: Final = frozenset({"cp932", "euc_jp", "gb18030", "big5", "cp949"})
#: What bytes become that mean nothing in their encoding: no UTF-8, so that they cost the line they stand on.
_MEANINGLESS: Final = "\udcff"
#: What may end all lines of a file, the likeliest first; the last is NEL, with which mainframes end them.
_LINE_ENDS: Final = (b"\n", b"\r", "\x85".encode())
_HANDLER: Final = "services.files.meaningless"


def _mark_meaningless(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeDecodeError):
        return _MEANINGLESS, error.end
    if isinstance(error, UnicodeEncodeError):
        return b"\xff", error.end
    raise error


codecs.register_error(_HANDLER, _mark_meaningless)


def in_utf8(stream: io.BufferedReader, encoding: str | None, warn: Warn) -> tuple[io.BufferedReader, str | None]:
    """The text of a stream in UTF-8, with line feeds at the ends of its lines.

    Bytes that mean nothing in the encoding cost the line they stand on.

    Args:
        stream: the bytes, whose beginning can be looked at.
        encoding: the declared one; None: that of the byte order mark, or UTF-8, or what the bytes look like.
        warn: told where the encoding was found by its looks.

    Returns:
        The text, and the encoding that its beginning was found to have by its looks; None where none was needed.

    Raises:
        NoRows: it cannot be decoded in the declared encoding; see `decodable`.
    """
    beginning = peek(stream)
    marked = next((name for mark, name in _MARKS if beginning.startswith(mark)), None)
    declared = None if encoding is None or marked or not beginning else decodable(encoding, beginning)
    zeros = None if marked or declared else _unmarked_utf16(beginning)
    text = _Text(stream, marked or declared or zeros, warn)
    buffered = io.BufferedReader(cast("io.RawIOBase", text), PEEKED_BYTES)
    buffered.peek(1)  # what the beginning looks like is told by reading it
    return cast("io.BufferedReader", buffered), text.found or zeros


def _unmarked_utf16(beginning: bytes) -> str | None:
    """UTF-16 without its mark: in Western texts nearly every second byte is zero."""
    pairs = len(beginning) // 2
    if pairs == 0:
        return None
    even, odd = beginning[0 : 2 * pairs : 2].count(0), beginning[1 : 2 * pairs : 2].count(0)
    if max(even, odd) * 10 < pairs * 7:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


class _Text(io.RawIOBase):
    """A stream in UTF-8, of one in whatever encoding."""

    def __init__(self, stream: BinaryIO, encoding: str | None, warn: Warn) -> None:
        self._stream = stream
        self._warn = warn
        self._decoder = (
            None if encoding in (None, "utf-8") else codecs.getincrementaldecoder(encoding or "")(errors=_HANDLER)
        )
        self._checker = codecs.getincrementaldecoder("utf-8")() if encoding is None else None
        self._line_end: bytes | None = None  #: what ends the lines; None: nothing is read yet
        self._waiting = b""  #: read ahead, or the beginning of a line that is not read to its end
        self._ready = b""
        self._ended = False
        self._failure: Exception | None = None
        self.found: str | None = None  #: the encoding that it looked like where it was no UTF-8

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # the stubs know no writable buffers
        """Fill the buffer; 0 at the end."""
        while not self._ready and not self._ended:
            self._ready = self._with_line_feeds(self._next())
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _next(self) -> bytes:
        if self._failure is not None:
            raise self._failure
        chunk = read_some(self._stream, _CHUNK_BYTES)
        self._ended = not chunk
        if self._decoder is not None:
            return self._decoder.decode(chunk, final=not chunk).encode(errors=_HANDLER)
        if self.found is not None:
            return self._by_lines(chunk)
        if self._checker is not None:
            try:
                self._checker.decode(chunk)
            except UnicodeDecodeError:
                return self._look_at(chunk)
        return chunk

    def _look_at(self, chunk: bytes) -> bytes:
        """Find out the encoding of text that is no UTF-8 from here on; where that cannot be told, leave it as it is."""
        self._checker = None
        sample = bytearray(chunk)
        try:
            while len(sample) < _SAMPLE_BYTES and (part := read_some(self._stream, _CHUNK_BYTES)):
                sample += part
        except DAMAGED as error:
            self._failure = error  # what came before it is read first
        strange = b"\n".join(line for line in bytes(sample).splitlines() if not _is_utf8(line))
        found = likely_encoding(bytes(strange))
        if found is None:
            return bytes(sample)
        self._warn(
            f"is not UTF-8; it is read as {found}, which it looks like. If names come out wrong, name another encoding "
            f"in the catalogue, else say `encoding: {found}`"
        )
        self.found = found
        return self._by_lines(bytes(sample))

    def _by_lines(self, chunk: bytes) -> bytes:
        """Whole lines in UTF-8; files that were put together may have lines that are UTF-8 already."""
        content = self._waiting + chunk
        end = len(content) if not chunk or len(content) > MAX_LINE_BYTES else content.rfind(b"\n") + 1
        self._waiting = content[end:]
        return b"".join(map(self._line, content[:end].splitlines(keepends=True)))

    def _line(self, line: bytes) -> bytes:
        found = self.found or "utf-8"
        if line.isascii() or (found not in _WIDE_ENCODINGS and _is_utf8(line)):
            return line
        return line.decode(found, errors=_HANDLER).encode(errors=_HANDLER)

    def _with_line_feeds(self, text: bytes) -> bytes:
        if self._line_end is None and text:
            ends = _LINE_ENDS if self._decoder is not None else _LINE_ENDS[:2]
            self._line_end = next((end for end in ends if end in text), b"\n")
        return text if self._line_end in (None, b"\n") else text.replace(self._line_end, b"\n")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
