"""What tables have to do with each other: whose rows are people, and whose are what these people did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from graph_model.catalogue.draft.guesses import Guess
from graph_model.catalogue.draft.naming import folded_word, named
from graph_model.catalogue.draft.people import Sharing, across, sharing
from graph_model.catalogue.draft.person_words import ABOVE, PERSONS
from graph_model.catalogue.draft.profiles import Profile
from graph_model.catalogue.draft.table_drafts import TableDraft
from graph_model.catalogue.draft.words import Meaning
from graph_model.values.normalise import NormaliserName

#: So many of a column's values are keys of the other table, if it refers to it.
_CONTAINED: Final = 0.5
_ALL_BUT_SLIPS: Final = 0.8
#: Values of so many characters are not the same by chance.
_NOT_BY_CHANCE: Final = 8
_SAME_STEM: Final = 4


@dataclass(frozen=True, slots=True)
class Reference:
    """A column of one table whose values are keys of another one."""

    source: str  #: the table that refers
    column: str
    target: str  #: the table that it refers to
    key: str


@dataclass(frozen=True, slots=True)
class Related:
    """Tables, told apart by what they hold."""

    drafts: tuple[TableDraft, ...]  #: tables of people
    left_out: tuple[tuple[str, str], ...]  #: the others, each with the reason


def related(drafts: Sequence[TableDraft]) -> Related:
    """Find the tables of people, and say of the others why they are left out.

    Where a table of people names the rows of another one, one for one, both get an identifier of one kind.
    """
    references = [reference for draft in drafts for reference in _references(draft, drafts)]
    activities = {each.source: each for each in references if _is_activity(each, drafts)}
    left_out = {
        source: f"looks like what {reference.target} did ({reference.column} is the key of {reference.target}): "
        "activities are not read yet; left out"
        for source, reference in activities.items()
        if reference.target not in activities
    }
    for reference in references:
        if reference.source in left_out or reference.target not in activities or _tells(drafts, reference.source):
            continue
        target = reference.target
        left_out[reference.source] = f"belongs to {target} ({reference.column} is the key of {target}); left out"
    if any(draft.tells_of_people for draft in drafts if draft.source not in left_out):
        for draft in drafts:
            if not draft.tells_of_people and draft.source not in left_out:
                left_out[draft.source] = "tells nothing of people; left out"
    kept = [draft for draft in drafts if draft.source not in left_out] or list(drafts[:1])
    names = {draft.source for draft in kept}
    for reference in references:
        if reference.source in names and reference.target in names:
            kept = _linked(kept, reference)
    listed = tuple((draft.source, left_out[draft.source]) for draft in drafts if draft.source not in names)
    return Related(tuple(_without_own_references(draft) for draft in kept), listed)


def _references(draft: TableDraft, drafts: Sequence[TableDraft]) -> Iterable[Reference]:
    for guess in draft.guesses:
        if guess.left_out or guess.role in ("email", "phone") or guess.profile.is_element:
            continue
        for other in drafts:
            if other.source != draft.source and _refers(draft, guess, other):
                yield Reference(draft.source, guess.column, other.source, other.key.columns[0])
                break


def _refers(draft: TableDraft, guess: Guess, other: TableDraft) -> bool:
    """Tell whether a column's values are keys of another table: by its name if they are short, else by themselves."""
    if len(other.key.columns) > 1 or guess.written is not None:
        return False
    keys = _profile(other, other.key.columns[0])
    said = {text for text in guess.profile.texts if text is not None}
    known = set() if keys is None else {text for text in keys.texts if text is not None}
    if not said or not known:
        return False
    found = _shared_with(draft, guess, other)
    if found.is_judged and found.different > found.same and not guess.profile.repeats:
        return False
    contained = len(said & known) / len(said)
    if (guess.column,) == draft.key.columns and contained < _ALL_BUT_SLIPS:
        return False
    if _names(guess, other):
        return contained >= _CONTAINED or (not other.table.is_whole and _alike(said, known))
    is_long = median(len(text) for text in said) >= _NOT_BY_CHANCE
    return is_long and contained >= _ALL_BUT_SLIPS and (guess.column,) != draft.key.columns


def _names(guess: Guess, other: TableDraft) -> bool:
    """Whether a column is named after the rows of a table, or after its key."""
    words = guess.profile.name.words
    if any(_same_word(word, other.entity) for word in words):
        return True
    if len(words) > 1 and words == tuple(_words_of(other.key.columns[0], other)):
        return True
    of_person = bool(guess.profile.name.shared(PERSONS)) or Meaning.PERSON_NUMBER in guess.profile.name.meanings
    if not of_person or not other.tells_of_people:
        return False
    # A table of people under any name: their key is plain, and nothing else in it is such a number.
    is_plain = _words_of(other.key.columns[0], other) == ("id",)
    return named(other.entity).shared(PERSONS) != frozenset() or (is_plain and not _has_number(other))


