"""How documents are written into the file: compressed by dictionaries that the file itself holds.

Documents are JSON objects of few hundred bytes that say nearly the same, so each alone compresses badly, and with a
dictionary of what they have in common to a fifth. The first byte of a stored document tells how to read it: `{` begins
one that is written as it is, a control character is the number of the dictionary by which the rest, a Zstandard frame
without its magic number, is compressed.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import zstandard

#: The numbers of dictionaries are smaller than any byte that JSON text can begin with.
MOST_DICTIONARIES: Final = 8

_LEVEL: Final = 3
_READ: Final = "SELECT content FROM dictionary WHERE number = ?"
_NEWEST: Final = "SELECT number, content FROM dictionary ORDER BY number DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class _Written:
    """What documents are written with."""

    number: int
    content: bytes  #: of the dictionary
    first_byte: bytes
    compress: Callable[[bytes], bytes]


class Documents:
    """Writes and reads the documents of a file through one connection; used by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._written: _Written | None = None
        self._readers: dict[int, Callable[[bytes], bytes]] = {}

    def write_by_newest(self) -> None:
        """Take the newest dictionary of the file for what is written from now on; none where it has none."""
        newest: tuple[int, bytes] | None = self._connection.execute(_NEWEST).fetchone()
        known = None if self._written is None else (self._written.number, self._written.content)
        if newest == known:
            return
        # A dictionary whose transaction was taken back may have left its number to another one.
        self._readers.clear()
        self._written = None if newest is None else _written(*newest)

    def pack(self, document: bytes) -> bytes:
        """The stored form of a document."""
        written = self._written
        if written is None:
            return document
        packed = written.first_byte + written.compress(document)
        return packed if len(packed) < len(document) else document

    def unpack(self, stored: bytes | str | None) -> bytes | None:
        """Read what `pack` wrote; what is damaged is given as it is, so that whoever reads it finds that."""
        if not isinstance(stored, bytes):
            return None if stored is None else stored.encode()
        number = stored[0] if stored else 0
        if not 1 <= number <= MOST_DICTIONARIES:
            return stored
        try:
            return (self._readers.get(number) or self._reader(number))(stored[1:])
        except (zstandard.ZstdError, LookupError):
            return stored

    def _reader(self, number: int) -> Callable[[bytes], bytes]:
        dictionary = self._dictionary(number)
        reader = zstandard.ZstdDecompressor(dict_data=dictionary, format=zstandard.FORMAT_ZSTD1_MAGICLESS).decompress
        self._readers[number] = reader
        return reader

    def _dictionary(self, number: int) -> zstandard.ZstdCompressionDict:
        found = self._connection.execute(_READ, (number,)).fetchone()
        if found is None:
            raise LookupError(f"no dictionary {number}")
        return zstandard.ZstdCompressionDict(found[0])


def _written(number: int, content: bytes) -> _Written:
    dictionary = zstandard.ZstdCompressionDict(content)
    dictionary.precompute_compress(level=_LEVEL)
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL,
        format=zstandard.FORMAT_ZSTD1_MAGICLESS,
        write_content_size=True,
        write_checksum=False,
        write_dict_id=False,
    )
    compressor = zstandard.ZstdCompressor(dict_data=dictionary, compression_params=parameters)
    return _Written(number, content, bytes((number,)), compressor.compress)
