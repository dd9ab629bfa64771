"""From a row to what it says about a person: address, identifiers, traits.

A value that cannot be normalised or typed costs the record that value and leaves an issue; only a row
without a usable key cannot become a change at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

import orjson

from graph_model.catalogue.rules import Catalogue, Source
from graph_model.errors import MessageRejected
from graph_model.records.record import Change, Record, RecordAddress
from graph_model.values.equality import JsonValue
from graph_model.values.identifiers import Identifier, IdentifierKind
from graph_model.values.keys import NotAKey, key_part, number_text, stored_part, write_key
from graph_model.values.positions import Offset, Position, SourcePosition
from graph_model.values.trait_values import TraitType, exact_milliseconds, timestamp_milliseconds, typed_value

#: A version number has so many digits at the most, those behind its point included.
_VERSION_DIGITS: Final = 100
_LONGEST_VERSION: Final = 1_000  #: characters


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where in which log a row was found, and when."""

    position: Position
    observed_at: int  #: milliseconds since 1970, where the row itself does not say
    source_position: SourcePosition | None = None
    previous: RecordAddress | None = None
    moved_to: RecordAddress | None = None
    trace: str | None = None


def row_change(
    source: Source,
    row: Mapping[str, JsonValue],
    origin: Origin,
    *,
    deleted: bool = False,
    unavailable: frozenset[str] = frozenset(),
    address: RecordAddress | None = None,
) -> Change:
    """Make the change that a row of `source` stands for.

    Args:
        source: the source that the row belongs to.
        row: its columns; for a deleted row the key columns are enough.
        origin: position and time of this version.
        deleted: the row is gone.
        unavailable: columns of which the source did not send the value.
        address: the row's address where the message has it apart from the row.

    Raises:
        MessageRejected: a column of the key is missing or is no key, or the version column is no number and no time.
    """
    where = address or key_address(source, row)
    position = origin.position
    without_log = position.epoch == 0
    if source.version is not None and without_log:
        position = Position(0, _version_number(source, row))
    said = None if source.event_time is None or deleted else timestamp_milliseconds(row.get(source.event_time))
    return Change(
        address=where,
        position=position,
        row=None if deleted else row,
        observed_at=origin.observed_at if said is None else said,
        unavailable=frozenset() if deleted else unavailable & source.columns,
        source_position=origin.source_position,
        previous=origin.previous,
        moved_to=origin.moved_to,
        trace=origin.trace,
        is_numbered=without_log and source.version is None,
    )


def key_address(source: Source, values: Mapping[str, JsonValue], topic: str = "") -> RecordAddress:
    """Build a record's address from its key columns, in the catalogue's order.

    Of a source with a topic pattern the topic comes first: topics are logs of their own, and the same key may
    stand in several of them for different rows.

    Raises:
        MessageRejected: a column of the key is missing, or its value is no key; see `graph_model.values.keys`.
    """
    parts: list[str] = []
    if source.topic_pattern is not None and source.topic is None:
        if not topic:
            raise MessageRejected("map", f"rows of source {source.name!r} come from the topics of its pattern only")
        parts.append(stored_part(topic))
    for column in source.key:
        try:
            parts.append(key_part(values.get(column)))
        except NotAKey as error:
            found = error if column in values else "missing"
            raise MessageRejected(
                "map",
                f"the key column {column!r} of source {source.name!r} is {found}; a text or number is expected",
            ) from None
    return RecordAddress(source.name, write_key(parts))


