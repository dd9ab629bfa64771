"""Numbers as people write them: thousands parted, signs behind or as brackets, and a currency around them.

What stands around a number and is no currency changes what it says (`<5`, `1/2`, `12 %`, `3 Mio`): such a text is no
number.
"""

import re
import unicodedata
from typing import Final

#: Codes of ISO 4217, those in use and those that the euro replaced.
_ISO_4217: Final = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL "
    "HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR "
    "RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS "
    "UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG "
    "ATS BEF DEM ESP FIM FRF GRD IEP ITL LUF NLG PTE SIT SKK EEK LVL LTL CYP MTL"
)
_CODES: Final = frozenset(_ISO_4217.split())
#: What else is written for a currency, in any case, with or without a point behind it.
_NAMES: Final = frozenset(
    {"eur", "euro", "euros", "usd", "gbp", "chf", "fr", "sfr", "kr", "zł", "zl", "kč", "ft", "lei", "лв", "руб", "грн",  # noqa: RUF001
     "rs", "rp", "rm", "tl", "元", "円", "원"}
)  # fmt: skip

#: Letters alone, a symbol, or letters that say whose symbol it is (`US$`).
_AROUND: Final = r"(?:[^\W\d_]{1,5}\.?|[A-Z]{0,3}[^\w\s.,+'\u2019()-])?"


def plain_number(text: str, mark: str) -> str | None:
    """Write an amount as programs write numbers.

    >>> plain_number("(1.234,50 €)", ",")
    '-1234.50'

    Args:
        text: one line, without white space at its ends.
        mark: the decimal mark, point or comma; the other one parts thousands, as do spaces and apostrophes.

    Returns:
        A sign or none, digits, and a fraction or none; None where it is no amount that is written with this mark.
    """
    text = text.replace("\N{MINUS SIGN}", "-")
    bracketed = text.startswith("(") and text.endswith(")")
    found = _AMOUNTS[mark].fullmatch(text[1:-1].strip() if bracketed else text)
    if found is None or not (_is_currency(found["before"]) and _is_currency(found["behind"])):
        return None
    signs = [sign for sign in (found["first"], found["second"], found["last"]) if sign]
    if len(signs) + bracketed > 1:
        return None
    sign = "-" if bracketed else "".join(signs)
    fraction = (found["fraction"] or "").replace(mark, ".", 1)
    return f"{sign}{re.sub(r'[^0-9]', '', found['whole'])}{fraction}"


def _is_currency(text: str) -> bool:
    if not text:
        return True
    return text in _CODES or text.casefold().removesuffix(".") in _NAMES or unicodedata.category(text[-1]) == "Sc"


def _amount(mark: str) -> re.Pattern[str]:
    other = "." if mark == "," else ","
    parted = rf"[{re.escape(other)} '\u2019]"
    mark = re.escape(mark)
    # No group stands behind a zero; India parts hundreds of thousands by two digits.
    whole = rf"[1-9][0-9]{{0,2}}(?:(?P<parted>{parted})(?:[0-9]{{2,3}}(?P=parted))*[0-9]{{3}})?|[0-9]+"
    # A mark without digits and a dash is how Switzerland writes that there are no cents, and no sign.
    fraction = rf"(?P<fraction>(?:{mark}[0-9]+)?)(?P<last>-?)|(?P<bare>{mark})"
    return re.compile(
        rf"(?P<first>[+-]?)\s?(?P<before>{_AROUND})\s?(?P<second>[+-]?)(?P<whole>{whole}|(?={mark}[0-9]))"
        rf"(?:{fraction})\s?(?P<behind>{_AROUND})"
    )


_AMOUNTS: Final = {mark: _amount(mark) for mark in (",", ".")}
