"""Files as people have them: packed, in many encodings, with headers and delimiters of all sorts."""

import csv
import gzip
import io
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import cast

import openpyxl
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from services.files.lines import BadLine, FileRow
from services.files.reading import Wanted, read_rows
from tests.unit.services.files.reads import entries, only_reason, rows

PEOPLE = "id,name\n1,Zoë\n2,Bob\n"
ROWS = [{"id": "1", "name": "Zoë"}, {"id": "2", "name": "Bob"}]


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.csv", content)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["people.csv", "people.csv.gz", "people.dat"])
@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(PEOPLE.encode()),
        gzip.compress(PEOPLE.encode()[:9]) + gzip.compress(PEOPLE.encode()[9:]),
        zstandard.compress(PEOPLE.encode()),
        zipped(people=PEOPLE.encode()),
        gzip.compress(zstandard.compress(PEOPLE.encode())),
    ],
    ids=["gzip", "gzip of two parts", "zstd", "zip", "zstd in gzip"],
)
def test_a_packed_file_is_told_by_its_bytes_and_unpacked(packed: bytes, name: str) -> None:
    assert rows(packed, name) == ROWS


def test_json_lines_are_told_inside_of_a_packed_file() -> None:
    assert rows(gzip.compress(b'{"id": 1}\n'), "people.jsonl.gz") == [{"id": 1}]
    assert rows(gzip.compress(b'{"id": 1}\n'), "people.gz") == [{"id": 1}]


def test_a_zip_file_of_several_files_is_refused_with_their_names() -> None:
    assert "a zip file of 2 files ('a.csv', 'b.csv')" in only_reason(zipped(a=b"id\n1\n", b=b"id\n2\n"))


def test_what_a_system_adds_to_a_zip_file_is_passed_over() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("export/people.csv", PEOPLE)
        archive.writestr("__MACOSX/export/._people.csv", "x")
        archive.writestr("export/.DS_Store", "x")
    assert rows(buffer.getvalue(), "people.zip") == ROWS


def test_a_file_that_is_packed_again_and_again_is_not_unpacked() -> None:
    packed = PEOPLE.encode()
    for _ in range(5):
        packed = gzip.compress(packed)
    assert "packed more than 3 times" in only_reason(packed)


def test_a_tar_archive_is_named() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("people.csv"), io.BytesIO())
    assert "a tar archive" in only_reason(buffer.getvalue(), "people.tar.gz")


