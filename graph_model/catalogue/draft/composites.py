"""The composite identifier of people: whole name, birth date and postcode.

The first name is always a part of it: twins share all the rest. A birth date that is known to the year only, or written
as the first of January, tells few people apart, and counts only together with a place.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graph_model.catalogue.draft.guesses import Guess
from graph_model.catalogue.draft.kinds import standard_columns
from graph_model.catalogue.draft.people import namesakes
from graph_model.catalogue.draft.table_drafts import TableDraft, texts_of
from graph_model.catalogue.draft.words import Meaning
from graph_model.values.normalise import NormaliserName
from graph_model.values.reading import read_day
from graph_model.values.trait_values import TraitType

COMPOSITE_PRIORITY: Final = 30

#: So many birth dates may be the first of January; of all people it is one in 365.
_FIRST_OF_JANUARY: Final = 0.05
#: A place that so many rows share tells nobody apart.
_EVERYWHERE: Final = 0.5
_ENOUGH_ROWS: Final = 20
_NO_CHANCE: Final = 2  #: pairs of rows

_PLACES: Final = frozenset({Meaning.POSTCODE, Meaning.CITY})
_NORMALISERS: Final[dict[Meaning, NormaliserName]] = {
    Meaning.FIRST_NAME: "name",
    Meaning.LAST_NAME: "name",
    Meaning.NAME: "name",
    Meaning.BIRTH_DATE: "date",
    Meaning.POSTCODE: "casefold",
    Meaning.CITY: "name",
}


@dataclass(frozen=True, slots=True)
class Composite:
    """An identifier that is made of traits."""

    parts: tuple[tuple[str, NormaliserName], ...]  #: (trait, normaliser)
    sources: tuple[str, ...]
    doubt: str


def find_composite(drafts: Sequence[TableDraft]) -> Composite | None:
    """Find the traits that identify people together, in as many tables as possible."""
    parts = {draft.source: found for draft in drafts if (found := _parts(draft))}
    if not parts:
        return None
    names = Counter(_names(found) for found in parts.values()).most_common(1)[0][0]
    fitting = {source: found for source, found in parts.items() if _names(found) == names}
    if not _shared(fitting) & _PLACES:
        # Some have no place, and only whole name and birth date can join them with the others.
        precise = {draft.source for draft in drafts if not _is_imprecise(draft)}
        fitting = {source: found for source, found in fitting.items() if source in precise}
    if not fitting:
        return None
    shared = _shared(fitting)
    doubt = "" if shared & _PLACES else "in a large table, two people may share all of it: is there a postcode?"
    chosen = tuple((meaning.value, normaliser) for meaning, normaliser in _NORMALISERS.items() if meaning in shared)
    return Composite(chosen, tuple(fitting), doubt)


def _shared(parts: Mapping[str, Sequence[Meaning]]) -> frozenset[Meaning]:
    """What all tables have."""
    first, *others = parts.values()
    return frozenset(first).intersection(*others)


def _names(parts: Sequence[Meaning]) -> frozenset[Meaning]:
    return frozenset(parts) & {Meaning.FIRST_NAME, Meaning.LAST_NAME, Meaning.NAME}


def _parts(draft: TableDraft) -> list[Meaning]:
    """What of a composite a table has; nothing where it is not enough."""
    columns = {
        meaning: guess
        for meaning, guess in standard_columns(draft.guesses).items()
        if guess.column not in (*draft.key.columns, *draft.of_row)
    }
    birth = columns.get(Meaning.BIRTH_DATE)
    if birth is None or birth.trait is not TraitType.DATE or birth.written is None or not birth.written.fits:
        return []
    if Meaning.FIRST_NAME in columns and Meaning.LAST_NAME in columns:
        names = [Meaning.FIRST_NAME, Meaning.LAST_NAME]
    elif Meaning.NAME in columns:
        names = [Meaning.NAME]
    else:
        return []
    places = [
        meaning for meaning in (Meaning.POSTCODE, Meaning.CITY) if meaning in columns and _tells_apart(columns[meaning])
    ]
    if _has_namesakes(draft):
        return []
    if _is_imprecise(draft):
        return [*names, Meaning.BIRTH_DATE, places[0]] if places else []
    return [*names, Meaning.BIRTH_DATE, *(place for place in places if place is Meaning.POSTCODE)]


def _tells_apart(guess: Guess) -> bool:
    """Whether a place is not the same for most rows."""
    filled = guess.profile.filled
    return filled > 0 and (filled < _ENOUGH_ROWS or guess.profile.most_repeated <= _EVERYWHERE * filled)


def _has_namesakes(draft: TableDraft) -> bool:
    """Whether rows of one name and birth date have quite different numbers of one person."""
    for guess in draft.guesses:
        if guess.role == "national":
            found = namesakes(texts_of(guess), draft.people)
            if found.unlike >= _NO_CHANCE and found.unlike > found.mistyped:
                return True
    return False


def _is_imprecise(draft: TableDraft) -> bool:
    """Whether birth dates are often the first of January, so that years are all that is known."""
    birth = standard_columns(draft.guesses).get(Meaning.BIRTH_DATE)
    if birth is None or birth.written is None:
        return False
    days = []
    for value in birth.profile.singles:
        try:
            days.append(read_day(value, birth.written.reading))
        except ValueError:
            continue
    first = sum(1 for day in days if (day.month, day.day) == (1, 1))
    return len(days) >= _ENOUGH_ROWS and first > _FIRST_OF_JANUARY * len(days)
