"""Telephone numbers."""

from functools import lru_cache

import phonenumbers

from graph_model.values.characters import readable


@lru_cache(maxsize=32_768)
def normalise_phone(text: str, region: str | None = None) -> str | None:
    """Write the number in E.164; extensions are dropped.

    Args:
        text: the number as people write it.
        region: two-letter country code that numbers without `+` belong to; None: those are refused.

    Returns:
        The number, or None where it is not one that can be assigned in its country.

    >>> normalise_phone("(212) 555-0123", "US")
    '+12125550123'
    """
    seen = readable(text)
    if seen is None:
        return None
    try:
        number = phonenumbers.parse(seen, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
