"""Names of people, companies and places."""

import re
import unicodedata

from graph_model.values.characters import readable, within_limit

#: Latin letters that Unicode does not take apart into a base letter and a mark.
_BASE_LETTERS = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
        "ŧ": "t",
    }
)


#: Accents, and the vowels of Hebrew and Arabic, which are written and left out. Marks that make another letter stay:
#: those of kana (`か`, `が`), of the scripts of India, and on й, ї and ў.
_OPTIONAL_MARK = re.compile(
    "(?<![\u0438\u0456\u0443\u0418\u0406\u0423])[\u0306\u0308]|[\u0300-\u0305\u0307\u0309-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5"
    "\u05c7\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)


def normalise_name(text: str) -> str | None:
    """Fold case, remove accents, and turn punctuation into single spaces. The order of the words stays.

    Marks that are another letter's stay: й is not и, が is not か, and vowels of India are not left out.

    >>> normalise_name("  Łucja O'Neill-García ")
    'lucja o neill garcia'
    """
    seen = readable(text)
    if seen is None:
        return None
    folded = _without_marks(_without_marks(seen).casefold()).translate(_BASE_LETTERS)
    words = "".join(character if _belongs_to_word(character) else " " for character in folded).split()
    return within_limit(" ".join(words))


def _without_marks(text: str) -> str:
    taken_apart = unicodedata.normalize("NFKD", text)
    without = _OPTIONAL_MARK.sub("", taken_apart)
    return unicodedata.normalize("NFC", without)


def _belongs_to_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character) in {"Mn", "Mc"}
