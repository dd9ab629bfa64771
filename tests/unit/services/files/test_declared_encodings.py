"""Encodings that a catalogue declares: whatever it names, a file is read in it, or refused with a reason."""

import pkgutil
import random
from encodings import __path__ as encodings_path
from encodings.aliases import aliases

import pytest

from services.files.lines import BadLine, FileRow
from services.files.reading import Wanted
from tests.unit.services.files.reads import entries, only_reason, rows

PEOPLE = "id,name\n1,Zoë\n2,Bob\n"
ROWS = [{"id": "1", "name": "Zoë"}, {"id": "2", "name": "Bob"}]

MODULES = [module.name for module in pkgutil.iter_modules(encodings_path)]


@pytest.mark.parametrize("encoding", sorted({*aliases, *aliases.values(), *MODULES, "", "nope", "a\0b", "é"}))
def test_whatever_encoding_is_declared_a_file_is_read_or_told(encoding: str) -> None:
    noise = random.Random(encoding).randbytes(2_000)  # noqa: S311 - no secret
    texts = [PEOPLE.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-7")]
    for content in (*texts, noise, b"", b"\xff"):
        found, _ = entries(content, wanted=Wanted(encoding=encoding))
        assert all(isinstance(entry, BadLine | FileRow) for entry in found)


@pytest.mark.parametrize(
    "encoding",
    ["hex", "base64", "rot13", "zlib", "uu", "idna", "punycode", "undefined", "unicode_escape", "mbcs", "nope", "a\0b"],
)
def test_what_is_no_encoding_of_text_files_is_refused_by_its_name(encoding: str) -> None:
    reason = only_reason(PEOPLE.encode(), wanted=Wanted(encoding=encoding))
    assert repr(encoding) in reason
    assert "cp1252" in reason


@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_without_a_byte_order_mark_the_order_is_told_by_the_zeros(encoding: str, order: str) -> None:
    assert rows(PEOPLE.encode(f"{encoding}-{order}"), wanted=Wanted(encoding=encoding)) == ROWS


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_bytes_whose_order_cannot_be_told_are_refused(encoding: str) -> None:
    reason = only_reason("東京大阪".encode("utf-16-le"), wanted=Wanted(encoding=encoding))
    assert f"{encoding}-le" in reason
    assert f"{encoding}-be" in reason


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "hex"])
def test_an_empty_file_is_empty_whatever_is_declared(encoding: str) -> None:
    assert entries(b"", wanted=Wanted(encoding=encoding))[1] == ["is empty"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_a_byte_order_mark_tells_the_order(encoding: str) -> None:
    assert rows(PEOPLE.encode(encoding), wanted=Wanted(encoding=encoding)) == ROWS


@pytest.mark.parametrize("line_end", [b"\x15", b"\x25", b"\r\x25"])
@pytest.mark.parametrize("encoding", ["cp037", "cp500", "cp1140"])
def test_lines_of_a_mainframe_end_as_it_ends_them(encoding: str, line_end: bytes) -> None:
    content = b"".join(line.encode(encoding) + line_end for line in PEOPLE.splitlines())
    assert rows(content, wanted=Wanted(encoding=encoding)) == ROWS


def test_the_next_line_character_inside_of_lines_is_a_part_of_its_value() -> None:
    text = "id,name\n1,A\x85B\n"
    assert rows(text.encode("iso8859_1"), wanted=Wanted(encoding="iso8859_1")) == [{"id": "1", "name": "A\x85B"}]