def test_what_unpacks_to_far_more_than_memory_is_read_in_portions() -> None:
    bomb = zstandard.compress(b"id,name\n" + b"0" * 200_000_000 + b"\n1,Ann\n", level=19)
    tracemalloc.start()
    try:
        found, _ = entries(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [entry.line for entry in found] == [2, 3]
    assert peak < 80_000_000


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_packed_file_that_ends_too_early_keeps_its_first_rows_and_says_so(pack: Callable[[bytes], bytes]) -> None:
    whole = pack("".join(["id,name\n", *(f"{n},name {n * 7919}\n" for n in range(50_000))]).encode())
    found, _ = entries(whole[: len(whole) // 2])
    assert sum(isinstance(entry, FileRow) for entry in found) > 1_000
    last = found[-1]
    assert isinstance(last, BadLine)
    assert "ends too early" in last.reason


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-8", b"\xef\xbb\xbf\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-32-le", b"\xff\xfe\x00\x00"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
    ],
)
def test_unicode_is_told_by_its_mark_or_its_zeros(encoding: str, mark: bytes) -> None:
    assert rows(mark + PEOPLE.encode(encoding)) == ROWS


def test_a_zip_file_with_damage_keeps_the_rows_before_it() -> None:
    content = "".join(["id,name\n", *(f"{n},name {n * 7919}\n" for n in range(50_000))]).encode()
    damaged = bytearray(zipped(people=content))
    damaged[len(damaged) // 2] ^= 0xFF
    found, _ = entries(bytes(damaged), "people.zip")
    assert found[0] == FileRow(2, {"id": "0", "name": "name 0"})
    assert isinstance(found[-1], BadLine)


@pytest.mark.parametrize("encoding", ["cp1252", "cp1250", "latin-1", "cp850", "mac_roman"])
def test_a_declared_encoding_is_used(encoding: str) -> None:
    assert rows(PEOPLE.encode(encoding), wanted=Wanted(encoding=encoding)) == ROWS


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp1252", ["José Núñez", "María Peña", "Íñigo López", "Sofía Muñoz", "Begoña Ibáñez"]),
        ("cp1252", ["João Gonçalves", "Conceição Simões", "Inês Araújo", "Estêvão Brandão"]),
        ("cp1252", ["Søren Kierkegård", "Bjørn Østergård", "Mette Møller", "Åse Nørgaard"]),
        ("mac_roman", ["François Lefèvre", "Zoé Dupont", "Benoît Côté", "Élodie Garçon"]),
        ("cp1250", ["Łukasz Żółkiewski", "Małgorzata Wójcik", "Agnieszka Dąbrowska"]),
        ("cp1250", ["Jiří Dvořák", "Tomáš Procházka", "Zdeněk Kučera", "Věra Němcová"]),
        ("cp1254", ["Ayşe Yılmaz", "Gökhan Çağlar", "İbrahim Öztürk", "Şükrü Güneş"]),  # noqa: RUF001
        ("cp1257", ["Žydrūnas Kazlauskas", "Rūta Šimkutė", "Jūratė Žukauskienė"]),
        ("koi8_r", ["Анна Иванова", "Пётр Смирнов", "Ольга Кузнецова"]),
        ("cp1252", ["François Lefèvre", "Jürgen Groß", "José Núñez", "Zoë Müller", "Søren Kierkegård"]),
        ("cp1251", ["Анна Иванова", "Пётр Смирнов", "Ольга Кузнецова", "Дмитрий Соколов"]),
        ("shift_jis", ["山田太郎", "佐藤花子さん", "鈴木一郎です", "高橋みなみ"]),
    ],
)
def test_an_encoding_that_nobody_declared_is_told_by_its_looks_and_said(encoding: str, names: list[str]) -> None:
    text = "id,name\n" + "".join(f"{number},{name}\n" for number, name in enumerate(names * 20))
    found, told = entries(text.encode(encoding))
    assert [entry.values["name"] for entry in found if isinstance(entry, FileRow)] == [*names] * 20
    assert len(told) == 1
    assert "`encoding:" in told[0]


def test_an_encoding_is_found_behind_many_rows_without_a_letter_beyond_ascii() -> None:
    text = "id,name\n" + "".join(f"{number},Ann Lee\n" for number in range(20_000)) + "20000,José Núñez\n"
    found, told = entries(text.encode("cp1252"))
    assert found[-1] == FileRow(20_002, {"id": "20000", "name": "José Núñez"})
    assert len(told) == 1


def test_an_encoding_that_could_be_another_is_not_guessed() -> None:
    found, told = entries("id,name\n1,Peña\n2,Bob\n".encode("cp1252"))
    assert (found[1:], told) == ([FileRow(3, {"id": "2", "name": "Bob"})], [])
    assert isinstance(found[0], BadLine)
    assert "`encoding: cp1252`" in found[0].reason


def test_lines_of_two_encodings_in_one_file_are_both_read() -> None:
    strange = "".join(f"{number},José Núñez {number}\n" for number in range(20)).encode("cp1252")
    assert rows("id,name\n0,Zoë Müller\n".encode() + strange)[:2] == [
        {"id": "0", "name": "Zoë Müller"},
        {"id": "0", "name": "José Núñez 0"},
    ]


def test_a_byte_order_mark_outranks_a_declared_encoding() -> None:
    assert rows(b"\xef\xbb\xbf" + PEOPLE.encode(), wanted=Wanted(encoding="cp1252")) == ROWS


def test_half_a_character_of_utf_16_costs_its_line() -> None:
    text = b"\xff\xfe" + "id,name\n1,".encode("utf-16-le") + b"\x00\xd8" + "x\n2,Bob\n".encode("utf-16-le") + b"A"
    found, _ = entries(text)
    assert [type(entry) for entry in found] == [BadLine, FileRow, BadLine]


