"""Which encoding text is written in that is no UTF-8: answered only where it can hardly be another.

The same bytes make sense in many encodings: `Núñez` as Windows writes it in Spain is `Núńez` as it reads it in Poland.
So it is asked how well the words fit the languages that are written in each encoding, by their letters beyond ASCII;
the likeliest encoding is answered where all others that would give another text are far less likely. Frequencies of
letters alone, as `charset-normalizer` counts them, tell too little of names, which are short and mostly ASCII; it
decides between the encodings of Chinese, Japanese and Korean.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from charset_normalizer import from_bytes

#: Letters beyond ASCII of languages that are written in Latin letters, the most frequent ones first.
_LATIN: Final[Mapping[str, str]] = {
    "Catalan": "àéèíòçóúï",
    "Croatian": "čšžćđ",
    "Czech": "áíéěščřžýůúňťďó",
    "Danish": "øåæéöäü",
    "Dutch": "ëéïèöüçáêô",
    "Estonian": "äõüöšž",
    "French": "éèçêëàâîïôûùœüÿæ",
    "German": "üöäßé",
    "Hungarian": "áéöóőíüűúä",
    "Icelandic": "áíðóöéþúýæ",
    "Italian": "àèòùìéóîí",
    "Latvian": "āīšēņļūžčģķ",
    "Lithuanian": "ėšžūčųįąę",
    "Polish": "łóąężśćńź",
    "Portuguese": "ãçáéíóõêâúàôü",
    "Romanian": "ăşţâîé",
    "Slovak": "áíéščýžľúňôťäóďŕĺ",
    "Spanish": "íáéóñúüç",
    "Swedish": "äöåéü",
    "Turkish": "ışğüöçi\u0307âî",  # noqa: RUF001 - the letter of Turkish
}
#: The same of languages of which no word has letters of ASCII.
_OTHERS: Final[Mapping[str, str]] = {
    "Arabic": "ايلمونرتبةعدفهسكقحجأشصطىخإذثءزضغئآظؤپچژگ",
    "Greek": "αοιετσνηυρπκμλςίόάγέδήωχθφβύώξζψϊϋΐΰ",
    "Hebrew": "יוהלארתבשמםנחקדעפגטצןזסךףץ",
    "Russian": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "Serbian": "аоиенртсјувкдлмпгзбчћђжљшцхњфџ",
    "Ukrainian": "оаинвіертслкдумпзяьбгхйчюєцїжшщґфыэъўё",
}
_WEST: Final = (
    "Catalan", "Danish", "Dutch", "Estonian", "French", "German", "Icelandic", "Italian", "Portuguese", "Spanish",
    "Swedish",
)  # fmt: skip
_EAST: Final = ("Croatian", "Czech", "German", "Hungarian", "Polish", "Romanian", "Slovak")
_SLAVONIC: Final = ("Russian", "Serbian", "Ukrainian")


@dataclass(frozen=True, slots=True)
class _Encoding:
    """An encoding of one byte for each character."""

    name: str
    languages: Sequence[str]  #: that are written in it
    rarity: float = 0.0  #: natural logarithm of how many times rarer than the most usual one it is


_ENCODINGS: Final = (
    _Encoding("cp1252", _WEST),
    _Encoding("cp1250", _EAST, 1),
    _Encoding("cp1251", _SLAVONIC, 1),
    _Encoding("cp1253", ("Greek",), 2),
    _Encoding("cp1255", ("Hebrew",), 2),
    _Encoding("cp1254", ("French", "German", "Turkish"), 2),
    _Encoding("cp1256", ("Arabic",), 2),
    _Encoding("cp1257", ("Estonian", "German", "Latvian", "Lithuanian"), 5),
    _Encoding("iso8859_2", _EAST, 5),
    _Encoding("iso8859_5", _SLAVONIC, 5),
    _Encoding("iso8859_7", ("Greek",), 5),
    _Encoding("koi8_r", ("Russian",), 5),
    _Encoding("koi8_u", ("Ukrainian",), 5),
    _Encoding("cp866", _SLAVONIC, 5),
    _Encoding("cp850", _WEST, 5),
    _Encoding("cp852", _EAST, 5),
    _Encoding("mac_roman", _WEST, 5),
)
#: Encodings of several bytes for a character, and what nearly every word of a language consists of.
_WIDE: Final[Mapping[str, re.Pattern[str]]] = {
    "cp932": re.compile(r"[\u3001-\u30ff\u4e00-\u9fff\uff01-\uff5e]+|[\uff61-\uff9f]+"),
    "euc_jp": re.compile(r"[\u3001-\u30ff\u4e00-\u9fff\uff01-\uff5e]+"),
    "gb18030": re.compile(r"[\u3001-\u3011\u4e00-\u9fff\uff01-\uff5e]+"),
    "big5": re.compile(r"[\u3001-\u3011\u4e00-\u9fff\uff01-\uff5e]+"),
    "cp949": re.compile(r"[\uac00-\ud7a3]+"),
}
_NARROW_KANA: Final = frozenset(map(chr, range(0xFF61, 0xFFA0)))
_APOSTROPHE: Final = "\u2019"
#: Marks that may stand beside a word, or alone.
_MARKS: Final = "’‘“”„–—…€£°§«»¿¡·ªº®©™´½²\xa0"  # noqa: RUF001 - the marks themselves

_WORD: Final = re.compile(rb"[A-Za-z\x80-\xff]+")
_WIDE_WORD: Final = re.compile(r"[A-Za-z\x80-\uffff]+")
#: So many different words are enough.
_MOST_WORDS: Final = 300

#: Likelihoods, relative ones: only their ratios between two readings of the same bytes count.
_UNEXPLAINED: Final = 1e-6
_MARK: Final = 0.02
_OTHER_WORD: Final = 0.02
_MIXED_CASE: Final = 0.05
_OF_ANOTHER_LANGUAGE: Final = 0.1

#: A reading is believed that explains so many of the words, and is so much likelier (natural logarithm) than others.
_EXPLAINED_SHARE: Final = 0.8
_CLEARLY: Final = 5.0
#: A reading that explains fewer of the words is no rival.
_RIVAL_SHARE: Final = 0.4
#: The same for encodings of several bytes, whose words are told by their script.
_WIDE_SHARE: Final = 0.95


def likely_encoding(sample: bytes) -> str | None:
    """Tell the encoding of lines that are no UTF-8; None where several are possible, or none.

    Args:
        sample: the lines, or so many of them as are at hand.
    """
    words = list(dict.fromkeys(word for word in _WORD.findall(sample) if not word.isascii()))[:_MOST_WORDS]
    if not words:
        return None
    readings = sorted((_read(words, encoding) for encoding in _ENCODINGS), key=lambda each: -each.likelihood)
    best, *others = readings
    if best.explained < _EXPLAINED_SHARE:
        return _wide_encoding(sample)
    rivals = [each for each in others if each.explained >= _RIVAL_SHARE]
    return best.encoding.name if all(best.is_clearer_than(each) for each in rivals) else None


@dataclass(frozen=True, slots=True)
class _Reading:
    """Words read in one encoding."""

    encoding: _Encoding
    texts: Sequence[str | None]  #: None: a word cannot be read in it
    likelihoods: Sequence[float]  #: of each word, natural logarithms
    explained: float  #: share of the words that fit any language

    @property
    def likelihood(self) -> float:
        return sum(self.likelihoods) - self.encoding.rarity

    def is_clearer_than(self, other: "_Reading") -> bool:
        """Whether the words that the two read differently are far likelier as read by this one."""
        theirs = zip(self.texts, other.texts, self.likelihoods, other.likelihoods, strict=True)
        differences = [mine - its for text, its_text, mine, its in theirs if text != its_text]
        return not differences or sum(differences) + other.encoding.rarity - self.encoding.rarity >= _CLEARLY


def _read(words: Sequence[bytes], encoding: _Encoding) -> _Reading:
    texts = [_decoded(word, encoding.name) for word in words]
    fits = [[0.0 if text is None else _fit(text, language) for language in encoding.languages] for text in texts]
    # Most words are of one language, whichever explains them best; names of others are among them.
    likelihoods = max(
        (
            [math.log(max(_UNEXPLAINED, fit[main] + _OF_ANOTHER_LANGUAGE * sum(fit) / len(fit))) for fit in fits]
            for main in range(len(encoding.languages))
        ),
        key=sum,
    )
    return _Reading(encoding, texts, likelihoods, sum(map(any, fits)) / len(fits))


def _decoded(word: bytes, encoding: str) -> str | None:
    try:
        return word.decode(encoding)
    except UnicodeDecodeError:
        return None


def _frequencies(letters: str) -> dict[str, float]:
    """How frequent letters are among themselves, guessed by their rank."""
    weights = {letter: 1 / (rank + 1.5) for rank, letter in enumerate(letters)}
    total = sum(weights.values())
    return {letter: weight / total for letter, weight in weights.items()}


_FREQUENCIES: Final = {language: _frequencies(letters) for language, letters in {**_LATIN, **_OTHERS}.items()}


def _fit(text: str, language: str) -> float:
    """How likely a word is in a language; 0 where it has letters or a spelling that the language has not."""
    word = text.strip(_MARKS)
    beside = _MARK ** (len(text) - len(word))
    if not word:
        return beside
    if any(one.islower() and other.isupper() and not other.isascii() for one, other in pairwise(word)):
        return 0.0
    frequencies = _FREQUENCIES[language]
    if language in _OTHERS:
        # In proportion to letters that were equally frequent: such words have many.
        return (
            beside * _OTHER_WORD * math.prod(frequencies.get(letter, 0.0) * len(frequencies) for letter in word.lower())
        )
    beyond = [letter for letter in word.lower() if not letter.isascii()]
    if len(word) > 3 and len(beyond) > 3 * len(word) / 4:
        return 0.0
    likelihood = beside * math.prod(
        _MARK if letter == _APOSTROPHE else frequencies.get(letter, 0.0) for letter in beyond
    )
    rest = word[1:]
    return likelihood if rest in (rest.lower(), rest.upper()) else likelihood * _MIXED_CASE


def _wide_encoding(sample: bytes) -> str | None:
    """The encoding of Chinese, Japanese or Korean text; None where it cannot be told."""
    texts = {name: text for name in _WIDE if (text := _decoded(sample, name)) is not None and _is_wide(text, name)}
    if len(texts) <= 1:
        return next(iter(texts), None)
    best = from_bytes(sample).best()
    return None if best is None else next((name for name, text in texts.items() if text == str(best)), None)


def _is_wide(text: str, encoding: str) -> bool:
    words = {word for word in _WIDE_WORD.findall(text) if not word.isascii()}
    fitting = sum(_WIDE[encoding].fullmatch(word) is not None for word in words)
    narrow = sum(word[0] in _NARROW_KANA for word in words)
    return bool(words) and fitting >= _WIDE_SHARE * len(words) and 3 * narrow <= 2 * len(words)
