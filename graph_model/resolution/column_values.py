"""What single columns of a row say: identifiers and traits, read as the catalogue declares them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from graph_model.catalogue.rules import ACCEPTED, Catalogue, Column, Region, RegionColumn, Trait
from graph_model.records.record import Record
from graph_model.values.characters import LONGEST_IDENTIFIER, LONGEST_REMEMBERED
from graph_model.values.countries import region_of_country
from graph_model.values.equality import JsonValue
from graph_model.values.identifiers import IdentifierKind
from graph_model.values.keys import is_shortened, number_text
from graph_model.values.normalise.several import looks_like_several
from graph_model.values.paths import astray_in
from graph_model.values.reading import AS_WRITTEN, Reading, read_day
from graph_model.values.times import iso_time
from graph_model.values.trait_values import nested_name, typed_value

#: Stands for the country that the kind itself belongs to.
_OF_KIND: Final = ""

#: A column may hold so many values in one row; of more none is read.
MOST_VALUES: Final = 100

#: Where the day is furthest ahead of UTC.
_LATEST_ZONE_MILLISECONDS: Final = 14 * 3_600_000


class ReadIdentifier(NamedTuple):
    """What was made of one value of an identifier column."""

    text: str  #: the value as text
    normal: str | None  #: its normal form; None where it has none
    identifies: str | None = None  #: its normal form where it identifies somebody
    is_blocked: bool = False  #: it is known to identify nobody
    reason: str | None = None  #: why it cannot be read; "the value …"


def read_identifiers(record: Record, catalogue: Catalogue) -> Iterator[tuple[IdentifierKind, ReadIdentifier]]:
    """Read every value of a record's identifier columns, of those that identify nobody, too."""
    source = catalogue.sources.get(record.address.source)
    values = record.values or {}
    for column in () if source is None else source.meanings:
        if column.identifier is not None:
            kind = catalogue.kinds[column.identifier]
            found, _ = single_values(column, values.get(column.name))
            for value in found:
                yield kind, read_identifier(column, value, kind, values)


def read_identifier(
    column: Column, value: JsonValue, kind: IdentifierKind, values: Mapping[str, JsonValue]
) -> ReadIdentifier:
    """Read one value of an identifier column.

    Args:
        column: how the column is written.
        value: a single value, neither null nor a list.
        kind: the kind of identifier.
        values: the row's values, one of which may say its country.
    """
    if column.reading is AS_WRITTEN and column.region is None and isinstance(value, str):
        return _identify(kind, value)
    text = identifying_text(value)
    if text is None or (isinstance(value, float) and not value.is_integer() and not column.reading.tells_time):
        found = nested_name(value)
        if isinstance(value, float):
            found = "a number that may have lost digits" if text is None else "a number with a fraction"
        return ReadIdentifier("", None, reason=f"is {found}; a text or number is expected for kind {kind.name!r}")
    if column.reading.tells_time:
        try:
            text = read_day(value, column.reading).isoformat()
        except ValueError as error:
            return ReadIdentifier(text, None, reason=str(error))
    return _identify(kind, text, _OF_KIND if column.region is None else _region(column.region, values))


def single_values(column: Column, value: JsonValue) -> tuple[Sequence[JsonValue], str | None]:
    """The values that a column's value is made of, without those that stand for none.

    Returns:
        The values; or none of them, and why: they are more than `MOST_VALUES`.
    """
    pieces: Sequence[JsonValue]
    if isinstance(value, str):
        if column.separator is None:
            return () if not value or value.strip() in column.nulls else (value,), None
        pieces = [piece.strip() for piece in value.split(column.separator)]
    elif isinstance(value, list):
        pieces = value
    else:
        return () if value is None or _is_none_astray(column, value) else (value,), None
    found = [
        piece
        for piece in pieces
        if piece is not None
        and not (isinstance(piece, str) and (not piece or piece.strip() in column.nulls))
        and not _is_none_astray(column, piece)
    ]
    if len(found) > MOST_VALUES:
        return (), f"holds {len(found)} values, none of which is read; expected at most {MOST_VALUES}"
    return found, None


