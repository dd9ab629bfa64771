"""Packed files and tables that are damaged or not complete: what can be read is read, the rest is told."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable

import openpyxl
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from services.files.lines import BadLine, FileRow
from tests.unit.services.files.reads import entries, only_reason, rows

PEOPLE = b"id,name\n" + b"".join(b"%d,name %d\n" % (number, number * 7919) for number in range(60))


def zipped(content: bytes, name: str = "people.csv", packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def workbook() -> bytes:
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    book.worksheets[0].append(["id", "name"])
    book.worksheets[0].append([1, "Ann"])
    book.save(buffer)
    return buffer.getvalue()


def table() -> bytes:
    buffer = io.BytesIO()
    columns = {"id": pa.array([1, 2]), "name": pa.array(["Ann", None]), "tags": pa.array([["a"], []])}
    parquet.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


FILES = {
    "people.csv.gz": gzip.compress(PEOPLE),
    "several.csv.gz": gzip.compress(PEOPLE[:100]) + gzip.compress(PEOPLE[100:]),
    "people.csv.zst": zstandard.compress(PEOPLE),
    "several.csv.zst": zstandard.compress(PEOPLE[:100]) + zstandard.compress(PEOPLE[100:]),
    "people.zip": zipped(PEOPLE),
    "stored.zip": zipped(PEOPLE, packing=zipfile.ZIP_STORED),
    "bzip2.zip": zipped(PEOPLE, packing=zipfile.ZIP_BZIP2),
    "lzma.zip": zipped(PEOPLE, packing=zipfile.ZIP_LZMA),
    "people.zip.gz": gzip.compress(zipped(PEOPLE)),
    "people.xlsx": workbook(),
    "xlsx.zip": zipped(workbook(), "people.xlsx"),
    "people.parquet": table(),
}


def assert_read_or_told(name: str, content: bytes) -> None:
    found, _ = entries(content, name)
    assert all(isinstance(entry, FileRow) or entry.reason for entry in found)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_ends_anywhere_is_read_up_to_there_or_told(name: str) -> None:
    content = FILES[name]
    for end in {*range(0, len(content), 1 + len(content) // 150), *range(max(0, len(content) - 30), len(content))}:
        assert_read_or_told(name, content[:end])


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(sorted(FILES)),
    changes=st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 255)), min_size=1, max_size=4),
    from_its_end=st.booleans(),
)
def test_a_file_with_other_bytes_in_it_is_read_or_told(
    name: str, changes: list[tuple[int, int]], from_its_end: bool
) -> None:
    content = bytearray(FILES[name])
    for place, byte in changes:
        content[-1 - place % len(content) if from_its_end else place % len(content)] = byte
    assert_read_or_told(name, bytes(content))


def test_a_zip_file_whose_directory_is_damaged_is_told() -> None:
    content = bytearray(FILES["people.zip"])
    directory = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    struct.pack_into("<I", content, end + 12, 0xFFFF)  # the size of the directory
    assert "damaged" in only_reason(bytes(content), "people.zip")
    content = bytearray(FILES["people.zip"])
    struct.pack_into("<H", content, directory + 28, 0)  # the length of the name
    struct.pack_into("<H", content, directory + 30, len("people.csv"))
    assert "damaged" in only_reason(bytes(content), "people.zip")


def test_a_zip_file_with_a_password_is_told() -> None:
    content = bytearray(FILES["people.zip"])
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    assert "password" in only_reason(bytes(content), "people.zip")


@pytest.mark.parametrize("name", ["export/2026/people.csv", "../../people.csv", "/etc/people.csv"])
def test_folders_inside_of_a_zip_file_are_of_no_matter(name: str) -> None:
    assert len(rows(zipped(PEOPLE, name), "people.zip")) == 60


def test_a_zip_file_in_the_form_for_large_ones_is_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open("people.csv", "w", force_zip64=True) as member:
        member.write(PEOPLE)
    assert len(rows(buffer.getvalue(), "people.zip")) == 60


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_what_is_no_part_of_a_packed_file_is_told_behind_its_rows(pack: Callable[[bytes], bytes]) -> None:
    found, _ = entries(pack(PEOPLE) + b"no part of it")
    assert sum(isinstance(entry, FileRow) for entry in found) == 60
    assert isinstance(found[-1], BadLine)
    assert "damaged" in found[-1].reason


def test_a_packed_file_whose_check_sum_is_wrong_is_told_behind_its_rows() -> None:
    content = bytearray(gzip.compress(PEOPLE))
    content[-8] ^= 0xFF
    found, _ = entries(bytes(content))
    assert sum(isinstance(entry, FileRow) for entry in found) == 60
    assert isinstance(found[-1], BadLine)


def test_text_in_another_encoding_is_read_up_to_the_damage() -> None:
    names = ["José Núñez", "María Peña", "Íñigo López", "Sofía Muñoz", "Begoña Ibáñez"] * 20
    text = "id,name\n" + "".join(f"{number},{name}\n" for number, name in enumerate(names))
    content = bytearray(gzip.compress(text.encode("cp1252")))
    content[-8] ^= 0xFF
    found, _ = entries(bytes(content))
    assert sum(isinstance(entry, FileRow) for entry in found) == 100
    assert isinstance(found[-1], BadLine)


def test_the_elements_of_an_array_are_read_up_to_the_damage() -> None:
    content = gzip.compress(b"[\n" + b",\n".join(b'{"id": %d}' % number for number in range(20_000)) + b"\n]")
    found, _ = entries(content[: len(content) // 2], "people.json.gz")
    assert sum(isinstance(entry, FileRow) for entry in found) > 5_000
    assert isinstance(found[-1], BadLine)
    assert "ends too early" in found[-1].reason


@pytest.mark.parametrize("place", ["before", "behind"])
def test_a_frame_that_holds_no_content_is_passed_over(place: str) -> None:
    skipped = struct.pack("<II", 0x184D2A50, 4) + b"note"
    packed = zstandard.compress(PEOPLE)
    assert len(rows(skipped + packed if place == "before" else packed + skipped, "people.csv.zst")) == 60
