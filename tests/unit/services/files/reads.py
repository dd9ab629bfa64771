"""Reads the bytes of a file as `read_rows` does."""

import io

from services.files.lines import BadLine, FileEntry, FileRow
from services.files.reading import Wanted, read_rows


def entries(
    content: bytes, name: str = "people.csv", wanted: Wanted | None = None
) -> tuple[list[FileEntry], list[str]]:
    told: list[str] = []
    found = read_rows(name, io.BufferedReader(io.BytesIO(content)), wanted or Wanted(), told.append)
    return list(found.entries), told


def rows(content: bytes, name: str = "people.csv", wanted: Wanted | None = None) -> list[dict[str, object]]:
    found, _ = entries(content, name, wanted)
    assert not [entry for entry in found if isinstance(entry, BadLine)]
    return [dict(entry.values) for entry in found if isinstance(entry, FileRow)]


def only_reason(content: bytes, name: str = "people.csv", wanted: Wanted | None = None) -> str:
    found, _ = entries(content, name, wanted)
    (bad,) = found
    assert isinstance(bad, BadLine)
    assert bad.line == 1
    return bad.reason
