"""From a row as it was received to the change that it stands for: address, position, time, deletion."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

import orjson

from graph_model.catalogue.rules import Source
from graph_model.errors import MessageRejected
from graph_model.records.record import Change, RecordAddress
from graph_model.resolution.deletions import is_deleted
from graph_model.values.equality import JsonValue
from graph_model.values.keys import NotAKey, key_part, plain_key, stored_part, write_key
from graph_model.values.paths import has_column, root_of, value_at, values_at
from graph_model.values.positions import Offset, Position, SourcePosition
from graph_model.values.reading import AS_WRITTEN
from graph_model.values.times import DAY_MILLISECONDS
from graph_model.values.trait_values import exact_milliseconds, timestamp_milliseconds

#: Characters of a kept value, of lists and objects those of their JSON. What is read of a value is a part of it.
LARGEST_VALUE: Final = 65_536

#: A version number has so many digits at the most, those behind its point included.
_VERSION_DIGITS: Final = 100
_LONGEST_VERSION: Final = 1_000  #: characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where in which log a row was found, and when."""

    position: Position
    observed_at: int  #: milliseconds since 1970, where the row itself does not say
    accepted_at: int | None = None  #: when the row was accepted, or sent; None: at `observed_at`
    undated: bool = False  #: `observed_at` is nothing but the time of acceptance
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
        MessageRejected: a column of the key is missing or no key, the version is none, or a value is too large to keep.
    """
    if source.paths:
        row, unavailable = _with_paths(source, row, unavailable)
    where = address or key_address(source, row)
    deleted = deleted or is_deleted(source, row)
    if not deleted:
        _require_bounded(source, row)
    position = origin.position
    without_log = position.epoch == 0
    if source.version is not None and without_log:
        position = Position(0, _version_number(source, row))
    accepted_at = origin.observed_at if origin.accepted_at is None else origin.accepted_at
    said = None if deleted else _event_time(source, row, accepted_at)
    observed_at = origin.observed_at if said is None else said
    return Change(
        address=where,
        position=position,
        row=None if deleted else row,
        observed_at=observed_at,
        accepted_at=None if accepted_at == observed_at else accepted_at,
        undated=said is None and (origin.undated if source.event_time is None or deleted else True),
        dates_itself=said is not None,
        unavailable=frozenset() if deleted else unavailable & source.columns,
        source_position=origin.source_position,
        previous=origin.previous,
        moved_to=origin.moved_to,
        trace=origin.trace,
        is_numbered=without_log and source.version is None,
    )


def _with_paths(
    source: Source, row: Mapping[str, JsonValue], unavailable: frozenset[str]
) -> tuple[Mapping[str, JsonValue], frozenset[str]]:
    """A row with what its paths lead to; a path into a column that was not sent was not sent either."""
    found = values_at(row, source.paths, frozenset(each.name for each in source.meanings))
    return {**row, **found}, unavailable | {path for path in source.paths if root_of(path) in unavailable}


def _require_bounded(source: Source, row: Mapping[str, JsonValue]) -> None:
    """Refuse a row with a value that is too large to be kept, and read anew with every change of its person."""
    for column in source.columns:
        value = row.get(column)
        if isinstance(value, str):
            size = len(value)
        elif isinstance(value, list | Mapping):
            size = _size_written(source, column, value)
        else:
            continue
        if size > LARGEST_VALUE:
            raise MessageRejected(
                "map",
                f"the column {column!r} of source {source.name!r} holds {size} characters; at most {LARGEST_VALUE} are "
                "kept. Send less of it, or leave the column out of the catalogue",
            )


def _size_written(source: Source, column: str, value: JsonValue) -> int:
    """How many bytes of JSON a value takes."""
    try:
        return len(orjson.dumps(value))
    except TypeError as error:
        raise MessageRejected(
            "map",
            f"the column {column!r} of source {source.name!r} cannot be written as JSON: {error}; expected whole "
            "characters, not halves of surrogate pairs",
        ) from None


def _event_time(source: Source, row: Mapping[str, JsonValue], accepted_at: int) -> int | None:
    """When the row says that it was changed; None where it does not, or cannot be believed."""
    if source.event_time is None:
        return None
    value = row.get(source.event_time.column)
    if isinstance(value, str) and value.strip() in source.nulls:
        return None
    said = timestamp_milliseconds(value, source.event_time.reading)
    return None if said == 0 or said is None or said > accepted_at + DAY_MILLISECONDS else said


def key_address(source: Source, values: Mapping[str, JsonValue], topic: str = "") -> RecordAddress:
    """Build a record's address from its key columns, in the catalogue's order.

    Of a source with a topic pattern the topic comes first: topics are logs of their own, and the same key may
    stand in several of them for different rows.

    Raises:
        MessageRejected: a column of the key is missing, or its value is no key; see `graph_model.values.keys`.
    """
    is_topic_part = source.topic_pattern is not None and source.topic is None
    if len(source.key) == 1 and not is_topic_part:
        plain = plain_key(values.get(source.key[0]))
        if plain is not None:
            return RecordAddress(source.name, plain)
    parts: list[str] = []
    if is_topic_part:
        if not topic:
            raise MessageRejected("map", f"rows of source {source.name!r} come from the topics of its pattern only")
        parts.append(stored_part(topic))
    for column in source.key:
        try:
            parts.append(key_part(value_at(values, column)))
        except NotAKey as error:
            found = error if has_column(values, column) else "missing"
            raise MessageRejected(
                "map",
                f"the key column {column!r} of source {source.name!r} is {found}; a text or number is expected",
            ) from None
    return RecordAddress(source.name, write_key(parts))


def _version_number(source: Source, row: Mapping[str, JsonValue]) -> Offset:
    """The version column's value as a growing number, exact; times count in milliseconds."""
    column, reading = ("", AS_WRITTEN) if source.version is None else (source.version.column, source.version.reading)
    value = row.get(column)
    number = _sensible_number(value) if reading == AS_WRITTEN else None
    version = exact_milliseconds(value, reading) if number is None else number
    if version is None:
        raise MessageRejected(
            "map",
            f"the version column {column!r} of source {source.name!r} holds no number of at most "
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
