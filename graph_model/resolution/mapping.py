"""From a record to what it says about a person: identifiers and traits.

A value that cannot be normalised or typed costs the record that value and leaves an issue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple, TypeVar

import orjson
from msgspec import Struct

from graph_model.catalogue.rules import ACCEPTED, Catalogue, Column, RegionColumn, Source, Trait
from graph_model.records.record import Record, RecordAddress
from graph_model.resolution.column_values import identifying_text, read_identifier, single_values, trait_value
from graph_model.values.base64_numbers import may_be_a_number
from graph_model.values.characters import LONGEST_REMEMBERED
from graph_model.values.equality import JsonValue, are_equal
from graph_model.values.identifiers import CompositePart, Identifier, IdentifierKind
from graph_model.values.trait_values import NUMBERS

_UNDATED: Final = (
    "gives no time that can be believed (missing, unreadable, 0, or more than a day after the row was accepted); the "
    "time of acceptance stands in"
)

Sorted = TypeVar("Sorted", bound=tuple[str, ...])

_IN_BASE64: Final = (
    ". It may be a decimal in base64, whose scale only a schema tells: set `decimal.handling.mode=string` of the "
    "connector, or `schemas.enable=true` of its converter"
)


class Issue(NamedTuple):
    """A value that could not be used."""

    column: str
    reason: str  #: what is wrong with it, without the value itself


class MappedRecord(Struct, frozen=True, gc=False):
    """A live record with everything derived from its values."""

    record: Record
    identifiers: tuple[Identifier, ...]  #: sorted, each once
    traits: Mapping[str, JsonValue]  #: only those that have a value
    issues: tuple[Issue, ...]

    @property
    def address(self) -> RecordAddress:
        """Where the record lives."""
        return self.record.address


def map_record(record: Record, catalogue: Catalogue) -> MappedRecord:
    """Derive identifiers and traits from a live record's values."""
    values, rules = record.values, _compiled(catalogue)
    source = rules.sources.get(record.address.source)
    if source is None or values is None:
        return MappedRecord(record, (), {}, ())
    traits: dict[str, JsonValue] = {}
    identifiers: list[Identifier] = []
    issues: list[Issue] = []
    for reader in source.readers:
        received = values.get(reader.name)
        if received is None:
            continue
        wants_trait = reader.trait is not None and reader.trait not in traits
        if reader.is_remembered and isinstance(received, str) and len(received) <= LONGEST_REMEMBERED:
            trait, identifying, unread = _said_before(reader, received, wants_trait)
        else:
            row = _Row(values, record.believed_until)
            trait, identifying, unread = reader.read(received, row, wants_trait=wants_trait)
        if trait is not None and reader.trait is not None:
            traits[reader.trait] = trait
        if identifying:
            identifiers += identifying
        if unread:
            issues += unread
    for kind in rules.composites:
        composite = _composite_identifier(kind, traits)
        if composite is not None:
            identifiers.append(composite)
    if source.event_time is not None and record.undated:
        issues.append(Issue(source.event_time, _UNDATED))
    return MappedRecord(record, _sorted(identifiers), traits, _sorted(issues))


def carries_the_same(one: Record, other: Record, catalogue: Catalogue) -> bool:
    """Tell of two live versions of a record whether all that identifiers are read from is the same in both."""
    source = _compiled(catalogue).sources.get(one.address.source)
    if source is None:
        return True
    if source.identifies_by_acceptance and one.believed_until != other.believed_until:
        return False
    was, now = one.values or {}, other.values or {}
    return all(are_equal(was.get(column), now.get(column)) for column in source.identifying)


class _Said(NamedTuple):
    """What one column of a row says."""

    trait: JsonValue  #: None: nothing, or it was not asked for
    identifiers: tuple[Identifier, ...]
    issues: tuple[Issue, ...]


class _Row(NamedTuple):
    """What the reading of one column may need of the others."""

    values: Mapping[str, JsonValue]
    accepted_at: int  #: milliseconds since 1970


_NO_ROW: Final = _Row({}, 0)


def _sorted(found: list[Sorted]) -> tuple[Sorted, ...]:
    """Each once, in order."""
    return tuple(sorted({*found}) if len(found) > 1 else found)


