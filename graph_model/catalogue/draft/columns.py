"""What a column probably holds, judged by a sample of its values and by its name.

Guesses are for a person to check: they err towards leaving something out, since an identifier too many joins strangers.
Nothing of the values themselves is kept but texts that stand for none.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from graph_model.catalogue.draft.readings import MOST, Written, null_markers, written_as
from graph_model.catalogue.draft.words import Meaning, ascii_name, likely_regions, meanings
from graph_model.catalogue.rules import NULL_MARKERS
from graph_model.values.characters import visible_text, without_guard
from graph_model.values.equality import JsonValue
from graph_model.values.keys import number_text
from graph_model.values.normalise import NormaliserName
from graph_model.values.normalise.email import normalise_email
from graph_model.values.normalise.phone import normalise_phone
from graph_model.values.paths import value_at
from graph_model.values.trait_values import TraitType

Row = Mapping[str, JsonValue]

_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_SEPARATED_DIGITS: Final = re.compile(r"\d[\d -]*\d", re.ASCII)
_SEPARATORS: Final = (" ::: ", ";", "|", " / ", "/", ",")
_LONGEST_SHORT_TEXT: Final = 500  #: characters
_DIGITS_OF_PHONES: Final = range(7, 16)

#: A person's identifier hardly repeats: so often on average, where its values are long and many.
_MOST_REPEATED: Final = 10
_MANY: Final = 20
_LONG: Final = 5  #: characters
_HARDLY_REPEATED: Final = 0.9

_NAMES: Final = frozenset({Meaning.FIRST_NAME, Meaning.LAST_NAME, Meaning.NAME})


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnGuess:
    """What one column seems to be."""

    column: str
    means: frozenset[Meaning]  #: of its name
    filled: int  #: rows of the sample in which it has a value
    unique: bool  #: it has a value in every row, and no value twice
    values: frozenset[str] = frozenset()  #: the single values, to compare with those of other tables
    kind: str | None = None  #: identifier kind
    normalise: NormaliserName = "exact"  #: of that kind
    exclusive: bool = False  #: whether a person has only one value of that kind
    trait: TraitType | None = None
    written: Written | None = None  #: how its values are written, where not as plain text
    separator: str | None = None
    nulls: tuple[str, ...] = ()
    tells_change: bool = False  #: it says when the row was last changed
    tells_deletion: tuple[str, ...] | None = None  #: what it says of rows that are deleted; None: it says nothing of it
    reason: str = ""  #: why it is what it is taken for
    question: str = ""  #: what only a person can say
    left_out: str = ""  #: why it is neither identifier nor trait


def guess_columns(columns: Sequence[str], rows: Sequence[Row]) -> list[ColumnGuess]:
    """Judge every column of a table, and those inside of nested ones, by the names and the values in `rows`."""
    regions = likely_regions(tuple(columns))
    day_first = True if regions else None
    named = [path for column in dict.fromkeys(columns) if column for path in _paths(column, rows)]
    return [_guess(column, rows, day_first=day_first) for column in named]


def _paths(column: str, rows: Sequence[Row], depth: int = 0) -> list[str]:
    """A column, or what lies inside of it where its values are objects."""
    values = [value for row in rows if (value := value_at(row, column)) is not None]
    objects = [value for value in values if isinstance(value, Mapping)]
    listed = [each for value in values if isinstance(value, list) for each in value if isinstance(each, Mapping)]
    if depth < 3 and objects and len(objects) * 2 > len(values):
        members = dict.fromkeys(name for value in objects for name in value if name and "." not in name)
        return [path for name in members for path in _paths(f"{column}.{name}", rows, depth + 1)] or [column]
    if depth < 3 and listed and not column.endswith("[]"):
        members = dict.fromkeys(name for value in listed for name in value if name and "." not in name)
        return [path for name in members for path in _paths(f"{column}[].{name}", rows, depth + 2)] or [column]
    return [column]


def _guess(column: str, rows: Sequence[Row], *, day_first: bool | None) -> ColumnGuess:
    received = [value for row in rows if (value := value_at(row, column)) is not None and value != ""]
    pieces = [piece for value in received for piece in (value if isinstance(value, list) else [value])]
    texts = [text for piece in pieces if (text := _text(piece)) is not None and text not in NULL_MARKERS]
    means = meanings(column.rpartition(".")[2].removesuffix("[]"))
    nothing = null_markers(texts)
    present = [text for text in texts if text not in nothing]
    is_list = any(isinstance(value, list) for value in received)
    guess = ColumnGuess(
        column=column,
        means=means,
        filled=len(received),
        unique=not is_list and len(texts) == len(rows) == len(set(texts)) > 0,
        values=frozenset(texts),
    )
    left_out = _left_out(column, means, received, pieces, present)
    if left_out is not None:
        return replace(guess, left_out=left_out)
    guess = _with_nulls(guess, nothing)
    deletion = _deletion(means, received)
    if deletion is not None:
        return replace(guess, tells_deletion=deletion, left_out="says whether the row is deleted")
    found = _identifier(guess, present)
    if found.kind is not None and found.normalise not in ("email", "phone"):
        return found
    if not received and found.kind is None:
        return replace(guess, left_out="has no values in the sample")
    return _trait(found, present, day_first=day_first)


def _left_out(
    column: str,
    means: frozenset[Meaning],
    received: Sequence[JsonValue],
    pieces: Sequence[JsonValue],
    texts: Sequence[str],
) -> str | None:
    """Why a column is not looked at any further; None where it is."""
    if column.startswith("__"):
        return "written by Debezium, which needs no word of it"
    if any(_text(piece) is None for piece in pieces):
        return "holds lists or objects"
    is_free_text = Meaning.FREE_TEXT in means or any(len(text) > _LONGEST_SHORT_TEXT for text in texts)
    return "holds free text" if received and is_free_text else None


def _with_nulls(guess: ColumnGuess, nothing: tuple[str, ...]) -> ColumnGuess:
    if not nothing:
        return guess
    if guess.means & _NAMES:
        return replace(guess, question=f"is {' or '.join(map(repr, nothing))} no name? then: nulls: [...]")
    return replace(guess, nulls=nothing)


def _deletion(means: frozenset[Meaning], received: Sequence[JsonValue]) -> tuple[str, ...] | None:
    """What a flag of deletions says; of a time of deletion nothing, which means any time."""
    if Meaning.DELETED not in means or not received:
        return None
    said = {str(value).casefold() for value in received}
    if said <= {"true", "false", "t", "f", "yes", "no", "y", "n", "0", "1", "0.0", "1.0"}:
        return tuple(sorted(said & {"true", "t", "yes", "y", "1", "1.0"})) or ("true",)
    return ()


def _identifier(guess: ColumnGuess, texts: Sequence[str]) -> ColumnGuess:
    """Take a column for an identifier where its values are those of one, or its name and its values allow it."""
    means, distinct = guess.means, len(set(texts))
    reachable: tuple[tuple[NormaliserName, Meaning, Callable[[str], bool]], ...] = (
        ("email", Meaning.EMAIL, _is_email),
        ("phone", Meaning.PHONE, _is_phone),
    )
    for kind, meaning, reads in reachable:
        if kind == "phone" and meaning not in means:
            continue
        separator = _separator(texts, reads)
        if _mostly(reads, texts) or separator is not None:
            return replace(
                guess, kind=kind, normalise=kind, separator=separator, reason=f"by the values of {guess.column}"
            )
        if not texts and meaning in means and Meaning.ATTRIBUTE not in means:
            return replace(guess, kind=kind, normalise=kind, reason=f"by the name of {guess.column}; no values")
    own_name = ascii_name(guess.column.rpartition(".")[2])
    if not own_name or not own_name[0].isalpha():
        own_name = next((meaning.value for meaning in sorted(means - {Meaning.NUMBER})), "")
    named = bool(means & {Meaning.PERSON_NUMBER, Meaning.NATIONAL_NUMBER, Meaning.LOGIN})
    if not named or not own_name or Meaning.ATTRIBUTE in means or not texts:
        return guess
    if not _is_distinct(texts):
        repeated = f"{len(texts)} rows share {distinct} value{'' if distinct == 1 else 's'}"
        return replace(guess, question=f"{repeated}: no identifier of a person?")
    if Meaning.LOGIN in means:
        return replace(guess, kind=own_name, normalise="casefold", reason="named like a login")
    exclusive = Meaning.NATIONAL_NUMBER in means
    reason = f"{distinct} values in {len(texts)} rows"
    return replace(guess, kind=own_name, normalise=_number_normaliser(texts), exclusive=exclusive, reason=reason)


def _is_distinct(texts: Sequence[str]) -> bool:
    distinct = len(set(texts))
    if distinct >= _HARDLY_REPEATED * len(texts):
        return True
    is_long = sum(len(text) >= _LONG for text in texts) >= MOST * len(texts)
    commonest = Counter(texts).most_common(1)[0][1]
    return (
        is_long and distinct >= _MANY and distinct * _MOST_REPEATED >= len(texts) and commonest * 20 < len(texts) + 200
    )


def _trait(guess: ColumnGuess, texts: Sequence[str], *, day_first: bool | None) -> ColumnGuess:
    means = guess.means
    as_text = bool(means & {Meaning.POSTCODE, Meaning.PHONE, *_NAMES}) and Meaning.BIRTH_DATE not in means
    written = None if as_text or guess.kind is not None else written_as(texts, means, day_first=day_first)
    if written is None or (written.type is TraitType.INTEGER and Meaning.NUMBER in means):
        return replace(guess, trait=TraitType.TEXT)
    tells_change = Meaning.CHANGED in means and written.type in (TraitType.TIMESTAMP, TraitType.DATE)
    question = written.question or guess.question
    return replace(guess, trait=written.type, written=written, tells_change=tells_change, question=question)


def _separator(texts: Sequence[str], reads: Callable[[str], bool]) -> str | None:
    """What parts several values in one cell, where some cells have several and nearly all pieces are values."""
    for separator in _SEPARATORS:
        several = [text for text in texts if separator in text and not reads(text)]
        pieces = [piece for text in texts for piece in text.split(separator) if piece.strip()]
        if several and all(sum(map(reads, text.split(separator))) > 1 for text in several) and _mostly(reads, pieces):
            return separator
    return None


def _number_normaliser(texts: Sequence[str]) -> NormaliserName:
    if all(_SEPARATED_DIGITS.fullmatch(text) for text in texts):
        return "digits"
    return "casefold" if any(_UUID.fullmatch(text) for text in texts) else "exact"


def _text(value: JsonValue) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value) or str(value)
    return without_guard(visible_text(value)) if isinstance(value, str) else None


def _mostly(test: Callable[[str], bool], texts: Iterable[str]) -> bool:
    results = [test(text) for text in texts]
    return bool(results) and sum(results) >= MOST * len(results)


def _is_email(text: str) -> bool:
    return "@" in text and normalise_email(text) is not None


def _is_phone(text: str) -> bool:
    """Take numbers without a country as those of North America: only the share that can be read counts."""
    if normalise_phone(text, "US") is not None:
        return True
    return len(re.findall(r"\d", text)) in _DIGITS_OF_PHONES and re.fullmatch(r"[\d\s()+./x-]+", text) is not None
