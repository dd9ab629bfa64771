"""From what was loaded to one plan: resolve, keep ids, diff, and say what the commit rests on. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from graph_model.catalogue import Catalogue
from graph_model.identifiers import Identifier
from graph_model.profile_ids import FormerProfile, assign_ids
from graph_model.profiles import (
    Document,
    ProfileHead,
    ProfileStatus,
    document_generic,
    document_members,
    profile_body,
)
from graph_model.records import Position, RecordAddress
from graph_model.resolve import Component, resolve
from graph_model.times import milliseconds
from graph_model.transition import Cause, KnownProfile, Scene, Transition, transitions
from graph_model.union_find import UnionFind
from services.loading import Loaded
from services.stores.port import IdentifierWrite, Plan, ProfileWrite, RecordWrite, StoredProfile

#: A component names so many absorbed profiles at the most, the newest.
NAMED_ABSORBED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a plan gets from outside the values: when, under which id, and how new profiles are named."""

    commit_id: str
    now: int  #: milliseconds since 1970
    new_profile_id: Callable[[], str]
    progress: Position | None


@dataclass(frozen=True, slots=True)
class _Resolved:
    """The records around a batch, resolved, with the id of each cluster."""

    components: Sequence[tuple[Component, tuple[str, ...]]]  #: with the profile id of each cluster
    generic: frozenset[Identifier]
    memberships: Mapping[RecordAddress, str]  #: live record -> profile id
    before: Mapping[RecordAddress, str]  #: live record -> profile id before, under present addresses
    documents: Mapping[str, Document]  #: profile id -> document before


def make_plan(loaded: Loaded, catalogue: Catalogue, commit: Commit) -> Plan:
    """Plan the commit that brings a loaded batch into force; it may be empty."""
    resolved = _resolve(loaded, catalogue, commit)
    scene = Scene(
        known={
            profile_id: _known(profile, resolved.documents[profile_id])
            for profile_id, profile in loaded.components.profiles.items()
        },
        before=resolved.before,
        after=resolved.memberships,
        bodies={
            profile_id: profile_body(cluster, loaded.mapped, resolved.generic, component.dropped, catalogue)
            for component, ids in resolved.components
            for cluster, profile_id in zip(component.clusters, ids, strict=True)
        },
        causes=_causes(loaded, resolved),
        now=commit.now,
    )
    changed = transitions(scene)
    return Plan(
        commit_id=commit.commit_id,
        records=_record_writes(loaded, resolved),
        memberships=tuple(
            (address, profile_id)
            for address, profile_id in sorted(resolved.memberships.items())
            if address not in loaded.changes or not loaded.changes[address].is_written
            if loaded.components.memberships.get(address) != profile_id
        ),
        identifiers=_identifier_writes(loaded),
        profiles=_profile_writes(changed, loaded, resolved),
        events=tuple(transition.event for transition in changed if transition.event is not None),
        progress=commit.progress,
    )


def _resolve(loaded: Loaded, catalogue: Catalogue, commit: Commit) -> _Resolved:
    documents = {i: orjson.loads(p.document) for i, p in loaded.components.profiles.items()}
    generic = _generic(loaded, catalogue, documents)
    components = resolve(loaded.mapped, generic, catalogue)
    clusters = [cluster.members for component in components for cluster in component.clusters]
    ids = iter(assign_ids(clusters, _former_profiles(loaded, documents), commit.new_profile_id))
    named = [(component, tuple(next(ids) for _ in component.clusters)) for component in components]
    memberships = {
        address: profile_id
        for component, profile_ids in named
        for cluster, profile_id in zip(component.clusters, profile_ids, strict=True)
        for address in cluster.members
    }
    before = dict(loaded.components.memberships)
    for old, new in _renamed(loaded).items():
        if old in before and new not in before:
            before[new] = before.pop(old)
    return _Resolved(named, generic, memberships, before, documents)


def _generic(loaded: Loaded, catalogue: Catalogue, documents: Mapping[str, Document]) -> frozenset[Identifier]:
    """Identifiers whose holders change are counted; of the others the profiles tell."""
    known = {identifier for document in documents.values() for identifier in document_generic(document)}
    counted = {
        identifier
        for identifier in loaded.touching
        if catalogue.kinds[identifier.kind].is_generic(loaded.holders_after(identifier))
    }
    return frozenset((known - loaded.touching.keys()) | counted)


def _renamed(loaded: Loaded) -> dict[RecordAddress, RecordAddress]:
    """Former address -> present address of the records whose key this batch changes."""
    return {
        change.previous: change.address
        for change in loaded.changes.values()
        if change.previous is not None and change.after is not None
    }


