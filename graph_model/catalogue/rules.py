"""The catalogue as the engine uses it: frozen, checked, compiled.

What a user writes is `graph_model.catalogue.document`; one function there leads from it to this.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from graph_model.values.identifiers import IdentifierKind
from graph_model.values.paths import is_path
from graph_model.values.patterns import Pattern
from graph_model.values.reading import AS_WRITTEN, Reading
from graph_model.values.trait_values import TraitType

#: So many records at the most are joined into one profile; above it the weakest evidence is dropped, never a verdict.
COMPONENT_LIMIT = 1_000

#: Enters the catalogue's fingerprint; raised when the same records and verdicts give another result.
LAW_VERSION: Final = "2"

#: Enters the catalogue's fingerprint; raised when a column's value becomes another text before it is normalised.
IDENTIFIER_VALUES_VERSION: Final = "3"

MessageFormat = Literal["debezium", "rows"]

#: Trust in a source of which nothing else is said.
FULL_TRUST: Final = 100


class TraitRule(StrEnum):
    """How the value that a profile shows is chosen from those that its records say."""

    NEWEST = (
        "newest"  #: the newest one; of equally new ones that of the source named first, then of the smaller address
    )


#: What programs write where there is no value, in just these spellings; a catalogue may name more, or none.
NULL_MARKERS: Final = frozenset({"NULL", "\\N", "NaN", "#N/A", "(null)"})

#: The latest day of a trait is that on which its row was accepted.
ACCEPTED: Final = "accepted"


@dataclass(frozen=True, slots=True)
class Trait:
    """Something that is known of a person."""

    type: TraitType  #: what its values are
    rule: TraitRule = TraitRule.NEWEST
    earliest: str | None = None  #: ISO 8601 day; what lies before is no value
    latest: str | None = None  #: likewise, or `ACCEPTED`; what lies behind is no value
    blocked: frozenset[str] = frozenset()  #: values (casefolded) that stand for none
    is_limited: bool = field(init=False, compare=False)  #: whether it has limits, or blocked values

    def __post_init__(self) -> None:
        """Look once: every value asks."""
        object.__setattr__(self, "is_limited", bool(self.earliest or self.latest or self.blocked))


@dataclass(frozen=True, slots=True)
class RegionColumn:
    """The column of a row that says which country its numbers belong to."""

    column: str
    otherwise: str | None = None  #: the country of rows that say none
    nulls: frozenset[str] = NULL_MARKERS  #: texts in it that stand for none


#: Which country phone numbers without `+` belong to: a two-letter code, or the column that says it.
Region: TypeAlias = str | RegionColumn


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """A column that orders or dates a row, and how it is written."""

    column: str
    reading: Reading = AS_WRITTEN


@dataclass(frozen=True, slots=True)
class DeletionFlag:
    """The column that says that a row is deleted."""

    column: str
    equals: frozenset[str | None] | None  #: what it says then, by `flag_text`; None: yes or a time, see `flags.is_set`


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that is kept, and how its values are read."""

    name: str
    identifier: str | None  #: kind of identifier
    trait: str | None
    reading: Reading = AS_WRITTEN
    separator: str | None = None  #: what parts several values in one text
    region: Region | None = None  #: of phone numbers
    nulls: frozenset[str] = NULL_MARKERS  #: texts that stand for no value


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table or stream, and what its columns mean."""

    name: str
    format: MessageFormat
    topic: str | None  #: exact topic name
    topic_pattern: Pattern | None  #: or a pattern that whole topic names match
    table: str | None  #: `schema.table`, where one topic carries several tables
    file: str | None  #: file name pattern (`customers*.csv`) that `ingest` recognises
    key: tuple[str, ...]  #: columns of the key, in order
    event_time: TimeColumn | None  #: says when the row was last changed
    version: TimeColumn | None  #: its growing value orders a row's versions where there is no log
    epoch: int  #: raised when the topic is made anew; at least 1
    meanings: tuple[Column, ...]  #: the columns that say something of a person
    rank: int  #: place in the catalogue, 0 first; breaks ties between values equally new
    trust: int = FULL_TRUST  #: how far its records' identifiers are evidence: 0 (not at all) to `FULL_TRUST`
    deleted: DeletionFlag | None = None
    nulls: frozenset[str] = NULL_MARKERS  #: of columns that date, order or delete its rows
    encoding: str | None = None  #: of its files; None: told by their bytes

    identifiers: tuple[tuple[str, str], ...] = field(init=False, compare=False)  #: (column, identifier kind)
    traits: tuple[tuple[str, str], ...] = field(init=False, compare=False)  #: (column, trait)
    columns: frozenset[str] = field(init=False, compare=False)  #: every column whose value is kept
    named: tuple[str, ...] = field(init=False, compare=False)  #: every column that it names, each once, the key's first
    paths: tuple[str, ...] = field(init=False, compare=False)  #: names of columns that may lead into others

    def __post_init__(self) -> None:
        """Gather the columns once: every change of a row asks for them."""
        regions = {each.region.column for each in self.meanings if isinstance(each.region, RegionColumn)}
        kept = frozenset({each.name for each in self.meanings} | regions)
        single = (self.event_time, self.version, self.deleted)
        of_row = (*self.key, *(each.column for each in single if each is not None))
        named = tuple(dict.fromkeys((*of_row, *sorted(kept))))
        derived = {
            "identifiers": tuple((each.name, each.identifier) for each in self.meanings if each.identifier is not None),
            "traits": tuple((each.name, each.trait) for each in self.meanings if each.trait is not None),
            "columns": kept,
            "named": named,
            "paths": tuple(sorted(column for column in named if is_path(column))),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    @property
    def key_names(self) -> tuple[str, ...]:
        """What the parts of a key are, in order: of a source with a topic pattern the topic comes first."""
        return self.key if self.topic_pattern is None else ("topic", *self.key)

    def matches_topic(self, topic: str) -> bool:
        """Tell whether messages of `topic` belong to this source."""
        by_pattern = self.topic_pattern is not None and self.topic_pattern.fullmatch(topic)
        return topic == self.topic or by_pattern


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Catalogue:
    """Identifier kinds, traits and sources, ready to use. Compared by identity; the fingerprint tells equal meaning."""

    name: str  #: the file it came from, for messages
    kinds: Mapping[str, IdentifierKind]
    traits: Mapping[str, Trait]  #: by name, in the order in which readers see them
    sources: Mapping[str, Source]
    fingerprint: str  #: SHA-256 of everything that the result depends on
    exclusive_traits: frozenset[str] = frozenset()  #: traits of which one person has only one value
    text: str = ""  #: the YAML text that it was parsed from; empty where there was none

    def columns_of(self, source: str) -> frozenset[str]:
        """The columns whose values are kept of the rows of a source; none of one that is gone from the catalogue."""
        found = self.sources.get(source)
        return frozenset() if found is None else found.columns
