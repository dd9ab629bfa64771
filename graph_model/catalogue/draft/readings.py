"""How the values of a column are written: formats of dates, units of counts, marks of numbers, texts for nothing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graph_model.catalogue.draft.words import Meaning
from graph_model.values.reading import AS_WRITTEN, Notation, Reading, read_day, read_moment
from graph_model.values.trait_values import TraitType, typed_value

#: So much of a column must be readable as what it is taken for; the rest are slips.
MOST: Final = 0.8

#: Texts that people and programs write where there is no value, beside those that are none anyway.
_NOTHING: Final = frozenset(
    (
        "-", "--", "---", ".", "?", "n/a", "na", "n.a.", "none", "null", "nil", "nan", "<null>", "unknown", "undefined",
        "tbd", "#ref!", "#value!", "keine", "keiner", "unbekannt", "inconnu", "aucun", "desconocido", "ninguno",
        "desconhecido", "nenhum", "sconosciuto", "onbekend", "brak", "无", "未知", "なし",
    )
)  # fmt: skip
_DATE_FORMATS: Final = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d", "%Y%m%d",
    "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%Y年%m月%d日",
)  # fmt: skip
_TIMES_OF_DAY: Final = (" %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", "T%H:%M")
_COUNT: Final = re.compile(r"\d{1,19}(?:\.\d+)?", re.ASCII)
_DECIMAL_COMMA: Final = re.compile(r"-?(?:\d{1,3}(?:[.\s]\d{3})+|\d+)(?:,\d+)?", re.ASCII)
_DECIMAL_POINT: Final = re.compile(r"-?[^\w\s]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?", re.ASCII)
_MIDNIGHT: Final = re.compile(r"[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:?00)?$")
#: Days since 1900 that lie in a life of today, or in the calendars of its plans.
_SERIALS: Final = (3_000, 80_000)
#: Counts since 1970 by the power of ten that they are below.
_EPOCHS: Final[Sequence[tuple[float, Notation]]] = (
    (1e11, Notation.EPOCH_SECONDS),
    (1e14, Notation.EPOCH_MILLISECONDS),
    (1e17, Notation.EPOCH_MICROSECONDS),
    (1e20, Notation.EPOCH_NANOSECONDS),
)


@dataclass(frozen=True, slots=True)
class Written:
    """A type of values, and how they are written."""

    type: TraitType
    read: Mapping[str, object] | str | None = None  #: for `read` of the catalogue; None: nothing is to be declared
    question: str = ""  #: what the sample leaves open


def null_markers(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts of a column that probably stand for no value, each as it is spelled."""
    return tuple(sorted({text.strip() for text in texts if text.strip().casefold() in _NOTHING}))


def written_as(texts: Sequence[str], means: frozenset[Meaning], *, day_first: bool | None) -> Written | None:
    """Tell what texts are, other than plain text; None where they are that.

    Args:
        texts: values of one column, without those that stand for none; numbers as their digits.
        means: what its name says.
        day_first: whether people who name columns so write the day before the month; None: nobody knows.
    """
    if not texts:
        return None
    is_day = bool(means & {Meaning.BIRTH_DATE, Meaning.DATE})
    is_time = bool(means & {Meaning.TIME, Meaning.CHANGED})
    return (
        _counted(texts, is_day=is_day, is_time=is_time)
        or _iso(texts, is_dated=is_day or is_time)
        or _by_format(texts, day_first=day_first)
        or _number(texts)
    )


