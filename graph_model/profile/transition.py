"""From the profiles as they were to the profiles as they are: new documents, and one event for each change.

A profile that was live and has no cluster any more is absorbed if its records live elsewhere, else deleted. A deleted
one is absorbed once records of its own return to another.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from graph_model.profile.document import (
    Differences,
    Document,
    ProfileHead,
    ProfileStatus,
    differences,
    document_members,
    is_same_body,
    live_document,
    present_body,
    remembering_document,
)
from graph_model.profile.events import ProfileEvent, ProfileEventType
from graph_model.records.key_changes import KeyChanges
from graph_model.records.record import RecordAddress
from graph_model.values.positions import Position
from graph_model.values.times import iso_time

#: An event names so many causes at the most; it always tells how many there were.
NAMED_CAUSES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProfile:
    """A profile as it was before."""

    head: ProfileHead
    document: Document


@dataclass(frozen=True, slots=True)
class Cause:
    """A change that led to an event."""

    address: RecordAddress
    position: Position
    trace: str | None
    verdict_id: str | None = None  #: the verdict about the record that was given or withdrawn
    withdrawn: bool = False  #: it was withdrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """What a profile becomes."""

    profile_id: str
    version: int
    status: ProfileStatus
    document: bytes | None  #: None: nothing about it changed; without an event only the form in which it is written
    event: ProfileEvent | None  #: None: nothing that a reader sees changed
    history: bytes | None  #: JSON of a step that changed which ids its records have; None: it did not


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The profiles and memberships around a batch of changes, before and after."""

    known: Mapping[str, KnownProfile]
    before: Mapping[RecordAddress, str]  #: live record -> its profile before, under present addresses
    after: Mapping[RecordAddress, str]  #: live record -> its profile now
    keys: KeyChanges  #: of this commit
    returned: Mapping[str, Collection[RecordAddress]]  #: deleted profile -> records of its own that live elsewhere now
    bodies: Mapping[str, Document]  #: profile id -> body, for every profile that has records now
    causes: Callable[[str], Sequence[Cause]]  #: profile id -> the changes that touched its component
    now: int  #: time of the commit, milliseconds since 1970
    version_floor: int = 0  #: what a store has forgotten may have been published up to here: versions are above it

    def next_version(self, known: KnownProfile | None) -> int:
        """The version that a profile has after this commit."""
        return max(0 if known is None else known.head.version, self.version_floor) + 1


def transitions(scene: Scene) -> list[Transition]:
    """Tell what becomes of every profile of the scene, in order of their ids."""
    members_before = _members(scene.before)
    members_after = _members(scene.after)
    found = []
    for profile_id in sorted({*scene.known, *scene.bodies}):
        known = scene.known.get(profile_id)
        was_live = known is not None and known.head.status is ProfileStatus.LIVE
        if profile_id in scene.bodies:
            now_at = {scene.after[r] for r in members_before.get(profile_id, ()) if r in scene.after}
            was_at = {scene.before[r] for r in members_after[profile_id] if r in scene.before}
            found.append(_live(scene, profile_id, known if was_live else None, now_at, was_at))
        elif known is not None and was_live:
            members = members_before.get(profile_id, [])
            kept = scene.keys.present(document_members(known.document))
            found.append(_gone(scene, known, members, {*kept, *members}))
        elif known is not None and scene.returned.get(profile_id):
            own = scene.returned[profile_id]
            kept = scene.keys.present(document_members(known.document))
            found.append(_gone(scene, known, own, {*kept, *own}))
        elif known is not None:
            found.append(_still_gone(scene, known))
    return found


def _live(scene: Scene, profile_id: str, was: KnownProfile | None, now_at: set[str], was_at: set[str]) -> Transition:
    body = scene.bodies[profile_id]
    known = scene.known.get(profile_id)
    if was is not None and is_same_body(was.document, body):
        return _unchanged(was.head)
    former = {} if was is None else present_body(was.document)
    if was is not None and former is not was.document and is_same_body(former, body):
        return _rewritten(was.head, body)
    if was is None:
        change = ProfileEventType.CREATED
    elif now_at - {profile_id}:
        change = ProfileEventType.SPLIT
    else:
        change = ProfileEventType.UPDATED
    head = ProfileHead(
        profile_id=profile_id,
        version=scene.next_version(known),
        status=ProfileStatus.LIVE,
        created_at=scene.now if known is None else known.head.created_at,
        updated_at=scene.now,
    )
    document = live_document(head, body)
    before = sorted(was_at | ({profile_id} if was is not None else set()))
    after = sorted({profile_id} | (now_at if was is not None else set()))
    returned = was is None and known is not None
    step = _Step(head, change, before, after, merged_into=None, previous=0 if known is None else known.head.version)
    return Transition(
        profile_id=profile_id,
        version=head.version,
        status=head.status,
        document=document,
        event=_event(scene, step, document, differences(former, body)),
        history=_history(scene, step) if returned or len({*before, *after}) > 1 else None,
    )