def test_a_pipe_that_gives_single_bytes_is_told_apart_like_a_file() -> None:
    class Slow(io.RawIOBase):
        def __init__(self, content: bytes) -> None:
            self.content = io.BytesIO(content)

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            byte = self.content.read(1)
            buffer[: len(byte)] = byte
            return len(byte)

    told: list[str] = []
    slow = Slow(gzip.compress(PEOPLE.encode()))
    found = read_rows("-", io.BufferedReader(cast("io.RawIOBase", slow)), Wanted(), told.append)
    assert [entry.values for entry in found.entries if isinstance(entry, FileRow)] == ROWS


def test_a_nul_character_costs_its_line() -> None:
    found, _ = entries(b"id,name\n1,A\0nn\n2,Bob\n")
    assert found == [
        BadLine(2, "the line holds a NUL character (byte 4 of the line)"),
        FileRow(3, {"id": "2", "name": "Bob"}),
    ]


def test_a_delimiter_inside_of_a_value_never_shifts_the_others() -> None:
    found, _ = entries(b"id,name,email,phone\n1,Lee, Ann,ann@x.org,\n")
    assert found == [BadLine(2, "the row has 5 columns; the header has 4")]


def test_a_carriage_return_inside_of_quotes_is_a_part_of_its_value() -> None:
    assert rows(b'id,name\n1,"Ann\rLee"\n2,Bob\n') == [{"id": "1", "name": "Ann\rLee"}, {"id": "2", "name": "Bob"}]


def test_a_row_may_lack_columns_without_a_name_at_its_end() -> None:
    assert rows(b"id,name,\n1,Ann\n2,Bob,\n") == [{"id": "1", "name": "Ann"}, {"id": "2", "name": "Bob"}]


def test_bytes_that_an_encoding_does_not_know_cost_the_line_they_stand_on() -> None:
    found, _ = entries(b"id,name\n1,Zo\x81\n2,Bob\n", wanted=Wanted(encoding="cp1252"))
    assert [type(entry) for entry in found] == [BadLine, FileRow]


@pytest.mark.parametrize(
    "text",
    [
        b"id,name\r1,Ann\r2,Bob\r",
        b"id,name\r\n1,Ann\n2,Bob\r\n",
        b"sep=;\r\nid;name\r\n1;Ann\r\n2;Bob\r\n",
        b'"sep=|"\nid|name\n1|Ann\n2|Bob\n',
        b"id^name\n1^Ann\n2^Bob\n",
        b"id\x01name\n1\x01Ann\n2\x01Bob\n",
        b"id\tname\n1\tAnn\n2\tBob\n",
        b"id, name\n1, Ann\n2, Bob\n",
        b"id,name\xc2\xa0 \n1,Ann\n2,Bob\n",
        b"id,name\n1,Ann\n,\n2,Bob\n,,,\n",
        b"id,name\n1,Ann\r2,Bob\n",
        b"id,name\r1,Ann\n2,Bob\r\n",
        b"\n,,\nid,name\n1,Ann\n2,Bob\n",
        b'"id","name"\n"1","Ann"\n"2","Bob"\n',
    ],
)
def test_line_ends_delimiters_and_empty_cells_are_read_as_they_are_meant(text: bytes) -> None:
    assert rows(text) == [{"id": "1", "name": "Ann"}, {"id": "2", "name": "Bob"}]


def test_the_delimiter_is_looked_for_outside_of_quotes() -> None:
    assert rows(b'id;"name, first, second";city\n1;Ann;Rome\n') == [
        {"id": "1", "name, first, second": "Ann", "city": "Rome"}
    ]


def test_quotes_escaped_by_a_backslash_are_read_beside_doubled_ones() -> None:
    text = b'id,name\n1,"Ann ""A"" Lee"\n2,"Bob \\"B\\" Ray"\n3,"C\\"D, E"\n4,Dee\n'
    assert [row["name"] for row in rows(text)] == ['Ann "A" Lee', 'Bob "B" Ray', 'C"D, E', "Dee"]