def _counted(texts: Sequence[str], *, is_day: bool, is_time: bool) -> Written | None:
    """Bare numbers in a column whose name says that it is a day or a time."""
    if not (is_day or is_time) or not all(_COUNT.fullmatch(text) for text in texts):
        return None
    if _mostly_reads(texts, AS_WRITTEN, is_day=is_day and not is_time):  # eight digits, or fourteen
        return Written(TraitType.DATE if is_day and not is_time else TraitType.TIMESTAMP)
    sizes = sorted(float(text) for text in texts)
    low, high = sizes[len(sizes) // 10], sizes[-1]
    if _SERIALS[0] <= low and high <= _SERIALS[1]:
        what = "days since 1900, as spreadsheets count them, or `epoch_days` (since 1970)?"
        return Written(TraitType.DATE if is_day else TraitType.TIMESTAMP, Notation.EXCEL_SERIAL.value, what)
    if low < 1e8:
        return Written(TraitType.TEXT, None, "what do these numbers count?")
    notation = next(notation for limit, notation in _EPOCHS if high < limit)
    return Written(TraitType.TIMESTAMP, notation.value)


def _iso(texts: Sequence[str], *, is_dated: bool) -> Written | None:
    if all(text.isdecimal() for text in texts) and not is_dated:
        return None
    has_time = any(":" in text and not _MIDNIGHT.search(text) for text in texts)
    if has_time and _mostly_reads(texts, AS_WRITTEN, is_day=False):
        return Written(TraitType.TIMESTAMP)
    return Written(TraitType.DATE) if not has_time and _mostly_reads(texts, AS_WRITTEN, is_day=True) else None


def _by_format(texts: Sequence[str], *, day_first: bool | None) -> Written | None:
    """Patterns that read (nearly) all values, one or several together."""
    if not any(character.isdecimal() for character in texts[0]):
        return None
    has_time = sum(":" in text for text in texts) * 2 > len(texts)
    patterns = [f"{day}{time}" for day in _DATE_FORMATS for time in (_TIMES_OF_DAY if has_time else ("",))]
    fitting = {pattern: {text for text in texts if _fits(text, pattern)} for pattern in patterns}
    fitting = {pattern: read for pattern, read in fitting.items() if read}
    chosen, question = _unambiguous(fitting, day_first)
    covered = sum(any(text in fitting[pattern] for pattern in chosen) for text in texts)
    if covered < MOST * len(texts) or not chosen:
        return None
    kind = TraitType.TIMESTAMP if has_time else TraitType.DATE
    if question:
        return Written(TraitType.TEXT, None, question)
    return Written(kind, {"time" if has_time else "date": chosen[0] if len(chosen) == 1 else chosen})


def _unambiguous(fitting: Mapping[str, set[str]], day_first: bool | None) -> tuple[list[str], str]:
    """The patterns that are needed to read all, the one that reads most first; and what cannot be told."""
    chosen: list[str] = []
    rest = set().union(*fitting.values())
    while rest:
        best = max(fitting, key=lambda pattern: (len(fitting[pattern] & rest), _prefers(pattern, day_first)))
        if not fitting[best] & rest:
            break
        rivals = [p for p in fitting if p != best and fitting[p] & rest == fitting[best] & rest and _swapped(p, best)]
        if rivals and day_first is None:
            return [best], f'day or month first? then: read {{date: "{best}"}} or "{rivals[0]}"'
        chosen.append(best)
        rest -= fitting[best]
    return chosen, ""


def _prefers(pattern: str, day_first: bool | None) -> bool:
    return day_first is not None and (pattern.find("%d") < pattern.find("%m")) is day_first


def _swapped(one: str, other: str) -> bool:
    return one.replace("%d", "%x").replace("%m", "%d").replace("%x", "%m") == other


def _fits(text: str, pattern: str) -> bool:
    try:
        day = read_day(text, Reading(formats=(pattern,)))
    except ValueError:
        return False
    return 1800 <= day.year <= 2100  # a pattern with a short year must not read a long one, nor the other way round


def _number(texts: Sequence[str]) -> Written | None:
    if _reads(texts, TraitType.BOOLEAN, AS_WRITTEN) and not all(text.replace(".", "").isdecimal() for text in texts):
        return Written(TraitType.BOOLEAN)
    has_leading_zeros = any(len(text) > 1 and text[0] == "0" and text.isdecimal() for text in texts)
    if not has_leading_zeros and _reads(texts, TraitType.INTEGER, AS_WRITTEN):
        return Written(TraitType.INTEGER)
    if not has_leading_zeros and _reads(texts, TraitType.NUMBER, AS_WRITTEN):
        return Written(TraitType.NUMBER)
    for mark, pattern in ((",", _DECIMAL_COMMA), (".", _DECIMAL_POINT)):
        fits = all(pattern.fullmatch(text) for text in texts) and not all(text.isdecimal() for text in texts)
        if fits and _reads(texts, TraitType.NUMBER, Reading(decimal=mark)):
            return Written(TraitType.NUMBER, {"decimal": mark})
    return None


def _reads(texts: Sequence[str], trait_type: TraitType, reading: Reading) -> bool:
    try:
        return all(typed_value(text, trait_type, reading) is not None for text in texts)
    except ValueError:
        return False


def _mostly_reads(texts: Sequence[str], reading: Reading, *, is_day: bool) -> bool:
    read = 0
    for text in texts:
        try:
            if is_day:
                read_day(text, reading)
            else:
                read_moment(text, reading)
        except ValueError:
            continue
        read += 1
    return read >= MOST * len(texts)
