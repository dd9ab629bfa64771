from dataclasses import replace
from decimal import Decimal

import pytest

from graph_model.catalogue.rules import TimeColumn
from graph_model.errors import MessageRejected
from graph_model.records.record import Record, RecordAddress
from graph_model.resolution.mapping import MappedRecord, map_record
from graph_model.resolution.row_changes import Origin, key_address, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import read_exact_json
from graph_model.values.identifiers import Identifier
from graph_model.values.patterns import Pattern
from graph_model.values.positions import Offset, Position
from tests.properties import worlds

CRM = worlds.catalogue((1, 1, 1), (1, 2, 3), (False, False, True)).sources["crm"]


def version_of(value: JsonValue) -> Offset:
    source = replace(CRM, version=TimeColumn("changed"))
    origin = Origin(position=Position(0, 5), observed_at=0)
    return row_change(source, {"id": 1, "changed": value}, origin).position.offset


@pytest.mark.parametrize("key", [1, 1.0, "1", "1.0", "1.000"])
def test_a_whole_number_is_one_key_however_it_is_written(key: JsonValue) -> None:
    assert key_address(CRM, {"id": key}) == RecordAddress("crm", "[1]")


@pytest.mark.parametrize("key", [0, 0.0, -0.0, "0", "0.0", "-0", "-0.00"])
def test_nothing_is_one_key_however_it_is_written(key: JsonValue) -> None:
    assert key_address(CRM, {"id": key}) == RecordAddress("crm", "[0]")


@pytest.mark.parametrize("key", [12345678901234567890, "12345678901234567890", "12345678901234567890.0"])
def test_a_whole_number_that_readers_of_json_may_not_hold_is_written_as_text(key: JsonValue) -> None:
    assert key_address(CRM, {"id": key}) == RecordAddress("crm", '["12345678901234567890"]')


@pytest.mark.parametrize("key", ["01", "007", "+1", "1e3", "12e4", "٣", "1.10", "1.", ".0", "1.0 ", "1,0", "true"])
def test_what_only_looks_like_a_number_stays_text(key: str) -> None:
    assert key_address(CRM, {"id": key}).key_parts == [key]


@pytest.mark.parametrize(("key", "part"), [(1.5, "1.5"), (-2.50, "-2.5"), (1e-7, "0.0000001"), (2.0**53, f"{2**53}")])
def test_a_number_is_a_key_by_its_digits(key: float, part: str) -> None:
    assert key_address(CRM, {"id": key}).key_parts == [part]


@pytest.mark.parametrize(("text", "part"), [("1" * 17, "1" * 17), ("1" * 30, "1" * 30), ("1.0", "1"), ("-5", "-5")])
def test_a_key_is_the_same_from_a_text_file_and_from_json(text: str, part: str) -> None:
    assert key_address(CRM, {"id": text}) == key_address(CRM, {"id": read_exact_json(text.encode())})
    assert key_address(CRM, {"id": text}).key_parts == [part]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({}, "missing"),
        ({"id": None}, "null"),
        ({"id": ""}, "empty"),
        ({"id": float("nan")}, "no number"),
        ({"id": float("inf")}, "no number"),
        ({"id": [1]}, "list"),
        ({"id": {"a": 1}}, "dict"),
        ({"id": True}, "bool"),
        ({"id": "\ud800"}, "text that is not valid Unicode"),
        ({"id": "8.96529E+18"}, "a number that has lost digits, since it was written with an exponent"),
        ({"id": "1E+15"}, "a number that has lost digits, since it was written with an exponent"),
        ({"id": ".5e1"}, "a number that has lost digits, since it was written with an exponent"),
        ({"id": 1e30}, "a number that is too long, or may have lost digits"),
        ({"id": 10**5_000}, "a number that is too long, or may have lost digits"),
    ],
)
def test_a_row_without_a_usable_key_is_rejected_with_what_was_found(row: dict[str, JsonValue], found: str) -> None:
    with pytest.raises(MessageRejected, match=f"'id' of source 'crm' is {found};"):
        key_address(CRM, row)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (5.0, "5"),
        ("5.0", "5.0"),
        (2.0**53, f"{2**53}"),
        (2**70, f"{2**70}"),
    ],
)
def test_an_identifier_is_a_number_without_its_notation(value: JsonValue, text: str) -> None:
    mapped = mapped_with({"email_1": value})
    assert (mapped.identifiers, mapped.issues) == ((Identifier("email", text),), ())


@pytest.mark.parametrize("value", [2.5, 1e-7, 100000.125])
def test_a_number_with_a_fraction_identifies_nobody(value: JsonValue) -> None:
    mapped = mapped_with({"email_1": value})
    assert mapped.identifiers == ()
    assert ["a number with a fraction" in issue.reason for issue in mapped.issues] == [True]


@pytest.mark.parametrize("value", [1e30, 8.96529e18, float("nan"), True, [[1]], [{"a": 1}], {"a": 1}])
def test_what_may_be_another_number_than_was_meant_identifies_nobody(value: JsonValue) -> None:
    mapped = mapped_with({"email_1": value})
    assert mapped.identifiers == ()
    assert [issue.column for issue in mapped.issues] == ["email_1"]


def mapped_with(row: dict[str, JsonValue]) -> MappedRecord:
    address = RecordAddress.of("crm", [1])
    record = Record(address=address, position=Position(1, 1), observed_at=0, values=row)
    return map_record(record, worlds.catalogue((1, 1, 1), (1, 2, 3), (False, False, True)))


def test_the_same_key_in_two_topics_of_a_pattern_is_two_rows() -> None:
    sharded = replace(CRM, topic=None, topic_pattern=Pattern("shard.*"))
    addresses = {key_address(sharded, {"id": 1}, topic) for topic in ("shard1", "shard2")}
    assert {address.key for address in addresses} == {'["shard1",1]', '["shard2",1]'}


def test_a_row_of_one_topic_has_the_same_key_when_it_comes_from_a_file_of_any_topic() -> None:
    one_topic = replace(CRM, topic="crm")
    from_file = replace(one_topic, topic_pattern=Pattern(".*"))
    assert key_address(from_file, {"id": 1}, "crm") == key_address(one_topic, {"id": 1}, "crm")


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7),
        ("7", 7),
        ("7.0", 7),
        ("2026-01-02T00:00:00Z", 1_767_312_000_000),
        ("2026-01-02T00:00:00.123Z", 1_767_312_000_123),
        ("2026-01-02T00:00:00.123456Z", Decimal("1767312000123.456")),
        ("2026-01-02 01:00:00,123456789+01:00", Decimal("1767312000123.456789")),
        ("1969-12-31T23:59:59.9996Z", Decimal("-0.4")),
        ("7.9", Decimal("7.9")),
        (7.9, Decimal("7.9")),
        ("9" * 100, int("9" * 100)),
        ("1e30", 10**30),
    ],
)
def test_a_version_column_holds_a_number_or_a_time(value: JsonValue, number: Offset) -> None:
    assert version_of(value) == number


def test_a_time_with_microseconds_is_newer_than_its_millisecond() -> None:
    times = ["2026-01-02T00:00:00.123Z", "2026-01-02T00:00:00.123456Z", "2026-01-02T00:00:00.124Z"]
    versions = [Position(0, version_of(time)) for time in times]
    assert versions == sorted(set(versions))


@pytest.mark.parametrize("value", ["1e9999999", "1e100", "NaN", "soon", None, True, "9" * 101])
def test_a_version_that_is_no_number_of_a_sensible_size_is_rejected(value: JsonValue) -> None:
    with pytest.raises(MessageRejected, match="at most 100 digits"):
        version_of(value)
