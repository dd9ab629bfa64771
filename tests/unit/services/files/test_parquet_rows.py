"""Parquet files: every value is read as its source meant it, or refused with the reason."""

import io
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from services.files.lines import BadLine, FileRow
from services.files.reading import Wanted
from tests.unit.services.files.reads import entries, only_reason, rows

MOMENT = 1_700_000_000_123_456_789  # nanoseconds: 2023-11-14T22:13:20.123456789


def written(table: pa.Table, **options: Any) -> bytes:  # noqa: ANN401
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, **options)
    return buffer.getvalue()


def values(array: pa.Array, **options: Any) -> list[object]:  # noqa: ANN401
    return [row["v"] for row in rows(written(pa.table({"v": array}), **options), "people.parquet")]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary(6), pa.dictionary(pa.int8(), pa.binary())])
def test_bytes_that_are_text_are_read_as_text(kind: pa.DataType) -> None:
    array = pa.array(["Zoë A".encode(), None], pa.binary(6) if kind == pa.binary(6) else pa.binary())
    assert values(array.cast(kind) if kind != array.type else array) == ["Zoë A", None]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\x00\x00\x00\x07", b"a\x1f", b"\xc2\x85"])
def test_bytes_that_are_no_text_cost_the_row_where_their_column_is_used(content: bytes) -> None:
    table = pa.table({"id": pa.array([b"C1", content, b"C3"])})
    found, _ = entries(written(table), "people.parquet", Wanted(used=["id"]))
    assert [type(entry) for entry in found] == [FileRow, BadLine, FileRow]
    assert isinstance(found[1], BadLine)
    assert found[1].line == 2
    assert "the value of 'id' is bytes that are no text" in found[1].reason


def test_bytes_that_are_no_text_cost_a_warning_where_their_column_is_of_no_use() -> None:
    table = pa.table({"id": ["C1", "C2"], "photo": [b"\xff", b"\xfe"], "tags": [[b"\xff"], []]})
    found, told = entries(written(table), "people.parquet", Wanted(used=["id"]))
    assert found == [
        FileRow(1, {"id": "C1", "photo": None, "tags": None}),
        FileRow(2, {"id": "C2", "photo": None, "tags": []}),
    ]
    assert ["'photo'" in one for one in told] == [True, False]


def test_text_that_is_not_what_its_column_says_costs_its_row() -> None:
    offsets = pa.py_buffer(pa.array([0, 3, 5], pa.int32()).buffers()[1].to_pybytes())
    broken = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"Ann\xff\xfe")])
    found, _ = entries(written(pa.table({"v": broken})), "people.parquet")
    assert found[0] == FileRow(1, {"v": "Ann"})
    assert isinstance(found[1], BadLine)


