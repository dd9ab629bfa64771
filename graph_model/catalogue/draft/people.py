"""Whether rows are about the same person, as far as names, birth dates and addresses in them tell.

It serves to judge other columns: a number whose rows are of different people identifies none of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import dropwhile, islice, pairwise
from typing import Final, TypeVar

from graph_model.catalogue.draft.contents import email_in
from graph_model.catalogue.draft.guesses import Guess
from graph_model.catalogue.draft.person_words import TITLES, TITLES_OF_MEN, TITLES_OF_WOMEN
from graph_model.catalogue.draft.words import Meaning
from graph_model.values.equality import JsonValue
from graph_model.values.normalise.name import normalise_name
from graph_model.values.reading import read_day

#: So many pairs of rows are compared for one column.
_MOST_PAIRS: Final = 400
#: So many of the pairs may be of different people: slips, and members of a family.
_DIFFERENT: Final = 0.3
#: Or so many of all values: in a table without duplicates, only those repeat that people share.
_FEW_VALUES: Final = 0.02
#: From here on, two spellings are one name.
_ALIKE: Final = 0.75
_INITIAL: Final = 1  #: character

_Shared = TypeVar("_Shared")


@dataclass(frozen=True, slots=True)
class Person:
    """What one row says of the person that it is about."""

    first: str | None = None
    last: str | None = None
    whole: tuple[str, ...] = ()  #: words of the whole name, what a person is called by first
    born: str | None = None
    email: str | None = None

    def agrees_with(self, other: "Person") -> int:
        """Positive where it is the same person, negative where it is another one, 0 where nothing tells."""
        score = 0
        if self.first and other.first:
            score += 2 if _alike(self.first, other.first) else -2
        if self.last and other.last:
            score += 1 if _alike(self.last, other.last) else -1
        if self.whole and other.whole and not (self.first and other.first):
            score += _whole_names_agree(self.whole, other.whole)
        if self.born and other.born:
            score += 2 if self.born == other.born else -1
        if self.email and other.email and self.email != other.email:
            score -= 1
        elif self.email and self.email == other.email and (score > 0 or not self._is_named_beside(other)):
            score += 2  # people whose names do not agree share an address, which tells nothing then
        return score

    def _is_named_beside(self, other: "Person") -> bool:
        """Whether both say names of one sort."""
        return any((self.first and other.first, self.last and other.last, self.whole and other.whole))


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who shares the values of a column."""

    same: int  #: pairs of rows with one value that are of the same person
    different: int  #: and of different people
    shared: int  #: values of different people
    of: int  #: values

    @property
    def is_judged(self) -> bool:
        """Whether anything tells."""
        return self.same + self.different > 0

    @property
    def tells_people_apart(self) -> bool:
        """Whether a value is of one person, but for slips."""
        share = self.different / max(self.same + self.different, 1)
        return share <= _DIFFERENT or self.shared <= _FEW_VALUES * self.of


def people_in(guesses: Sequence[Guess]) -> list[Person]:
    """Gather what each row says of its person."""
    columns: dict[Meaning, Guess] = {}
    for meaning in (Meaning.FIRST_NAME, Meaning.LAST_NAME, Meaning.NAME, Meaning.BIRTH_DATE):
        found = plainest(guesses, meaning)
        if found is not None:
            columns[meaning] = found
    addresses = next((guess for guess in guesses if guess.role == "email" and not guess.profile.is_element), None)
    number = max((len(guess.profile.cells) for guess in guesses), default=0)
    is_turned = Meaning.NAME in columns and _is_turned(columns[Meaning.NAME])
    return [
        _person(
            {meaning: each.profile.cells[row] for meaning, each in columns.items()},
            columns.get(Meaning.BIRTH_DATE),
            None if addresses is None else addresses.profile.cells[row],
            is_turned=is_turned,
        )
        for row in range(number)
    ]


def plainest(guesses: Iterable[Guess], meaning: Meaning) -> Guess | None:
    """Of the columns of one meaning that can be used, the one whose name says least beside it."""
    fitting = [
        guess
        for guess in guesses
        if meaning in guess.profile.name.meanings and not guess.left_out and not guess.profile.is_element
    ]
    return min(fitting, key=lambda guess: guess.profile.name.meanings[meaning], default=None)


def sharing(texts: Sequence[str | None], people: Sequence[Person], *, email: bool = False) -> Sharing:
    """Judge who shares the values of a column.

    Args:
        texts: its value in each row.
        people: what each row says of its person.
        email: the column is that of the addresses, which then prove nothing.
    """
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(texts):
        if text is not None:
            holders[text].append(row)
    same = different = 0
    shared: set[str] = set()
    for text, first, second in islice(_pairs(holders), _MOST_PAIRS):
        one, other = people[first], people[second]
        if email:
            one, other = _without_address(one), _without_address(other)
        score = one.agrees_with(other)
        same += score > 0
        different += score < 0
        if score < 0:
            shared.add(text)
    return Sharing(same, different, len(shared), len(holders))


