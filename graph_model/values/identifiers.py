"""Identifiers: values that tell who a record is about, and the kinds they come in."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from graph_model.values.patterns import Pattern


class Identifier(NamedTuple):
    """A normalised value of a kind, for example `email:ann@example.com`. Several records may carry it."""

    kind: str
    value: str

    @classmethod
    def parse(cls, text: str) -> "Identifier | None":
        """Read `kind:value`; None where the text has no colon or either side is empty."""
        kind, separator, value = text.partition(":")
        return cls(kind, value) if separator and kind and value else None

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


HIGHEST_PRIORITY: Final = 1_000_000

#: Turns a received value into its normal form; None where it has none.
Normaliser = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class CompositePart:
    """One part of a composite identifier: a trait, and how its value is normalised."""

    trait: str
    normalise: Normaliser


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IdentifierKind:
    """What the catalogue says of one kind of identifier. Compared by identity: a catalogue has each kind once."""

    name: str
    normalise: Normaliser | None  #: None: a composite kind, derived from traits
    holder_limit: int  #: how many records may carry one value before it is generic
    priority: int  #: rank as evidence; the greater joins first; 0 to `HIGHEST_PRIORITY`
    value_limit: int | None = None  #: how many values one person may have; None: any number
    blocked_values: frozenset[str] = frozenset()  #: normal forms (casefolded) that identify nobody
    blocked_patterns: tuple[Pattern | re.Pattern[str], ...] = ()  #: those in code are linear themselves
    blocked_mailboxes: frozenset[str] = frozenset()  #: local parts of addresses that several people read
    allowed_values: frozenset[str] = frozenset()  #: what is not blocked nevertheless; `info@`: of every domain
    for_region: Callable[[str | None], Normaliser] | None = None  #: of phone numbers: the normaliser of a country
    parts: tuple[CompositePart, ...] = ()

    def is_generic(self, holders: int) -> bool:
        """Tell whether a value that `holders` records carry is too common to be evidence."""
        return holders > self.holder_limit

    def is_blocked(self, text: str) -> bool:
        """Tell whether a value, as received or normalised, is one that identifies nobody."""
        folded = text.strip().casefold()
        mailbox, at, _ = folded.rpartition("@")
        if self.allowed_values and (folded in self.allowed_values or f"{mailbox}{at}" in self.allowed_values):
            return False
        if folded in self.blocked_values or (at and mailbox in self.blocked_mailboxes):
            return True
        return any(pattern.search(folded) for pattern in self.blocked_patterns)
