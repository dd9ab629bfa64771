import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.equality import JsonValue
from graph_model.values.trait_values import TraitType, timestamp_milliseconds, typed_value

GOOD: list[tuple[TraitType, JsonValue, JsonValue]] = [
    (TraitType.TEXT, "  Ann\u200b Lee\x00 ", "Ann Lee"),
    (TraitType.TEXT, "two\nlines", "two lines"),
    (TraitType.TEXT, "e\u0301", "é"),
    (TraitType.TEXT, 10001, "10001"),
    (TraitType.TEXT, 1.5, "1.5"),
    (TraitType.TEXT, True, "true"),
    (TraitType.TEXT, "x" * 2_000, "x" * 2_000),
    (TraitType.DATE, "1984-03-07", "1984-03-07"),
    (TraitType.DATE, "1984-03-07T10:00:00Z", "1984-03-07"),
    (TraitType.TIMESTAMP, "2026-11-20T08:30:00Z", "2026-11-20T08:30:00.000Z"),
    (TraitType.TIMESTAMP, "2026-11-20T08:30:00.123456789Z", "2026-11-20T08:30:00.123Z"),
    (TraitType.TIMESTAMP, "2026-11-20 08:30:00+02", "2026-11-20T06:30:00.000Z"),
    (TraitType.TIMESTAMP, "2026-11-20", "2026-11-20T00:00:00.000Z"),
    (TraitType.DATE, 19_840_307, "1984-03-07"),
    (TraitType.TIMESTAMP, 20_190_105_123_000, "2019-01-05T12:30:00.000Z"),
    (TraitType.TIMESTAMP, "2026-11-20 08:30:00 +0200", "2026-11-20T06:30:00.000Z"),
    (TraitType.INTEGER, "14.0", 14),
    (TraitType.INTEGER, 14.0, 14),
    (TraitType.TEXT, "'11215", "11215"),
    (TraitType.INTEGER, 42, 42),
    (TraitType.INTEGER, " -42 ", -42),
    (TraitType.NUMBER, 42, 42),
    (TraitType.NUMBER, "42", 42),
    (TraitType.NUMBER, 42.0, 42),
    (TraitType.NUMBER, "42.50", 42.5),
    (TraitType.NUMBER, "1e3", 1000),
    (TraitType.NUMBER, 2**70, float(2**70)),
    (TraitType.BOOLEAN, True, True),
    (TraitType.BOOLEAN, 0, False),
    (TraitType.BOOLEAN, "T", True),
    (TraitType.BOOLEAN, "no", False),
    (TraitType.BOOLEAN, "1", True),
    (TraitType.BOOLEAN, "Y", True),
    (TraitType.BOOLEAN, "n", False),
    (TraitType.BOOLEAN, 1.0, True),
    (TraitType.BOOLEAN, "1.0", True),
]

REFUSED: list[tuple[TraitType, JsonValue]] = [
    (TraitType.TEXT, ["x"]),
    (TraitType.TEXT, {"x": 1}),
    (TraitType.TEXT, "x" * 2_001),
    (TraitType.DATE, "1984-02-30"),
    (TraitType.DATE, "03/07/1984"),
    (TraitType.DATE, 10**9),
    (TraitType.DATE, 5179),
    (TraitType.DATE, "840307"),
    (TraitType.DATE, "1984"),
    (TraitType.TIMESTAMP, 1_795_163_400),
    (TraitType.TIMESTAMP, "1795163400123"),
    (TraitType.NUMBER, "12345678901234567.89"),
    (TraitType.NUMBER, "0.1234567890123456789"),
    (TraitType.NUMBER, 2**70 + 1),
    (TraitType.DATE, True),
    (TraitType.TIMESTAMP, "yesterday"),
    (TraitType.TIMESTAMP, "2026"),
    (TraitType.TIMESTAMP, "2026-11-20T25:00:00Z"),
    (TraitType.TIMESTAMP, "0001-01-01T00:00:00+05:00"),
    (TraitType.TIMESTAMP, 10**25),
    (TraitType.TIMESTAMP, False),
    (TraitType.INTEGER, 1.5),
    (TraitType.INTEGER, "1.5"),
    (TraitType.INTEGER, True),
    (TraitType.INTEGER, 2**63),
    (TraitType.NUMBER, "NaN"),
    (TraitType.NUMBER, "Infinity"),
    (TraitType.NUMBER, "1e999"),
    (TraitType.NUMBER, "1_000"),
    (TraitType.NUMBER, "1,5"),
    (TraitType.NUMBER, math.nan),
    (TraitType.NUMBER, math.inf),
    (TraitType.NUMBER, 10**400),
    (TraitType.BOOLEAN, 2),
    (TraitType.BOOLEAN, "maybe"),
    (TraitType.BOOLEAN, 1.5),
]


@pytest.mark.parametrize(("trait_type", "received", "read"), GOOD)
def test_a_value_is_read_in_the_one_form_of_its_type(
    trait_type: TraitType, received: JsonValue, read: JsonValue
) -> None:
    found = typed_value(received, trait_type)

    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize(("trait_type", "received"), REFUSED)
def test_a_value_of_another_type_is_refused(trait_type: TraitType, received: JsonValue) -> None:
    with pytest.raises(ValueError, match="expected"):
        typed_value(received, trait_type)


@pytest.mark.parametrize("trait_type", list(TraitType))
@pytest.mark.parametrize("nothing", [None, "", "  ", "\u200b"])
def test_nothing_is_no_value_of_any_type(trait_type: TraitType, nothing: JsonValue) -> None:
    assert typed_value(nothing, trait_type) is None


def test_the_reason_does_not_tell_the_value() -> None:
    with pytest.raises(ValueError, match="expected") as refused:
        typed_value("secret-4711", TraitType.DATE)

    assert "4711" not in str(refused.value)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(value=JSON_VALUES, trait_type=st.sampled_from(TraitType))
def test_any_value_is_read_or_refused_and_what_was_read_reads_as_itself(
    value: JsonValue, trait_type: TraitType
) -> None:
    try:
        read = typed_value(value, trait_type)
    except ValueError:
        return
    assert typed_value(read, trait_type) == read


def test_the_time_of_a_row_is_milliseconds_since_1970() -> None:
    assert timestamp_milliseconds("2026-11-20T08:30:00Z") == 1_795_163_400_000


@pytest.mark.parametrize("unreadable", [None, "", "soon", True, 1.5, ["2026-11-20"], "20261120T99", 10**30])
def test_a_time_that_cannot_be_read_is_none(unreadable: JsonValue) -> None:
    assert timestamp_milliseconds(unreadable) is None


def test_times_before_1970_round_down() -> None:
    assert timestamp_milliseconds("1969-12-31T23:59:59.999600Z") == -1
