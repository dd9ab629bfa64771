"""Values that need no tables of a library: taken as they are, without case, or digits only."""

import re
import unicodedata

from graph_model.values.characters import readable, visible_text, within_limit, without_guard
from graph_model.values.keys import is_shortened, without_notation

#: What a program adds that takes a whole number for one with a fraction; behind a comma three zeros may be thousands.
_EMPTY_FRACTION = re.compile(r"([^.]*\d)\.0+|([^,]*\d)[,\u066b]0{1,2}")
#: One mark in a number, and behind it no group of three digits.
_WITH_FRACTION = re.compile(r"[+-]?\d+[.,\u066b](?!\d{3}$)\d+")


def normalise_exact(text: str) -> str | None:
    """Keep a customer number or the like, without invisible characters or white space at its ends, in form NFC.

    A whole number is its digits, however it is written (`1000001.0`, `'1000001`); one that was written with an
    exponent (`8.96529E+18`, `1E+15`) has lost digits, and is refused.

    >>> normalise_exact(" C-0042 ")
    'C-0042'
    """
    seen = readable(text)
    if seen is None or is_shortened(seen):
        return None
    return within_limit(without_notation(without_guard(seen)))


def normalise_casefold(text: str) -> str | None:
    """Fold case and width (Unicode NFKC case folding), strip the ends: of user names, host names.

    Numbers are read as `normalise_exact` does.

    >>> normalise_casefold(" AnnLee ")
    'annlee'
    """
    seen = readable(text)
    folded = None if seen is None else visible_text(fold_case(seen))
    if folded is None or is_shortened(folded):
        return None
    return within_limit(without_notation(without_guard(folded)))


def fold_case(text: str) -> str:
    """Fold case and compatibility forms together, so that folding again changes nothing.

    The sequence is that of the Unicode Standard for compatibility caseless matching (definition D146).
    """
    folded = unicodedata.normalize("NFD", text).casefold()
    folded = unicodedata.normalize("NFKD", folded).casefold()
    return unicodedata.normalize("NFKC", folded)


def normalise_digits(text: str) -> str | None:
    """Keep only the digits, in any script, leading zeros included: of national ids, account numbers.

    Of a whole number with an empty fraction (`1000001.0`, `1.000.001,00`) the fraction goes; other marks separate
    digits as dashes do (`12.345.678-9`). A number with a fraction (`12.5`) is refused, since it counts or measures, and
    so is one with an exponent (`8.96529E+18`, `1E+15`), which has lost digits.

    >>> normalise_digits("012-34-5678")
    '012345678'
    """
    seen = readable(text)
    if seen is None or is_shortened(seen):
        return None
    whole = _EMPTY_FRACTION.fullmatch(seen)
    if whole is None and _WITH_FRACTION.fullmatch(seen) is not None:
        return None
    digits = (unicodedata.decimal(character, None) for character in (seen if whole is None else whole[1] or whole[2]))
    return "".join(str(digit) for digit in digits if digit is not None) or None
