"""What looks wrong after a scan, with all that must not have moved since for it to be wrong indeed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graph_model.records.record import RecordAddress
from graph_model.resolution.hubs import BUCKETS
from graph_model.values.identifiers import Identifier
from services.stores.port.stored import StoredIdentifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What must be resolved again from the records, and together, to mend a difference."""

    records: frozenset[RecordAddress] = frozenset()
    profiles: frozenset[str] = frozenset()
    identifiers: frozenset[Identifier] = frozenset()  #: those whose holders must be counted again
    verdict_id: str | None = None  #: or the verdict that must be written again as the ledger has it
    carriers: frozenset[RecordAddress] = frozenset()  #: the records that carry this verdict, rightly or not


@dataclass(frozen=True, slots=True)
class SeenIdentifier:
    """The revisions at which the holders of an identifier were seen; None: it, or the bucket, was not there."""

    revision: str | None
    buckets: Mapping[int, str | None] = field(default_factory=dict)  #: those that matter

    @classmethod
    def whole(cls, stored: StoredIdentifier | None) -> "SeenIdentifier":
        """All its holders."""
        return cls.of(stored, range(BUCKETS) if stored is not None and stored.is_hub else ())

    @classmethod
    def of(cls, stored: StoredIdentifier | None, numbers: Iterable[int]) -> "SeenIdentifier":
        """Its holders in some buckets."""
        if stored is None:
            return cls(None, dict.fromkeys(numbers))
        found = {n: stored.buckets[n].revision if n in stored.buckets else None for n in numbers}
        return cls(stored.revision, found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """Differences that are real if nothing they rest on has moved."""

    problems: tuple[str, ...]
    repair: Repair | None = None  #: None: it is mended together with another one
    profiles: Mapping[str, str | None] = field(default_factory=dict)  #: revisions; None: it was not there
    records: Mapping[RecordAddress, tuple[str, str | None]] = field(default_factory=dict)  #: revision and profile
    identifiers: Mapping[Identifier, SeenIdentifier] = field(default_factory=dict)
    generic: frozenset[Identifier] = frozenset()
    """Of these identifiers only that they are generic matters, not who carries them."""
