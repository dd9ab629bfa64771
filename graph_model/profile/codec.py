"""The one JSON form of a profile, and of what is told of it.

Numbers in the values of traits have the spelling of `graph_model.values.equality`, so a value is kept as the bytes that
it was written as.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from graph_model.profile.document import (
    UNREADABLE,
    Lineage,
    Profile,
    ProfileDamaged,
    ProfileId,
    ProfileStatus,
    ProfileTrait,
    RecordReference,
    Time,
    Version,
    profile_without_records,
)
from graph_model.profile.events import HistoryStep, ProfileUpdate
from graph_model.values.times import iso_time


class FormerProfile(Struct, frozen=True):
    """A profile without records. Keep it: readers that hold its id learn here where to look."""

    profile_id: ProfileId
    version: Version
    status: Annotated[
        ProfileStatus, Meta(description="absorbed: its records belong to other profiles. deleted: they are gone.")
    ]
    created_at: Time
    updated_at: Time
    merged_into: Annotated[
        str | None,
        Meta(
            description="The profile that most of its records went to when it was absorbed; null: it was deleted. "
            "Where they are now, `GET /v1/profiles/{id}` tells."
        ),
    ]
    records: Annotated[tuple[RecordReference, ...], Meta(description="The records it had last, at most 1000.")]
    records_total: Annotated[int, Meta(extra_json_schema={"minimum": 0})]


@dataclass(frozen=True, slots=True)
class Salvaged:
    """A profile of which parts may be damaged."""

    profile: Profile  #: damaged parts say nothing
    damaged: frozenset[str] = frozenset()  #: names of these parts


class _Records(Struct, frozen=True):
    records: list[Raw]


class _Counted(Struct, frozen=True):
    """As much of the data of an event as it takes to count the profile's records."""

    profile: _Records


_SAYS_NOTHING: Final[dict[str, Any]] = {
    "profile_id": "",
    "version": 0,
    "status": ProfileStatus.LIVE,
    "created_at": iso_time(0),
    "updated_at": iso_time(0),
    "traits": {},
    "identifiers": (),
    "records": (),
    "conflicts": (),
    "dropped_evidence": (),
    "merged_into": None,
    "records_total": 0,
    "lineage": None,
}

Decoded = TypeVar("Decoded")

_encoder: Final = msgspec.json.Encoder()
_live: Final[msgspec.json.Decoder[Profile | FormerProfile]] = msgspec.json.Decoder(Profile)
_former: Final[msgspec.json.Decoder[Profile | FormerProfile]] = msgspec.json.Decoder(FormerProfile)
_step: Final = msgspec.json.Decoder(HistoryStep)
_update: Final = msgspec.json.Decoder(ProfileUpdate)
_counted: Final = msgspec.json.Decoder(_Counted)
_members: Final = msgspec.json.Decoder(dict[str, Raw])
_trait: Final = msgspec.json.Decoder(ProfileTrait)
_entries: Final = msgspec.json.Decoder(list[Raw])
_reference: Final = msgspec.json.Decoder(RecordReference)


def encode_profile(profile: Profile) -> bytes:
    """Write a profile as it is stored, served and published."""
    if profile.lineage is None:
        return _encoder.encode(profile)
    return _encoder.encode(
        FormerProfile(
            profile.profile_id,
            profile.version,
            profile.status,
            profile.created_at,
            profile.updated_at,
            profile.lineage.merged_into,
            profile.lineage.records,
            profile.lineage.records_total,
        )
    )


def decode_profile(document: bytes) -> Profile:
    """Read a profile.

    Raises:
        ProfileDamaged: the document is none.
    """
    # A live one in a form that nobody writes, with white space, is found at the second attempt.
    for decoder in (_live, _former) if is_live(document) else (_former, _live):
        try:
            found = decoder.decode(document)
        except UNREADABLE:
            continue
        return found if isinstance(found, Profile) else _gone(found)
    raise ProfileDamaged


def decode_step(document: bytes) -> HistoryStep:
    """Read a step of the history of a profile.

    Raises:
        ProfileDamaged: the document is none.
    """
    return _decoded(_step, document)


def decode_update(data: bytes) -> ProfileUpdate:
    """Read the data of an event.

    Raises:
        ProfileDamaged: they are none.
    """
    return _decoded(_update, data)


def count_records(data: bytes) -> int:
    """Count the records that the profile of an event has or remembers, without reading what they say.

    Raises:
        ProfileDamaged: these are no data of an event.
    """
    return len(_decoded(_counted, data).profile.records)


def _decoded(decoder: msgspec.json.Decoder[Decoded], document: bytes) -> Decoded:
    try:
        return decoder.decode(document)
    except UNREADABLE:
        raise ProfileDamaged from None


def salvage_profile(document: bytes) -> Salvaged:
    """Read what can be read of a profile."""
    try:
        return Salvaged(decode_profile(document))
    except ProfileDamaged:
        pass
    try:
        found = _members.decode(document)
    except UNREADABLE:
        found = {}
    form = FormerProfile if _is_former(found) else Profile
    read, damaged = dict[str, Any](), set[str]()
    for part in msgspec.structs.fields(form):
        if part.name == "lineage" and part.name not in found:
            continue
        try:
            read[part.name] = msgspec.json.decode(found[part.name], type=part.type)
        except (KeyError, *UNREADABLE):
            read[part.name] = _SAYS_NOTHING[part.name]
            damaged.add(part.name)
    if form is FormerProfile:
        if "records" in damaged:
            read["records"] = _salvaged_references(found.get("records"))
        return Salvaged(_gone(FormerProfile(**read)), frozenset(damaged))
    if "traits" in damaged:
        read["traits"] = _salvaged_traits(found.get("traits"))
    return Salvaged(Profile(**read), frozenset(damaged))


def is_live(document: bytes) -> bool:
    """Tell without reading it whether a document is of a live profile.

    No value can look like the mark, since quotation marks in JSON text are escaped.
    """
    return b'"status":"live"' in document


def marks_generic(document: bytes) -> bool:
    """Tell likewise whether a document marks any identifier as generic; most mark none."""
    return b'"generic":true' in document


def _is_former(found: Mapping[str, Raw]) -> bool:
    """Tell whether the parts of a document, some of them damaged, are those of a profile without records."""
    if "records_total" in found or "merged_into" in found:
        return True
    return "traits" not in found and bytes(found.get("status", b"")) in (b'"absorbed"', b'"deleted"')


def _gone(former: FormerProfile) -> Profile:
    lineage = Lineage(former.merged_into, former.records, former.records_total)
    return profile_without_records(
        former.profile_id, former.version, former.status, former.created_at, former.updated_at, lineage
    )


def _salvaged_traits(written: Raw | None) -> dict[str, ProfileTrait]:
    traits: dict[str, ProfileTrait] = {}
    try:
        found = _members.decode(b"{}" if written is None else written)
    except UNREADABLE:
        return traits
    for name, trait in found.items():
        try:
            traits[name] = _trait.decode(trait)
        except UNREADABLE:
            continue
    return traits


def _salvaged_references(written: Raw | None) -> tuple[RecordReference, ...]:
    references: list[RecordReference] = []
    try:
        found = _entries.decode(b"[]" if written is None else written)
    except UNREADABLE:
        return ()
    for entry in found:
        try:
            references.append(_reference.decode(entry))
        except UNREADABLE:
            continue
    return tuple(references)