def test_beside_escaped_quotes_a_null_of_mysql_stays_one_and_other_backslashes_are_told() -> None:
    text = b'id,city,name\n1,\\N,"Bob \\"B\\" Ray"\n2,"C:\\temp","Cyd \\"C\\" Lee"\n3,"a\\\\b","Dee \\"D\\" Fox"\n'
    found, _ = entries(text)
    assert [entry.values["city"] for entry in found if isinstance(entry, FileRow)] == ["\\N", "a\\b"]
    assert [entry.line for entry in found if isinstance(entry, BadLine)] == [3]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            b",id,name,note,note\n0,1,Ann,x,y\n",
            "has a column without a name (1) and names 'note' more than once, not read",
        ),
        (b",id,name\n0,1,Ann\n", "has a column without a name (1), not read"),
        (b"id,name,\n1,Ann,\n", "has a column without a name (3), not read"),
        (b"id,name,note,note\n1,Ann,x,y\n", "names 'note' more than once"),
    ],
)
def test_columns_that_nothing_uses_cost_one_warning(text: bytes, told: str) -> None:
    found, warnings = entries(text, wanted=Wanted(needed=["id"], used=["id", "name"]))
    assert found == [FileRow(2, {"id": "1", "name": "Ann"})]
    assert len(warnings) == 1
    assert told in warnings[0]


def test_a_repeated_column_that_is_used_is_refused() -> None:
    assert "names 'name' more than once" in only_reason(b"id,name,name\n1,a,b\n", wanted=Wanted(used=["id", "name"]))


def test_a_title_above_the_header_is_told_with_the_line_of_the_header() -> None:
    text = b"Customers of May\n\nid,name\n1,Ann\n"
    assert "found on line 3" in only_reason(text, wanted=Wanted(needed=["id"]))


@pytest.mark.parametrize(
    ("beginning", "told"),
    [
        (b"<!DOCTYPE html>\n<html>", "an HTML page"),
        (b"%PDF-1.7 \n", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel file of the old form"),
        (b"-- MySQL dump 10.13\nCREATE TABLE t (id int);\n", "a dump in SQL"),
        (b"INSERT INTO people VALUES (1);\n", "a dump in SQL"),
        (b"--\n-- PostgreSQL database dump\n--\n", "a dump in SQL"),
        (b"/*M!999999\\- enable the sandbox mode */\n", "a dump in SQL"),
        (b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "a dump in SQL"),
        (b'{"id": 1}\n{"id": 2}\n', "JSON, although its name is that of CSV"),
        (b'[\n  {"id": 1},\n', "JSON, although its name is that of CSV"),
        (b"BEGIN:VCARD\nVERSION:3.0\n", "visiting cards"),
        (b"SQLite format 3\x00", "an SQLite database"),
        (b"Obj\x01\x04\x14", "an Avro file"),
        (b'<?xml version="1.0"?><rows/>', "XML"),
        (b"PK\x03\x04\x14\x00\x06\x00\nnothing", "a zip or xlsx file that cannot be read"),
        (b"PAR1\x15 and no more", "a Parquet file that cannot be read"),
        (b"\x1f\x8b\x08 and no more", "damaged"),
    ],
)
def test_what_is_no_file_of_rows_is_named_as_what_it_is(beginning: bytes, told: str) -> None:
    assert told in only_reason(beginning)


@pytest.mark.parametrize("header", ["ORCID,name", "begin;name", "<id>,<name>", "set,name", "copy,name", "PAR1ty,name"])
def test_a_header_that_begins_like_something_else_is_a_header(header: str) -> None:
    delimiter = ";" if ";" in header else ","
    first, second = header.split(delimiter)
    assert rows(f"{header}\n1{delimiter}Ann\n".encode()) == [{first: "1", second: "Ann"}]


def test_csv_that_is_named_json_is_told_once() -> None:
    assert "no JSON" in only_reason(PEOPLE.encode(), "people.json")


def test_an_empty_file_is_told() -> None:
    assert entries(b"") == ([], ["is empty"])


def test_a_workbook_is_read_from_its_first_sheet_with_values_as_they_are_meant() -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["id", "name", "born", "seen", "spent"])
    sheet.append([1, "Ann", date(1984, 3, 7), datetime(2026, 1, 5, 12, 30), 12.5])  # noqa: DTZ001 as Excel has them
    sheet.append([None] * 5)
    sheet.append(["007", "Bob", None, None, None])
    workbook.create_sheet("Notes").append(["x"])
    buffer = io.BytesIO()
    workbook.save(buffer)
    found, told = entries(buffer.getvalue(), "people.xlsx")
    first, second = (entry.values for entry in found if isinstance(entry, FileRow))
    assert first == {"id": 1, "name": "Ann", "born": "1984-03-07", "seen": "2026-01-05T12:30:00", "spent": 12.5}
    assert (second["id"], second["born"]) == ("007", None)
    assert "2 sheets" in told[0]