def across(one: Iterable[tuple[str | None, Person]], other: Iterable[tuple[str | None, Person]]) -> Sharing:
    """Judge who shares the values of a column of one table with one of another."""
    known = {text: person for text, person in one if text is not None}
    same = different = 0
    shared = [(known[text], person) for text, person in other if text in known]
    for first, second in shared[:_MOST_PAIRS]:
        score = first.agrees_with(second)
        same += score > 0
        different += score < 0
    return Sharing(same, different, different, len(shared))


@dataclass(frozen=True, slots=True)
class Namesakes:
    """Rows of one name and one birth date, two by two."""

    mistyped: int  #: their numbers are nearly the same
    unlike: int  #: they have quite different numbers


def namesakes(texts: Sequence[str | None], people: Sequence[Person]) -> Namesakes:
    """Compare the numbers of rows that have the same name and birth date.

    Args:
        texts: of each row the number that only one person has.
        people: what each row says of its person.
    """
    rows: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for row, person in enumerate(people):
        if person.born is not None and texts[row] is not None and ((person.first and person.last) or person.whole):
            rows[person.first, person.last, (*sorted(person.whole),), person.born].append(row)
    mistyped = unlike = 0
    for _, first, second in islice(_pairs(rows), _MOST_PAIRS):
        one, other = texts[first] or "", texts[second] or ""
        if one != other:
            alike = SequenceMatcher(None, one, other).ratio() >= _ALIKE
            mistyped += alike
            unlike += not alike
    return Namesakes(mistyped, unlike)


def _pairs(holders: Mapping[_Shared, Sequence[int]]) -> Iterator[tuple[_Shared, int, int]]:
    """Rows that share a value, each with the one before it."""
    for shared, rows in holders.items():
        for first, second in pairwise(rows):
            yield shared, first, second


def _person(cells: Mapping[Meaning, JsonValue], birth: Guess | None, address: JsonValue, *, is_turned: bool) -> Person:
    first, last, whole = (cells.get(meaning) for meaning in (Meaning.FIRST_NAME, Meaning.LAST_NAME, Meaning.NAME))
    if is_turned and isinstance(whole, str):
        whole = " ".join(reversed(whole.split(",", 1)))
    return Person(
        first=_name(first),
        last=_name(last),
        whole=tuple((_name(whole) or "").split()),
        born=_day(cells.get(Meaning.BIRTH_DATE), birth),
        email=email_in(address),
    )


def _without_address(person: Person) -> Person:
    return Person(person.first, person.last, person.whole, person.born)


def _name(value: JsonValue) -> str | None:
    return normalise_name(value) if isinstance(value, str) else None


def _day(value: JsonValue, birth: Guess | None) -> str | None:
    if value is None or birth is None or birth.written is None:
        return None
    try:
        return read_day(value, birth.written.reading).isoformat()
    except ValueError:
        return None


def _is_turned(names: Guess) -> bool:
    """Whether whole names are written with the last name in front: `Lee, Ann`."""
    values = names.profile.singles
    return 2 * sum(1 for value in values if isinstance(value, str) and "," in value) > len(values)


def _whole_names_agree(one: Sequence[str], other: Sequence[str]) -> int:
    """Positive where two names may be spellings of one, negative where they are of different people, else 0."""
    (titles, one), (other_titles, other) = _without_titles(one), _without_titles(other)
    if titles and other_titles and titles.isdisjoint(other_titles):
        return -2  # Mr and Mrs Lee
    left: list[str] = []
    rest = [*other]
    for word in one:
        found = next((each for each in rest if each == word), None) or next(
            (each for each in rest if _alike(word, each)), None
        )
        if found is None:
            left.append(word)
        else:
            rest.remove(found)
    if not left or not rest:
        return 2
    if one[0] in left and other[0] in rest:
        return -2 if len(left) == len(one) else -1
    return 0  # the first names are alike: a name by marriage, or another one of the family where it stands in front


def _without_titles(name: Sequence[str]) -> tuple[frozenset[bool], Sequence[str]]:
    """A name without the titles in front of it, and whether these are of women, of men, or both."""
    front = len(name) - len([*dropwhile(TITLES.__contains__, name[:-1])]) - 1
    return frozenset(
        title in TITLES_OF_WOMEN for title in name[:front] if title in TITLES_OF_MEN | TITLES_OF_WOMEN
    ), name[front:]


def _alike(one: str, other: str) -> bool:
    """Whether two names may be spellings of one: an initial, a short form, a slip."""
    if len(one) == _INITIAL or len(other) == _INITIAL or one.startswith(other) or other.startswith(one):
        return one[0] == other[0]
    return SequenceMatcher(None, one, other).ratio() >= _ALIKE
