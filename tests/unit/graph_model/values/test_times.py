from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.times import iso_moment, iso_time, milliseconds

READ = {
    "2024-02-29": "2024-02-29T00:00:00",
    "20240229": "2024-02-29T00:00:00",
    "2024-02-29T08": "2024-02-29T08:00:00",
    "2024-02-29 08:30": "2024-02-29T08:30:00",
    "20240229T0830": "2024-02-29T08:30:00",
    "20240229T08:30:15": "2024-02-29T08:30:15",
    "2024-02-29T083015": "2024-02-29T08:30:15",
    "2024-02-29T08:30:15,5": "2024-02-29T08:30:15.500000",
    "2024-02-29T08:30:15.1234567": "2024-02-29T08:30:15.123456",
    "2024-02-29T08:30:15.12345678Z": "2024-02-29T08:30:15.123456+00:00",
    "2024-02-29T08:30:15.123456789+05:30": "2024-02-29T08:30:15.123456+05:30",
    "2024-02-29T08:30:15z": "2024-02-29T08:30:15+00:00",
    "2024-02-29T08:30+0530": "2024-02-29T08:30:00+05:30",
    "2024-02-29T08-05": "2024-02-29T08:00:00-05:00",
    "2024-02-29T08:30-00:00": "2024-02-29T08:30:00+00:00",
    "2024-02-29T08:30+23:59": "2024-02-29T08:30:00+23:59",
    "2024-02-29T+02": "2024-02-29T00:00:00+02:00",
    "2024-02-29T24": "2024-03-01T00:00:00",
    "2024-02-29T24:00": "2024-03-01T00:00:00",
    "20240229T240000.000Z": "2024-03-01T00:00:00+00:00",
    "20240229083015": "2024-02-29T08:30:15",
    "20240229083015Z": "2024-02-29T08:30:15+00:00",
    "2024-02-29t08:30": "2024-02-29T08:30:00",
    "2024-02-29Z": "2024-02-29T00:00:00+00:00",
    "2024-02-29+02:00": "2024-02-29T00:00:00+02:00",
    "2024-02-29 08:30:15 UTC": "2024-02-29T08:30:15+00:00",
    "2024-02-29 08:30:15.5UTC": "2024-02-29T08:30:15.500000+00:00",
    "2024-02-29 08:30:15 GMT": "2024-02-29T08:30:15+00:00",
    "2024-02-29 08:30:15 +0200": "2024-02-29T08:30:15+02:00",
    "2024-02-29T08:30:15Z[UTC]": "2024-02-29T08:30:15+00:00",
    "2024-02-29T08:30:15+01:00[Europe/Berlin]": "2024-02-29T08:30:15+01:00",
}

REFUSED = (
    "", "T", "2024", "2024-02", "202402", "2024-2-9", "2024-0229", "202402-29", "0000-01-01",
    "2023-02-29", "2024-13-01",
    "2024-W09-4", "2024W094", "2024-W09", "2024-060", "2024060",
    "2024-02-29T", "2024-02-29TZ", "2024-02-29-05", "2024-02-29[Z]", "2024-02-29TUTC", "2024-02-29  08:30",
    "2024022908301", "202402290830155", "2024-02-29083015",
    "2024-02-29T8:30", "2024-02-29T08:", "2024-02-29T08:30:", "2024-02-29T08:3015", "2024-02-29T0830:15",
    "2024-02-29T08.5", "2024-02-29T08:30.5", "2024-02-29T0830,5", "2024-02-29T08:30:15.", "2024-02-29T08:30:15.x",
    "2024-02-29T25:00", "2024-02-29T08:60", "2024-02-29T23:59:60", "2024-02-29T24:01", "2024-02-29T24:00:00.001",
    "2024-02-29T08:30  +02:00", "2024-02-29T08:30T+02:00", "2024-02-29T08:30+2",
    "2024-02-29T08:30+02:0", "2024-02-29T08:30+020",
    "2024-02-29T08:30+24:00", "2024-02-29T08:30+02:60", "2024-02-29T08:30+02:00:30", "2024-02-29T08:30+02:00Z",
    "2024-02-29T08:30CET", "2024-02-29T08:30utc", "2024-02-29T08:30Z[]", "2024-02-29T08:30[Europe/Berlin]",
    "2024-02-29T08:30\u221205:00", "\u0662024-02-29",
    "2024-02-29T08:30\n",
)  # fmt: skip


@pytest.mark.parametrize(("text", "moment"), READ.items())
def test_an_iso_8601_day_is_read_with_its_time_and_zone(text: str, moment: str) -> None:
    assert iso_moment(text).isoformat() == moment


@pytest.mark.parametrize("text", REFUSED)
def test_weeks_ordinals_leap_seconds_and_what_has_another_meaning_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - in the words of whichever part refuses it
        iso_moment(text)


def test_the_end_of_the_last_year_is_beyond_what_can_be_told() -> None:
    assert iso_moment("9999-12-31T23:59:59Z") == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(OverflowError):
        iso_moment("9999-12-31T24:00Z")


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)


@given(st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC)))
def test_a_time_is_written_in_utc_to_the_millisecond(moment: datetime) -> None:
    since = (moment - EPOCH) // timedelta(milliseconds=1)

    written = iso_time(since)

    assert written == f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    assert milliseconds(written) == since


@pytest.mark.parametrize("since", [-62_135_596_800_001, 253_402_300_800_000])
def test_a_time_outside_the_years_1_to_9999_is_not_written(since: int) -> None:
    with pytest.raises(OverflowError):
        iso_time(since)