@dataclass(frozen=True, slots=True, eq=False)
class _ColumnReader:
    """Reads one column of a source; compared by identity."""

    name: str  #: of the column
    trait: str | None  #: that it says
    is_remembered: bool  #: whether a text alone tells what it says
    column: Column
    source: Source
    catalogue: Catalogue

    def read(self, received: JsonValue, row: _Row, *, wants_trait: bool) -> _Said:
        """Read a value of the column; of several the first that says something gives the trait."""
        column, catalogue = self.column, self.catalogue
        found, fault = single_values(column, received)
        issues = [] if fault is None else [Issue(column.name, fault)]
        identifiers: list[Identifier] = []
        trait: JsonValue = None
        for value in found:
            if wants_trait and trait is None and column.trait is not None:
                trait = _trait(column, value, catalogue.traits[column.trait], self.source, row.accepted_at, issues)
            if column.identifier is not None:
                read = read_identifier(column, value, catalogue.kinds[column.identifier], row.values)
                if read.identifies is not None:
                    identifiers.append(Identifier(column.identifier, read.identifies))
                elif read.reason is not None:
                    issues.append(Issue(column.name, read.reason))
        return _Said(trait, tuple(identifiers), tuple(issues))


class _SourceReaders(NamedTuple):
    """How the rows of one source are read."""

    readers: Sequence[_ColumnReader]
    event_time: str | None  #: the column that dates its rows
    identifying: Sequence[str]  #: columns from which identifiers are read
    identifies_by_acceptance: bool  #: whether identifiers also follow from when a row was accepted


class _Compiled(NamedTuple):
    """A catalogue, made ready to read rows."""

    sources: Mapping[str, _SourceReaders]
    composites: Sequence[IdentifierKind]


@lru_cache(maxsize=16)
def _compiled(catalogue: Catalogue) -> _Compiled:
    composites = tuple(kind for kind in catalogue.kinds.values() if kind.parts)
    parts = {part.trait for kind in composites for part in kind.parts}

    def source_readers(source: Source) -> _SourceReaders:
        identifying = [column for column in source.meanings if column.identifier is not None or column.trait in parts]
        regions = [column.region.column for column in identifying if isinstance(column.region, RegionColumn)]
        return _SourceReaders(
            readers=tuple(_reader(column, source, catalogue) for column in source.meanings),
            event_time=None if source.event_time is None else source.event_time.column,
            identifying=tuple(dict.fromkeys((*(column.name for column in identifying), *regions))),
            identifies_by_acceptance=any(_is_read_by_acceptance(column, catalogue) for column in identifying),
        )

    return _Compiled({name: source_readers(source) for name, source in catalogue.sources.items()}, composites)


def _reader(column: Column, source: Source, catalogue: Catalogue) -> _ColumnReader:
    by_row = _is_read_by_acceptance(column, catalogue) or isinstance(column.region, RegionColumn)
    return _ColumnReader(column.name, column.trait, not by_row, column, source, catalogue)


def _is_read_by_acceptance(column: Column, catalogue: Catalogue) -> bool:
    return column.trait is not None and catalogue.traits[column.trait].latest == ACCEPTED


#: Records are mapped whenever their component is touched; most texts have been seen before.
@lru_cache(maxsize=65_536)
def _said_before(reader: _ColumnReader, text: str, wants_trait: bool) -> _Said:
    return reader.read(text, _NO_ROW, wants_trait=wants_trait)


def _trait(
    column: Column, value: JsonValue, trait: Trait, source: Source, accepted_at: int, issues: list[Issue]
) -> JsonValue:
    """What a value says of the trait of its column; None where it says nothing, or cannot be read."""
    try:
        return trait_value(value, trait, column.reading, accepted_at)
    except ValueError as error:
        is_doubtful = source.format == "debezium" and trait.type in NUMBERS and may_be_a_number(value)
        issues.append(Issue(column.name, f"{error}{_IN_BASE64 if is_doubtful else ''}"))
        return None


def _composite_identifier(kind: IdentifierKind, traits: Mapping[str, JsonValue]) -> Identifier | None:
    values: list[str] = []
    for part in kind.parts:
        value = traits.get(part.trait)
        text = str(value) if isinstance(value, bool) else identifying_text(value)
        normal = None if text is None else _read_part(kind, part, text)
        if normal is None:
            return None
        values.append(normal)
    return Identifier(kind.name, orjson.dumps(values).decode())


def _read_part(kind: IdentifierKind, part: CompositePart, text: str) -> str | None:
    """The normal form of a part of a composite identifier; None: it has none, or identifies nobody."""
    return _normal(kind, part, text) if len(text) > LONGEST_REMEMBERED else _remembered_normal(kind, part, text)


def _normal(kind: IdentifierKind, part: CompositePart, text: str) -> str | None:
    normal = part.normalise(text)
    return None if normal is None or kind.is_blocked(text) or kind.is_blocked(normal) else normal


_remembered_normal = lru_cache(maxsize=65_536)(_normal)
