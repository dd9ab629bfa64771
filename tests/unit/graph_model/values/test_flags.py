"""What a flag says of a row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.equality import JsonValue
from graph_model.values.flags import flag_text, is_set


def told(value: JsonValue) -> bool | None:
    said = flag_text(value)
    return None if said is None else is_set(said)


@pytest.mark.parametrize(
    "value",
    [
        True, "true", "TRUE ", "t", "Yes", "Y", 1, 1.0, "1", "1.0", "on", "X", "ja", "Oui", "sí", "Sim", "tak", "はい",
        "2026-01-05T10:00:00Z", "2026-01-05", "2026-01-05 10:00:00+00", "07/03/2024", "7.3.24", "Mar 7 2024 12:00AM",
        "1971-01-01", "19991231", "20240307120000", "31.12.2098", 20_240_307, 1_780_000_000_000, 1.78e9, 20_000,
        "'2026-01-05",
    ],
)  # fmt: skip
def test_it_is_set_by_yes_and_by_a_time(value: JsonValue) -> None:
    assert told(value) is True


@pytest.mark.parametrize(
    "value",
    [
        None, False, "false", "F", "no", "N", 0, 0.0, -0.0, "0", "0.0", "0,00", "off", "nein", "Non", "não", "否",
        "いいえ", "", "  ", "NULL", "\\N", "None", "nil", "NaN", "NaT", "(null)", "N/A", "-", "--",
        "0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "0001-01-01T00:00:00Z", "1970-01-01", "1970-01-01T00:00:00Z",
        "1970-01-01 00:00:00+00", "1900-01-01 00:00:00.000", "9999-12-31", "9999-12-31T23:59:59.997Z",
        "1/1/0001 12:00:00 AM", "31.12.9999", "2099-12-31", "4712-12-31", "2262-04-11 23:47:16.854775807", "19700101",
        "1753-01-01 00:00:00.000", "1899-12-30", "30.12.1899", "01.01.1970", "1/1/1970", "1970-01-01 01:00:00",
        "1969-12-31T23:00:00Z", "99991231", "99991231235959",
    ],
)  # fmt: skip
def test_it_is_not_set_by_no_by_nothing_and_by_times_that_stand_for_none(value: JsonValue) -> None:
    assert told(value) is False


@pytest.mark.parametrize("value", ["active", "deleted by Ann", 2, "7", -1, "-12345", [], [1], {}, {"a": 1}, 1e300])
def test_of_anything_else_it_is_not_guessed(value: JsonValue) -> None:
    assert told(value) is None


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.none())
def test_whatever_a_flag_says_it_is_read_the_same_as_text(value: JsonValue) -> None:
    said = flag_text(value)
    assert said is None or flag_text(said) == said
