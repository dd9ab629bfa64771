"""What every normaliser does first: bring text into one Unicode form without characters nobody can see.

Invisible characters are dropped, not refused: they come from copy and paste, tell nothing about a person,
and would keep equal values apart. White space of any sort becomes a plain space.
"""

import re
import unicodedata

#: Characters; a longer value is no identifier.
LONGEST_IDENTIFIER = 1_000

#: Characters of a text whose reading is worth remembering: longer ones hardly come twice, and would let whoever sends
#: them decide how much memory is used.
LONGEST_REMEMBERED = 100

#: No text has more marks on one letter (UAX #15, Stream-Safe Text Format); bringing many into order takes time that
#: grows with their square.
MOST_MARKS = 30

#: Ignored in display, yet neither control nor format characters by category: joiners, fillers, variation
#: selectors, tags (Unicode property Default_Ignorable_Code_Point), and the blank Braille pattern.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
#: Categories of marks begin with an M.
_TOO_MANY = "M" * (MOST_MARKS + 1)
#: Control, format and surrogate characters, and code points that mean nothing.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Cn"})


def visible_text(text: str) -> str:
    """Return `text` in Unicode form NFC, without invisible characters or white space at its ends.

    Raises:
        ValueError: more than `MOST_MARKS` combining marks follow each other; "the value …".
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    seen = without_invisible(text)
    if len(seen) > MOST_MARKS and _TOO_MANY in "".join(unicodedata.category(character)[0] for character in seen):
        raise ValueError(f"has more than {MOST_MARKS} combining marks on one letter, which no text has")
    return unicodedata.normalize("NFC", seen).strip()


def without_invisible(text: str) -> str:
    """Return `text` without what nobody sees, each white space as a plain space."""
    spaced = "".join(" " if character.isspace() else character for character in _IGNORABLE.sub("", text))
    return "".join(character for character in spaced if unicodedata.category(character) not in _HIDDEN)


#: Spreadsheets are told by an apostrophe that a number is text; it belongs to the file and not to the value.
_GUARDED = re.compile(r"'[+0-9][0-9 ().+-]*", re.ASCII)


def without_guard(text: str) -> str:
    """Return the text without the apostrophe that keeps a number from being taken for one."""
    return text[1:] if text[:1] == "'" and _GUARDED.fullmatch(text) else text


def readable(text: str) -> str | None:
    """Return the visible text of a value, None where nothing is visible, or it is longer than any identifier."""
    if len(text) > LONGEST_IDENTIFIER:
        return None
    try:
        return visible_text(text) or None
    except ValueError:
        return None


def within_limit(normal: str) -> str | None:
    """Return a normal form that is neither empty nor, after expansion, too long; else None."""
    return normal if 0 < len(normal) <= LONGEST_IDENTIFIER else None
