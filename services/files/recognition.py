"""What a file is, told by how it begins."""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Final, Literal

from services.files.lines import BYTE_ORDER_MARK

#: So much of a file is looked at.
PEEKED_BYTES: Final = 65_536

RowFormat = Literal["csv", "json", "xlsx", "parquet"]
Packing = Literal["gzip", "zstd", "zip"]

_FORMATS: Final[Mapping[str, RowFormat]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
_PACKINGS: Final[Mapping[bytes, Packing]] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip"}

#: What some files are that are no rows, and how to get rows out of them.
_OTHERS: Final[tuple[tuple[re.Pattern[bytes], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), told)
    for pattern, told in (
        (rb"\xd0\xcf\x11\xe0", "an Excel file of the old form (xls); save it as xlsx or CSV"),
        (rb"%PDF", "a PDF; export the rows as CSV"),
        (rb"SQLite format 3\x00", "an SQLite database; export the table as CSV"),
        (rb"Obj\x01", "an Avro file; convert it to JSON lines or Parquet"),
        (rb"ORC", "an ORC file; convert it to Parquet or CSV"),
        (rb"BZh", "packed with bzip2; unpack it, or pack it with gzip or zstd"),
        (rb"\xfd7zXZ", "packed with xz; unpack it, or pack it with gzip or zstd"),
        (rb"7z\xbc\xaf", "packed with 7-Zip; unpack it, or pack it with gzip or zstd"),
        (rb"\s*<(?:!doctype\s+html|html|head|body)\b", "an HTML page, perhaps of a login; get the export again"),
        (rb"\s*<\?xml|\s*<[a-z][\w:.-]*[\s>]", "XML; convert it to CSV or JSON lines"),
        (
            rb"\s*(?:-- |/\*!|create\s+table|insert\s+into|copy\s+\S+\s*\(|set\s+\w+\s*=|begin;|drop\s+table)",
            "a dump in SQL; export the table as CSV",
        ),
        (rb"\{\\rtf", "a text document (RTF); export the rows as CSV"),
    )
)


def packing_of(beginning: bytes) -> Packing | None:
    """How a file is packed; None where it is not."""
    return next((packing for mark, packing in _PACKINGS.items() if beginning.startswith(mark)), None)


def row_format(name: str, beginning: bytes) -> RowFormat:
    """Tell how rows are written: by the first bytes, the ending of the name, and what the text begins with."""
    if beginning.startswith(b"PAR1"):
        return "parquet"
    known = _FORMATS.get(PurePath(name).suffix.lower())
    if known is not None:
        return known
    return "json" if beginning.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"[") else "csv"


def no_rows(beginning: bytes) -> str | None:
    """What a file is that holds no rows that can be read; None where it may hold some."""
    seen = beginning.removeprefix(BYTE_ORDER_MARK)
    return next((told for pattern, told in _OTHERS if pattern.match(seen)), None)
