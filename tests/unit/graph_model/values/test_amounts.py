"""Numbers as people write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.amounts import plain_number


@pytest.mark.parametrize(
    ("text", "mark", "number"),
    [
        ("1,204.50", ".", "1204.50"),
        ("12'345.60", ".", "12345.60"),
        ("12\u2019345.60", ".", "12345.60"),
        ("1 234 567.5", ".", "1234567.5"),
        ("1.234.567,89", ",", "1234567.89"),
        ("12,34,567.5", ".", "1234567.5"),
        (".5", ".", ".5"),
        ("12,", ",", "12"),
        ("007", ".", "007"),
        ("$1,204.50", ".", "1204.50"),
        ("US$ 5", ".", "5"),
        ("R$ 5,50", ",", "5.50"),
        ("12€", ",", "12"),
        ("12,50 €", ",", "12.50"),
        ("12,50 Euro", ",", "12.50"),
        ("CHF 12.50", ".", "12.50"),
        ("Fr. 12.50", ".", "12.50"),
        ("5 kr.", ",", "5"),
        ("1 234,50 zł", ",", "1234.50"),
        ("$5 USD", ".", "5"),
        ("-$5", ".", "-5"),
        ("$-5", ".", "-5"),
        ("- 5,00 €", ",", "-5.00"),
        ("+5", ".", "+5"),
        ("12.50-", ".", "-12.50"),
        ("12,50- EUR", ",", "-12.50"),
        ("\N{MINUS SIGN}5,5", ",", "-5.5"),
        ("(1.234,00)", ",", "-1234.00"),
        ("($ 5.00)", ".", "-5.00"),
    ],
)
def test_an_amount_is_the_number_that_people_read(text: str, mark: str, number: str) -> None:
    assert plain_number(text, mark) == number


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("1/2", "."), ("<5", "."), (">5", "."), ("~5", "."), ("#5", "."), ("5%", "."), ("12 %", "."), ("5*", "."),
        ("1€50", ","), ("12.-", "."), ("12,--", ","), ("5+", "."), ("12 Mio", ","), ("12k", "."), ("5 kg", "."),
        ("(-5)", "."), ("-5-", "."), ("--5", "."), ("-$-5", "."), ("(5", "."), ("5)", "."), ("()", "."), ("5 6", "."),
        ("1,2,3", "."), ("1.23,4", ","), ("1,234.5", ","), ("1.5", ","), ("1 234.567,5", ","), ("1.5E+3", "."),
        ("€", ","), ("", "."), (".", "."), ("-", "."), ("kr", "."), ("²", "."), ("٣", "."), ("5-10", "."),
        ("5\n6", "."), ("0.500", ","), ("0,500", "."), ("00.500", ","), ("0 500", "."),
        ("0x1F", "."), ("x5", "."), ("5°", "."),
    ],
)  # fmt: skip
def test_what_would_be_another_number_without_what_stands_around_it_is_none(text: str, mark: str) -> None:
    assert plain_number(text, mark) is None


@given(
    st.integers(-(10**15), 10**15),
    st.integers(0, 9999),
    st.sampled_from([(",", "."), (",", " "), (".", ","), (".", "'"), (".", "")]),
    st.sampled_from(["{}", "{} €", "€{}", "EUR {}", "{}kr"]),
)
def test_an_amount_that_is_written_for_people_is_read_back(
    whole: int, fraction: int, marks: tuple[str, str], around: str
) -> None:
    mark, parted = marks
    digits = f"{abs(whole):,}".replace(",", parted)
    written = f"{'-' if whole < 0 else ''}{around.format(f'{digits}{mark}{fraction:04}')}"
    assert Decimal(plain_number(written, mark) or "NaN") == Decimal(f"{whole}.{fraction:04}")


@given(st.text(st.sampled_from("0123456789.,'-+() €$kEUR%/<\u2212"), max_size=12), st.sampled_from([",", "."]))
def test_the_digits_of_an_amount_are_those_that_are_written(text: str, mark: str) -> None:
    number = plain_number(text, mark)
    if number is not None:
        assert "".join(filter(str.isdecimal, number)) == "".join(filter(str.isdecimal, text))
