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
#: Where a year stands in a day: in front, behind, or in eight or fourteen digits.
_YEAR: Final = re.compile(
    r"(?:'?(\d{4})(?:[-/.年]|\d{4}(?:\d{6})?$)|.*\b\d{1,2}[-/.]\d{1,2}[-/.](\d{4})\b)", re.ASCII | re.DOTALL
)
#: No deletion was kept before counts of 1970 begin. What lies before stands where there is no time: zeros of clocks,
#: spreadsheets and databases, in whichever zone. So does what lies where nobody lives any more: valid for ever.
_FIRST_YEAR: Final = 1971
_LAST_YEAR: Final = 2098


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
    found = _YEAR.match(said)
    return found is None or _FIRST_YEAR <= int(found[1] or found[2]) <= _LAST_YEAR
