import pytest

from graph_model.values.normalise.date import normalise_date


@pytest.mark.parametrize(
    ("received", "normal"),
    [
        ("1984-03-07", "1984-03-07"),
        (" 1984-03-07 ", "1984-03-07"),
        ("19840307", "1984-03-07"),
        ("1984-03-07T23:30:00-05:00", "1984-03-07"),
        ("1984-03-07T00:00:00.123456789Z", "1984-03-07"),
        ("1984-03-07 00:00:00", "1984-03-07"),
        ("2024-02-29", "2024-02-29"),
        ("1984-03-07 23:30:00 UTC", "1984-03-07"),
        ("1984-03-07Z", "1984-03-07"),
        ("19840307103000", "1984-03-07"),
    ],
)
def test_iso_dates_are_read(received: str, normal: str) -> None:
    assert normalise_date(received) == normal


@pytest.mark.parametrize(
    "received",
    [
        "1984-02-30",
        "2023-02-29",
        "1984-13-01",
        "0000-00-00",
        "03/07/1984",
        "7.3.1984",
        "March 7, 1984",
        "1984-03",
        "1984-3-7",
        "1984-03-07T25:00",
        "1984-03-07Tmorning",
        "1984-03-07-extra",
        "1234567",
        "5179",
        "0",
        "-1",
        "840307",
        "1984",
        "-999999",
        "999999999999",
        "unknown",
    ],
)
def test_impossible_and_ambiguous_dates_and_bare_numbers_are_refused(received: str) -> None:
    assert normalise_date(received) is None