def _is_none_astray(column: Column, value: JsonValue) -> bool:
    """Whether a path led into a text that stands for no value."""
    astray = astray_in(value)
    return isinstance(astray, str) and astray.strip() in column.nulls


def trait_value(value: JsonValue, trait: Trait, reading: Reading, accepted_at: int) -> JsonValue:
    """Read one value of a trait's column.

    Args:
        value: a single value, neither null nor a list.
        trait: what it is read as, and its limits.
        reading: how the column is written.
        accepted_at: when the row was accepted, milliseconds since 1970.

    Returns:
        The value; None where it stands for none.

    Raises:
        ValueError: it cannot be read, or lies outside of the limits; "the value …".
    """
    if not isinstance(value, str) or len(value) > LONGEST_REMEMBERED:
        said = typed_value(value, trait.type, reading)
    elif reading is AS_WRITTEN:
        said = _typed_text(value, trait.type)
    else:
        said = _typed_text(value, trait.type, reading)
    return _within_limits(said, trait, accepted_at) if trait.is_limited and said is not None else said


#: Records are mapped whenever their component is touched; most texts have been seen before.
_typed_text = lru_cache(maxsize=65_536)(typed_value)


def _within_limits(said: JsonValue, trait: Trait, accepted_at: int) -> JsonValue:
    """The value, or None where it stands for none; days and times compare as they are written."""
    text = str(said)
    if text.casefold() in trait.blocked:
        return None
    if trait.earliest is not None and text < trait.earliest:
        raise ValueError(f"lies before {trait.earliest}, the earliest that the catalogue believes")
    if trait.latest is None:
        return said
    day = trait.latest
    if day == ACCEPTED:
        day = iso_time(accepted_at + _LATEST_ZONE_MILLISECONDS)[:10]
    if text[:10] > day:
        meant = "the day on which the row was accepted" if trait.latest == ACCEPTED else day
        raise ValueError(f"lies after {meant}; nothing later is believed")
    return said


def _region(region: Region, values: Mapping[str, JsonValue]) -> str | None:
    """The country that the numbers of a row belong to; None: it says one that is not known."""
    if not isinstance(region, RegionColumn):
        return region
    said = values.get(region.column)
    if said is None or (isinstance(said, str) and (not said.strip() or said.strip() in region.nulls)):
        return region.otherwise
    text = identifying_text(said)
    return None if text is None else region_of_country(text)


def identifying_text(value: JsonValue) -> str | None:
    """What of a value may identify somebody: a text, or a number without its notation; None where it cannot."""
    if isinstance(value, str):
        return value
    return number_text(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _identify(kind: IdentifierKind, text: str, region: str | None = _OF_KIND) -> ReadIdentifier:
    if len(text) > LONGEST_IDENTIFIER:
        return ReadIdentifier(text, None, reason=f"has {len(text)} characters; expected at most {LONGEST_IDENTIFIER}")
    return _read(kind, text, region) if len(text) > LONGEST_REMEMBERED else _read_before(kind, text, region)


def _read(kind: IdentifierKind, text: str, region: str | None) -> ReadIdentifier:
    normalise = kind.normalise
    if region != _OF_KIND and kind.for_region is not None:
        normalise = kind.for_region(region)
    if normalise is None or kind.is_blocked(text):
        return ReadIdentifier(text, None if normalise is None else normalise(text), is_blocked=True)
    normal = normalise(text)
    if normal is None:
        return ReadIdentifier(text, None, reason=_unread_reason(kind, text) if text.strip() else None)
    if normal != text and kind.is_blocked(normal):
        return ReadIdentifier(text, normal, is_blocked=True)
    return ReadIdentifier(text, normal, normal)


_read_before = lru_cache(maxsize=65_536)(_read)


def _unread_reason(kind: IdentifierKind, text: str) -> str:
    if is_shortened(text):
        return f"is a number that has lost digits, since it was written with an exponent; no kind {kind.name!r}"
    if looks_like_several(text):
        return "holds several values; declare what parts them with `separator`, or name one column for each"
    return f"cannot be read as kind {kind.name!r}"
