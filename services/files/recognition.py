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
    ".parquet": "parquet",
}
_PACKINGS: Final[Mapping[bytes, Packing]] = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    # Frames without content, which some programs begin files with.
    **{bytes([number]) + b"\x2a\x4d\x18": "zstd" for number in range(0x50, 0x60)},
}

#: What some files are that are no rows, and how to get rows out of them.
_OTHERS: Final[tuple[tuple[re.Pattern[bytes], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), told)
    for pattern, told in (
        (
            rb"\xd0\xcf\x11\xe0",
            "an Excel file of the old form (xls), or with a password; save it as CSV",
        ),
        (rb"%PDF-", "a PDF; export the rows as CSV"),
        (rb"SQLite format 3\x00", "an SQLite database; export the table as CSV"),
        (rb"Obj\x01", "an Avro file; convert it to JSON lines or Parquet"),
        (rb"PARE.{3}\x00", "an encrypted Parquet file; decrypt it"),
        (rb"ORC[^\x20-\x7e\r\n]", "an ORC file; convert it to Parquet or CSV"),
        (rb"BZh[1-9]1AY&SY", "packed with bzip2; unpack it, or pack it with gzip or zstd"),
        (rb"\xfd7zXZ", "packed with xz; unpack it, or pack it with gzip or zstd"),
        (rb"7z\xbc\xaf", "packed with 7-Zip; unpack it, or pack it with gzip or zstd"),
        (rb"\s*<(?:!doctype\s+html|html|head|body)\b", "an HTML page, perhaps of a login; get the export again"),
        (rb"\s*<\?xml|\s*<[a-z][\w:.-]*(?:>|\s+[\w:.-]+\s*=)(?!\s*[,;|\t])", "XML; convert it to CSV or JSON lines"),
        (
            rb"\s*(?:--\s|/\*M?!|create\s+table\s|insert\s+into\s|copy\s+\S+\s*\(|drop\s+table\s|set\s+\w+\s*=|pragma\s)",
            "a dump in SQL; export the table as CSV",
        ),
        (
            rb"\s*(?:set\s+\w+\s+o(?:n|ff)\b|use\s+[\[`\w]+\]?`?;?\s*\n|(?:begin(?:\s+transaction)?|start\s+transaction);\s*\n)",
            "a dump in SQL; export the table as CSV",
        ),
        (rb"PGDMP", "a dump of PostgreSQL in its own form; export the table as CSV"),
        (rb"ARROW1", "an Arrow file; convert it to Parquet or CSV"),
        (rb"\x04\x22\x4d\x18", "packed with LZ4; unpack it, or pack it with gzip or zstd"),
        (rb"Rar!", "packed with RAR; unpack it, or pack it with gzip or zstd"),
        (rb"BEGIN:VCARD", "a file of visiting cards (vCard); export the contacts as CSV"),
        (rb"\+-{2,}\+", "a table printed for people; let the client write CSV or tabs"),
        (rb"\{\\rtf", "a text document (RTF); export the rows as CSV"),
    )
)


_PARQUET: Final = re.compile(rb"PAR1[^\x20-\x7e\r\n]")
#: A list of objects, or an object with a member.
_JSON_BEGINNING: Final = re.compile(rb"\s*(?:\[\s*)?\{\s*(?:\"(?:[^\"\\]|\\.)*\"\s*:|\})")
#: No white space is looked over twice, so that the time is linear whatever comes.
_MAYBE_JSON: Final = re.compile(rb"(?:^|\t)[^\S\t]*[\[{]|[\]}],?\s*$|\tnull\s*$")
_LINES_SEEN: Final = 10
#: A line of the console consumer: what it was asked for, a key, an object.
_CONSOLE_LINE: Final = re.compile(
    rb"(?:(?:CreateTime|LogAppendTime|Partition|Offset):\d+\t|NO_(?:TIMESTAMP|HEADERS)\t)+"
    rb"|(?:null|\d+|\{[^\n\t]*\}|\"[^\n\t]*\")\t(?:\{\"|null\s)"
)


def packing_of(beginning: bytes) -> Packing | None:
    """How a file is packed; None where it is not."""
    return next((packing for mark, packing in _PACKINGS.items() if beginning.startswith(mark)), None)


def row_format(name: str, beginning: bytes) -> RowFormat:
    """Tell how rows are written: by the first bytes, the ending of the name, and what the text begins with."""
    if _PARQUET.match(beginning):
        return "parquet"
    known = _FORMATS.get(PurePath(name).suffix.lower())
    if known is not None:
        return known
    if _CONSOLE_LINE.match(beginning):
        return "json"
    return "json" if beginning.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"[") else "csv"


def misnamed(written: RowFormat, beginning: bytes) -> str | None:
    """Say what a file is that is not what its name says; None where it may be."""
    seen = beginning.removeprefix(BYTE_ORDER_MARK)
    if written == "csv" and _JSON_BEGINNING.match(seen):
        return "JSON, although its name is that of CSV; let its name end in .jsonl or .json"
    lines = [line for line in seen.split(b"\n", _LINES_SEEN)[:_LINES_SEEN] if line.strip()]
    if written == "json" and lines and not any(_MAYBE_JSON.search(line) for line in lines):
        return "no JSON, neither objects nor a list; if it is CSV, let its name end in .csv, and name its source"
    return None


def no_rows(beginning: bytes) -> str | None:
    """What a file is that holds no rows that can be read; None where it may hold some."""
    seen = beginning.removeprefix(BYTE_ORDER_MARK)
    return next((told for pattern, told in _OTHERS if pattern.match(seen)), None)
