"""From what was loaded to one plan: resolve, keep ids, diff, and say what the commit rests on. Pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.codec import Salvaged
from graph_model.profile.composition import compose_profile
from graph_model.profile.document import ProfileStatus
from graph_model.profile.ids import assign_ids, guests
from graph_model.profile.transition import BeforeAndAfter, Cause, Transition, transitions
from graph_model.records.record import RecordAddress, VerdictMark
from graph_model.records.verdicts import verdicts_of
from graph_model.resolution.resolve import Component, resolve
from graph_model.resolution.union_find import UnionFind
from graph_model.values.identifiers import Identifier
from services.ingestion.batches import RecordChange
from services.ingestion.holder_writes import holder_writes
from services.ingestion.id_candidates import id_candidates
from services.ingestion.loading import Loaded
from services.stores.port.plan import Plan, ProfileWrite, RecordWrite, VerdictWrite
from services.stores.port.stored import HistoryEntry, StoredRecord

#: A component names so many absorbed profiles at the most, the newest.
NAMED_ABSORBED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a plan gets from outside the values: when, under which id, and how new profiles are named."""

    commit_id: str
    now: int  #: milliseconds since 1970
    new_profile_id: Callable[[], str]
    version_floor: int = 0  #: see `Store.version_floor`


@dataclass(frozen=True, slots=True)
class _Resolved:
    """The records around a batch, resolved, with the id of each cluster."""

    components: Sequence[tuple[Component, tuple[str, ...]]]  #: with the profile id of each cluster
    generic: frozenset[Identifier]
    memberships: Mapping[RecordAddress, str]  #: live record -> profile id
    before: Mapping[RecordAddress, str]  #: live record -> profile id before, under present addresses
    known: Mapping[str, Salvaged]  #: profile id -> profile before
    returned: Mapping[str, Collection[RecordAddress]]  #: see `graph_model.profile.transition.BeforeAndAfter.returned`
    guests: Mapping[str, tuple[RecordAddress, ...]]  #: profile id -> see `ProfileWrite.guests`; none without an entry


def make_plan(loaded: Loaded, catalogue: Catalogue, commit: Commit) -> Plan:
    """Plan the commit that brings a loaded batch into force; it may be empty."""
    records = _written(loaded)
    resolved = _resolve(loaded, catalogue, commit)
    around = BeforeAndAfter(
        known=resolved.known,
        before=resolved.before,
        after=resolved.memberships,
        keys=loaded.keys,
        returned=resolved.returned,
        composed={
            profile_id: compose_profile(
                profile_id, cluster, loaded.mapped, resolved.generic, component.dropped, catalogue
            )
            for component, ids in resolved.components
            for cluster, profile_id in zip(component.clusters, ids, strict=True)
        },
        causes=_causes(loaded, resolved),
        now=commit.now,
        version_floor=commit.version_floor,
    )
    changed = transitions(around)
    held = holder_writes(loaded, catalogue)
    return Plan(
        commit_id=commit.commit_id,
        records=_record_writes(records, loaded, resolved),
        memberships=tuple(
            sorted(
                (address, profile_id)
                for address, profile_id in resolved.memberships.items()
                if address not in records and loaded.components.memberships.get(address) != profile_id
            )
        ),
        identifiers=held.identifiers,
        buckets=held.buckets,
        hubs=held.hubs,
        moved_links=held.moved_links,
        profiles=_profile_writes(changed, loaded, resolved),
        events=tuple(transition.event for transition in changed if transition.event is not None),
        verdicts=(*loaded.batch.verdicts, *_followed(loaded)),
        tasks=loaded.batch.tasks,
        history=tuple(
            HistoryEntry(profile_id=t.profile.profile_id, version=t.profile.version, document=t.history)
            for t in changed
            if t.history is not None
        ),
        progress=loaded.batch.progress,
    )


def _followed(loaded: Loaded) -> Iterator[VerdictWrite]:
    """The entries of verdicts about rows whose key changes: they name the rows as they are called now."""
    lost: defaultdict[str, list[tuple[RecordAddress, VerdictMark]]] = defaultdict(list)
    gained: defaultdict[str, list[tuple[RecordAddress, VerdictMark]]] = defaultdict(list)
    for change in loaded.changes.values():
        if change.marks_move:
            for moved, marks in ((lost, change.marks_lost), (gained, change.marks_gained)):
                for mark in marks:
                    moved[mark.verdict_id].append((change.address, mark))
    decided = {write.entry.verdict_id for write in loaded.batch.verdicts}
    for verdict_id in sorted({*lost, *gained} - decided):
        if stored := loaded.ledger.get(verdict_id):
            verdict = stored.entry.verdict.with_marks_moved(lost[verdict_id], gained[verdict_id])
            if verdict != stored.entry.verdict:
                yield VerdictWrite(entry=replace(stored.entry, verdict=verdict), expected=stored.revision)


