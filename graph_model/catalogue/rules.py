"""The catalogue as the engine uses it: frozen, checked, compiled.

What a user writes is `graph_model.catalogue.document`; one function there leads from it to this.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from graph_model.values.identifiers import IdentifierKind
from graph_model.values.trait_values import TraitType

#: So many records at the most are joined into one profile; above it the weakest evidence is dropped, never a verdict.
COMPONENT_LIMIT = 1_000

#: Enters the catalogue's fingerprint; raised when the same records and verdicts give another result.
LAW_VERSION: Final = "2"

#: Enters the catalogue's fingerprint; raised when a column's value becomes another text before it is normalised.
IDENTIFIER_VALUES_VERSION: Final = "1"

MessageFormat = Literal["debezium", "rows"]

#: Trust in a source of which nothing else is said.
FULL_TRUST: Final = 100


class TraitRule(StrEnum):
    """How the value that a profile shows is chosen from those that its records say."""

    NEWEST = (
        "newest"  #: the newest one; of equally new ones that of the source named first, then of the smaller address
    )


@dataclass(frozen=True, slots=True)
class Trait:
    """Something that is known of a person."""

    type: TraitType  #: what its values are
    rule: TraitRule = TraitRule.NEWEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table or stream, and what its columns mean."""

    name: str
    format: MessageFormat
    topic: str | None  #: exact topic name
    topic_pattern: re.Pattern[str] | None  #: or a pattern that whole topic names match
    table: str | None  #: `schema.table`, where one topic carries several tables
    file: str | None  #: file name pattern (`customers*.csv`) that `ingest` recognises
    key: tuple[str, ...]  #: columns of the key, in order
    event_time: str | None  #: column that says when the row was last changed
    version: str | None  #: column whose growing value orders a row's versions where there is no log
    epoch: int  #: raised when the topic is made anew; at least 1
    identifiers: tuple[tuple[str, str], ...]  #: (column, identifier kind)
    traits: tuple[tuple[str, str], ...]  #: (column, trait)
    rank: int  #: place in the catalogue, 0 first; breaks ties between values equally new
    trust: int = FULL_TRUST  #: how far its records' identifiers are evidence: 0 (not at all) to `FULL_TRUST`

    columns: frozenset[str] = field(init=False, compare=False)  #: every column whose value is kept

    def __post_init__(self) -> None:
        """Gather the columns once: every change of a row asks for them."""
        object.__setattr__(self, "columns", frozenset(column for column, _ in (*self.identifiers, *self.traits)))

    @property
    def key_names(self) -> tuple[str, ...]:
        """What the parts of a key are, in order: of a source with a topic pattern the topic comes first."""
        return self.key if self.topic_pattern is None else ("topic", *self.key)

    def matches_topic(self, topic: str) -> bool:
        """Tell whether messages of `topic` belong to this source."""
        by_pattern = self.topic_pattern is not None and self.topic_pattern.fullmatch(topic) is not None
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
