"""Flags that say of a row that it is deleted: yes and no in the words of many languages, and times of a deletion."""

import re
from functools import lru_cache
from typing import Final

from graph_model.values.equality import JsonValue
from graph_model.values.keys import number_text, without_notation

_TRUE: Final = "true"
#: What a flag says where it is set, and where it is not, in the languages whose headers a draft reads.
_YES: Final = frozenset({
    _TRUE, "t", "yes", "y", "1", "on", "x", "deleted", "ja", "j", "wahr", "oui", "o", "vrai", "si", "sí", "sì", "s",
    "verdadero", "vero", "sim", "verdadeiro", "tak", "prawda", "waar", "是", "はい",
})  # fmt: skip
_NO: Final = frozenset({
    "false", "f", "no", "n", "0", "off", "nein", "falsch", "non", "faux", "falso", "não", "nao", "nie", "fałsz", "nee",
    "onwaar", "否", "いいえ",
})  # fmt: skip
#: What programs and people write where there is no value; as a flag it can mean nothing else.
_NOTHING: Final = frozenset({"", "null", "\\n", "none", "nil", "nan", "nat", "(null)", "n/a", "#n/a", "na", "-", "--"})

#: A time has so many digits at the least: `7.3.24`, or days since 1970.
_FEWEST_DIGITS: Final = 4
#: Stands where there is no time: Go and .NET begin with the year 1, counts with 1970, spreadsheets with 1900, and what
#: is valid for ever ends with the year 9999.
_NO_TIME: Final = re.compile(
    r".*\b(?:0001|9999)\b.*|(?:1970|1900)-01-01(?:[t ]00:00(?::00(?:[.,]0+)?)?)?(?: ?(?:z|utc|\+00(?::?00)?))?",
    re.DOTALL,
)


def flag_text(value: JsonValue) -> str | None:
    """What a flag says, whatever its case, the space around it, and the notation of a number.

    Returns:
        Empty for null; None where it is no single value, or a number that may have lost digits.
    """
    if isinstance(value, bool):
        return _TRUE if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, str):
        return without_notation(value.strip().casefold())
    return "" if value is None else None


@lru_cache(maxsize=4_096)
def is_set(said: str) -> bool | None:
    """Tell whether a flag is set: by yes and by a time; not by no, by nothing, and by times that stand for none.

    Args:
        said: what `flag_text` gives.

    Returns:
        None where it is none of these.
    """
    if said in _YES:
        return True
    digits = re.sub(r"\D", "", said)
    if said in _NO or said in _NOTHING or (digits and not digits.strip("0")):  # 0000-00-00 00:00:00
        return False
    if len(digits) < _FEWEST_DIGITS or said.startswith("-"):
        return None
    return _NO_TIME.fullmatch(said) is None
