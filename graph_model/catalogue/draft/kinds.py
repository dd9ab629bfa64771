"""Kinds of identifiers and names of traits that several tables share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from graph_model.catalogue.draft import contents
from graph_model.catalogue.draft.guesses import Guess
from graph_model.catalogue.draft.keys import is_named_like_key
from graph_model.catalogue.draft.naming import ascii_name, folded_word, named, unused, without_types
from graph_model.catalogue.draft.people import Person, Sharing, across, plainest
from graph_model.catalogue.draft.person_words import NATIONAL_KINDS, NUMBERS, PERSONS
from graph_model.catalogue.draft.profiles import profile_of
from graph_model.catalogue.draft.table_drafts import TableDraft, texts_of
from graph_model.catalogue.draft.words import STANDARD_TRAITS, Meaning
from graph_model.values.normalise import NormaliserName
from graph_model.values.trait_values import TraitType

PRIORITIES: Final[Mapping[str, int]] = {"email": 90, "phone": 60}
NUMBER_PRIORITY: Final = 100

#: Numbers of fewer digits are counted up in every system, so that the same one means several people.
_COUNTED_UP: Final = 7
#: Up to so many rows may carry a value of a kind, unless the draft says otherwise.
_FEW: Final = 10
_MANY: Final = 100
_SHORTEST_PART: Final = 5  #: of a compound
_PERSON_AND_NUMBER: Final = 2  #: words
_NAMES: Final = (Meaning.FIRST_NAME, Meaning.MIDDLE_NAME, Meaning.LAST_NAME, Meaning.NAME)


@dataclass(slots=True)
class Kind:
    """A kind of identifiers."""

    name: str
    normalise: NormaliserName
    exclusive: bool
    holders: str
    columns: list[tuple[TableDraft, Guess]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Kinds:
    """All kinds, and which one each column has."""

    kinds: tuple[Kind, ...]
    of: Mapping[tuple[str, str], str]  #: (source, column) -> kind


def find_kinds(drafts: Sequence[TableDraft]) -> Kinds:
    """Give every identifier column a kind: one for several tables where these mean the same."""
    kinds: dict[str, Kind] = {}
    of: dict[tuple[str, str], str] = {}
    links: dict[str, str] = {}
    for draft in drafts:
        for guess in draft.guesses:
            if guess.role is None or guess.left_out:
                continue
            name, doubt = (links[guess.link], "") if guess.link in links else _kind_for(draft, guess, kinds)
            if guess.link:
                links[guess.link] = name
            kind = kinds.setdefault(name, Kind(name, guess.normalise, guess.exclusive, "few"))
            kind.columns.append((draft, guess))
            kind.doubts += [doubt] if doubt else []
            of[draft.source, guess.column] = name
    for kind in kinds.values():
        _settle(kind)
    return Kinds(tuple(kinds.values()), of)


def _kind_for(draft: TableDraft, guess: Guess, kinds: Mapping[str, Kind]) -> tuple[str, str]:
    """The name of a column's kind, and a doubt."""
    name = kind_name(guess)
    if guess.role in ("email", "phone") or name not in kinds:
        return name, ""
    other, known = kinds[name].columns[0]
    if other.source == draft.source:
        return unused(name, kinds), ""
    found = across(_persons(other, known), _persons(draft, guess))
    own = unused(f"{ascii_name(draft.source)}_{name}", kinds)
    same = f"is it the same number as {known.column} of {other.source}?"
    if found.is_judged:
        if found.tells_people_apart:
            return name, ""
        return own, f"equal values are of other people than in {other.source}, so it is a number of its own"
    return _unjudged(guess, found, name, own, same)


def _unjudged(guess: Guess, found: Sharing, name: str, own: str, same: str) -> tuple[str, str]:
    """Where no names tell: long numbers are the same kind, short ones are counted up in each system anew."""
    if guess.role == "national":
        return name, ""
    texts = [text for text in texts_of(guess) if text is not None]
    counted_up = any(len(text) < _COUNTED_UP for text in texts) and all(text.isdecimal() for text in texts)
    if guess.role == "login" or counted_up:
        return own, f"{same} then give both one kind"
    return name, "" if found.of else same


def _persons(draft: TableDraft, guess: Guess) -> list[tuple[str | None, Person]]:
    return list(zip(texts_of(guess), draft.people, strict=True))


def kind_name(guess: Guess) -> str:
    """What a kind of identifiers is called, whatever the language of the header."""
    if guess.role in ("email", "phone"):
        return guess.role
    name = guess.profile.name
    own = ascii_name(guess.kind_of or guess.column)
    if guess.role == "national":
        return next((kind for kind, words in NATIONAL_KINDS.items() if name.shared(words)), own)
    if guess.role == "number":
        words = named(guess.kind_of).words if guess.kind_of else name.words
        person, number = _word(words, PERSONS), _word(words, NUMBERS)
        if person and number and len(words) <= _PERSON_AND_NUMBER:
            return f"{person}_{number}"
    return own


