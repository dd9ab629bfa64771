import pytest

from graph_model.values.normalise.plain import normalise_digits


@pytest.mark.parametrize(
    ("received", "normal"),
    [
        ("012-34-5678", "012345678"),
        ("012 34 5678", "012345678"),
        ("No. 42", "42"),
        ("٠١٢", "012"),
        ("\uff11\uff12", "12"),
        ("1\u200b2", "12"),
        ("1000001.0", "1000001"),
        ("1000001.000", "1000001"),
        (" 42.0 ", "42"),
        ("12.345.678-9", "123456789"),
        ("12.345.000", "12345000"),
        ("1000001,0", "1000001"),
        ("1000001\u066b0", "1000001"),
        ("1.000.001,00", "1000001"),
        ("1 000 001,00", "1000001"),
        ("1,000,001.00", "1000001"),
        ("12,345", "12345"),
        ("2.0.1", "201"),
        ("1e3", "13"),
    ],
)
def test_everything_but_digits_is_removed(received: str, normal: str) -> None:
    assert normalise_digits(received) == normal


@pytest.mark.parametrize(
    "received",
    [
        "none",
        "-",
        "x²",
        "½",
        "8.96529E+18",
        " 1.5e3 ",
        ".5E7",
        "1E+15",
        "1e+5",
        "12.50",
        "100000.1",
        "1000001,5",
        "8.96529E 18",
        "=8.96529E+18",
        '"8.96529E+18"',
        "8.96529E+18;",
        "1.5D+10",
        "\uff18.\uff19\uff16\uff25\uff0b\uff11\uff18",
    ],
)
def test_text_without_a_digit_or_with_lost_ones_is_refused(received: str) -> None:
    assert normalise_digits(received) is None
