"""Profiles: the lasting public face of a cluster, as they are stored, served and published.

What a profile says (traits, identifiers, records, conflicts, dropped evidence) is a pure function of the records in
force. Its head (id, version, status, times) is history. `graph_model.profile.codec` reads and writes the one JSON
document of both; the published schema is made from these types.

IdentityGraphError
└── ProfileDamaged    a document cannot be read
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct, field

from graph_model.catalogue.rules import COMPONENT_LIMIT
from graph_model.errors import IdentityGraphError
from graph_model.records.record import RecordAddress
from graph_model.resolution.constraints import Constraint
from graph_model.values.equality import JsonValue
from graph_model.values.identifiers import Identifier

#: A profile that is no longer live remembers so many of its records at the most.
REMEMBERED_RECORDS: Final = 1_000

#: What reading a damaged document fails with.
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

#: Meanings that the published schema shows; nothing of it is checked when a document is read.
ProfileId: TypeAlias = Annotated[str, Meta(extra_json_schema={"pattern": "^[0-9a-f]{32}$"})]
Version: TypeAlias = Annotated[int, Meta(extra_json_schema={"minimum": 1})]
Time: TypeAlias = Annotated[
    str,
    Meta(
        extra_json_schema={"format": "date-time", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"},
    ),
]
Undated: TypeAlias = Annotated[
    bool,
    Meta(
        description="The source did not say when: `observed_at` is only the time at which the row was accepted. Left "
        "out where it did."
    ),
]
SourceName: TypeAlias = Annotated[str, Meta(description="Name of the source in the catalogue.")]
#: The parts of a key. Documents of long ago may spell numbers in other ways than those of today.
Key: TypeAlias = Annotated[
    tuple[int | str | float | bool, ...],
    Meta(
        description="Parts of the key, in the catalogue's order: whole numbers of at most 15 digits as numbers, "
        "everything else as text.",
        extra_json_schema={"minItems": 1},
    ),
]


class ProfileDamaged(IdentityGraphError):
    """A document is no profile, or nothing that is told of one."""

    def __init__(self) -> None:
        super().__init__(
            "the document of a profile cannot be read: it is no JSON, or has other fields than a profile; "
            "`identity-graph verify --repair` makes it anew from its records"
        )


def read_value(written: bytes | Raw) -> JsonValue:
    """Read the value of a trait.

    Raises:
        ProfileDamaged: it is none.
    """
    try:
        value: JsonValue = msgspec.json.decode(written)
    except UNREADABLE:
        raise ProfileDamaged from None
    return value


class ProfileStatus(StrEnum):
    """What has become of a profile id."""

    LIVE = "live"  #: it has records
    ABSORBED = "absorbed"  #: its records belong to other profiles now
    DELETED = "deleted"  #: its records are gone


class RecordReference(Struct, frozen=True, gc=False):
    """Address of a row."""

    source: SourceName
    key: Key

    @property
    def address(self) -> RecordAddress:
        """The address, with the key in its canonical form."""
        return RecordAddress.stored(self.source, self.key)


class Observation(RecordReference, frozen=True, gc=False):
    """A row that said something, and when."""

    observed_at: Time


class ProfileTrait(Struct, frozen=True, omit_defaults=True, gc=False):
    """A value with its origin."""

    written: Annotated[Raw, Meta(extra_json_schema={"type": ["string", "number", "boolean"]})] = field(name="value")
    """The value as canonical JSON: two values are equal where these bytes are."""
    source: SourceName
    key: Key
    observed_at: Time
    further: Annotated[
        tuple[Observation, ...],
        Meta(description="Further rows that the value comes from, where the trait's rule takes several."),
    ] = ()
    undated: Undated = False

    @property
    def value(self) -> JsonValue:
        """The value itself.

        Raises:
            ProfileDamaged: it is none.
        """
        return read_value(self.written)

    @property
    def records(self) -> tuple[RecordReference, ...]:
        """All rows that it comes from; at least one."""
        return (RecordReference(self.source, self.key), *self.further)


class ProfileIdentifier(Struct, frozen=True, omit_defaults=True, gc=False):
    """An identifier that its records carry."""

    kind: str
    value: Annotated[str, Meta(description="Normalised.")]
    source: Annotated[str, Meta(description="Name of the source of the record that is named for it.")]
    key: Key
    observed_at: Time
    records: Annotated[
        int, Meta(description="How many of the profile's records carry it.", extra_json_schema={"minimum": 1})
    ]
    generic: Annotated[bool, Meta(description="Too many records carry it for it to be evidence.")]
    undated: Undated = False

    @property
    def identifier(self) -> Identifier:
        """The identifier itself."""
        return Identifier(self.kind, self.value)


class ValueIssue(Struct, frozen=True, gc=False):
    """A value that could not be used."""

    column: str
    reason: str


class ProfileRecord(Observation, frozen=True, omit_defaults=True, gc=False):
    """A row that belongs to this person."""

    issues: tuple[ValueIssue, ...]
    incomplete: Annotated[tuple[str, ...], Meta(description="Columns whose value the source has never sent.")]
    undated: Undated = False


class ProfileConflict(Struct, frozen=True, gc=False):
    """Two records that evidence connects and a rule keeps apart, or that contradict each other."""

    constraint: Annotated[
        Constraint,
        Meta(
            description="values: more values of an identifier kind than a person may have. trait: two values of an "
            "exclusive trait. verdict: a steward says that they are two people."
        ),
    ]
    name: Annotated[str, Meta(description="The identifier kind, the trait, or the id of the verdict.")]
    records: Annotated[
        tuple[RecordReference, RecordReference],
        Meta(description="Twice the same: the record breaks the constraint by itself."),
    ]
    values: Annotated[tuple[str, str], Meta(description="What each record says; both are empty of a verdict.")]
    refused: Annotated[
        str | None,
        Meta(
            description="The strongest evidence that was not followed (`kind:value`, or `verdict:same`); null of a "
            "single record."
        ),
    ]


class Lineage(Struct, frozen=True):
    """What is remembered of a profile without records."""

    merged_into: str | None  #: the profile that most of its records went to when it was absorbed
    records: tuple[RecordReference, ...]  #: those that it had last, at most `REMEMBERED_RECORDS`
    records_total: int  #: how many it had


class Profile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A profile that has records; one that is gone says nothing but its lineage."""

    profile_id: ProfileId
    version: Version  #: grows by one with every event; 0: no event yet
    status: ProfileStatus
    created_at: Time  #: empty: not in force yet
    updated_at: Time  #: likewise
    traits: Annotated[Mapping[str, ProfileTrait], Meta(description="Golden values by trait, in the catalogue's order.")]
    identifiers: tuple[ProfileIdentifier, ...]
    records: Annotated[tuple[ProfileRecord, ...], Meta(extra_json_schema={"minItems": 1})]
    conflicts: tuple[ProfileConflict, ...]
    dropped_evidence: Annotated[
        tuple[str, ...],
        Meta(
            description="Identifiers (`kind:value`) left out as evidence, since more than "
            f"{COMPONENT_LIMIT} records would hang together by them."
        ),
    ]
    lineage: Lineage | None = None  #: only of a profile that is gone

    @property
    def members(self) -> list[RecordAddress]:
        """The addresses of its records, or of those that it remembers."""
        named = self.records if self.lineage is None else self.lineage.records
        return [record.address for record in named]

    @property
    def generic(self) -> set[Identifier]:
        """The identifiers that it marks as generic."""
        return {entry.identifier for entry in self.identifiers if entry.generic}

    @property
    def merged_into(self) -> str | None:
        """The profile that most of its records went to when it was absorbed; None of every other profile."""
        return None if self.lineage is None else self.lineage.merged_into


def profile_without_records(
    profile_id: str, version: int, status: ProfileStatus, created_at: str, updated_at: str, lineage: Lineage
) -> Profile:
    """A profile that is gone: it says nothing but its lineage."""
    return Profile(
        profile_id=profile_id,
        version=version,
        status=status,
        created_at=created_at,
        updated_at=updated_at,
        traits={},
        identifiers=(),
        records=(),
        conflicts=(),
        dropped_evidence=(),
        lineage=lineage,
    )