def _gone(
    scene: Scene, known: KnownProfile, members: Iterable[RecordAddress], remembered: Iterable[RecordAddress]
) -> Transition:
    """A profile without records: absorbed by whoever has most of `members`, else deleted."""
    targets = Counter(scene.after[address] for address in members if address in scene.after)
    head = ProfileHead(
        profile_id=known.head.profile_id,
        version=scene.next_version(known),
        status=ProfileStatus.ABSORBED if targets else ProfileStatus.DELETED,
        created_at=known.head.created_at,
        updated_at=scene.now,
    )
    merged_into = min(targets, key=lambda target: (-targets[target], target)) if targets else None
    change = ProfileEventType.MERGED if targets else ProfileEventType.DELETED
    was_at = [head.profile_id] if known.head.status is ProfileStatus.LIVE else []
    step = _Step(head, change, was_at, sorted(targets), merged_into, known.head.version)
    return _remembering(scene, step, remembered)


def _still_gone(scene: Scene, known: KnownProfile) -> Transition:
    """A profile without records remembers its last ones by the keys that they have now."""
    members = set(document_members(known.document))
    present = scene.keys.present(members)
    if present == members:
        return _unchanged(known.head)
    head = replace(known.head, version=scene.next_version(known), updated_at=scene.now)
    merged_into: str | None = known.document["merged_into"]
    is_absorbed = head.status is ProfileStatus.ABSORBED
    change = ProfileEventType.MERGED if is_absorbed else ProfileEventType.DELETED
    step = _Step(head, change, [], [], merged_into, previous=known.head.version)
    transition = _remembering(scene, step, present)
    return replace(transition, history=None) if is_absorbed else transition


def _remembering(scene: Scene, step: "_Step", remembered: Iterable[RecordAddress]) -> Transition:
    """A profile without records, which remembers its last ones."""
    document = remembering_document(step.head, remembered, step.merged_into)
    return Transition(
        profile_id=step.head.profile_id,
        version=step.head.version,
        status=step.head.status,
        document=document,
        event=_event(scene, step, document, Differences((), ())),
        history=_history(scene, step),
    )


def _rewritten(head: ProfileHead, body: Document) -> Transition:
    """The same profile in the form in which documents are written now: nothing that a reader must be told."""
    return replace(_unchanged(head), document=live_document(head, body))


def _unchanged(head: ProfileHead) -> Transition:
    return Transition(
        profile_id=head.profile_id, version=head.version, status=head.status, document=None, event=None, history=None
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """What happened to one profile in one commit."""

    head: ProfileHead
    change: ProfileEventType
    before: Sequence[str]
    after: Sequence[str]
    merged_into: str | None
    previous: int  #: the version before; 0: none


def _event(scene: Scene, step: _Step, document: bytes, differing: Differences) -> ProfileEvent:
    causes = scene.causes(step.head.profile_id)
    data = {
        **_told(step, causes),
        "previous_version": step.previous,
        "changed_fields": differing.fields,
        "provenance": differing.provenance,
        "profile": orjson.Fragment(document),
    }
    return ProfileEvent(
        profile_id=step.head.profile_id,
        version=step.head.version,
        type=step.change,
        occurred_at=scene.now,
        data=orjson.dumps(data),
        trace=next((cause.trace for cause in causes if cause.trace), None),
    )


def _history(scene: Scene, step: _Step) -> bytes:
    told = _told(step, scene.causes(step.head.profile_id))
    return orjson.dumps({**told, "occurred_at": iso_time(scene.now)})


def _told(step: _Step, causes: Sequence[Cause]) -> Document:
    return {
        "profile_id": step.head.profile_id,
        "version": step.head.version,
        "change": step.change.value,
        "ids_before": step.before,
        "ids_after": step.after,
        "merged_into": step.merged_into,
        "causes": [_cause_entry(cause) for cause in causes[:NAMED_CAUSES]],
        "causes_total": len(causes),
    }


def _cause_entry(cause: Cause) -> Document:
    entry: Document = {
        "source": cause.address.source,
        "key": cause.address.written_key,
        "epoch": cause.position.epoch,
        "offset": cause.position.told,
    }
    return entry if cause.verdict_id is None else {**entry, "verdict": cause.verdict_id, "withdrawn": cause.withdrawn}


def _members(memberships: Mapping[RecordAddress, str]) -> dict[str, list[RecordAddress]]:
    members: dict[str, list[RecordAddress]] = {}
    for address, profile_id in memberships.items():
        members.setdefault(profile_id, []).append(address)
    return members
