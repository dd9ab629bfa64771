"""What is to be seen of the columns of a table, before anything is guessed."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from graph_model.catalogue.draft.naming import Named, named, without_types
from graph_model.catalogue.draft.null_words import stands_for_none
from graph_model.catalogue.draft.tables import Row
from graph_model.catalogue.rules import NULL_MARKERS
from graph_model.values.characters import visible_text, without_guard
from graph_model.values.equality import JsonValue
from graph_model.values.keys import number_text, without_notation
from graph_model.values.paths import value_at
from graph_model.values.trait_values import LONGEST_TEXT

#: So many values are looked at closely.
CLOSE_LOOK: Final = 1_000

#: So deep, and into so many members, a draft looks into objects. What has more of them is a dictionary, and the names
#: of its members may be data themselves.
_DEEPEST: Final = 4
_MOST_MEMBERS: Final = 40
_EVERY: Final = "[]"
#: How the members begin that MongoDB adds for types.
_TYPED: Final = "$"
_STEP: Final = re.compile(r"(?=[^\W\d]|_|\$[A-Za-z])[\w $:-]{1,50}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A column, or a path into one, and its values in a sample."""

    column: str
    name: Named
    cells: tuple[JsonValue, ...]  #: its value in each row; None where there is none
    texts: tuple[str | None, ...]  #: of each single value, what compares: no notation of numbers, no guards
    singles: tuple[JsonValue, ...]  #: single values without those that may stand for none; a share of them if many
    markers: Mapping[str, int]  #: what may stand for none, as it is written, and how often
    nothing: frozenset[str] = frozenset()  #: what it has of the markers that stand for none in every catalogue
    guarded: bool = False  #: numbers have an apostrophe in front that keeps spreadsheets from reading them
    is_nested: bool = False  #: it lies inside of another column
    left_out: str = ""  #: why it cannot be used

    @property
    def filled(self) -> int:
        """In how many rows it has a value."""
        return sum(1 for cell in self.cells if cell is not None)

    @property
    def distinct(self) -> int:
        """How many different values it has."""
        return len({text for text in self.texts if text is not None})

    @property
    def repeats(self) -> bool:
        """Whether some value stands in several rows."""
        return self.distinct < sum(1 for text in self.texts if text is not None)

    @property
    def unique(self) -> bool:
        """It has a single value in every row, and none of them twice."""
        return len(self.cells) > 0 and None not in self.texts and self.distinct == len(self.cells)

    @property
    def is_element(self) -> bool:
        """Whether it lies in a list of objects."""
        return _EVERY in self.column

    @property
    def is_typed(self) -> bool:
        """Whether MongoDB says of what type its values are."""
        return without_types(self.column) != self.column

    @property
    def is_typed_date(self) -> bool:
        """Whether MongoDB says that its values are times; numbers count milliseconds then."""
        return self.column.endswith((".$date", ".$date.$numberLong"))

    @property
    def most_repeated(self) -> int:
        """In how many rows its most frequent value stands."""
        return max(Counter(text for text in self.texts if text is not None).values(), default=0)


def profiles_of(columns: Iterable[str], rows: Sequence[Row]) -> list[Profile]:
    """Look at every column, and at what lies in objects."""
    return [
        replace(profile, is_nested=without_types(profile.column) != column)
        for column in dict.fromkeys(columns)
        if column
        for profile in _inside(column, [row.get(column) for row in rows], rows, set(columns), 1)
    ]


def comparable(value: JsonValue) -> str | None:
    """What of a single value compares with others: case counts, the notation of numbers does not."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return number_text(value)
    return without_notation(without_guard(_visible(value))) or None if isinstance(value, str) else None


def _inside(
    path: str, values: Sequence[JsonValue], rows: Sequence[Row], columns: set[str], depth: int
) -> Iterator[Profile]:
    """The profile of a column, and of the paths that lead on from it."""
    held = [value for value in values if isinstance(value, Mapping)]
    elements = [each for value in values if isinstance(value, list) for each in value if isinstance(each, Mapping)]
    if not held and not elements:
        yield profile_of(path, values)
        return
    plain = [None if isinstance(value, Mapping | list) else value for value in values]
    is_mixed = any(value is not None for value in plain)
    for step, objects in (("", held), (_EVERY, elements)):
        told = f"{path}.*" if is_mixed and not step else f"{path}{step}"
        members = dict.fromkeys(member for value in objects for member in value)
        if len(members) > _MOST_MEMBERS or depth >= _DEEPEST:
            yield _unused(told, "holds objects of changing members, or too deep ones")
            continue
        if not all(map(_is_step, members)):
            yield _unused(told, "holds members whose names may be data")
        for member in filter(_is_step, members):
            inner = f"{path}{step}.{member}"
            if inner not in columns:
                deeper = depth + (not member.startswith(_TYPED))
                yield from _inside(inner, [_found(row, inner) for row in rows], rows, columns, deeper)
    if is_mixed:
        # Behind what lies in its objects: of several columns of one trait the first that has a value counts.
        yield profile_of(path, plain)


def _found(row: Row, path: str) -> JsonValue:
    """The value at a path; of several the list of those that are no lists of their own."""
    value = value_at(row, path)
    return value[0] if isinstance(value, list) and len(value) == 1 and _EVERY in path else value


def _is_step(member: str) -> bool:
    """Whether a path can lead to it, and whether it looks like a name and not like data."""
    return _STEP.fullmatch(member) is not None


def _unused(column: str, reason: str) -> Profile:
    return Profile(column=column, name=named(column), cells=(), texts=(), singles=(), markers={}, left_out=reason)


def profile_of(column: str, values: Sequence[JsonValue]) -> Profile:
    """Look at the values of one column, one of each row."""
    cells = tuple(None if _is_nothing(value) else value for value in values)
    flat = [each for cell in cells for each in (cell if isinstance(cell, list) else [cell]) if each is not None]
    markers = Counter(each.strip() for each in flat if isinstance(each, str) and stands_for_none(each))
    nothing = {value.strip() for value in values if isinstance(value, str)} & NULL_MARKERS
    singles = [_bare(each) for each in flat if not (isinstance(each, str) and stands_for_none(each))]
    guarded = any(isinstance(each, str) and without_guard(each.strip()) != each.strip() for each in flat)
    return Profile(
        column=column,
        name=named(column),
        cells=cells,
        texts=tuple(None if isinstance(cell, str) and stands_for_none(cell) else comparable(cell) for cell in cells),
        singles=tuple(singles[:: len(singles) // CLOSE_LOOK + 1]),
        markers=markers,
        nothing=frozenset(nothing),
        guarded=guarded,
        left_out="holds lists of lists" if any(isinstance(each, list | Mapping) for each in singles) else "",
    )


def _bare(value: JsonValue) -> JsonValue:
    return without_guard(_visible(value)) if isinstance(value, str) else value


def _visible(text: str) -> str:
    """What can be seen of a text's beginning, as far as traits are read."""
    try:
        return visible_text(text[:LONGEST_TEXT])
    except ValueError:  # no text at all
        return text[:LONGEST_TEXT]


def _is_nothing(value: JsonValue) -> bool:
    if isinstance(value, str):
        return not _visible(value) or value.strip() in NULL_MARKERS
    return value is None or value == []
