"""Numbers as Kafka Connect writes decimals without a schema: their unscaled digits as bytes, in base64."""

import binascii
from base64 import b64decode, b64encode
from typing import Final

from graph_model.values.equality import JsonValue

#: Characters of the longest one that is looked for, of some fifty digits.
_LONGEST: Final = 28


def may_be_a_number(value: JsonValue) -> bool:
    """Tell whether a value may be one; many a word of four letters may, so that it is no proof.

    It is written in just one way: big-endian, in two's complement, with no more bytes than the number needs.
    """
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or not value.isascii():
        return False
    try:
        content = b64decode(value, validate=True)
    except binascii.Error:
        return False
    if not content or b64encode(content).decode() != value:
        return False
    number = int.from_bytes(content, "big", signed=True)
    needed = (number if number >= 0 else ~number).bit_length() // 8 + 1
    return len(content) == needed
