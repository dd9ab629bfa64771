"""What one profile says otherwise than another. Their heads do not count.

Equal means written the same (`graph_model.values.equality`): Python takes `1`, `1.0` and `True` for equal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from graph_model.profile.codec import Salvaged
from graph_model.profile.document import (
    Observation,
    Profile,
    ProfileDamaged,
    ProfileIdentifier,
    ProfileRecord,
    ProfileTrait,
    RecordReference,
)
from graph_model.records.record import RecordAddress
from graph_model.values.equality import are_equal
from graph_model.values.keys import is_canonical

#: The parts of a profile that follow from its records alone.
BODY_FIELDS: Final = ("traits", "identifiers", "records", "conflicts", "dropped_evidence")

_encode: Final = msgspec.json.Encoder().encode

Named = TypeVar("Named", RecordReference, Observation, ProfileRecord, ProfileTrait, ProfileIdentifier)


def with_present_keys(profile: Profile) -> Profile:
    """The same profile, with the keys of records in their canonical form; itself where they are already.

    What it says comes from its records; only conflicts and further records of traits name others.
    """
    if _has_present_keys(profile):
        return profile
    return replace(
        profile,
        traits={
            name: replace(_with_present_key(trait), further=tuple(map(_with_present_key, trait.further)))
            for name, trait in profile.traits.items()
        },
        identifiers=tuple(map(_with_present_key, profile.identifiers)),
        records=tuple(map(_with_present_key, profile.records)),
        conflicts=tuple(
            replace(conflict, records=tuple(map(_with_present_key, conflict.records))) for conflict in profile.conflicts
        ),
    )


def _has_present_keys(profile: Profile) -> bool:
    for record in profile.records:
        if not is_canonical(record.key):
            return False
    for conflict in profile.conflicts:
        if not all(is_canonical(record.key) for record in conflict.records):
            return False
    for trait in profile.traits.values():
        if trait.further and not all(is_canonical(each.key) for each in trait.further):
            return False
    return True


def says_the_same(stored: Salvaged, other: Profile) -> bool:
    """Tell whether a stored profile is sound, and says what the other one says."""
    return not stored.damaged and next(differing_parts(stored, other), None) is None


def differing_parts(stored: Salvaged, other: Profile) -> Iterator[str]:
    """Name the parts in which a stored profile is damaged, or says otherwise than another one."""
    if "traits" in stored.damaged or not _are_same_traits(stored.profile.traits, other.traits):
        yield "traits"
    yield from _differing_lists(stored, other)


@dataclass(frozen=True, slots=True)
class Differences:
    """In what two profiles differ: `traits.NAME` for single traits, else the part."""

    fields: Sequence[str]  #: what they say
    provenance: Sequence[str]  #: traits and identifiers of which only the record or the time is another

    def __bool__(self) -> bool:
        return bool(self.fields or self.provenance)


def differences(before: Salvaged | None, after: Profile) -> Differences:
    """Tell in what a profile differs from the one before; without one before, all that it has is new."""
    if before is None:
        names = [f"traits.{name}" for name in sorted(after.traits)]
        return Differences([*names, *(part for part in BODY_FIELDS[1:] if getattr(after, part))], [])
    fields: list[str] = []
    provenance: list[str] = []
    old_traits, new_traits = before.profile.traits, after.traits
    for name in sorted(old_traits.keys() | new_traits.keys()):
        old, new = old_traits.get(name), new_traits.get(name)
        if old is None or new is None or (old.written != new.written and not _is_same_value(old, new)):
            fields.append(f"traits.{name}")
        elif old != new and _written_as(old, new) != new:
            provenance.append(f"traits.{name}")
    for part in _differing_lists(before, after):
        if part == "identifiers" and part not in before.damaged and _said(before.profile) == _said(after):
            provenance.append(part)
        else:
            fields.append(part)
    return Differences(fields, provenance)


def _differing_lists(stored: Salvaged, other: Profile) -> Iterator[str]:
    """Name the parts other than traits that differ."""
    for part in BODY_FIELDS[1:]:
        if part in stored.damaged or not _are_same(getattr(stored.profile, part), getattr(other, part)):
            yield part


def _are_same(one: object, other: object) -> bool:
    # Whatever is written the same is equal to Python, too; looking there first leaves most differences at that.
    return one == other and (one == () or _encode(one) == _encode(other))


def _are_same_traits(one: Mapping[str, ProfileTrait], other: Mapping[str, ProfileTrait]) -> bool:
    if one.keys() != other.keys() or not all(_is_same_value(trait, other[name]) for name, trait in one.items()):
        return False  # nearly always it is a value that differs
    return all(_are_same(_written_as(trait, other[name]), other[name]) for name, trait in one.items())


def _written_as(one: ProfileTrait, other: ProfileTrait) -> ProfileTrait:
    """A trait with its value spelled as that of another one, which has the same value."""
    return one if one.written == other.written else replace(one, written=other.written)


def _is_same_value(one: ProfileTrait, other: ProfileTrait) -> bool:
    if one.written == other.written:
        return True
    try:
        return are_equal(one.value, other.value)  # another library may have spelled a number otherwise
    except ProfileDamaged:
        return False


def _said(profile: Profile) -> list[tuple[str, str, int, bool]]:
    """What a profile says of its identifiers, without who said it and when."""
    return [(entry.kind, entry.value, entry.records, entry.generic) for entry in profile.identifiers]


def _with_present_key(entry: Named) -> Named:
    return replace(entry, key=tuple(RecordAddress.stored(entry.source, entry.key).written_key))