def _former_profiles(loaded: Loaded, documents: Mapping[str, Document]) -> list[FormerProfile]:
    """Every id that may live on, with the records that count as its last members.

    A row that returns counts as a member of the profile of its grave, and a row whose key changed as the
    row it was.
    """
    renamed = _renamed(loaded)
    members: dict[str, set[RecordAddress]] = {profile_id: set() for profile_id in documents}
    for address, profile_id in loaded.components.memberships.items():
        members[profile_id].add(renamed.get(address, address))
    for profile_id, profile in loaded.components.profiles.items():
        if profile.status is not ProfileStatus.LIVE:
            remembered = document_members(documents[profile_id])
            members[profile_id].update(renamed.get(address, address) for address in remembered)
    for change in loaded.changes.values():
        if change.after is None:
            continue
        graves = [change.stored, loaded.previous.get(change.previous) if change.previous else None]
        for grave in graves:
            if grave is not None and grave.record.is_grave and grave.profile_id in members:
                members[grave.profile_id].add(change.address)
    return [
        FormerProfile(profile_id, loaded.components.profiles[profile_id].status is ProfileStatus.LIVE, frozenset(found))
        for profile_id, found in members.items()
    ]


def _known(profile: StoredProfile, document: Document) -> KnownProfile:
    head = ProfileHead(
        profile_id=profile.profile_id,
        version=profile.version,
        status=profile.status,
        created_at=milliseconds(document["created_at"]),
        updated_at=milliseconds(document["updated_at"]),
    )
    return KnownProfile(head=head, document=document)


def _causes(loaded: Loaded, resolved: _Resolved) -> Callable[[str], Sequence[Cause]]:
    """Changes and profiles that hang together: by a component before or after, or by an identifier's limit."""
    together: UnionFind[RecordAddress | str] = UnionFind()
    changed = {address: change for address, change in loaded.changes.items() if change.is_changed}
    for component, profile_ids in resolved.components:
        members = [address for cluster in component.clusters for address in cluster.members]
        former = {resolved.before[address] for address in members if address in resolved.before}
        together.union([*profile_ids, *former, *(address for address in members if address in changed)])
    for identifier in loaded.crossing:
        stored = loaded.identifiers.get(identifier)
        together.union([*loaded.touching[identifier], *(stored.component if stored else ())])
    for address, change in changed.items():
        if change.stored is not None and change.stored.profile_id is not None:
            together.union((address, change.stored.profile_id))
    grouped: dict[RecordAddress | str, list[Cause]] = {}
    for address in sorted(changed):
        last = changed[address].last
        grouped.setdefault(together.find(address), []).append(Cause(address, last.position, last.trace))
    return lambda profile_id: grouped.get(together.find(profile_id), [])


def _record_writes(loaded: Loaded, resolved: _Resolved) -> tuple[RecordWrite, ...]:
    writes = []
    for address, change in sorted(loaded.changes.items()):
        if not change.is_written:
            continue
        stored, mapped = change.stored, loaded.mapped.get(address)
        last_profile = None if stored is None else stored.profile_id
        profile_id = resolved.memberships.get(address, last_profile)
        writes.append(
            RecordWrite(
                record=change.record,
                expected=None if stored is None else stored.revision,
                profile_id=profile_id,
                identifiers=() if mapped is None else mapped.identifiers,
                edges_changed=address in loaded.relinked or profile_id != last_profile,
            )
        )
    return tuple(writes)


def _identifier_writes(loaded: Loaded) -> tuple[IdentifierWrite, ...]:
    return tuple(
        IdentifierWrite(
            identifier=identifier,
            expected=loaded.identifiers[identifier].revision if identifier in loaded.identifiers else None,
            holders=loaded.holders_after(identifier),
        )
        for identifier in sorted(loaded.touching)
    )


def _profile_writes(changed: Sequence[Transition], loaded: Loaded, resolved: _Resolved) -> tuple[ProfileWrite, ...]:
    lists = _component_lists(changed, loaded, resolved)
    writes = []
    for transition in changed:
        stored = loaded.components.profiles.get(transition.profile_id)
        component = lists.get(transition.profile_id, (transition.profile_id,))
        document = transition.document
        if document is None and stored is not None and stored.component != component:
            document = stored.document
        writes.append(
            ProfileWrite(
                profile_id=transition.profile_id,
                expected=None if stored is None else stored.revision,
                version=transition.version,
                status=transition.status,
                document=document,
                component=component,
            )
        )
    return tuple(writes)


def _component_lists(changed: Sequence[Transition], loaded: Loaded, resolved: _Resolved) -> dict[str, tuple[str, ...]]:
    """Live profile id -> all profiles of its component: the live ones, and absorbed ones that had its records."""
    component_of = {
        address: index
        for index, (component, _) in enumerate(resolved.components)
        for cluster in component.clusters
        for address in cluster.members
    }
    absorbed: dict[int, set[str]] = {}
    for transition in changed:
        if transition.status is ProfileStatus.ABSORBED:
            document = orjson.loads(transition.document or loaded.components.profiles[transition.profile_id].document)
            for address in document_members(document):
                if address in component_of:
                    absorbed.setdefault(component_of[address], set()).add(transition.profile_id)
    lists = {}
    for index, (_, profile_ids) in enumerate(resolved.components):
        named = sorted(absorbed.get(index, ()))[-NAMED_ABSORBED:]
        for profile_id in profile_ids:
            lists[profile_id] = tuple(sorted({*profile_ids, *named}))
    return lists
