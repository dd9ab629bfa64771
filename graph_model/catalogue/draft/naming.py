"""Names of columns and files: the words in them, what they mean, and the names that a catalogue makes of them."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, NamedTuple

from anyascii import anyascii

from graph_model.catalogue.draft.person_words import EXCLUDED
from graph_model.catalogue.draft.words import PHRASES, Meaning
from graph_model.values.normalise import NORMALISERS

_LETTERS_OR_DIGITS: Final = re.compile(r"[^\W\d_]+|\d+")
_SCRIPTS_WITHOUT_SPACES: Final = re.compile("[\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_UNFIT_IN_SOURCE: Final = re.compile(r"[^A-Za-z0-9_.-]+")
#: Steps of a path that MongoDB's extended JSON adds for the type of a value: `_id.$oid`, `born.$date.$numberLong`.
_TYPES: Final = re.compile(
    r"\.\$(?:oid|date|numberLong|numberInt|numberDouble|numberDecimal|uuid|symbol|binary\.base64)(?=\.\$|\Z)"
)
_fold = NORMALISERS["name"].for_region(None)


class Phrase(NamedTuple):
    """A phrase of `PHRASES`."""

    meaning: Meaning
    language: str
    words: frozenset[str]
    whole: bool  #: the name has no other words
    anywhere: bool  #: it may be a part of a word


@dataclass(frozen=True, slots=True)
class Named:
    """What a name says."""

    words: tuple[str, ...]  #: folded
    meanings: Mapping[Meaning, int]  #: how many words of the name each of them leaves over
    languages: Mapping[str, float]  #: whose words it is made of; a phrase of several languages counts less for each

    def has(self, *words: str) -> bool:
        """Whether one of these is among its words."""
        return any(word in words for word in self.words)

    def meaning_instead(self, meaning: Meaning, others: Collection[Meaning]) -> "Named":
        """The same name where it means one thing, which none of its words say, and not these others."""
        left = {each: over for each, over in self.meanings.items() if each not in others}
        return replace(self, meanings={meaning: len(self.words), **left})

    def shared(self, words: Collection[str]) -> frozenset[str]:
        """Which of these are among its words; in scripts without spaces, which of them it holds."""
        joined = "".join(self.words)
        return frozenset(
            word
            for word in words
            if (folded := folded_word(word)) in self.words
            or (len(folded) > 1 and bool(_SCRIPTS_WITHOUT_SPACES.search(folded)) and folded in joined)
        )


@cache
def named(name: str) -> Named:
    """Read the name of a column, or of a path to one."""
    words = tuple(name_words(without_types(name)))
    present, joined = frozenset(words), "".join(words)
    meanings: dict[Meaning, int] = {}
    languages: dict[str, float] = {}
    matched: dict[frozenset[str], list[str]] = {}
    for phrase in _phrases():
        if not _fits(phrase, present, joined) or present & _excluded(phrase.meaning):
            continue
        left = len(present - phrase.words) if not phrase.anywhere else max(len(present) - 1, 0)
        meanings[phrase.meaning] = min(left, meanings.get(phrase.meaning, left))
        matched.setdefault(phrase.words, []).append(phrase.language)
    for shared in matched.values():
        for language in set(shared):
            languages[language] = max(languages.get(language, 0.0), 1 / len(set(shared)))
    return Named(words, meanings, languages)


def name_words(name: str) -> list[str]:
    """Take a name apart: `customerNo`, `customer_no`, `Customer No.` are the same. Accents and case are folded."""
    return [
        folded
        for run in _LETTERS_OR_DIGITS.findall(unicodedata.normalize("NFKC", name))
        for word in _humps(run)
        if (folded := _fold(word)) is not None
    ]


def without_types(column: str) -> str:
    """The path to a column without the steps that say of what type its values are.

    >>> without_types("born.$date.$numberLong")
    'born'
    """
    return _TYPES.sub("", column)


def ascii_name(name: str) -> str:
    """Make a name of a trait or kind: letters of other scripts are written in Latin ones.

    >>> ascii_name("Geändert am")
    'geandert_am'
    """
    plain = anyascii(unicodedata.normalize("NFC", without_types(name)))
    words = [word.lower() for run in re.findall(r"[A-Za-z]+|\d+", plain) for word in _humps(run)]
    written = "_".join(words)
    return written if written[:1].isalpha() else f"field_{written}".rstrip("_")


def source_name(name: str) -> str:
    """Make the name of a source of that of a table or file."""
    plain = _UNFIT_IN_SOURCE.sub("_", anyascii(unicodedata.normalize("NFC", name))).strip("_.-")
    return plain if plain[:1].isalpha() else f"source_{plain}".rstrip("_")


def unused(name: str, taken: Collection[str]) -> str:
    """The name itself, or with a number behind it where it is taken."""
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name}_{count}"
    return found


def _fits(phrase: Phrase, words: frozenset[str], joined: str) -> bool:
    if phrase.anywhere:
        return all(word in joined for word in phrase.words)
    return words == phrase.words if phrase.whole else words >= phrase.words


@cache
def folded_word(word: str) -> str:
    """A word as the words of names are written here."""
    return _fold(word) or ""


@cache
def _excluded(meaning: Meaning) -> frozenset[str]:
    return frozenset(map(folded_word, EXCLUDED.get(meaning, ())))


@cache
def _phrases() -> tuple[Phrase, ...]:
    return tuple(
        _phrase(meaning, language, written.strip())
        for meaning, languages in PHRASES.items()
        for language, listed in languages.items()
        for written in listed.split(";")
    )


def _phrase(meaning: Meaning, language: str, written: str) -> Phrase:
    text = written.lstrip("=*")
    unspaced = bool(_SCRIPTS_WITHOUT_SPACES.search(text))
    words = frozenset(map(folded_word, text.split()))
    anywhere = written.startswith("*") or (unspaced and len(text) > 1 and not written.startswith("="))
    return Phrase(meaning, language, words, written.startswith("=") or (unspaced and not anywhere), anywhere)


def _humps(run: str) -> Iterator[str]:
    """Words of a run of letters: `MailingPostalCode` has three, `PLZOrt` two, and a change of script parts words."""
    start = 0
    for index in range(1, len(run)):
        before, this, after = run[index - 1], run[index], run[index + 1 : index + 2]
        hump = this.isupper() and (before.islower() or (before.isupper() and after.islower()))
        other_script = bool(_SCRIPTS_WITHOUT_SPACES.match(before)) != bool(_SCRIPTS_WITHOUT_SPACES.match(this))
        if hump or other_script:
            yield run[start:index]
            start = index
    yield run[start:]
