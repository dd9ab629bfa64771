"""Values as they may stand in a prompt: one line, visible, and unable to be anything but a value.

Whatever a customer has typed, the result holds no line break, no invisible character, nothing that opens or
closes a tag or a code fence, and no Markdown structure.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from graph_model.values.characters import visible_text
from graph_model.values.equality import JsonValue

#: Longer values are cut; a name or an address stays whole, a pasted document does not.
MAX_VALUE_LENGTH: Final = 200

#: So much of a value is looked at, however long it is; folding its spaces may still make it fit.
_WORKED_ON: Final = 20 * MAX_VALUE_LENGTH

#: Most values need nothing done: letters, digits, single spaces and marks that mean nothing in Markdown.
_HARMLESS = re.compile(r"[A-Za-z0-9.,:;@+\-/'\"()#%=?!$]+(?: [A-Za-z0-9.,:;@+\-/'\"()#%=?!$]+)*")

#: Brackets, and what looks like angle brackets: single quotation marks, comparison signs, full width forms.
_OPENING: Final = (
    "<[{\u2039\u00ab\u2264\u226a\u3008\u300a\u27e8\u27ea\u276e\u2770"
    "\ufe64\uff1c\uff3b\uff5b\u276c\u27e6\u02c2\u1438\u226e\u22d6"
)
_CLOSING: Final = (
    ">]}\u203a\u00bb\u2265\u226b\u3009\u300b\u27e9\u27eb\u276f\u2771"
    "\ufe65\uff1e\uff3d\uff5d\u276d\u27e7\u02c3\u1433\u226f\u22d7"
)
_REPLACED: Final = str.maketrans(
    {
        **dict.fromkeys(_OPENING, "("),
        **dict.fromkeys(_CLOSING, ")"),
        **dict.fromkeys("`\u00b4\u02cb\u2035\uff40", "'"),
        **dict.fromkeys("\\\uff3c\ufe68", "/"),
    }
)
#: The word that the fence is made of, which only the fence itself may use.
_FENCE_WORD = re.compile("customer_profile", re.IGNORECASE)
_ENTITY = re.compile(r"&(?=#?\w+;)")
#: An asterisk, or an underscore at the edge of a word: Markdown would read emphasis.
_EMPHASIS = re.compile(r"\*|(?<![^\W_])_|_(?![^\W_])")


def prompt_value(value: JsonValue) -> tuple[str, bool]:
    """Write a value so that it is safe inside a prompt.

    Returns:
        The text, empty where the value says nothing; and whether it had to be cut to `MAX_VALUE_LENGTH`
        characters, which an ellipsis then shows.
    """
    text = _as_text(value)
    if len(text) <= MAX_VALUE_LENGTH and _HARMLESS.fullmatch(text):
        return text, False
    folded = " ".join(visible_text(text[:_WORKED_ON]).split())
    shortened = len(folded) > MAX_VALUE_LENGTH or len(text) > _WORKED_ON
    if shortened:
        folded = folded[: MAX_VALUE_LENGTH - 1].rstrip() + "\u2026"
    harmless = _FENCE_WORD.sub("customer profile", _ENTITY.sub("+", folded.translate(_REPLACED)))
    return _EMPHASIS.sub(r"\\\g<0>", harmless), shortened


def _as_text(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, Sequence | Mapping) and not value):
        return ""
    return orjson.dumps(value).decode()
