"""Rows side by side: what each says in its columns, and where they say different things.

Columns of different sources stand in one line where the catalogue gives them one meaning. They are compared by what the
rows were found to say, not by how it is written: `Ann@X.org` and `ann@x.org` are the same.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress
from graph_model.resolution.mapping import MappedRecord
from graph_model.values.equality import JsonValue, canonical_bytes
from graph_model.values.normalise.plain import normalise_casefold

#: So many rows stand side by side at the most.
SHOWN_ROWS: Final = 10

#: So many characters of a value are shown.
SHOWN_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRow:
    """A row that stands beside others."""

    address: RecordAddress
    is_deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCell:
    """What one row has in one line."""

    columns: tuple[str, ...]  #: the columns that may say it; empty: its source has none
    values: tuple[JsonValue, ...]  #: as received, in the order of the columns; empty: the row has no value there


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedLine:
    """Columns that mean the same, over all rows."""

    field: str  #: the kind of identifier, else the trait
    kind: str | None
    trait: str | None
    differs: bool  #: two of all rows have values here, and none in common
    cells: tuple[ComparedCell, ...]  #: one for each row that is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class RowComparison:
    """Rows side by side."""

    rows: tuple[ComparedRow, ...]
    rows_total: int  #: how many there are to compare; only the first, and those that bring something new, are shown
    lines: tuple[ComparedLine, ...]


#: No rows at all.
NOTHING_COMPARED: Final = RowComparison(rows=(), rows_total=0, lines=())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """A line of every comparison: columns, of any source, that mean the same."""

    name: str
    kind: str | None
    trait: str | None
    columns: Mapping[str, tuple[str, ...]]  #: source -> its columns


def compare_rows(rows: Sequence[MappedRecord], catalogue: Catalogue, limit: int = SHOWN_ROWS) -> RowComparison:
    """Put rows side by side.

    Args:
        rows: those to compare; tombstones say nothing. The first is shown, and of the others rather those that say
            something new.
        catalogue: what their columns mean.
        limit: so many rows are shown at the most; all are compared.
    """
    sources = {row.address.source for row in rows}
    fields = [field for field in _fields(catalogue) if not sources.isdisjoint(field.columns)]
    said = [tuple(_said(row, field, catalogue) for field in fields) for row in rows]
    shown = [rows[place] for place in _telling(said, limit)]
    return RowComparison(
        rows=tuple(ComparedRow(address=row.address, is_deleted=row.record.is_tombstone) for row in shown),
        rows_total=len(rows),
        lines=tuple(
            ComparedLine(
                field=field.name,
                kind=field.kind,
                trait=field.trait,
                differs=_are_different({each[place] for each in said}),
                cells=tuple(_cell(row, field) for row in shown),
            )
            for place, field in enumerate(fields)
        ),
    )


@lru_cache(maxsize=16)
def _fields(catalogue: Catalogue) -> tuple[_Field, ...]:
    """The lines of a catalogue, kinds of identifiers first.

    A column that is nothing but a trait stands in the line of the kind that the trait stands for elsewhere, or is named
    like.
    """
    meanings = [
        (source.name, column, dict(source.identifiers).get(column), dict(source.traits).get(column))
        for source in catalogue.sources.values()
        for column in dict.fromkeys(column for column, _ in (*source.identifiers, *source.traits))
    ]
    kinds_of: defaultdict[str, set[str]] = defaultdict(set)
    for _, _, kind, trait in meanings:
        if kind is not None and trait is not None:
            kinds_of[trait].add(kind)
    traits_of: defaultdict[str | None, dict[str, None]] = defaultdict(dict)
    columns: defaultdict[tuple[str | None, str | None], dict[str, tuple[str, ...]]] = defaultdict(dict)
    for source_name, column, kind, trait in meanings:
        of_kind = kind or _kind_of_trait(trait, kinds_of, catalogue)
        if of_kind is not None and trait is not None:
            traits_of[of_kind][trait] = None
        there = columns[of_kind, None if of_kind is not None else trait]
        there[source_name] = (*there.get(source_name, ()), column)
    kinds = [
        _Field(name=kind, kind=kind, trait=next(iter(traits_of[kind]), None), columns=columns[kind, None])
        for kind in catalogue.kinds
    ]
    traits = [_Field(name=trait, kind=None, trait=trait, columns=columns[None, trait]) for trait in catalogue.traits]
    return tuple(field for field in (*kinds, *traits) if field.columns)


def _kind_of_trait(trait: str | None, kinds_of: Mapping[str, set[str]], catalogue: Catalogue) -> str | None:
    if trait is None:
        return None
    kinds = kinds_of.get(trait, set())
    if len(kinds) == 1:
        return next(iter(kinds))
    same_name = catalogue.kinds.get(trait)
    return None if kinds or same_name is None or same_name.parts else trait


def _said(row: MappedRecord, field: _Field, catalogue: Catalogue) -> frozenset[str]:
    """What a row says in a line, in comparable form; of values that cannot be read the text itself."""
    columns = field.columns.get(row.address.source)
    if columns is None or row.record.values is None:
        return frozenset()
    found = {value for kind, value in row.identifiers if kind == field.kind}
    source = catalogue.sources[row.address.source]
    identifying = {column for column, _ in source.identifiers}
    of_trait = {trait for column, trait in source.traits if column in columns and column not in identifying}
    for trait in of_trait & row.traits.keys():
        found.add(_comparable(row.traits[trait], field, catalogue))
    unreadable = {issue.column for issue in row.issues}.intersection(columns)
    found |= {_plain(value) for column in unreadable if (value := row.record.values.get(column)) is not None}
    return frozenset(found)


def _comparable(value: JsonValue, field: _Field, catalogue: Catalogue) -> str:
    """A trait's value in the form of the line's kind, where it has one there."""
    normalise = None if field.kind is None else catalogue.kinds[field.kind].normalise
    if normalise is not None and isinstance(value, str) and (normal := normalise(value)) is not None:
        return normal
    return _plain(value)


def _plain(value: JsonValue) -> str:
    text = value if isinstance(value, str) else canonical_bytes(value).decode()
    return normalise_casefold(text) or text


def _are_different(said: Collection[frozenset[str]]) -> bool:
    """Whether two of several rows have values, and none in common."""
    speaking = [values for values in said if values]
    if len(speaking) < 2 or frozenset.intersection(*speaking):
        return False
    return any(one.isdisjoint(other) for one, other in combinations(speaking, 2))


def _telling(said: Sequence[Iterable[frozenset[str]]], limit: int) -> list[int]:
    """The places of the rows to show: those that bring something new go before those that repeat others."""
    if len(said) <= limit:
        return list(range(len(said)))
    seen: set[tuple[int, str]] = set()
    new: list[int] = []
    for number, values in enumerate(said):
        brought = {(place, value) for place, each in enumerate(values) for value in each}
        if not number or not brought <= seen:
            new.append(number)
            seen |= brought
        if len(new) == limit:
            break
    others = [number for number in range(len(said)) if number not in new]
    return sorted((*new, *others)[:limit])


def _cell(row: MappedRecord, field: _Field) -> ComparedCell:
    columns = tuple(field.columns.get(row.address.source, ()))
    values = row.record.values or {}
    found = [value for column in columns if (value := values.get(column)) is not None]
    return ComparedCell(columns=columns, values=tuple(_shortened(value) for value in found if not _is_blank(value)))


def _is_blank(value: JsonValue) -> bool:
    return value == [] or (isinstance(value, str) and not value.strip())


def _shortened(value: JsonValue) -> JsonValue:
    text = value if isinstance(value, str) else canonical_bytes(value).decode()
    if len(text) <= SHOWN_CHARACTERS:
        return value
    return f"{text[:SHOWN_CHARACTERS]}…"
