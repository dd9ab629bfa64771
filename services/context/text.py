"""Values as they may stand in a prompt: one line, visible, and unable to be anything but a value.

Whatever a customer has typed, the result holds no line break, no invisible character, no bracket, nothing that opens
or closes a tag or a code fence, no Markdown structure, and no link.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import orjson

from graph_model.values.characters import without_invisible
from graph_model.values.equality import JsonValue

#: Longer values are cut; a name or an address stays whole, a pasted document does not.
MAX_VALUE_LENGTH: Final = 200

#: So much of a value is looked at, however long it is; folding its spaces may still make it fit.
_WORKED_ON: Final = 20 * MAX_VALUE_LENGTH

#: Most values need nothing done: letters, digits, single spaces and marks that mean nothing in Markdown.
_HARMLESS = re.compile(r"[A-Za-z0-9.,:;@+\-/'\"()#%=?!$]+(?: [A-Za-z0-9.,:;@+\-/'\"()#%=?!$]+)*")

_REPLACED: Final = str.maketrans(
    {
        **dict.fromkeys("<[{\u02c2\u02f1\u1438\u16b2\U0001d114\U0001d236", "("),
        **dict.fromkeys(">]}\u02c3\u02f2\u1433\U00016f3f\U0001d237", ")"),
        **dict.fromkeys("`\u00b4\u02cb\u2035\uff40", "'"),
        **dict.fromkeys("\\\u2216\u27cd\u29f5\u29f9\ufe68\uff3c\U0001d20f\U0001d23b", "/"),
    }
)
#: By the categories of Unicode they open something; they are used as quotation marks.
_LOW_QUOTES: Final = "\u201a\u201e"
#: What characters are called that look like brackets, and are none by their category.
_BRACKETS: Final = ("LESS-THAN", "GREATER-THAN", "ANGLE QUOTATION MARK", "BRACKET", "PARENTHESIS")
#: What stands for something that is not there.
_OBJECT: Final = "\ufffc"
#: So many marks are shown on one letter; Vietnamese needs two, Hebrew and Arabic three.
_SHOWN_MARKS: Final = 4
#: The word that the fence is made of, which only the fence itself may use.
_FENCE_WORD = re.compile("customer_profile", re.IGNORECASE)
_ENTITY = re.compile(r"&(?=#?\w+;)")
#: An asterisk, a tilde, an underscore at the edge of a word: Markdown would read emphasis.
_EMPHASIS = re.compile(r"[*~]|(?<![^\W_])_|_(?![^\W_])")
#: What programs make a link of: they follow links, or show pictures from there, and so tell others who reads this.
_LINK = re.compile(
    r"(?<![a-z0-9])(?:[a-z][a-z0-9+.-]{0,30}:(?=//)|(?:data|file|javascript|mailto|sms|tel|vbscript|xmpp):(?=\S)|"
    r"www\.(?=\S))",
    re.IGNORECASE,
)


def prompt_value(value: JsonValue) -> tuple[str, bool]:
    """Write a value so that it is safe inside a prompt.

    Returns:
        The text, empty where the value says nothing; and whether it had to be cut to `MAX_VALUE_LENGTH`
        characters, which an ellipsis then shows.
    """
    text = _as_text(value)
    if len(text) <= MAX_VALUE_LENGTH and _HARMLESS.fullmatch(text) and not _LINK.search(text):
        return text, False
    folded = " ".join(unicodedata.normalize("NFC", _shown(without_invisible(text[:_WORKED_ON]))).split())
    shortened = len(folded) > MAX_VALUE_LENGTH or len(text) > _WORKED_ON
    if shortened:
        folded = folded[: MAX_VALUE_LENGTH - 1].rstrip() + "\u2026"
    harmless = "".join(map(_without_brackets, folded.translate(_REPLACED)))
    harmless = _FENCE_WORD.sub("customer profile", _ENTITY.sub("+", harmless))
    return _EMPHASIS.sub(r"\\\g<0>", _LINK.sub(r"\g<0> ", harmless)), shortened


def _shown(text: str) -> str:
    """A text without characters that mean nothing to others, and with a few marks at the most on one letter."""
    if text.isascii():
        return text
    shown: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category[0] == "M" else 0
        if marks <= _SHOWN_MARKS and category != "Co" and character != _OBJECT:
            shown.append(character)
    return "".join(shown)


@lru_cache(maxsize=4_096)
def _without_brackets(character: str) -> str:
    """A character, or the parenthesis for what opens or closes, or looks as if it did, in any script."""
    category = unicodedata.category(character)
    if character.isascii() or category[0] not in "PS" or character in _LOW_QUOTES:
        return character
    if category in ("Ps", "Pe"):
        return "(" if category == "Ps" else ")"
    name = unicodedata.name(character, "")
    if not any(word in name for word in _BRACKETS):
        return character
    return "(" if "LEFT" in name or "LESS-THAN" in name else ")"


def _as_text(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, Sequence | Mapping) and not value):
        return ""
    return orjson.dumps(value).decode()
