"""From the profiles as they were to the profiles as they are: new documents, and one event for each change.

A profile that was live and has no cluster any more is absorbed if its records live elsewhere, else deleted. A deleted
one is absorbed once records of its own return to another.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec
from msgspec import Raw, Struct, structs

from graph_model.profile.codec import Salvaged, encode_profile
from graph_model.profile.composition import reference
from graph_model.profile.differences import Differences, differences, says_the_same, with_present_keys
from graph_model.profile.document import (
    REMEMBERED_RECORDS,
    Lineage,
    Profile,
    ProfileStatus,
    profile_without_records,
)
from graph_model.profile.events import (
    NAMED_CAUSES,
    HistoryStep,
    NamedCause,
    ProfileEvent,
    ProfileEventType,
    ProfileUpdate,
)
from graph_model.records.key_changes import KeyChanges
from graph_model.records.record import RecordAddress
from graph_model.values.positions import Position
from graph_model.values.times import iso_time


class Cause(Struct, frozen=True, gc=False):
    """A change that led to an event."""

    address: RecordAddress
    position: Position
    trace: str | None
    verdict_id: str | None = None  #: the verdict about the record that was given or withdrawn
    withdrawn: bool = False  #: it was withdrawn


class Transition(Struct, frozen=True, kw_only=True, gc=False):
    """What a profile becomes."""

    profile: Profile  #: as it is now
    document: bytes | None  #: None: nothing about it changed; without an event only the form in which it is written
    event: ProfileEvent | None  #: None: nothing that a reader sees changed
    history: bytes | None  #: JSON of a step that changed which ids its records have; None: it did not


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeAndAfter:
    """The profiles and memberships around a batch of changes, before and after."""

    known: Mapping[str, Salvaged]  #: profiles as they were before
    before: Mapping[RecordAddress, str]  #: live record -> its profile before, under present addresses
    after: Mapping[RecordAddress, str]  #: live record -> its profile now
    keys: KeyChanges  #: of this commit
    returned: Mapping[str, Collection[RecordAddress]]  #: deleted profile -> records of its own that live elsewhere now
    composed: Mapping[str, Profile]  #: what its records say, for every profile that has records now
    causes: Callable[[str], Sequence[Cause]]  #: profile id -> the changes that touched its component
    now: int  #: time of the commit, milliseconds since 1970
    version_floor: int = 0  #: what a store has forgotten may have been published up to here: versions are above it
    written_now: str = field(init=False)  #: `now` as documents have it

    def __post_init__(self) -> None:
        """Write the time once: every profile that changes has it."""
        object.__setattr__(self, "written_now", iso_time(self.now))

    def next_version(self, known: Profile | None) -> int:
        """The version that a profile has after this commit."""
        return max(0 if known is None else known.version, self.version_floor) + 1


class _Passages(Struct, frozen=True, gc=False):
    """How records went from profile to profile."""

    left_for: Mapping[str, set[str]]  #: profile -> others that have records of it now
    came_from: Mapping[str, set[str]]  #: profile -> those that had its records before


def transitions(around: BeforeAndAfter) -> list[Transition]:
    """Tell what becomes of every profile that there was or is, in order of their ids."""
    passages = _passages(around)
    members = _members_of_gone(around)
    found = []
    for profile_id in sorted({*around.known, *around.composed}):
        known = around.known.get(profile_id)
        if profile_id in around.composed:
            found.append(_live(around, profile_id, known, passages))
        elif known is not None and profile_id in members:
            kept = around.keys.present(known.profile.members)
            found.append(_gone(around, known, members[profile_id], {*kept, *members[profile_id]}))
        elif known is not None and around.returned.get(profile_id):
            own = around.returned[profile_id]
            kept = around.keys.present(known.profile.members)
            found.append(_gone(around, known, own, {*kept, *own}))
        elif known is not None:
            found.append(_still_gone(around, known))
    return found


def _passages(around: BeforeAndAfter) -> _Passages:
    left_for, came_from = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for address, was_at in around.before.items():
        now_at = around.after.get(address)
        if now_at is not None:
            came_from[now_at].add(was_at)
            if now_at != was_at:
                left_for[was_at].add(now_at)
    return _Passages(left_for, came_from)


def _members_of_gone(around: BeforeAndAfter) -> Mapping[str, Sequence[RecordAddress]]:
    """Every profile that has just lost all its records -> these records."""
    members: dict[str, list[RecordAddress]] = {
        profile_id: []
        for profile_id, known in around.known.items()
        if known.profile.status is ProfileStatus.LIVE and profile_id not in around.composed
    }
    if members:
        for address, profile_id in around.before.items():
            if profile_id in members:
                members[profile_id].append(address)
    return members


def _live(around: BeforeAndAfter, profile_id: str, known: Salvaged | None, passages: _Passages) -> Transition:
    composed = around.composed[profile_id]
    was = known if known is not None and known.profile.status is ProfileStatus.LIVE else None
    former = None if was is None else _with_present_keys(was)
    differing = differences(former, composed)
    if was is not None and former is not None and not differing and says_the_same(former, composed):
        return _unchanged(was.profile) if former is was else _rewritten(was.profile, composed)
    came_from, left_for = passages.came_from.get(profile_id, ()), passages.left_for.get(profile_id, ())
    if was is None:
        change = ProfileEventType.CREATED
    else:
        change = ProfileEventType.SPLIT if left_for else ProfileEventType.UPDATED
    profile = structs.replace(
        composed,
        version=around.next_version(None if known is None else known.profile),
        created_at=_created_at(around, known),
        updated_at=around.written_now,
    )
    before = sorted(came_from if was is None else {profile_id, *came_from})
    after = [profile_id] if was is None else sorted({profile_id, *left_for})
    returned = was is None and known is not None
    step = _Change(profile, change, before, after, 0 if known is None else known.profile.version)
    return _told(around, step, differing, keeps_step=returned or len({*before, *after}) > 1)


def _with_present_keys(was: Salvaged) -> Salvaged:
    """The same, and itself where its keys are canonical already."""
    present = with_present_keys(was.profile)
    return was if present is was.profile else replace(was, profile=present)


def _gone(
    around: BeforeAndAfter, was: Salvaged, members: Iterable[RecordAddress], remembered: Collection[RecordAddress]
) -> Transition:
    """A profile without records: absorbed by whoever has most of `members`, else deleted."""
    known = was.profile
    targets = Counter(around.after[address] for address in members if address in around.after)
    status = ProfileStatus.ABSORBED if targets else ProfileStatus.DELETED
    merged_into = min(targets, key=lambda target: (-targets[target], target)) if targets else None
    change = ProfileEventType.MERGED if targets else ProfileEventType.DELETED
    was_at = [known.profile_id] if known.status is ProfileStatus.LIVE else []
    profile = _remembering(around, was, status, _lineage(merged_into, remembered, len(remembered)))
    return _told(around, _Change(profile, change, was_at, sorted(targets), known.version), _NOTHING, keeps_step=True)


def _still_gone(around: BeforeAndAfter, was: Salvaged) -> Transition:
    """A profile without records remembers its last ones by the keys that they have now.

    A damaged one is written again with what can be read of it.
    """
    known = was.profile
    members = set(known.members)
    present = around.keys.present(members)
    if present == members and not was.damaged:
        return _unchanged(known)
    is_absorbed = known.status is ProfileStatus.ABSORBED
    change = ProfileEventType.MERGED if is_absorbed else ProfileEventType.DELETED
    total = 0 if known.lineage is None else known.lineage.records_total - (len(members) - len(present))
    lineage = _lineage(known.merged_into, present, max(total, len(present)))
    profile = _remembering(around, was, known.status, lineage)
    return _told(around, _Change(profile, change, [], [], known.version), _NOTHING, keeps_step=not is_absorbed)


def _lineage(merged_into: str | None, members: Iterable[RecordAddress], total: int) -> Lineage:
    """What is remembered: where most of the records went, and which ones there were, as many as are kept."""
    return Lineage(merged_into, tuple(reference(each) for each in sorted(members)[:REMEMBERED_RECORDS]), total)


def _remembering(around: BeforeAndAfter, was: Salvaged, status: ProfileStatus, lineage: Lineage) -> Profile:
    """A profile without records."""
    known = was.profile
    return profile_without_records(
        known.profile_id,
        around.next_version(known),
        status,
        _created_at(around, was),
        around.written_now,
        lineage,
    )


def _created_at(around: BeforeAndAfter, known: Salvaged | None) -> str:
    """Since when a profile is known; the time of this commit where nothing tells."""
    if known is None or "created_at" in known.damaged:
        return around.written_now
    return known.profile.created_at


def _rewritten(known: Profile, composed: Profile) -> Transition:
    """The same profile in the form in which documents are written now: nothing that a reader must be told."""
    profile = structs.replace(composed, version=known.version, created_at=known.created_at, updated_at=known.updated_at)
    return structs.replace(_unchanged(profile), document=encode_profile(profile))


def _unchanged(profile: Profile) -> Transition:
    return Transition(profile=profile, document=None, event=None, history=None)


_NOTHING: Final = Differences((), ())

_encode: Final = msgspec.json.Encoder().encode


class _Change(Struct, frozen=True, gc=False):
    """What happened to one profile in one commit."""

    profile: Profile  #: as it is now
    change: ProfileEventType
    before: Sequence[str]
    after: Sequence[str]
    previous: int  #: the version before; 0: none


def _told(around: BeforeAndAfter, step: _Change, differing: Differences, *, keeps_step: bool) -> Transition:
    """A profile that has changed, with the event that tells it, and its history where that is to keep the step."""
    profile, causes = step.profile, around.causes(step.profile.profile_id)
    document = encode_profile(profile)
    update = ProfileUpdate(
        profile_id=profile.profile_id,
        version=profile.version,
        change=step.change,
        ids_before=step.before,
        ids_after=step.after,
        merged_into=profile.merged_into,
        causes=[_named(cause) for cause in causes[:NAMED_CAUSES]],
        causes_total=len(causes),
        previous_version=step.previous,
        changed_fields=differing.fields,
        provenance=differing.provenance,
        profile=Raw(document),
    )
    event = ProfileEvent(
        profile_id=profile.profile_id,
        version=profile.version,
        type=step.change,
        occurred_at=around.now,
        data=_encode(update),
        trace=next((cause.trace for cause in causes if cause.trace), None),
    )
    history = _encode(HistoryStep.of(update, around.written_now)) if keeps_step else None
    return Transition(profile=profile, document=document, event=event, history=history)


def _named(cause: Cause) -> NamedCause:
    address, position = cause.address, cause.position
    key = tuple(address.written_key)
    if cause.verdict_id is None:
        return NamedCause(address.source, key, position.epoch, position.told)
    return NamedCause(address.source, key, position.epoch, position.told, cause.verdict_id, cause.withdrawn)
