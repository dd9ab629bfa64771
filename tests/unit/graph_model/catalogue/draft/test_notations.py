from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.catalogue.draft.notations import DayOrder, written_days
from graph_model.values.equality import JsonValue
from graph_model.values.reading import Notation, read_day


@pytest.mark.parametrize(
    ("values", "patterns"),
    [
        (["31/12/1984", "07/03/1990"], ("%d/%m/%Y",)),
        (["12/31/1984", "03/07/1990"], ("%m/%d/%Y",)),
        (["24.12.1979"], ("%d.%m.%Y",)),
        (["7 Mar 1984", "12 Dec 1990"], ("%d %b %Y",)),
        (["March 7, 1984"], ("%B %d, %Y",)),
        (["07-Mar-1984 9:15 PM"], ("%d-%b-%Y %I:%M %p",)),
        (["05.01.2026 10:00"], ("%d.%m.%Y %H:%M",)),
        (["25/01/2026 10:00:30"], ("%d/%m/%Y %H:%M:%S",)),
        (["Tue, 05 Jan 2026 10:00:00 +0100"], ("%a, %d %b %Y %H:%M:%S %z",)),
        (["1984-3-7", "1990-12-1"], ("%Y-%m-%d",)),
        (["1984-03-07", "31/12/1984"], ("%Y-%m-%d", "%d/%m/%Y")),
        (["1984-03-07", "31/12/1984", "1984-3-7"], ("%Y-%m-%d", "%d/%m/%Y")),
        (["1984年3月7日", "1990年12月31日"], ("%Y年%m月%d日",)),
        (["2026年1月5日 10:00"], ("%Y年%m月%d日 %H:%M",)),
        (["1984년 3월 7일"], ("%Y년 %m월 %d일",)),
        (["7. 3. 1984", "31. 12. 1990"], ("%d. %m. %Y",)),
        (["1984. 3. 7.", "1984. 12. 31."], ("%Y. %m. %d.",)),
        (["1984.03.07."], ("%Y.%m.%d.",)),
        (["7. March 1984", "31. July 1990"], ("%d. %B %Y",)),
        (["12251984", "03071990"], ("%m%d%Y",)),
    ],
)
def test_patterns_are_found(values: list[JsonValue], patterns: tuple[str, ...]) -> None:
    written = written_days(values)
    assert (written.patterns, written.fits, written.doubts) == (patterns, len(values), ())


@pytest.mark.parametrize(
    ("values", "notation"),
    [
        (["1984-03-07", "1984-03-07T10:00:00Z", "2019-01-05 12:30:00 UTC"], Notation.ISO),
        (["19840307", "19901231"], Notation.YYYYMMDD),
        ([19840307], Notation.YYYYMMDD),
        (["30748", "45000.5"], Notation.EXCEL_SERIAL),
        ([1_772_020_800], Notation.EPOCH_SECONDS),
        ([1_772_020_800_000], Notation.EPOCH_MILLISECONDS),
        (["1772020800000000"], Notation.EPOCH_MICROSECONDS),
        ([1_772_020_800_000_000_000], Notation.EPOCH_NANOSECONDS),
    ],
)
def test_notations_are_found(values: list[JsonValue], notation: Notation) -> None:
    written = written_days(values)
    assert (written.notation, written.patterns, written.is_clear) == (notation, (), True)


@pytest.mark.parametrize(
    "value",
    ["7. März 1984", "7 mars 1984", "1er mai 1984", "7 de marzo de 1984", "07-Mai-1984", "7th March 1984",
     "March 7th, 1984", "7th of March 1984", "Mittwoch, 7. März 1984", "7 marca 1984", "7 Okt. 1984 10:15"],
)  # fmt: skip
def test_months_whose_names_are_not_read_are_asked_about(value: str) -> None:
    written = written_days([value, value])
    assert (written.fits, written.names_months) == (0, True)
    assert ["names of months are read in English alone" in doubt for doubt in written.doubts] == [True]


def test_months_of_which_english_has_some_are_asked_about() -> None:
    written = written_days(["7. März 1984", "8. April 1985", "9. August 1986"])
    assert (written.fits, written.names_months) == (2, True)


@pytest.mark.parametrize("value", ["12 Main Street", "Rome", "Top 10 of 1984", "C-17 1984", "7 March 1984", "Raum 12"])
def test_other_texts_name_no_months(value: str) -> None:
    assert not written_days([value, value]).names_months


def test_days_before_1970_are_counted_of_births_only() -> None:
    assert written_days([5179, -12_000], is_birth=True).notation is Notation.EPOCH_DAYS
    assert not written_days([5179, -12_000]).is_clear


@pytest.mark.parametrize("values", [["12", "7"], ["7000000000001"], [1.5], ["C-17"], [True], []])
def test_other_numbers_and_texts_are_no_days(values: list[JsonValue]) -> None:
    assert not written_days(values).is_clear


def test_numbers_are_days_by_the_name_of_the_column_only() -> None:
    assert not written_days(["30748"], counts=False).is_clear


@pytest.mark.parametrize(("hint", "patterns"), [(None, ()), ("day", ("%d/%m/%Y",)), ("month", ("%m/%d/%Y",))])
def test_what_no_value_tells_is_a_doubt(hint: DayOrder | None, patterns: tuple[str, ...]) -> None:
    written = written_days(["03/04/2024", "05/06/2024"], hint=hint)
    assert (written.patterns, written.order) == (patterns, None)
    assert written.doubts == ("does the day or the month come first? no value tells",)


def test_both_orders_in_one_column_are_a_doubt_and_not_read() -> None:
    written = written_days(["31/12/1984", "12/31/1984", "03/04/1990"], hint="day")
    assert (written.patterns, written.doubts) == ((), ("does the day or the month come first? both do",))


def test_a_slip_in_a_hundred_changes_nothing() -> None:
    values = [f"12/{day}/1984" for day in range(13, 29)]
    assert written_days([*values, *values, "31/12/1984"]).patterns == ("%m/%d/%Y",)


def test_years_of_two_digits_are_no_birth_dates() -> None:
    assert written_days(["31/12/50"], is_birth=True).doubts
    assert not written_days(["31/12/50"], is_birth=True).fits
    assert written_days(["31/12/24"]).patterns == ("%d/%m/%y",)


def test_times_without_a_zone_are_told_from_those_with_one() -> None:
    assert not written_days(["05.01.2026 10:00"]).has_zone
    assert written_days(["2026-01-05T10:00:00+01:00"]).has_zone
    assert not written_days(["1962-02-18T00:00:00"]).has_time


DAYS = st.lists(st.dates(date(1850, 1, 1), date(2026, 11, 28)), min_size=1, max_size=30)
WAYS = st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%d %b %Y", "%Y%m%d", "%Y-%m-%d"])


@given(days=DAYS, way=WAYS)
def test_what_is_found_reads_every_day_as_it_was_meant(days: list[date], way: str) -> None:
    texts: list[JsonValue] = [day.strftime(way) for day in days]
    written = written_days(texts)
    if not written.doubts:
        assert [read_day(text, written.reading) for text in texts] == days


@given(days=DAYS)
def test_serials_are_read_as_spreadsheets_mean_them(days: list[date]) -> None:
    counted = [(day - date(1899, 12, 30)).days for day in days if day >= date(1960, 1, 1)]
    written = written_days(counted)
    if counted and written.notation is Notation.EXCEL_SERIAL:
        assert read_day(counted[0], written.reading) == date(1899, 12, 30) + timedelta(days=counted[0])
