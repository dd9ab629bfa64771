"""Names of people, companies and places."""

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


def normalise_name(text: str) -> str | None:
    """Fold case, remove accents, and turn punctuation into single spaces. The order of the words stays.

    Only marks that modify a letter go; the vowel signs of the scripts of India and South-East Asia stay.

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
    return "".join(character for character in taken_apart if not unicodedata.combining(character))


def _belongs_to_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character) in {"Mn", "Mc"}
