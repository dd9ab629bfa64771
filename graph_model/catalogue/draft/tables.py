"""Samples of tables, as they are drafted from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from graph_model.catalogue.rules import MessageFormat
from graph_model.values.equality import JsonValue

Row: TypeAlias = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOrigin:
    """Where a sample came from."""

    file: str | None = None  #: name pattern of the file
    topic: str | None = None  #: Kafka topic
    table: str | None = None  #: `schema.table`, where its topic carries several tables
    format: MessageFormat = "rows"
    encoding: str | None = None  #: of the file, where it is not UTF-8


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledTable:
    """Some rows of a table."""

    name: str  #: of the file, topic or table
    columns: Sequence[str]  #: all of them, in order
    rows: Sequence[Row]  #: later versions of a row behind earlier ones
    keys: Sequence[JsonValue] = ()  #: the key of each row's message: an object of columns, or one value; None: none
    is_whole: bool = True  #: there are no other rows
    origin: DraftOrigin = field(default_factory=DraftOrigin)
