"""Numbers that people write with spaces, dashes or dots: national ids, account numbers."""

import unicodedata

from graph_model.normalise.characters import readable


def normalise_digits(text: str) -> str | None:
    """Keep only the digits, in any script, leading zeros included.

    >>> normalise_digits("012-34-5678")
    '012345678'
    """
    seen = readable(text)
    if seen is None:
        return None
    digits = (unicodedata.decimal(character, None) for character in seen)
    return "".join(str(digit) for digit in digits if digit is not None) or None
