import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberFormat

from graph_model.values.normalise.numbering_plans import can_be_assigned, read_international

_TYPES = sorted(phonenumbers.PhoneNumberType.values())
_EXAMPLES = sorted(
    {
        phonenumbers.format_number(example, PhoneNumberFormat.E164).removeprefix("+")
        for region in phonenumbers.SUPPORTED_REGIONS
        for number_type in _TYPES
        if (example := phonenumbers.example_number_for_type(region, number_type)) is not None
    }
    | {
        phonenumbers.format_number(example, PhoneNumberFormat.E164).removeprefix("+")
        for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS
        if (example := phonenumbers.example_number_for_non_geo_entity(code)) is not None
    }
)


@st.composite
def digits_abroad(draw: st.DrawFn) -> str:
    """Digits behind a `+`: numbers of every plan, with some digits changed, added, or taken away; and any at all."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.from_regex(r"[1-9][0-9]{0,18}", fullmatch=True))
    digits = draw(st.sampled_from(_EXAMPLES))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(1, len(digits)))
        change = draw(st.sampled_from(["", "0", "1", "8", "9", *"234567"]))
        digits = digits[:place] + change + digits[place + draw(st.integers(0, 1)) :]
    return digits


def _read(digits: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(f"+{digits}", None)
    except NumberParseException:
        return None


@settings(deadline=None)  # the first number of a country reads its plan
@given(digits_abroad())
def test_a_number_can_be_assigned_where_the_library_says_so(digits: str) -> None:
    number = _read(digits)

    if number is not None:
        rest = phonenumbers.national_significant_number(number)
        assert can_be_assigned(number.country_code or 0, rest) == phonenumbers.is_valid_number(number)


@settings(deadline=None)  # the first number of a country reads its plan
@given(digits_abroad())
def test_a_number_with_its_country_is_read_as_the_library_reads_it(digits: str) -> None:
    found = read_international(digits)

    if found is not None:
        number = _read(digits)
        assert number is not None
        assert phonenumbers.is_valid_number(number)
        assert found == phonenumbers.format_number(number, PhoneNumberFormat.E164)


@pytest.mark.parametrize("number", ["+12125550123", "+442079460018", "+491711234567", "+390669812345", "+80012345678"])
def test_most_numbers_are_read_at_once(number: str) -> None:
    assert read_international(number.removeprefix("+")) == number


@pytest.mark.parametrize("digits", ["1", "12", "999123456", "5215512345678", "44020794600", "12125550123456789"])
def test_what_may_need_a_closer_look_is_left_to_the_library(digits: str) -> None:
    assert read_international(digits) is None


def test_a_country_code_that_there_is_not_assigns_nothing() -> None:
    assert not can_be_assigned(999, "123456789")