def _has_number(draft: TableDraft) -> bool:
    return any(guess.role == "number" for guess in draft.guesses)


def _words_of(column: str, draft: TableDraft) -> Sequence[str]:
    profile = _profile(draft, column)
    return () if profile is None else profile.name.words


def _same_word(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    return one == other if shorter < _SAME_STEM else one.startswith(other) or other.startswith(one)


def _alike(said: set[str], known: set[str]) -> bool:
    """Whether values that do not meet in a sample may still be of one sort: numbers, or of the same length."""
    numbers = all(text.isdecimal() for text in said) == all(text.isdecimal() for text in known)
    return numbers and abs(median(map(len, said)) - median(map(len, known))) <= 1


def _is_activity(reference: Reference, drafts: Sequence[TableDraft]) -> bool:
    """Tell whether the rows of a table are what the people of another one did."""
    draft, target = (_by_name(drafts, name) for name in (reference.source, reference.target))
    if draft.key.columns == (reference.column,) or not target.tells_of_people:
        return False
    guess = next(each for each in draft.guesses if each.column == reference.column)
    found = sharing(guess.profile.texts, draft.people)
    if found.different > found.same:
        return False  # each row is of another person, who only has to do with that one
    own = any(each.role is not None for each in draft.guesses if each.column != reference.column)
    return guess.profile.repeats or not own


def _linked(drafts: Sequence[TableDraft], reference: Reference) -> list[TableDraft]:
    """Make the column and the key that it refers to identifiers of one kind, if both name one person."""
    draft, target = (_by_name(drafts, name) for name in (reference.source, reference.target))
    guess = next(each for each in draft.guesses if each.column == reference.column)
    if guess.profile.repeats:
        left_out = f"names a row of {reference.target}, which several rows share"
        without = draft.with_guess(replace(guess, role=None, trait=None, left_out=left_out))
        return [without if each.source == draft.source else each for each in drafts]
    key = next((each for each in target.guesses if each.column == reference.key), None)
    if key is None or key.left_out or not _are_same_people(draft, guess, target):
        return list(drafts)
    normalise: NormaliserName = "exact" if guess.normalise == "exact" or key.normalise == "exact" else guess.normalise
    number = replace(
        guess,
        role="number",
        normalise=normalise,
        kind_of=guess.column,
        link=f"{target.source}.{key.column}",
        trait=None,
    )
    changed = {
        draft.source: draft.with_guess(replace(number, reason=f"the key of {target.source}")),
        target.source: target.with_guess(
            replace(number, profile=key.profile, doubts=key.doubts, reason=f"the key, which {draft.source} names")
        ),
    }
    return [changed.get(each.source, each) for each in drafts]


def _are_same_people(draft: TableDraft, guess: Guess, target: TableDraft) -> bool:
    """Tell whether equal numbers of two tables are of the same people, as each system counts its own from 1."""
    found = _shared_with(draft, guess, target)
    return found.tells_people_apart if found.is_judged else draft.key.columns != (guess.column,)


def _shared_with(draft: TableDraft, guess: Guess, target: TableDraft) -> Sharing:
    """Who shares the values of a column with the key of another table."""
    key = _profile(target, target.key.columns[0])
    texts = () if key is None else key.texts
    return across(zip(texts, target.people, strict=False), zip(guess.profile.texts, draft.people, strict=True))


def _without_own_references(draft: TableDraft) -> TableDraft:
    """Leave out columns that name another row of the same table: the one above it."""
    keys = None if len(draft.key.columns) > 1 else _profile(draft, draft.key.columns[0])
    known = set() if keys is None else {text for text in keys.texts if text is not None}
    for guess in draft.guesses:
        said = {text for text in guess.profile.texts if text is not None}
        is_named = bool(guess.profile.name.shared(ABOVE)) or folded_word("master") in guess.profile.name.words
        if guess.column not in draft.key.columns and not guess.left_out and said and is_named and said <= known:
            draft = draft.with_guess(
                replace(guess, role=None, trait=None, left_out="names another row of the same table")
            )
    return draft


def _tells(drafts: Sequence[TableDraft], source: str) -> bool:
    return _by_name(drafts, source).tells_of_people


def _profile(draft: TableDraft, column: str) -> Profile | None:
    return next((guess.profile for guess in draft.guesses if guess.column == column), None)


def _by_name(drafts: Sequence[TableDraft], name: str) -> TableDraft:
    return next(draft for draft in drafts if draft.source == name)