@pytest.mark.parametrize(
    ("count", "kind", "expected"),
    [
        (MOMENT, pa.timestamp("ns"), "2023-11-14T22:13:20.123456789"),
        (MOMENT // 1000, pa.timestamp("us"), "2023-11-14T22:13:20.123456"),
        (MOMENT // 10**6, pa.timestamp("ms"), "2023-11-14T22:13:20.123000"),
        (MOMENT // 10**9, pa.timestamp("s"), "2023-11-14T22:13:20"),
        (-1, pa.timestamp("ns"), "1969-12-31T23:59:59.999999999"),
        (MOMENT, pa.timestamp("ns", "UTC"), "2023-11-14T22:13:20.123456789+00:00"),
        (MOMENT, pa.timestamp("ns", "Europe/Berlin"), "2023-11-14T23:13:20.123456789+01:00"),
        (MOMENT // 1000, pa.timestamp("us", "-05:30"), "2023-11-14T16:43:20.123456-05:30"),
        (MOMENT // 1000, pa.timestamp("us", "Mars/Olympus"), "2023-11-14T22:13:20.123456+00:00"),
        (253_402_300_800, pa.timestamp("s"), "+10000-01-01T00:00:00"),
        (-62_135_596_801, pa.timestamp("s"), "0000-12-31T23:59:59"),
        (2**63 - 1, pa.timestamp("us"), "+294247-01-10T04:00:54.775807"),
        (2**63 - 1, pa.timestamp("us", "Europe/Berlin"), "+294247-01-10T04:00:54.775807+00:00"),
        (-(2**62), pa.timestamp("ms"), "-146136543-09-08T08:23:32.096000"),
        (-719_529, pa.date32(), "-0001-12-31"),
        (2**31 - 1, pa.date32(), "+5881580-07-11"),
        (5_178 * 86_400_000, pa.date64(), "1984-03-06"),
        (45_296_000_000_001, pa.time64("ns"), "12:34:56.000000001"),
        (45_296_500, pa.time32("ms"), "12:34:56.500000"),
        (86_400_000, pa.time32("ms"), "24:00:00"),
        (95_400, pa.duration("s"), "PT26H30M"),
        (-1, pa.duration("ns"), "-PT0.000000001S"),
        (0, pa.duration("ms"), "PT0S"),
    ],
)
def test_days_and_times_are_written_with_all_their_digits(count: int, kind: pa.DataType, expected: str) -> None:
    assert values(pa.array([count, None], pa.int32() if kind.bit_width == 32 else pa.int64()).cast(kind)) == [
        expected,
        None,
    ]


def test_a_zone_that_is_not_known_is_told() -> None:
    _, told = entries(written(pa.table({"seen": pa.array([1], pa.timestamp("us", "Mars/Olympus"))})), "a.parquet")
    assert len(told) == 1
    assert "'Mars/Olympus', which is not known here; they are read in UTC" in told[0]


@given(st.datetimes(), st.sampled_from([None, UTC]))
def test_a_moment_is_what_python_writes_it_as(moment: datetime, zone: Any) -> None:  # noqa: ANN401
    moment = moment.replace(tzinfo=zone)
    assert values(pa.array([moment], pa.timestamp("us", "UTC" if zone else None))) == [moment.isoformat()]


def test_times_of_96_bits_keep_their_digits_and_their_centuries() -> None:
    table = pa.table({"v": pa.array([MOMENT, -1, None], pa.timestamp("ns")), "l": [["x"], [], None]})
    content = written(table, use_deprecated_int96_timestamps=True)
    assert [row["v"] for row in rows(content, "people.parquet")] == [
        "2023-11-14T22:13:20.123456789",
        "1969-12-31T23:59:59.999999999",
        None,
    ]
    # The day counts from 4713 BC in the last four of the twelve bytes.
    last_day = (2_440_588 + (date(9999, 12, 31) - date(1970, 1, 1)).days).to_bytes(4, "little")
    day = (2_440_588 + MOMENT // 86_400_000_000_000).to_bytes(4, "little")
    plain = written(table, use_deprecated_int96_timestamps=True, use_dictionary=False, compression="none")
    assert plain.count(day) > 0
    found = rows(plain.replace(day, last_day), "people.parquet")
    assert found[0] == {"v": "9999-12-31T22:13:20.123456", "l": ["x"]}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0.1, 0.1),
        (100.25, 100.25),
        (3.0, 3),
        (16_777_216.0, 16_777_216),
        (123_456_789.0, "1.23456792E+08"),
        (1e10, "1.0E+10"),
        (float("nan"), None),
    ],
)
def test_a_number_of_32_bits_has_no_digits_but_its_own(number: float, expected: object) -> None:
    assert values(pa.array([number], pa.float32())) == [expected]


def test_a_number_of_16_bits_has_no_digits_but_its_own() -> None:
    assert values(pa.array([0.1, 65_504.0], pa.float16())) == [0.1, "6.5504E+04"]


def test_infinity_costs_its_row() -> None:
    assert "is Infinity" in only_reason(written(pa.table({"v": [float("inf")]})), "people.parquet")


def test_numbers_are_what_they_are_as_json() -> None:
    assert values(pa.array([2**64 - 1, 7], pa.uint64())) == ["18446744073709551615", 7]
    assert values(pa.array([Decimal("1.50"), None], pa.decimal256(50, 2))) == ["1.50", None]
    assert values(pa.array([True, None])) == [True, None]
    assert values(pa.nulls(2)) == [None, None]


def test_what_is_nested_is_what_it_is_as_json() -> None:
    moment = pa.timestamp("ns")
    assert values(pa.array([[{"t": 1}], [], None, [None]], pa.list_(pa.struct([("t", moment)])))) == [
        [{"t": "1970-01-01T00:00:00.000000001"}],
        [],
        None,
        [None],
    ]
    assert values(pa.array([[("a", b"x"), ("b", None)], None], pa.map_(pa.string(), pa.binary()))) == [
        {"a": "x", "b": None},
        None,
    ]
    assert values(pa.array([[(1, 2)]], pa.map_(pa.int64(), pa.int64()))) == [{"1": 2}]
    assert values(pa.array([[1, 2], None], pa.list_(pa.date32(), 2))) == [["1970-01-02", "1970-01-03"], None]
    assert values(pa.array(["a", None, "a"]).dictionary_encode()) == ["a", None, "a"]


def test_members_and_keys_of_the_same_name_cost_their_row() -> None:
    twice = pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert "members of the same name" in only_reason(written(pa.table({"v": twice})), "people.parquet")
    keys = pa.array([[("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int64()))
    assert "members of the same name" in only_reason(written(pa.table({"v": keys})), "people.parquet")


def test_an_identifier_of_16_bytes_that_says_so_is_read() -> None:
    identity = uuid.uuid4()
    assert values(pa.array([identity.bytes, None], pa.uuid())) == [str(identity), None]


def test_a_value_that_is_too_long_costs_its_row() -> None:
    assert "longer than" in only_reason(written(pa.table({"v": ["x" * 1_000_001]})), "people.parquet")


def test_columns_of_the_same_name_are_refused_where_they_are_used() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["id", "a", "a"])
    assert "names 'a' more than once" in only_reason(written(table), "people.parquet")
    found, told = entries(written(table), "people.parquet", Wanted(used=["id"]))
    assert (found, len(told)) == ([FileRow(1, {"id": 1})], 1)


def test_a_file_without_rows_has_none_and_one_without_columns_is_told() -> None:
    assert entries(written(pa.table({"id": pa.array([], pa.int64())})), "people.parquet") == ([], [])
    assert "without a column" in only_reason(written(pa.table({})), "people.parquet")


def test_an_encrypted_file_is_told() -> None:
    assert "encrypted" in only_reason(b"PARE*\x00\x00\x00\x00\x00\x00\x00PARE", "people.parquet")
    assert "encrypted" in only_reason(b"PARE*\x00\x00\x00\x00\x00\x00\x00PARE", "people.csv")


def test_rows_before_the_damage_are_read() -> None:
    table = pa.table({"id": pa.array(range(30_000))})
    content = bytearray(written(table, row_group_size=10_000, write_page_checksum=True, compression="none"))
    content[len(content) // 2] ^= 0xFF
    found, _ = entries(bytes(content), "people.parquet")
    assert sum(isinstance(entry, FileRow) for entry in found) >= 10_000
    assert isinstance(found[-1], BadLine)
    assert found[-1].line == len(found)
    assert "damaged" in found[-1].reason


def test_nothing_of_a_duration_is_lost() -> None:
    assert values(pa.array([timedelta(days=1, hours=2, minutes=3, microseconds=4)])) == ["PT26H3M0.000004S"]
