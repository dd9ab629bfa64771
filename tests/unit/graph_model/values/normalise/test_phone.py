import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.normalise.phone import normalise_phone

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


@pytest.mark.parametrize(
    ("received", "region", "normal"),
    [
        ("(212) 555-0123", "US", "+12125550123"),
        ("+1 212 555 0123", "US", "+12125550123"),
        ("1-212-555-0123", "US", "+12125550123"),
        ("212.555.0123", "US", "+12125550123"),
        ("212/555/0123", "US", "+12125550123"),
        ("tel:+1-212-555-0123", None, "+12125550123"),
        ("whatsapp:+14155238886", None, "+14155238886"),
        ("Tel.: 030 1234567", "DE", "+49301234567"),
        ("0011 44 20 7946 0018", "AU", "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("2012345678", "GB", "+442012345678"),
        ("+44 (0)20 7946 0018", "US", "+442079460018"),
        ("+49 (0) 171 1234567", None, "+491711234567"),
        ("(+49) 171 1234567", "DE", "+491711234567"),
        ("+1 1 212 555 0123", None, "+12125550123"),
        ("+36 (0)30 123 4567", None, "+36301234567"),
        ("0171/1234567", "DE", "+491711234567"),
        ("089/1234-12", "DE", "+4989123412"),
        ("(0xx11) 98765-4321", "BR", "+5511987654321"),
        ("\u202a+1 212 555 0123\u202c", "US", "+12125550123"),
        ("\u0662\u0661\u0662\u0665\u0665\u0665\u0660\u0661\u0662\u0663", "US", "+12125550123"),
        (
            "\uff0b\uff11\u3000\uff12\uff11\uff12\u2212\uff15\uff15\uff15\uff0d\uff10\uff11\uff12\uff13",
            None,
            "+12125550123",
        ),
        ("+39 06 698 12345", None, "+390669812345"),
        ("+39 (0)6 698 12345", None, "+390669812345"),
    ],
)
def test_spellings_of_one_number_become_one(received: str, region: str | None, normal: str) -> None:
    assert normalise_phone(received, region) == normal


@pytest.mark.parametrize(
    "received",
    [
        "(212) 555-0100 ext. 12", "212-555-0100 x12", "+1 212 555 0100;ext=12", "tel:+1-212-555-0100;ext=12",
        "(212) 555-0100 #12", "(212) 555-0100 (x12)", "212 555 0100 extension 12", "212 555 0100 Ext:12",
        "212-555-0100 доб. 12", "212-555-0100 anexo 12", "212-555-0100 poste 12", "212-555-0100 内線12",
        "2125550100,,12", "2125550100;12", "2125550100,12", "212-555-0100 - 12#", "212-555-0100 ｘ１２",  # noqa: RUF001
    ],
)  # fmt: skip
def test_an_extension_is_part_of_the_number_however_it_is_written(received: str) -> None:
    assert normalise_phone(received, "US") == "+12125550100;ext=12"


@pytest.mark.parametrize("received", ["(212) 555-0100 x", "(212) 555-0100 ext.", "+1 212 555 0100;ext="])
def test_a_label_without_an_extension_says_nothing(received: str) -> None:
    assert normalise_phone(received, "US") == "+12125550100"


@pytest.mark.parametrize("region", ["US", "DE", "BR", "JP", "FI", "AU", "RU", "TH", None])
@pytest.mark.parametrize(
    "received", ["0049 171 1234567", "0049 (0)171 1234567", "00-49-171-1234567", "+0049 1711234567"]
)
def test_two_zeros_lead_abroad_in_every_region(received: str, region: str | None) -> None:
    assert normalise_phone(received, region) == "+491711234567"


@pytest.mark.parametrize(
    ("received", "region"),
    [
        ("0011 47 2212 3456", "US"),  # Norway from Australia, or North Carolina
        ("0091 97025 51234", "TH"),  # India, or Colorado by a carrier of Thailand
        ("+39 (0)331 1234567", None),  # a line in Busto Arsizio, or a mobile
    ],
)
def test_what_may_be_either_of_two_numbers_is_refused(received: str, region: str | None) -> None:
    assert normalise_phone(received, region) is None


def test_the_own_rule_of_a_region_for_calls_abroad_holds() -> None:
    assert normalise_phone("0011 47 2212 3456", "AU") == "+4722123456"
    assert normalise_phone("010 1 212 555 0123", "JP") == "+12125550123"
    assert normalise_phone("0015 1 212 555 0123", "BR") == "+12125550123"


@pytest.mark.parametrize("received", ["491711234567", "49 171 1234567", "+491711234567", "0171 1234567", "171 1234567"])
def test_a_mobile_with_its_country_and_no_plus_is_no_long_number_of_a_small_town(received: str) -> None:
    assert normalise_phone(received, "DE") == "+491711234567"


@pytest.mark.parametrize(
    "received",
    [
        "+52 55 1234 5678", "+52 1 55 1234 5678", "+5215512345678", "55 1234 5678", "1 55 1234 5678", "01 55 1234 5678",
        "044 55 1234 5678", "045 55 1234 5678", "+52 01 55 1234 5678", "0052 1 55 1234 5678", "5215512345678",
    ],
)  # fmt: skip
def test_prefixes_that_mexico_gave_up_are_no_part_of_the_number(received: str) -> None:
    assert normalise_phone(received, "MX") == "+525512345678"


def test_a_mobile_of_argentina_is_one_with_or_without_the_15_and_never_a_line_in_a_house() -> None:
    mobile = {normalise_phone(text, "AR") for text in ("+54 9 11 2345 6789", "011 15 2345 6789", "+54 11 15 2345-6789")}

    assert mobile == {"+5491123456789"}
    assert normalise_phone("+54 11 2345 6789", "AR") == "+541123456789"


@pytest.mark.parametrize(
    "received", ["2125550142.0", "'2125550142", "'+12125550142", '"212-555-0142"', "2125550142.00"]
)
def test_what_programs_add_to_a_number_is_no_part_of_it(received: str) -> None:
    assert normalise_phone(received, "US") == "+12125550142"


@pytest.mark.parametrize(
    ("received", "region"),
    [
        ("555-0123", "US"),
        ("1234567890", "US"),
        ("0000000000", "US"),
        ("12", "US"),
        ("911", "US"),
        ("112", "DE"),
        ("+49 112", None),
        ("ask for Ann", "US"),
        ("call 2125550142 Bob", "US"),
        ("030 1234567 Bob", "DE"),
        ("Bob 2125550142", "US"),
        ("1-800-FLOWERS", "US"),
        ("4.91711E+11", "DE"),
        ("4,91711E+11", "DE"),
        ("0171-12345xx", "DE"),
        ("+49 171 ***4567", None),
        ("089 1234-12 Durchwahl", "DE"),
        ("089 1234 Durchwahl 12", "DE"),
        ("+55 11 8765-4321", None),
        ("tel:7042;phone-context=example.com", "US"),
        ("tel:2125550142;phone-context=example.com", "US"),
        ("-2125550142", "US"),
        ("+999 123 456", "US"),
        ("+1 212 555 0123 4567", "US"),
        ("(212) 555-0123", None),
    ],
)
def test_what_cannot_be_a_full_number_is_refused(received: str, region: str | None) -> None:
    assert normalise_phone(received, region) is None


@pytest.mark.parametrize(
    ("received", "region"),
    [
        ("212-555-0142 / 917-555-0119", "US"),
        ("212-555-0142, 917-555-0119", "US"),
        ("212-555-0142 or 917-555-0119", "US"),
        ("2125550142,5550119", "US"),
        ("212-555-0100 x302/x2303", "US"),
        ("030 123456 / 654321", "DE"),
        ("030 123456/57", "DE"),
        ("0171 1234567\n0172 7654321", "DE"),
        ("030123456 030654321", "DE"),
    ],
)
def test_two_numbers_are_neither_one_of_them_nor_both_as_one(received: str, region: str) -> None:
    assert normalise_phone(received, region) is None


#: What numbers, extensions and their neighbours are written with.
PIECES = st.sampled_from(
    ["0", "00", "1", "49", "52", "171", "212", "555", "0142", "x", "ext.", ";ext=", ",", "/", "(0)", " ", "-", "+", "#",
     "tel:", "\u0663", "\uff11", "\u200b", "'", ".0", "E+11", "доб", "\n", "\ud800"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=300), st.sampled_from([*REGIONS, None]))
def test_hostile_text_has_a_normal_form_or_none(text: str, region: str | None) -> None:
    normal = normalise_phone(text, region)

    assert normal is None or normalise_phone(normal, region) == normal


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A region, and digits that its numbering plan may know, made of one of its examples."""
    region = draw(st.sampled_from(REGIONS))
    kind = draw(st.sampled_from([phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]))
    example = phonenumbers.example_number_for_type(region, kind)
    if example is None:
        return region, ""
    digits = phonenumbers.national_significant_number(example)
    kept = draw(st.integers(1, len(digits)))
    rest = draw(st.text("0123456789", min_size=len(digits) - kept, max_size=len(digits) - kept + 1))
    return region, digits[:kept] + rest


@given(numbers(), st.sampled_from(["", "+", "00", " x12", ";ext=7"]), st.sampled_from([*REGIONS, None]))
def test_a_normal_form_is_itself_under_every_region(number: tuple[str, str], spelt: str, other: str | None) -> None:
    region, digits = number
    code = phonenumbers.country_code_for_region(region)
    text = f"{spelt}{code}{digits}" if spelt in {"+", "00"} else f"{digits}{spelt}"
    normal = normalise_phone(text, region)

    assert normal is None or normalise_phone(normal, other) == normal
