"""Telephone numbers.

What is a number, and where it may be assigned, is for the library of numbering plans to say. It looks for a number in
any text, though, and takes what it finds: letters as digits of a keypad, masked digits as punctuation, two numbers as
one. So the shape of the whole text is held here, and the library reads the digits.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

from graph_model.values.characters import readable
from graph_model.values.normalise.numbering_plans import can_be_assigned, read_international

_LONGEST_TEXT: Final = 100
_MOST_DIGITS: Final = 15  #: of a number with its country code, by ITU-T E.164
_FEWEST_DIGITS: Final = 6  #: in front of a slash, for these to be a number of their own

#: What people write in front of a number, and programs before the colon of a URI.
_LABELS: Final = (
    "tel|telephone|telefon|telefono|teléfono|telefone|téléphone|telefoon|tlf|phone|ph|fon|mobile|mobil|mob|móvil|movil|"
    "cell|cel|cellphone|cellulare|celular|handy|whatsapp|sms|电话|手机|電話|携帯"
)
#: What people write in front of an extension; the first ones leave no doubt, so that more digits may follow.
_CLEAR_LABELS: Final = r"[ ,;]*(?:ext|extn|xtn?|extension|extensi[óo]n|ext\.?-?nr|доб|добавочный|anexo|ramal|poste)"
_SHORT_LABELS: Final = r"[ ,;]*(?:x|int|interno|wew|toestel|内線|分机|分機|转|轉)"
_WRITTEN: Final = re.compile(
    rf"""
    (?:(?:{_LABELS})\b[ .:]*)?
    (?P<number>
        [ (\[]*\+{{0,2}}[ (\[]*[0-9]
        (?:[0-9 ()\[\]./-] | (?<=0)xx(?=[0-9]))*  # 0xx11: any carrier, then the area
    )
    (?:
        ;ext=(?P<uniform>[0-9]{{1,20}})
        | {_CLEAR_LABELS}[ :.,=-]*(?P<clear>[0-9]{{1,20}})?[#)]?
        | {_SHORT_LABELS}[ :.,=-]*(?P<short>[0-9]{{1,9}})?[#)]?
        | [ ,;]*\#[ ]*(?P<numbered>[0-9]{{1,9}})
        | (?:,{{1,3}}|;)[ ]*(?P<dialled>[0-9]{{1,5}})[#]?  # what telephones dial after a pause; more may be a number
        | [ -]+(?P<hashed>[0-9]{{1,6}})[#]
    )?
    """,
    re.VERBOSE | re.IGNORECASE,
)

#: The international prefix nearly everywhere. Where `001` leads abroad by itself, the country follows it.
_ABROAD: Final = re.compile(r"[ (\[]*\+{0,2} ?0 ?0[ )\].-]*(?=[(\[]?[1-9])(?!1[ )\].-]*1)")
_TRUNK_DIGIT: Final = re.compile(r"[(\[] ?0 ?[)\]]")
#: A number with its country, in which nothing but the digits counts.
_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9 .-]*")
_NO_DIGIT: Final = re.compile(r"[^0-9]+")

#: What had to be dialled in a country until its numbers became uniform, by country code. The rest is the number.
_FORMER_PREFIXES: Final = {
    52: re.compile(r"(?:1|01|04[45])([0-9]{10})"),  # Mexico, until 2020; WhatsApp writes `+52 1` still
}

#: White space, quotes and what splitting a list leaves at the ends.
_FRAME: Final = " '\"‘’“”,;"  # noqa: RUF001 quotes as they are typed
#: A program took the number for one with a fraction.
_EMPTY_FRACTION: Final = re.compile(r"(\+?[1-9][0-9]{5,})[.,]0+")


def normalise_phone(text: str, region: str | None = None) -> str | None:
    """Write the number in E.164, and its extension, which is part of it, as RFC 3966 does.

    Numbers that begin with `00` are international in every region, unless its own rule reads another number. The
    digits of a trunk prefix in brackets, `+44 (0)20`, and of prefixes that were given up, `+52 1`, are left out.

    Refused, since it is not known who is called: several numbers in one text, words beside a number, letters for
    digits (`1-800-FLOWERS`, a company's), masked digits, what may as well be another number, short numbers.

    Args:
        text: the number as people write it.
        region: two-letter country code that numbers without `+` or `00` belong to; None: those are refused.

    Returns:
        The number, or None where it is not one that can be assigned in its country.

    >>> normalise_phone("(212) 555-0123 ext. 12", "US")
    '+12125550123;ext=12'
    """
    seen = readable(text) if len(text) <= _LONGEST_TEXT else None
    if seen is None or "\n" in text.strip():
        return None
    written = _WRITTEN.fullmatch(_plain(seen).strip(_FRAME))
    if written is None:
        return None
    number = _meant(written["number"], region)
    if number is None:
        return None
    extension = written[written.lastgroup or "number"] if written.lastgroup != "number" else None
    return number if extension is None else f"{number};ext={extension}"


def _plain(text: str) -> str:
    """Write digits, dashes and full-width characters in ASCII, and a whole number without its empty fraction."""
    if not text.isascii():
        text = "".join(_plain_character(character) for character in text)
    whole = _EMPTY_FRACTION.fullmatch(text.strip(_FRAME))
    return text if whole is None else whole[1]


def _plain_character(character: str) -> str:
    if "\uff01" <= character <= "\uff5e":
        return chr(ord(character) - 0xFEE0)
    if character in "\u2212\u30fc" or unicodedata.category(character) == "Pd":
        return "-"
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def _meant(written: str, region: str | None) -> str | None:
    """Return the only number that a text without extension can mean, in E.164; None where there is none, or another."""
    if _INTERNATIONAL.fullmatch(written):
        number = read_international(_NO_DIGIT.sub("", written))
        if number is not None:
            return number if len(number) <= _MOST_DIGITS + 1 else None
    if "/" in written and _holds_several(written, region):
        return None
    meanings = {number for number in map(_e164, _readings(written, region)) if number is not None}
    return meanings.pop() if len(meanings) == 1 else None


def _holds_several(written: str, region: str | None) -> bool:
    """Tell whether what stands before a slash is a number already; behind an area code it is none yet."""
    heads = (written[: slash.start()] for slash in re.finditer("/", written))
    return any(
        sum(character.isdigit() for character in head) >= _FEWEST_DIGITS and _assigned(head, region) is not None
        for head in heads
    )


def _readings(written: str, region: str | None) -> Iterator[PhoneNumber | None]:
    """Yield the numbers that a text may stand for; nearly always one."""
    number = _assigned(written, region)
    abroad = _ABROAD.match(written)
    if abroad is not None:
        yield number
        written, region = f"+{written[abroad.end() :]}", None
        number = _assigned(written, region)
    if number is not None and "+" not in written and _may_lack_its_plus(written, number):
        international = _assigned(f"+{written}", None)
        if international is not None and phonenumbers.number_type(international) == PhoneNumberType.MOBILE:
            number = international  # no line in a house has as many digits as a mobile with its country
        else:
            yield international
    yield number
    trunk = _TRUNK_DIGIT.search(written)
    if trunk is not None:
        yield _assigned(written[: trunk.start()] + written[trunk.end() :], region)


def _may_lack_its_plus(written: str, number: PhoneNumber) -> bool:
    """Tell whether a national number that begins like one with its country was written without a trunk prefix."""
    digits = "".join(character for character in written if character.isdigit())
    return digits.startswith(str(number.country_code)) and digits == phonenumbers.national_significant_number(number)


def _assigned(written: str, region: str | None) -> PhoneNumber | None:
    """Return the number as the library reads it, if it can be assigned in its country."""
    try:
        number = phonenumbers.parse(written, region)
        country_code, digits = number.country_code or 0, phonenumbers.national_significant_number(number)
        if can_be_assigned(country_code, digits):
            return number
        former = _FORMER_PREFIXES.get(country_code)
        rest = None if former is None else former.fullmatch(digits)
        return None if rest is None else _assigned(f"+{country_code}{rest[1]}", None)
    except NumberParseException:
        return None


def _e164(number: PhoneNumber | None) -> str | None:
    if number is None:
        return None
    text = f"+{number.country_code}{phonenumbers.national_significant_number(number)}"
    return text if len(text) <= _MOST_DIGITS + 1 else None