def _written(loaded: Loaded) -> dict[RecordAddress, RecordChange]:
    """The records of the batch of which there is anything to store, and those that the plan rests on."""
    return {address: change for address, change in loaded.changes.items() if change.is_new_version or change.is_changed}


def _resolve(loaded: Loaded, catalogue: Catalogue, commit: Commit) -> _Resolved:
    known = {profile_id: profile.salvaged() for profile_id, profile in loaded.components.profiles.items()}
    generic = _generic(loaded, catalogue, known)
    verdicts = verdicts_of(mapped.record for mapped in loaded.mapped.values())
    components = resolve(loaded.mapped, verdicts, generic, catalogue)
    clusters = [cluster.members for component in components for cluster in component.clusters]
    former = id_candidates(loaded, known)
    ids = iter(assign_ids(clusters, former, commit.new_profile_id))
    named = [(component, tuple(islice(ids, len(component.clusters)))) for component in components]
    memberships = {
        address: profile_id
        for component, profile_ids in named
        for cluster, profile_id in zip(component.clusters, profile_ids, strict=True)
        for address in cluster.members
    }
    before = dict(loaded.components.memberships)
    for old, new in loaded.keys.renamed.items():
        if old in before and new not in before:
            before[new] = before.pop(old)
    returned = {p.profile_id: p.own & memberships.keys() for p in former if p.deleted}
    return _Resolved(named, generic, memberships, before, known, returned, guests(former, memberships))


def _generic(loaded: Loaded, catalogue: Catalogue, known: Mapping[str, Salvaged]) -> frozenset[Identifier]:
    """Identifiers whose holders change are counted; of the others the profiles tell."""
    marked = {entry.identifier for before in known.values() for entry in before.profile.identifiers if entry.generic}
    kinds = catalogue.kinds
    counted = {
        identifier
        for identifier, holders in loaded.holders_after.items()
        if identifier.kind in kinds and kinds[identifier.kind].is_generic(holders)
    }
    return frozenset((marked - loaded.touching.keys()) | counted)


def _causes(loaded: Loaded, resolved: _Resolved) -> Callable[[str], Sequence[Cause]]:
    """Changes and profiles that hang together: by a component before or after, or by an identifier's limit."""
    together: UnionFind[RecordAddress | str] = UnionFind()
    for _, profile_ids in resolved.components:
        if len(profile_ids) > 1:
            together.union(profile_ids)
    for address, was_at in resolved.before.items():
        now_at = resolved.memberships.get(address, was_at)
        if now_at != was_at:
            together.union((was_at, now_at))
    changed = {address: change for address, change in loaded.changes.items() if change.is_changed}
    at = {address: _place(change, resolved) for address, change in changed.items()}
    for address, change in changed.items():
        if change.stored is not None and change.stored.profile_id not in (None, at[address]):
            together.union((at[address], change.stored.profile_id))
    for identifier in loaded.crossing:
        stored = loaded.identifiers.get(identifier)
        touching = (at.get(address, address) for address in loaded.touching[identifier])
        together.union([*touching, *(stored.component if stored else ())])
    for verdict in loaded.batch.verdicts:
        together.union([at.get(address, address) for address in verdict.entry.verdict.records])
    grouped: defaultdict[RecordAddress | str, list[Cause]] = defaultdict(list)
    for address, change in sorted(changed.items()):
        grouped[together.find(at[address])] += _causes_of(change)
    return lambda profile_id: grouped.get(together.find(profile_id), [])


def _place(change: RecordChange, resolved: _Resolved) -> RecordAddress | str:
    """What stands for a change among the profiles: its own, else the one that it had, else the record itself."""
    was_at = None if change.stored is None else change.stored.profile_id
    return resolved.memberships.get(change.address) or was_at or change.address


def _causes_of(change: RecordChange) -> list[Cause]:
    position = change.record.position if change.last is None else change.last.position
    trace = None if change.last is None else change.last.trace
    verdicts = [Cause(change.address, position, trace, v.verdict_id, not v.is_in_force) for v in change.verdicts]
    return verdicts or [Cause(change.address, position, trace)]