def _word(words: Sequence[str], standard: Mapping[str, str]) -> str:
    """The word that names of kinds use for one of these."""
    joined = "".join(words)
    for word, meant in standard.items():
        folded = folded_word(word)
        if folded in words or (len(folded) >= _SHORTEST_PART and folded in joined):
            return meant
        if not folded.isascii() and folded in joined:
            return meant
    return ""


def _settle(kind: Kind) -> None:
    """Fit a kind to all of its columns."""
    values = [value for _, guess in kind.columns for value in guess.profile.singles]
    if kind.normalise not in ("email", "phone") and all(guess.role != "login" for _, guess in kind.columns):
        kind.normalise = contents.number_normaliser(values)
    most = max(guess.profile.most_repeated for _, guess in kind.columns)
    if most > _FEW:
        kind.holders = "many"
    if most > _MANY:
        kind.doubts.append("some values stand in so many rows that they join nobody: is this right?")


def trait_names(drafts: Sequence[TableDraft]) -> dict[tuple[str, str], str]:
    """Name a trait for each column that has one: alike in all tables, each once in a table."""
    names: dict[tuple[str, str], str] = {}
    for draft in drafts:
        standard = {
            without_types(guess.column): meaning.value for meaning, guess in standard_columns(draft.guesses).items()
        }
        taken = set(standard.values())
        for guess in draft.guesses:
            if guess.trait is None or guess.left_out or guess.column in draft.of_row:
                continue
            if guess.column in draft.key.columns and is_named_like_key(guess):
                continue
            column = without_types(guess.column)
            if column not in standard:
                name = ascii_name(column)
                # What is called a name and is none has the name of its table in front.
                own = f"{ascii_name(draft.source)}_{name}" if name in _NAMES and not guess.means(*_NAMES) else name
                standard[column] = unused(own, taken)
                taken.add(standard[column])
            names[draft.source, guess.column] = standard[column]
    return names


def standard_columns(guesses: Sequence[Guess]) -> dict[Meaning, Guess]:
    """The column of each meaning that every draft names alike; of several the one with the plainest name.

    A column that is called `name` holds the rest where another one has the first or the last name.
    """
    kept = [guess for guess in guesses if guess.trait is not None and not guess.left_out]
    found: dict[Meaning, Guess] = {}
    for meaning in Meaning:
        own = [guess for guess in kept if meaning in STANDARD_TRAITS and _best(guess) is meaning]
        plain = plainest(own, meaning) or next(iter(own), None)
        if plain is not None:
            found[meaning] = plain
    for given, missing in ((Meaning.FIRST_NAME, Meaning.LAST_NAME), (Meaning.LAST_NAME, Meaning.FIRST_NAME)):
        if given in found and missing not in found and Meaning.NAME in found:
            found[missing] = found.pop(Meaning.NAME)
    return found


def _best(guess: Guess) -> Meaning | None:
    """What a column is about: what it holds, else the meaning that leaves the fewest words of its name over."""
    if guess.role == "email":
        return Meaning.EMAIL
    if guess.role == "phone":
        return Meaning.MOBILE if guess.means(Meaning.MOBILE) else Meaning.PHONE
    meanings = guess.profile.name.meanings
    best = min(meanings, key=lambda meaning: meanings[meaning], default=None)
    return None if best in (Meaning.EMAIL, Meaning.PHONE, Meaning.MOBILE) and guess.role is None else best


def trait_types(drafts: Sequence[TableDraft], names: Mapping[tuple[str, str], str]) -> dict[str, TraitType]:
    """The type of each trait: one that the columns of all tables have."""
    types: dict[str, set[TraitType]] = {}
    for draft in drafts:
        for guess in draft.guesses:
            name = names.get((draft.source, guess.column))
            if name is not None and guess.trait is not None:
                types.setdefault(name, set()).add(guess.trait)
    return {name: _common(name, found) for name, found in types.items()}


def _common(name: str, types: set[TraitType]) -> TraitType:
    if len(types) == 1:
        return next(iter(types))
    if name == Meaning.BIRTH_DATE:
        return TraitType.DATE
    if types <= {TraitType.INTEGER, TraitType.NUMBER}:
        return TraitType.NUMBER
    return TraitType.TIMESTAMP if types <= {TraitType.DATE, TraitType.TIMESTAMP} else TraitType.TEXT


def with_one_identifier(drafts: Sequence[TableDraft]) -> list[TableDraft]:
    """Where nothing tells who a row is about, take the key of the first table: a catalogue needs an identifier."""
    first, *others = drafts
    column = first.key.columns[0]
    key = next((guess for guess in first.guesses if guess.column == column), None)
    if key is None:
        key = Guess(profile=profile_of(column, ()))
        first = replace(first, guesses=(*first.guesses, key))
    doubt = "nothing tells who a row is about; does the key?"
    name = f"{ascii_name(first.source)}_key"
    taken = replace(key, role="number", normalise="exact", kind_of=name, trait=None, left_out="").doubting(doubt)
    return [first.with_guess(taken), *others]
