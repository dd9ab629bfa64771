"""Cells that hold several telephone numbers or addresses, which no normaliser takes for one."""

import re
from typing import Final

_WORD: Final = re.compile(r"[^\s<>()\[\]\"',;|/]+")
#: What people write between two numbers.
_BETWEEN: Final = re.compile(
    r"[\n\r,;|/&]|(?<=\d)\s*\+(?=\d)|\s\+|\b(?:or|and|oder|und|ou|et|o|y|e|of|en|lub|i|или|и)\b|或|和|・|、",
    re.IGNORECASE,
)
_FEWEST_DIGITS: Final = 6  #: of a number; fewer are an area code, or an extension


def looks_like_several(text: str) -> bool:
    """Tell whether a text that was refused as one telephone number or one address holds several of them.

    It is for the wording of the reason only: an area code behind its country looks like a number, too.

    >>> looks_like_several("212-555-0142 / 917-555-0119")
    True
    """
    if "@" in text:
        return len({word.strip(".").casefold() for word in _WORD.findall(text) if "@" in word[1:-1]}) > 1
    parts: list[str] = _BETWEEN.split(text)
    return sum(sum(map(str.isdecimal, part)) >= _FEWEST_DIGITS for part in parts) > 1