def map_record(record: Record, catalogue: Catalogue) -> MappedRecord:
    """Derive identifiers and traits from a live record's values."""
    source = catalogue.sources.get(record.address.source)
    if source is None or record.values is None:
        return MappedRecord(record, (), {}, ())
    issues: list[Issue] = []
    traits: dict[str, JsonValue] = {}
    for column, trait in source.traits:
        try:
            value = _typed(record.values.get(column), catalogue.traits[trait].type)
        except ValueError as error:
            issues.append(Issue(column, str(error)))
            continue
        if value is not None:
            traits.setdefault(trait, value)
    identifiers: set[Identifier] = set()
    for column, kind_name in source.identifiers:
        identifier = _simple_identifier(catalogue.kinds[kind_name], column, record.values.get(column), issues)
        if identifier is not None:
            identifiers.add(identifier)
    for kind in _composite_kinds(catalogue):
        composite = _composite_identifier(kind, traits)
        if composite is not None:
            identifiers.add(composite)
    return MappedRecord(record, tuple(sorted(identifiers)), traits, tuple(sorted(set(issues))) if issues else ())


@lru_cache(maxsize=16)
def _composite_kinds(catalogue: Catalogue) -> tuple[IdentifierKind, ...]:
    return tuple(kind for kind in catalogue.kinds.values() if kind.parts)


def _typed(value: JsonValue, trait_type: TraitType) -> JsonValue:
    return _typed_text(value, trait_type) if isinstance(value, str) else typed_value(value, trait_type)


#: Records are mapped whenever their component is touched; most texts have been seen before.
_typed_text = lru_cache(maxsize=65_536)(typed_value)


def _simple_identifier(kind: IdentifierKind, column: str, value: JsonValue, issues: list[Issue]) -> Identifier | None:
    if value is None or value == "":
        return None
    text = identifying_text(value)
    if text is None:
        found = "a number that may have lost digits" if isinstance(value, float) else type(value).__name__
        issues.append(Issue(column, f"is {found}; a text or number is expected for kind {kind.name!r}"))
        return None
    identifier, is_readable = _identify(kind, text)
    if not is_readable:
        issues.append(Issue(column, f"cannot be read as kind {kind.name!r}"))
    return identifier


def identifying_text(value: JsonValue) -> str | None:
    """What of a value may identify somebody: a text, or a number without its notation; None where it cannot."""
    if isinstance(value, str):
        return value
    return number_text(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


@lru_cache(maxsize=65_536)
def _identify(kind: IdentifierKind, text: str) -> tuple[Identifier | None, bool]:
    """The identifier that a text stands for, if it identifies anybody, and whether it could be read at all."""
    if kind.normalise is None or kind.is_blocked(text):
        return None, True
    normal = kind.normalise(text)
    if normal is None:
        return None, not text.strip()
    if normal != text and kind.is_blocked(normal):
        return None, True
    return Identifier(kind.name, normal), True


def _composite_identifier(kind: IdentifierKind, traits: Mapping[str, JsonValue]) -> Identifier | None:
    values: list[str] = []
    for part in kind.parts:
        value = traits.get(part.trait)
        text = str(value) if isinstance(value, bool) else identifying_text(value)
        normal = None if text is None else part.normalise(text)
        if normal is None or kind.is_blocked(normal):
            return None
        values.append(normal)
    return Identifier(kind.name, orjson.dumps(values).decode())


def _version_number(source: Source, row: Mapping[str, JsonValue]) -> Offset:
    """The version column's value as a growing number, exact; times count in milliseconds."""
    value = row.get(source.version or "")
    number = _sensible_number(value)
    version = exact_milliseconds(value) if number is None else number
    if version is None:
        raise MessageRejected(
            "map",
            f"the version column {source.version!r} of source {source.name!r} holds no number of at most "
            f"{_VERSION_DIGITS} digits and no time",
        )
    return version


def _sensible_number(value: JsonValue) -> Decimal | None:
    """A number of a size that can be written in digits."""
    if not isinstance(value, str | int | float) or (isinstance(value, str) and len(value) > _LONGEST_VERSION):
        return None
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):  # Python writes whole numbers of some thousand digits only
        return None
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        return None
    return number if max(len(digits), len(digits) + exponent, -exponent) <= _VERSION_DIGITS else None