def _record_writes(
    written: Mapping[RecordAddress, RecordChange], loaded: Loaded, resolved: _Resolved
) -> tuple[RecordWrite, ...]:
    writes = []
    for address, change in sorted(written.items()):
        stored, mapped = change.stored, loaded.mapped.get(address)
        was_in = _profile_of(address, stored, loaded)
        profile_id = resolved.memberships.get(address) or _last_profile(change, loaded)
        writes.append(
            RecordWrite(
                record=change.record,
                expected=None if stored is None else stored.revision,
                profile_id=profile_id,
                identifiers=() if mapped is None else mapped.identifiers,
                edges_changed=address in loaded.relinked or profile_id != was_in,
            )
        )
    # Only so that a tombstone cannot come back unseen while its partner by verdict comes or goes.
    writes += [
        RecordWrite(
            record=partner.record,
            expected=partner.revision,
            profile_id=partner.profile_id,
            identifiers=(),
            edges_changed=False,
        )
        for address, partner in sorted(loaded.tombstone_partners.items())
        if address not in written
    ]
    return tuple(writes)


def _last_profile(change: RecordChange, loaded: Loaded) -> str | None:
    """The profile that the row at an address belonged to last, by whatever key it had then."""
    if change.previous is not None:
        return _profile_of(change.previous, loaded.previous.get(change.previous), loaded)
    return None if change.takes_a_left_key else _profile_of(change.address, change.stored, loaded)


def _profile_of(address: RecordAddress, stored: StoredRecord | None, loaded: Loaded) -> str | None:
    """The profile of a record as the store has it; of a tombstone the last one."""
    return None if stored is None else loaded.components.memberships.get(address, stored.profile_id)


def _profile_writes(changed: Sequence[Transition], loaded: Loaded, resolved: _Resolved) -> tuple[ProfileWrite, ...]:
    lists = _component_lists(changed, loaded, resolved)
    writes = []
    for transition in changed:
        profile = transition.profile
        stored = loaded.components.profiles.get(profile.profile_id)
        component = lists.get(profile.profile_id, (profile.profile_id,))
        document = transition.document
        came_later = resolved.guests.get(profile.profile_id, ())
        if document is None and stored is not None and (stored.component, stored.guests) != (component, came_later):
            document = stored.document
        writes.append(
            ProfileWrite(
                profile_id=profile.profile_id,
                expected=None if stored is None else stored.revision,
                version=profile.version,
                status=profile.status,
                document=document,
                component=component,
                guests=came_later,
            )
        )
    return tuple(writes)


def _component_lists(changed: Sequence[Transition], loaded: Loaded, resolved: _Resolved) -> dict[str, tuple[str, ...]]:
    """Profile id -> profiles to load with it; those that are alone are left out.

    Of a live one that is its whole component, with the absorbed ones that had its records. One that is gone keeps the
    absorbed ones that it had: with a row that returns, they may too.
    """
    absorbed_at = _absorbed_at(changed, loaded, resolved)
    absorbed_in: defaultdict[int, list[str]] = defaultdict(list)
    for profile_id, places in sorted(absorbed_at.items()):
        for index in places:
            absorbed_in[index].append(profile_id)
    lists: dict[str, tuple[str, ...]] = {}
    for index, (_, profile_ids) in enumerate(resolved.components):
        if len(profile_ids) > 1 or index in absorbed_in:
            named = absorbed_in[index][-NAMED_ABSORBED:] if index in absorbed_in else ()
            lists |= dict.fromkeys(profile_ids, tuple(sorted({*profile_ids, *named})))
    for transition in changed:
        known = loaded.components.profiles.get(transition.profile.profile_id)
        if known is not None and transition.profile.status is not ProfileStatus.LIVE:
            lists[known.profile_id] = known.component
            if known.status is ProfileStatus.LIVE:
                kept = absorbed_at.keys() & known.component
                lists[known.profile_id] = tuple(sorted({known.profile_id, *kept}))
    return lists


def _absorbed_at(changed: Sequence[Transition], loaded: Loaded, resolved: _Resolved) -> dict[str, set[int]]:
    """Absorbed profile id -> the components that have its records, or had them until they were deleted."""
    absorbed = [t.profile for t in changed if t.profile.status is ProfileStatus.ABSORBED]
    if not absorbed:
        return {}
    live_at = {i: index for index, (_, profile_ids) in enumerate(resolved.components) for i in profile_ids}
    component_of = {address: live_at[profile_id] for address, profile_id in resolved.memberships.items()}
    places: dict[str, set[int]] = {}
    for profile in absorbed:
        places[profile.profile_id] = {component_of[address] for address in profile.members if address in component_of}
    for profile_id, stored in loaded.components.profiles.items():
        if stored.status is ProfileStatus.LIVE or profile_id in live_at:
            now_at = {live_at[profile_id]} if profile_id in live_at else places.get(profile_id, set())
            for named in stored.component:
                if named in places and not places[named]:
                    places[named] = places[named] | now_at
    return places