def test_a_parquet_file_is_read_without_losing_a_digit() -> None:
    table = pa.table(
        {
            "id": pa.array([2**63 - 1], pa.int64()),
            "spent": pa.array([Decimal("12345678901234567.89")], pa.decimal128(20, 2)),
            "born": pa.array([date(1984, 3, 7)]),
            "seen": pa.array([datetime(2026, 1, 5, 12, 30)], pa.timestamp("us", "UTC")),  # noqa: DTZ001 it has the zone
            "emails": pa.array([["a@x.org", "b@x.org"]]),
            "address": pa.array([{"city": "Rome"}]),
        }
    )
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    assert rows(buffer.getvalue(), "people.parquet") == [
        {
            "id": 2**63 - 1,
            "spent": "12345678901234567.89",
            "born": "1984-03-07",
            "seen": "2026-01-05T12:30:00+00:00",
            "emails": ["a@x.org", "b@x.org"],
            "address": {"city": "Rome"},
        }
    ]


def test_an_extra_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    assert "identity-graph[parquet]" in only_reason(b"PAR1xxxxPAR1", "people.parquet")


def test_messages_that_kafka_s_tools_print_have_key_and_value() -> None:
    text = (
        b'{"topic":"t","partition":0,"offset":3,"tstype":"create","ts":1,"key":"{\\"id\\":1}","payload":"{\\"id\\":1}"}\n'
        b'CreateTime:1780000000000\t{"id":2}\t{"id":2,"name":"Bob"}\n'
        b'{"id":3}\tnull\n'
    )
    found, _ = entries(text, "messages.jsonl", Wanted(only_json=True))
    assert len(found) == 3
    assert [entry.values for entry in found[1:] if isinstance(entry, FileRow)] == [
        {"key": {"id": 2}, "value": {"id": 2, "name": "Bob"}},
        {"key": {"id": 3}, "value": None},
    ]


CELLS = st.text(st.characters(codec="cp1252", exclude_categories=("Cc", "Zs")), max_size=8)


@given(
    cells=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    pack=st.sampled_from([bytes, gzip.compress, zstandard.compress]),
)
def test_what_the_csv_module_writes_is_read_again(cells, encoding, line_end, delimiter, pack) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(["id", "name"])
    writer.writerows(cells)
    wanted = Wanted(encoding="cp1252" if encoding == "cp1252" else None)
    expected = [{"id": one or None, "name": other or None} for one, other in cells if one or other]
    assert rows(pack(buffer.getvalue().encode(encoding)), wanted=wanted) == expected


@given(
    content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode),
    name=st.sampled_from(["a.csv", "a.json", "a.csv.gz", "a"]),
)
def test_whatever_a_file_holds_it_is_read_or_told(content: bytes, name: str) -> None:
    found, _ = entries(content, name)
    lines = content.count(b"\n") + content.count(b"\r") + 2
    assert all(1 <= entry.line <= max(lines, len(content)) for entry in found)
    assert all(isinstance(entry, FileRow) or entry.reason for entry in found)
