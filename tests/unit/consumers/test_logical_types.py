"""Logical types at the edges of what they can hold."""

import base64

import pytest

from consumers.decoders.logical_types import convert_row
from graph_model.values.equality import JsonValue


def converted(name: str, value: JsonValue, parameters: JsonValue = None) -> JsonValue:
    schema: dict[str, JsonValue] = {"fields": [{"field": "x", "name": name, "parameters": parameters}]}
    return convert_row({"x": value}, schema)["x"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("io.debezium.time.Date", -1, "1969-12-31"),
        ("io.debezium.time.Date", -719_162, "0001-01-01"),
        ("io.debezium.time.Timestamp", -1, "1969-12-31T23:59:59.999Z"),
        ("io.debezium.time.MicroTimestamp", 1, "1970-01-01T00:00:00.000001Z"),
        ("io.debezium.time.NanoTimestamp", 1_795_259_764_254_913_001, "2026-11-21T11:16:04.254913001Z"),
        ("io.debezium.time.NanoTime", 86_399_999_999_999, "23:59:59.999999999"),
        ("org.apache.kafka.connect.data.Timestamp", 0, "1970-01-01T00:00:00.000Z"),
    ],
)
def test_times_keep_every_digit(name: str, value: int, expected: str) -> None:
    assert converted(name, value) == expected


@pytest.mark.parametrize(
    ("unscaled", "scale", "expected"),
    [("AeI6", "2", "1234.50"), ("zg==", "2", "-0.50"), ("AA==", "0", "0"), ("AQ==", "-3", "1000")],
)
def test_a_decimal_is_written_out(unscaled: str, scale: str, expected: str) -> None:
    assert converted("org.apache.kafka.connect.data.Decimal", unscaled, {"scale": scale}) == expected


def test_a_decimal_of_forty_digits_is_exact() -> None:
    digits = "-1234567890123456789012345678901234567890"
    unscaled = base64.b64encode(int(digits).to_bytes(20, "big", signed=True)).decode()
    value: JsonValue = {"scale": 4, "value": unscaled}
    assert converted("io.debezium.data.VariableScaleDecimal", value) == f"{digits[:-4]}.{digits[-4:]}"


@pytest.mark.parametrize(
    ("name", "value", "parameters"),
    [
        ("io.debezium.time.Date", 2_147_483_647, None),
        ("io.debezium.time.MicroTimestamp", 9_223_372_036_825_200_000, None),
        ("io.debezium.time.MicroTimestamp", "soon", None),
        ("io.debezium.time.MicroTime", -1, None),
        ("org.apache.kafka.connect.data.Decimal", "not base64", {"scale": "2"}),
        ("org.apache.kafka.connect.data.Decimal", "AeI6", None),
        ("org.apache.kafka.connect.data.Decimal", "AeI6", {"scale": "999999999"}),
        ("io.debezium.data.VariableScaleDecimal", "AeI6", None),
    ],
)
def test_a_value_that_does_not_fit_its_type_stays(name: str, value: JsonValue, parameters: JsonValue) -> None:
    assert converted(name, value, parameters) == value
