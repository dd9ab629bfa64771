import re
from dataclasses import replace

import pytest

from graph_model.errors import MessageRejected
from graph_model.mapping import Origin, key_address, row_change
from graph_model.records import JsonValue, Position, RecordAddress
from tests.properties import worlds

CRM = worlds.catalogue((1, 1, 1), (1, 2, 3), (False, False, True)).sources["crm"]


def version_of(value: JsonValue) -> int:
    source = replace(CRM, version="changed")
    origin = Origin(position=Position(0, 5), observed_at=0)
    return row_change(source, {"id": 1, "changed": value}, origin).position.offset


@pytest.mark.parametrize("key", [1, 1.0, "1"])
def test_a_whole_number_is_one_key_however_it_is_written(key: JsonValue) -> None:
    assert key_address(CRM, {"id": key}) == RecordAddress("crm", "[1]")


@pytest.mark.parametrize("key", ["01", "+1", "1.0", "1e3", "٣", "12345678901234567890"])
def test_what_only_looks_like_a_number_stays_text(key: str) -> None:
    assert key_address(CRM, {"id": key}).key_parts == [key]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({}, "missing"),
        ({"id": None}, "null"),
        ({"id": ""}, "empty"),
        ({"id": float("nan")}, "no number"),
        ({"id": float("inf")}, "no number"),
        ({"id": [1]}, "list"),
    ],
)
def test_a_row_without_a_usable_key_is_rejected_with_what_was_found(row: dict[str, JsonValue], found: str) -> None:
    with pytest.raises(MessageRejected, match=f"'id' of source 'crm' is {found};"):
        key_address(CRM, row)


def test_the_same_key_in_two_topics_of_a_pattern_is_two_rows() -> None:
    sharded = replace(CRM, topic=None, topic_pattern=re.compile("shard.*"))
    addresses = {key_address(sharded, {"id": 1}, topic) for topic in ("shard1", "shard2")}
    assert {address.key for address in addresses} == {'["shard1",1]', '["shard2",1]'}


def test_a_row_of_one_topic_has_the_same_key_when_it_comes_from_a_file_of_any_topic() -> None:
    one_topic = replace(CRM, topic="crm")
    from_file = replace(one_topic, topic_pattern=re.compile(".*"))
    assert key_address(from_file, {"id": 1}, "crm") == key_address(one_topic, {"id": 1}, "crm")


@pytest.mark.parametrize(
    ("value", "number"), [(7, 7), ("7", 7), ("2026-01-02T00:00:00Z", 1_767_312_000_000), ("7.9", 7)]
)
def test_a_version_column_holds_a_number_or_a_time(value: JsonValue, number: int) -> None:
    assert version_of(value) == number


@pytest.mark.parametrize("value", ["1e9999999", "1e30", "NaN", "soon", None, "9" * 30])
def test_a_version_that_is_no_number_of_a_sensible_size_is_rejected(value: JsonValue) -> None:
    with pytest.raises(MessageRejected, match="at most 18 digits"):
        version_of(value)
