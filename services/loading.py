"""Reads everything that a batch of changes can touch: in three requests, whatever its size.

1. the records of the batch, and those that they were before their keys changed
2. the identifiers that these gain or lose, with the components of their holders
3. those components, whole
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graph_model.catalogue import Catalogue
from graph_model.identifiers import Identifier
from graph_model.mapping import MappedRecord, map_record
from graph_model.profiles import ProfileStatus
from graph_model.records import Record, RecordAddress
from services.batches import Batch, RecordChange, fold
from services.stores.errors import CommitConflict
from services.stores.port import Components, Store, StoredIdentifier, StoredRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A batch with everything around it, as the store had it."""

    changes: Mapping[RecordAddress, RecordChange]
    previous: Mapping[RecordAddress, StoredRecord]  #: records under their former addresses
    identifiers: Mapping[Identifier, StoredIdentifier]  #: those whose holders change; unknown ones left out
    touching: Mapping[Identifier, Sequence[RecordAddress]]  #: identifier -> records that gain or lose it
    deltas: Mapping[Identifier, int]  #: by how many its holders grow
    crossing: frozenset[Identifier]  #: those that become generic, or cease to be
    relinked: frozenset[RecordAddress]  #: records that appear, vanish, or carry other identifiers
    components: Components
    mapped: Mapping[RecordAddress, MappedRecord]  #: the live records afterwards

    def holders_before(self, identifier: Identifier) -> int:
        """How many records carried an identifier that this batch touches."""
        stored = self.identifiers.get(identifier)
        return 0 if stored is None else stored.holders

    def holders_after(self, identifier: Identifier) -> int:
        """How many records carry an identifier that this batch touches from now on."""
        return self.holders_before(identifier) + self.deltas[identifier]


async def load(store: Store, catalogue: Catalogue, batch: Batch) -> Loaded:
    """Read what `batch` can touch, and apply the batch to it.

    Raises:
        CommitConflict: the reads do not fit together, since somebody wrote in between.
    """
    former = {change.previous for changes in batch.values() for change in changes if change.previous}
    stored = await store.read_records({*batch, *former})
    changes = {
        address: fold(address, versions, stored.get(address), catalogue.sources[address.source].columns)
        for address, versions in batch.items()
    }
    changed = {address: change for address, change in changes.items() if change.is_changed}
    before = _mapped({a: c.before for a, c in changed.items()}, catalogue)
    after = _mapped({a: c.after for a, c in changed.items()}, catalogue)
    touching, deltas = _touching(before, after)
    up_to = _holders_of_interest(touching, before, catalogue)
    identifiers = await store.read_identifiers(up_to) if up_to else {}
    renamed = {c.previous: stored[c.previous] for c in changed.values() if c.previous in stored and c.previous}
    wanted = {profile_id for record in renamed.values() for profile_id in _component(record)}
    wanted |= {profile_id for c in changed.values() if c.stored for profile_id in _component(c.stored)}
    wanted |= {profile_id for identifier in identifiers.values() for profile_id in identifier.component}
    components = await _read_closed(store, wanted)
    unchanged = {a: r for a, r in components.records.items() if a not in changed}
    mapped = _mapped(unchanged, catalogue)
    _check_fit(changed, before | mapped, identifiers, up_to, components)
    return Loaded(
        changes=changes,
        previous=renamed,
        identifiers=identifiers,
        touching=touching,
        deltas=deltas,
        crossing=_crossing(identifiers, deltas, catalogue),
        relinked=frozenset(a for a in changed if _carried(before, a) != _carried(after, a)),
        components=components,
        mapped=mapped | after,
    )


def _mapped(records: Mapping[RecordAddress, Record | None], catalogue: Catalogue) -> dict[RecordAddress, MappedRecord]:
    return {address: map_record(record, catalogue) for address, record in records.items() if record is not None}


def _component(record: StoredRecord) -> tuple[str, ...]:
    return record.component or ((record.profile_id,) if record.profile_id else ())


def _carried(mapped: Mapping[RecordAddress, MappedRecord], address: RecordAddress) -> tuple[Identifier, ...] | None:
    return mapped[address].identifiers if address in mapped else None


def _touching(
    before: Mapping[RecordAddress, MappedRecord], after: Mapping[RecordAddress, MappedRecord]
) -> tuple[dict[Identifier, list[RecordAddress]], dict[Identifier, int]]:
    """Identifiers that records of the batch gain or lose: by which records, and by how many the holders grow."""
    touching: dict[Identifier, list[RecordAddress]] = {}
    deltas: dict[Identifier, int] = {}
    for address in before.keys() | after.keys():
        old, new = _carried(before, address), _carried(after, address)
        for identifier in () if old == new else {*(old or ())} ^ {*(new or ())}:
            touching.setdefault(identifier, []).append(address)
            gained = 1 if new is not None and identifier in new else -1
            deltas[identifier] = deltas.get(identifier, 0) + gained
    return touching, deltas


def _crossing(
    identifiers: Mapping[Identifier, StoredIdentifier], deltas: Mapping[Identifier, int], catalogue: Catalogue
) -> frozenset[Identifier]:
    crossing = set()
    for identifier, delta in deltas.items():
        kind = catalogue.kinds[identifier.kind]
        holders = identifiers[identifier].holders if identifier in identifiers else 0
        if kind.is_generic(holders) != kind.is_generic(holders + delta):
            crossing.add(identifier)
    return frozenset(crossing)


def _holders_of_interest(
    touching: Iterable[Identifier], before: Mapping[RecordAddress, MappedRecord], catalogue: Catalogue
) -> dict[Identifier, int]:
    """Up to how many holders an identifier is, or may become, evidence."""
    losing = Counter(identifier for mapped in before.values() for identifier in mapped.identifiers)
    return {identifier: catalogue.kinds[identifier.kind].holder_limit + losing[identifier] for identifier in touching}


async def _read_closed(store: Store, wanted: set[str]) -> Components:
    """Read components until every live profile's component is there; one request unless profiles came back."""
    components = await store.read_components(wanted) if wanted else Components(profiles={}, records={}, memberships={})
    missing = _named(components) - wanted
    while missing:
        wanted = wanted | missing
        components = await store.read_components(wanted)
        missing = _named(components) - wanted
    return components


def _named(components: Components) -> set[str]:
    live = (p for p in components.profiles.values() if p.status is ProfileStatus.LIVE)
    return {profile_id for profile in live for profile_id in profile.component}


def _check_fit(
    changed: Mapping[RecordAddress, RecordChange],
    before: Mapping[RecordAddress, MappedRecord],
    identifiers: Mapping[Identifier, StoredIdentifier],
    up_to: Mapping[Identifier, int],
    components: Components,
) -> None:
    for address, change in changed.items():
        if change.before is not None and address not in components.records:
            raise CommitConflict("a record has moved to another profile while it was read; read again")
    carried = Counter(identifier for mapped in before.values() for identifier in mapped.identifiers)
    for identifier, stored in identifiers.items():
        if stored.holders <= up_to[identifier] and carried[identifier] != stored.holders:
            raise CommitConflict("an identifier has got other holders while it was read; read again")
