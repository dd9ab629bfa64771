"""From a record to what it says about a person: identifiers and traits.

A value that cannot be normalised or typed costs the record that value and leaves an issue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import orjson

from graph_model.catalogue.rules import Catalogue, Column, Source, Trait
from graph_model.records.record import Record, RecordAddress
from graph_model.resolution.column_values import identifying_text, read_identifier, single_values, trait_value
from graph_model.values.base64_numbers import may_be_a_number
from graph_model.values.equality import JsonValue
from graph_model.values.identifiers import Identifier, IdentifierKind
from graph_model.values.trait_values import NUMBERS

_UNDATED: Final = (
    "gives no time that can be believed (missing, unreadable, 0, or more than a day after the row was accepted); the "
    "time of acceptance stands in"
)

_IN_BASE64: Final = (
    ". It may be a decimal in base64, whose scale only a schema tells: set `decimal.handling.mode=string` of the "
    "connector, or `schemas.enable=true` of its converter"
)


@dataclass(frozen=True, slots=True, order=True)
class Issue:
    """A value that could not be used."""

    column: str
    reason: str  #: what is wrong with it, without the value itself


@dataclass(frozen=True, slots=True)
class MappedRecord:
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
    source = catalogue.sources.get(record.address.source)
    if source is None or record.values is None:
        return MappedRecord(record, (), {}, ())
    traits: dict[str, JsonValue] = {}
    identifiers: set[Identifier] = set()
    issues: set[Issue] = set()
    values, accepted_at = record.values, record.believed_until
    for column in source.meanings:
        received = values.get(column.name)
        for value in () if received is None else _values(column, received, issues):
            if column.trait is not None and column.trait not in traits:
                said = _trait(column, value, catalogue.traits[column.trait], source, accepted_at, issues)
                if said is not None:
                    traits[column.trait] = said
            if column.identifier is not None:
                read = read_identifier(column, value, catalogue.kinds[column.identifier], values)
                if read.identifies is not None:
                    identifiers.add(Identifier(column.identifier, read.identifies))
                elif read.reason is not None:
                    issues.add(Issue(column.name, read.reason))
    for kind in _composite_kinds(catalogue):
        composite = _composite_identifier(kind, traits)
        if composite is not None:
            identifiers.add(composite)
    if source.event_time is not None and record.undated:
        issues.add(Issue(source.event_time.column, _UNDATED))
    return MappedRecord(record, tuple(sorted(identifiers)), traits, tuple(sorted(issues)) if issues else ())


def _values(column: Column, received: JsonValue, issues: set[Issue]) -> Sequence[JsonValue]:
    """The values of a column that are to be read."""
    found, fault = single_values(column, received)
    if fault is not None:
        issues.add(Issue(column.name, fault))
    return found


def _trait(
    column: Column, value: JsonValue, trait: Trait, source: Source, accepted_at: int, issues: set[Issue]
) -> JsonValue:
    """What a value says of the trait of its column; None where it says nothing, or cannot be read."""
    try:
        return trait_value(value, trait, column.reading, accepted_at)
    except ValueError as error:
        is_doubtful = source.format == "debezium" and trait.type in NUMBERS and may_be_a_number(value)
        issues.add(Issue(column.name, f"{error}{_IN_BASE64 if is_doubtful else ''}"))
        return None


@lru_cache(maxsize=16)
def _composite_kinds(catalogue: Catalogue) -> tuple[IdentifierKind, ...]:
    return tuple(kind for kind in catalogue.kinds.values() if kind.parts)


def _composite_identifier(kind: IdentifierKind, traits: Mapping[str, JsonValue]) -> Identifier | None:
    values: list[str] = []
    for part in kind.parts:
        value = traits.get(part.trait)
        text = str(value) if isinstance(value, bool) else identifying_text(value)
        normal = None if text is None else part.normalise(text)
        if text is None or normal is None or kind.is_blocked(text) or kind.is_blocked(normal):
            return None
        values.append(normal)
    return Identifier(kind.name, orjson.dumps(values).decode())
