"""Numbers that people write with spaces, dashes or dots: national ids, account numbers."""

import re
import unicodedata

from graph_model.values.keys import is_shortened
from graph_model.values.normalise.characters import readable

#: What a program adds that takes a whole number for one with a fraction.
_EMPTY_FRACTION = re.compile(r"([^.]*\d)\.0+")


def normalise_digits(text: str) -> str | None:
    """Keep only the digits, in any script, leading zeros included.

    Of a whole number with an empty fraction (`1000001.0`) the fraction goes; other points separate digits as dashes
    do (`12.345.678-9`). A number with a point and an exponent (`8.96529E+18`) has lost digits, and is refused.

    >>> normalise_digits("012-34-5678")
    '012345678'
    """
    seen = readable(text)
    if seen is None or is_shortened(seen):
        return None
    whole = _EMPTY_FRACTION.fullmatch(seen)
    digits = (unicodedata.decimal(character, None) for character in (seen if whole is None else whole[1]))
    return "".join(str(digit) for digit in digits if digit is not None) or None
