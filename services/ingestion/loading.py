"""Reads everything that a batch can touch: in three requests, whatever its size.

1. the records of the batch, and those that they were before their keys changed
2. the identifiers that these gain or lose, with the components of their holders
3. those components, whole

Further requests are needed only where links must be read: of records that are linked by an older meaning of the
catalogue, and of identifiers that get or give up the buckets of a hub; and where verdicts speak of the records: their
entries in the ledger, and the other records that these join.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from msgspec import structs

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.document import ProfileStatus
from graph_model.records.key_changes import KeyChanges
from graph_model.records.record import Record, RecordAddress
from graph_model.resolution.constraints import ValueRule, broken_kinds, value_rules
from graph_model.resolution.hubs import bucket_of, hub_until, is_hub_from
from graph_model.resolution.mapping import MappedRecord, carries_the_same, map_record
from graph_model.values.identifiers import Identifier
from services.computing import computed
from services.ingestion.batches import Batch, BatchOutcome, RecordChange, batch_outcome, key_changes
from services.ingestion.holder_reads import buckets_needed, holder_limit
from services.ingestion.read_guards import Carried, check_holders, check_members, check_read_anew, other_holders
from services.stores.port.protocols import SurroundingsReader
from services.stores.port.stored import Components, StoredIdentifier, StoredRecord, StoredVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A batch with everything around it, as the store had it."""

    batch: Batch
    changes: Mapping[RecordAddress, RecordChange]
    keys: KeyChanges
    previous: Mapping[RecordAddress, StoredRecord]  #: records under their former addresses
    identifiers: Mapping[Identifier, StoredIdentifier]  #: those whose holders change; unknown ones left out
    touching: Mapping[Identifier, Mapping[RecordAddress, int]]  #: record -> 1 gains it, -1 loses it, 0 keeps it
    holders_after: Mapping[Identifier, int]  #: of those that are touched: how many records carry them from now on
    holders: Mapping[Identifier, tuple[RecordAddress, ...]]  #: of those that get or give up buckets: who carries them
    crossing: frozenset[Identifier]  #: those that become generic, or cease to be
    relinked: frozenset[RecordAddress]  #: records that appear, vanish, or carry other identifiers
    tombstone_partners: Mapping[RecordAddress, StoredRecord]  #: tombstones that verdicts join with records of the batch
    ledger: Mapping[str, StoredVerdict]  #: the verdicts that records of the batch carry, or carried, as they were
    components: Components
    mapped: Mapping[RecordAddress, MappedRecord]  #: the live records afterwards

    def growth(self, identifier: Identifier) -> int:
        """By how many the holders of an identifier grow."""
        return sum(self.touching[identifier].values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Applied:
    """What a batch makes of its records."""

    changes: Mapping[RecordAddress, RecordChange]
    changed: Mapping[RecordAddress, RecordChange]  #: those of them from which something follows for others
    previous: Mapping[RecordAddress, StoredRecord]  #: see `Loaded`


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mapped:
    """What the changed records say, and said, and whom that touches."""

    before: Carried  #: what they are linked with
    after: Mapping[RecordAddress, MappedRecord]  #: those that are live afterwards
    touching: Mapping[Identifier, Mapping[RecordAddress, int]]  #: see `Loaded`


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoreContext:
    """What the store has around the changed records."""

    identifiers: Mapping[Identifier, StoredIdentifier]  #: those that are touched
    complete: Mapping[Identifier, StoredIdentifier]  #: those of them whose holders must all be among the records
    ledger: Mapping[str, StoredVerdict]  #: see `Loaded`
    partners: Mapping[RecordAddress, StoredRecord]  #: records that verdicts join with changed ones, live or not
    components: Components
    unchanged: Mapping[RecordAddress, MappedRecord]  #: what the other records of the components say


async def load(store: SurroundingsReader, catalogue: Catalogue, batch: Batch) -> Loaded:
    """Read what `batch` can touch, and apply the batch to it.

    Raises:
        CommitConflict: the reads do not fit together, since somebody wrote in between.
        UnknownRecord: a verdict is about a record that was never there.
    """
    applied = await _apply_to_records(store, catalogue, batch)
    mapped = await _map_changed(store, catalogue, batch, applied)
    around = await _read_surroundings(store, catalogue, batch, applied, mapped)
    await _check_read_together(store, applied, mapped, around)
    holders_after = _holders_after(around.identifiers, mapped.touching)
    return Loaded(
        batch=batch,
        changes=applied.changes,
        keys=key_changes(applied.changes.values()),
        previous=applied.previous,
        identifiers=around.identifiers,
        touching=mapped.touching,
        holders_after=holders_after,
        holders=await _holders_that_move(store, catalogue, around.identifiers, holders_after),
        crossing=_crossing(around.identifiers, holders_after, catalogue),
        relinked=frozenset(a for a in applied.changed if mapped.before.get(a) != _carried(mapped.after, a)),
        tombstone_partners={a: record for a, record in around.partners.items() if record.record.is_tombstone},
        components=around.components,
        mapped={**around.unchanged, **mapped.after},
        ledger=around.ledger,
    )


async def _apply_to_records(store: SurroundingsReader, catalogue: Catalogue, batch: Batch) -> _Applied:
    """Read the records of a batch, and apply it to them."""
    stored, outcome = await _outcome(store, catalogue, batch)
    changes = outcome.changes
    return _Applied(
        changes=changes,
        changed={address: change for address, change in changes.items() if change.is_changed},
        previous={c.previous: was for c in changes.values() if c.previous and (was := stored[c.previous]) is not None},
    )


async def _map_changed(store: SurroundingsReader, catalogue: Catalogue, batch: Batch, applied: _Applied) -> _Mapped:
    """Tell what the changed records carry, and carried, and which identifiers that touches."""
    live = {a: c.after for a, c in applied.changed.items() if c.after is not None}
    after = await _mapped(live, catalogue)
    before = await _carried_before(store, catalogue, applied.changed, after)
    carried = {a: mapped.identifiers for a, mapped in after.items()}
    rules = value_rules(catalogue)
    touching = await computed(len(carried), _touching, before, carried, applied.changed, rules)
    touching.update((identifier, {}) for identifier in batch.recount - touching.keys())
    return _Mapped(before=before, after=after, touching=touching)


async def _read_surroundings(
    store: SurroundingsReader, catalogue: Catalogue, batch: Batch, applied: _Applied, mapped: _Mapped
) -> _StoreContext:
    """Read the identifiers that are touched, the verdicts that speak of the records, and every component concerned."""
    up_to = _holders_of_interest(mapped.touching, mapped.before, catalogue)
    needed = buckets_needed(mapped.touching, up_to, catalogue, batch.recount)
    identifiers = await store.read_identifiers(up_to, needed) if up_to else {}
    if batch.recount:
        identifiers = {**identifiers, **await _recounted(store, {i: up_to[i] for i in batch.recount})}
    ledger = await _ledger(store, applied.changes)
    partners = await _joined_by_verdict(store, batch, applied.changed, ledger)
    wanted = {profile_id for record in applied.previous.values() for profile_id in _component(record)}
    wanted |= {profile_id for record in _live(partners) for profile_id in _component(record)}
    wanted |= {profile_id for c in applied.changed.values() if c.stored for profile_id in _component(c.stored)}
    wanted |= {profile_id for identifier in identifiers.values() for profile_id in identifier.component}
    components = await _read_closed(store, wanted | batch.profiles)
    unchanged = {a: r for a, r in components.records.items() if a not in applied.changed}
    counted = {i: found for i, found in identifiers.items() if i not in batch.recount}
    return _StoreContext(
        identifiers=identifiers,
        complete={i: found for i, found in counted.items() if found.holders <= up_to[i]},
        ledger=ledger,
        partners=partners,
        components=components,
        unchanged=await map_records(store, catalogue, unchanged),
    )


async def _check_read_together(
    store: SurroundingsReader, applied: _Applied, mapped: _Mapped, around: _StoreContext
) -> None:
    """Refuse reads of different times.

    Raises:
        ReadsDisagree, CommitConflict: somebody wrote in between, or the store contradicts itself.
    """
    live_before = [c.stored for c in applied.changed.values() if c.stored and c.before is not None and not c.read_anew]
    together = [*live_before, *_live(around.partners)]
    await computed(len(around.components.records), check_members, together, around.components)
    await check_read_anew(store, applied.changed, around.components)
    await computed(len(around.complete), check_holders, around.complete, mapped.before, around.unchanged)


async def _outcome(
    store: SurroundingsReader, catalogue: Catalogue, batch: Batch
) -> tuple[Mapping[RecordAddress, StoredRecord | None], BatchOutcome]:
    """Read the records of a batch, and apply it to them; marks that go with changed keys may lead to further ones."""
    of_keys = (a for changes in batch.changes.values() for c in changes for a in (c.previous, c.moved_to) if a)
    wanted = frozenset((*batch.addresses, *of_keys))
    stored: dict[RecordAddress, StoredRecord | None] = {}
    while True:
        stored |= dict.fromkeys(wanted) | dict(await store.read_records(wanted) if wanted else {})
        outcome = await computed(len(stored), batch_outcome, batch, stored, catalogue.columns_of, store.generation)
        wanted = outcome.unknown
        if not wanted:
            return stored, outcome


async def _carried_before(
    store: SurroundingsReader,
    catalogue: Catalogue,
    changed: Mapping[RecordAddress, RecordChange],
    after: Mapping[RecordAddress, MappedRecord],
) -> Carried:
    """What the records of the batch are linked with: it follows from what they said, or else is read."""
    known = {a: c.before for a, c in changed.items() if c.before is not None and not c.read_anew}
    carried = await computed(len(known), _identifiers_before, known, after, catalogue)
    unsure = [a for a, c in changed.items() if c.read_anew and c.stored is not None]
    links = await store.read_links(unsure) if unsure else {}
    return carried | {a: links.get(a, ()) for a in unsure if changed[a].before is not None or links.get(a)}


def _identifiers_before(
    before: Mapping[RecordAddress, Record], after: Mapping[RecordAddress, MappedRecord], catalogue: Catalogue
) -> dict[RecordAddress, tuple[Identifier, ...]]:
    """What records carried before; most change nothing of that."""
    carried = {}
    for address, record in before.items():
        now = after.get(address)
        is_same = now is not None and carries_the_same(record, now.record, catalogue)
        carried[address] = now.identifiers if now and is_same else map_record(record, catalogue).identifiers
    return carried


async def map_records(
    store: SurroundingsReader, catalogue: Catalogue, records: Mapping[RecordAddress, Record]
) -> dict[RecordAddress, MappedRecord]:
    """What live records say; those that wait for `re-resolve` carry what they are linked with."""
    mapped = await _mapped(records, catalogue)
    waiting = [address for address, record in records.items() if record.generation != store.generation]
    if waiting:
        links = await store.read_links(waiting)
        for address in waiting:
            known = tuple(i for i in links.get(address, ()) if i.kind in catalogue.kinds)
            mapped[address] = structs.replace(mapped[address], identifiers=known)
    return mapped


async def _mapped(records: Mapping[RecordAddress, Record], catalogue: Catalogue) -> dict[RecordAddress, MappedRecord]:
    return await computed(len(records), lambda: {a: map_record(record, catalogue) for a, record in records.items()})


def _live(records: Mapping[RecordAddress, StoredRecord]) -> list[StoredRecord]:
    return [stored for stored in records.values() if not stored.record.is_tombstone]


def _component(record: StoredRecord) -> tuple[str, ...]:
    return record.component or ((record.profile_id,) if record.profile_id else ())


def _carried(mapped: Mapping[RecordAddress, MappedRecord], address: RecordAddress) -> tuple[Identifier, ...] | None:
    return mapped[address].identifiers if address in mapped else None


def _touching(
    before: Carried, after: Carried, changed: Mapping[RecordAddress, RecordChange], rules: Sequence[ValueRule]
) -> dict[Identifier, dict[RecordAddress, int]]:
    """Identifiers that records of the batch gain or lose, and those that they keep where these may join otherwise.

    These are all that a record carries that is read anew, and those of a kind that it breaks by itself, or did.
    """
    touching: dict[Identifier, dict[RecordAddress, int]] = {}
    for address, change in changed.items():
        old, new = before.get(address, ()), after.get(address, ())
        kept = {*old} & {*new}
        if kept and not change.read_anew:
            broken = broken_kinds(old, rules) ^ broken_kinds(new, rules)
            kept = {identifier for identifier in kept if identifier.kind in broken}
        for identifier in kept:
            touching.setdefault(identifier, {})[address] = 0
        for identifier in {*old} ^ {*new}:
            touching.setdefault(identifier, {})[address] = 1 if identifier in new else -1
    return touching


def _holders_after(
    identifiers: Mapping[Identifier, StoredIdentifier], touching: Mapping[Identifier, Mapping[RecordAddress, int]]
) -> dict[Identifier, int]:
    after = {identifier: sum(records.values()) for identifier, records in touching.items()}
    for identifier, stored in identifiers.items():
        after[identifier] += stored.holders
    return after


def _crossing(
    identifiers: Mapping[Identifier, StoredIdentifier], holders_after: Mapping[Identifier, int], catalogue: Catalogue
) -> frozenset[Identifier]:
    crossing = set()
    for identifier, after in holders_after.items():
        kind = catalogue.kinds.get(identifier.kind)
        stored = identifiers.get(identifier)
        before = 0 if stored is None else stored.holders
        if kind is not None and kind.is_generic(before) != kind.is_generic(after):
            crossing.add(identifier)
    return frozenset(crossing)


def _holders_of_interest(
    touching: Iterable[Identifier], before: Carried, catalogue: Catalogue
) -> dict[Identifier, int]:
    """Up to how many holders an identifier is, or may become, evidence."""
    losing = Counter(identifier for identifiers in before.values() for identifier in identifiers)
    return {
        identifier: catalogue.kinds[identifier.kind].holder_limit + losing[identifier]
        if identifier.kind in catalogue.kinds
        else 0
        for identifier in touching
    }


async def _recounted(store: SurroundingsReader, up_to: Mapping[Identifier, int]) -> dict[Identifier, StoredIdentifier]:
    """Identifiers with as many holders as records are linked with them, whatever was counted."""
    counted = {}
    for identifier, stored in (await store.read_identifiers(dict.fromkeys(up_to, 0))).items():
        holders = await store.read_holders(identifier)
        records = await store.read_records(holders) if len(holders) <= up_to[identifier] else {}
        hanging = Counter(map(bucket_of, holders))
        counted[identifier] = structs.replace(
            stored,
            holders=len(holders),
            component=tuple(sorted({p for record in records.values() for p in _component(record)})),
            buckets={number: replace(bucket, holders=hanging[number]) for number, bucket in stored.buckets.items()},
        )
    return counted


async def _ledger(
    store: SurroundingsReader, changes: Mapping[RecordAddress, RecordChange]
) -> Mapping[str, StoredVerdict]:
    """The entries of the verdicts whose marks move, or join records that change with others."""
    moving = [change for change in changes.values() if change.marks_move]
    named = {mark.verdict_id for change in moving for mark in change.marks_gained | change.marks_lost}
    named |= {m.verdict_id for c in changes.values() if c.is_changed for m in (*c.marks_before, *c.record.marks)}
    return await store.read_verdicts(named) if named else {}


async def _joined_by_verdict(
    store: SurroundingsReader,
    batch: Batch,
    changed: Mapping[RecordAddress, RecordChange],
    ledger: Mapping[str, StoredVerdict],
) -> Mapping[RecordAddress, StoredRecord]:
    """The records, outside the batch, that verdicts join with those of the batch, now or before."""
    verdicts = {verdict_id: stored.entry.verdict for verdict_id, stored in ledger.items()}
    verdicts |= {write.entry.verdict_id: write.entry.verdict for write in batch.verdicts}
    partners: set[RecordAddress] = set()
    for change in changed.values():
        for mark in {*change.marks_before, *change.record.marks}:
            if mark.together and mark.verdict_id in verdicts:
                partners.update(verdicts[mark.verdict_id].groups[mark.group])
    partners -= changed.keys()
    return await store.read_records(partners) if partners else {}


async def _holders_that_move(
    store: SurroundingsReader,
    catalogue: Catalogue,
    identifiers: Mapping[Identifier, StoredIdentifier],
    holders_after: Mapping[Identifier, int],
) -> dict[Identifier, tuple[RecordAddress, ...]]:
    """Who carries the identifiers that get buckets, or give them up.

    Raises:
        ReadsDisagree: there are other holders by now than were counted.
    """
    moving = {}
    for identifier, stored in identifiers.items():
        after, limit = holders_after[identifier], holder_limit(identifier, catalogue)
        if (after <= hub_until(limit)) if stored.is_hub else is_hub_from(after, limit):
            holders = await store.read_holders(identifier)
            if len(holders) != stored.holders:
                raise other_holders({identifier: stored}, {identifier: len(holders)})
            moving[identifier] = holders
    return moving


async def _read_closed(store: SurroundingsReader, wanted: Collection[str]) -> Components:
    """Read components until every live profile's component is there; one request unless profiles came back."""
    asked = set(wanted)
    components = await store.read_components(asked) if asked else Components(profiles={}, records={}, memberships={})
    missing = _named(components) - asked
    while missing:
        asked |= missing
        components = await store.read_components(asked)
        missing = _named(components) - asked
    return components


def _named(components: Components) -> set[str]:
    # The profiles of a large component share one tuple, which is walked through once.
    lists = {id(p.component): p.component for p in components.profiles.values() if p.status is ProfileStatus.LIVE}
    return {profile_id for component in lists.values() for profile_id in component}
