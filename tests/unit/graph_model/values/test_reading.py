"""Days and times are read as a column declares them, or refused; nothing is guessed."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.equality import JsonValue
from graph_model.values.reading import AS_WRITTEN, Notation, Reading, format_fault, is_zone, read_day, read_moment
from graph_model.values.trait_values import TraitType, exact_milliseconds, typed_value

BERLIN = Reading(zone="Europe/Berlin")
DAY_FIRST = Reading(formats=("%d/%m/%Y", "%d.%m.%Y"))


@pytest.mark.parametrize(
    ("value", "reading", "day"),
    [
        ("31/12/1984", DAY_FIRST, "1984-12-31"),
        ("7.3.1984", DAY_FIRST, "1984-03-07"),
        ("7 Mar 1984", Reading(formats=("%d %b %Y",)), "1984-03-07"),
        ("19840307", Reading(Notation.YYYYMMDD), "1984-03-07"),
        ("19840307", Reading(formats=("%Y%m%d",)), "1984-03-07"),
        (19840307, Reading(Notation.YYYYMMDD), "1984-03-07"),
        (5179, Reading(Notation.EPOCH_DAYS), "1984-03-07"),
        ("-1", Reading(Notation.EPOCH_DAYS), "1969-12-31"),
        (30748, Reading(Notation.EXCEL_SERIAL), "1984-03-07"),
        ("30748.75", Reading(Notation.EXCEL_SERIAL), "1984-03-07"),
        (1, Reading(Notation.EXCEL_SERIAL), "1900-01-01"),
        (59, Reading(Notation.EXCEL_SERIAL), "1900-02-28"),
        (61, Reading(Notation.EXCEL_SERIAL), "1900-03-01"),
        ("1984-03-06T23:00:00.000Z", BERLIN, "1984-03-07"),
        ("1984-03-06T23:00:00.000Z", AS_WRITTEN, "1984-03-06"),
        ("1984-03-07", BERLIN, "1984-03-07"),
        ("1984-03-07T23:30:00", BERLIN, "1984-03-07"),
        (1_767_654_000, Reading(Notation.EPOCH_SECONDS, zone="Europe/Berlin"), "2026-01-06"),
    ],
)
def test_a_day_is_read_as_declared(value: JsonValue, reading: Reading, day: str) -> None:
    assert read_day(value, reading).isoformat() == day


@pytest.mark.parametrize(
    ("value", "reading", "moment"),
    [
        ("05.01.2026 12:30", Reading(formats=("%d.%m.%Y %H:%M",), zone="Europe/Berlin"), "2026-01-05T11:30:00"),
        ("05.07.2026 12:30", Reading(formats=("%d.%m.%Y %H:%M",), zone="Europe/Berlin"), "2026-07-05T10:30:00"),
        ("05.01.2026 12:30", Reading(formats=("%d.%m.%Y %H:%M",)), "2026-01-05T12:30:00"),
        ("05.01.2026 12:30 +0200", Reading(formats=("%d.%m.%Y %H:%M %z",), zone="Asia/Tokyo"), "2026-01-05T10:30:00"),
        (1_767_616_200, Reading(Notation.EPOCH_SECONDS), "2026-01-05T12:30:00"),
        ("1767616200.5", Reading(Notation.EPOCH_SECONDS), "2026-01-05T12:30:00.500000"),
        (1_767_616_200_123, Reading(Notation.EPOCH_MILLISECONDS), "2026-01-05T12:30:00.123000"),
        (1_767_616_200_123_456, Reading(Notation.EPOCH_MICROSECONDS), "2026-01-05T12:30:00.123456"),
        ("1767616200123456789", Reading(Notation.EPOCH_NANOSECONDS), "2026-01-05T12:30:00.123456"),
        ("20260105123000", Reading(Notation.YYYYMMDD, zone="Europe/Berlin"), "2026-01-05T11:30:00"),
        ("46027.520833333336", Reading(Notation.EXCEL_SERIAL), "2026-01-05T12:30:00"),
        ("2026-01-05 12:30", BERLIN, "2026-01-05T11:30:00"),
        ("2026-01-05 12:30Z", BERLIN, "2026-01-05T12:30:00"),
        ("20260105123000.123", Reading(formats=("%Y%m%d%H%M%S.%f",)), "2026-01-05T12:30:00.123"),
        ("20260105123000123", Reading(formats=("%Y%m%d%H%M%S%f",)), "2026-01-05T12:30:00.123"),
        ("20260105T123000Z", Reading(formats=("%Y%m%dT%H%M%S%z",)), "2026-01-05T12:30:00"),
        ("20260105T123000+02:00", Reading(formats=("%Y%m%dT%H%M%S%z",)), "2026-01-05T10:30:00"),
        ("20260105 0130pm", Reading(formats=("%Y%m%d %I%M%p",)), "2026-01-05T13:30:00"),
    ],
)
def test_a_time_is_read_as_declared(value: JsonValue, reading: Reading, moment: str) -> None:
    assert read_moment(value, reading) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "reading"),
    [
        ("1984-03-07", DAY_FIRST),
        ("31/02/1984", DAY_FIRST),
        ("03-07-1984", DAY_FIRST),
        ("1953316", Reading(formats=("%Y%m%d",))),
        ("7324", Reading(formats=("%d%m%y",))),
        ("2024030712300.5", Reading(formats=("%Y%m%d%H%M%S.%f",))),
        (60, Reading(Notation.EXCEL_SERIAL)),
        (0, Reading(Notation.EXCEL_SERIAL)),
        ("1984-03-07", Reading(Notation.EXCEL_SERIAL)),
        ("840307", Reading(Notation.YYYYMMDD)),
        ("5179.5", Reading(Notation.EPOCH_DAYS)),
        (10**12, Reading(Notation.EPOCH_DAYS)),
        (10**24, Reading(Notation.EPOCH_SECONDS)),
        (True, Reading(Notation.EPOCH_SECONDS)),
        ([5179], Reading(Notation.EPOCH_DAYS)),
        ("soon", AS_WRITTEN),
        (30748, AS_WRITTEN),
        ("1841-01-75", AS_WRITTEN),
    ],
)
def test_what_is_not_written_as_declared_is_refused_with_what_was_expected(value: JsonValue, reading: Reading) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_day(value, reading)


@pytest.mark.parametrize(
    ("value", "notation", "milliseconds"),
    [
        (1_780_000_000_123_456_789, Notation.EPOCH_NANOSECONDS, "1780000000123.456789"),
        ("1780000000.123456789", Notation.EPOCH_SECONDS, "1780000000123.456789"),
        (
            "1780000000123.4567891234567891234567891",
            Notation.EPOCH_MILLISECONDS,
            "1780000000123.4567891234567891234567891",
        ),
        ("20260605T120000.123456789Z", Notation.ISO, "1780660800123.456789"),
        ("20260605120000.123456789Z", Notation.ISO, "1780660800123.456789"),
        ("20260605 120000,1234567", Notation.ISO, "1780660800123.4567"),
        ("2026-06-05 12:00:00.123456789+00", Notation.ISO, "1780660800123.456789"),
        ("soon", Notation.EPOCH_NANOSECONDS, None),
    ],
)
def test_what_orders_versions_keeps_all_digits(value: JsonValue, notation: Notation, milliseconds: str | None) -> None:
    assert exact_milliseconds(value, Reading(notation)) == (None if milliseconds is None else Decimal(milliseconds))


def test_a_day_that_there_is_not_is_told_apart_from_another_spelling() -> None:
    with pytest.raises(ValueError, match="a day or a time that there is not"):
        read_day("1841-01-75")


@pytest.mark.parametrize("pattern", ["%d/%m/%Y", "%Y%m%d", "%d %B %y", "%j %Y", "%m/%d/%Y %I:%M %p"])
def test_a_pattern_with_day_month_and_year_is_fine(pattern: str) -> None:
    assert format_fault(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "fault"), [("%d/%m", "no year"), ("%H:%M", "no day"), ("%d %Y", "no month"), ("%x", "%x"), ("%", "%")]
)
def test_a_pattern_that_tells_no_day_or_depends_on_the_machine_is_refused(pattern: str, fault: str) -> None:
    assert fault in str(format_fault(pattern))


def test_zones_are_those_of_the_field_s_database() -> None:
    assert (is_zone("Europe/Berlin"), is_zone("UTC"), is_zone("Mars/Olympus"), is_zone("../zones")) == (
        True, True, False, False
    )  # fmt: skip


HOSTILE = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.from_regex(r"[0-9./: TZ+-]{1,25}")
)
READINGS = st.builds(
    Reading,
    notation=st.sampled_from(Notation),
    formats=st.sampled_from([(), ("%d/%m/%Y",), ("%d.%m.%y %H:%M", "%Y-%m-%d")]),
    zone=st.sampled_from([None, "UTC", "Europe/Berlin", "Pacific/Kiritimati"]),
    decimal=st.sampled_from([None, ",", "."]),
)


@given(value=HOSTILE, reading=READINGS, trait_type=st.sampled_from(TraitType))
def test_whatever_comes_is_read_or_refused(value: JsonValue, reading: Reading, trait_type: TraitType) -> None:
    try:
        read = typed_value(value, trait_type, reading)
    except ValueError:
        return
    # What was read says the same when it is read as the program itself writes it.
    assert read is None or typed_value(read, trait_type) == read
