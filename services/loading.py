"""Reads everything that a batch of changes can touch: in three requests, whatever its size.

1. the records of the batch, and those that they were before their keys changed
2. the identifiers that these gain or lose, with the components of their holders
3. those components, whole
"""

from collections import Counter
from collections.abc import Mapping
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
    deltas: Mapping[Identifier, int]  #: how many holders each gains or loses
    relinked: frozenset[RecordAddress]  #: records that appear, vanish, or carry other identifiers
    components: Components
    mapped: Mapping[RecordAddress, MappedRecord]  #: the live records afterwards


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
    deltas = _deltas(before, after)
    up_to = _holders_of_interest(deltas, before, catalogue)
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
        deltas=deltas,
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


def _deltas(
    before: Mapping[RecordAddress, MappedRecord], after: Mapping[RecordAddress, MappedRecord]
) -> dict[Identifier, int]:
    """Identifiers that a record of the batch gains or loses, with the sum, which may be 0."""
    deltas: Counter[Identifier] = Counter()
    for address in before.keys() | after.keys():
        old = set(_carried(before, address) or ())
        new = set(_carried(after, address) or ())
        for identifier in new - old:
            deltas[identifier] += 1
        for identifier in old - new:
            deltas[identifier] -= 1
    return dict(deltas)


def _holders_of_interest(
    deltas: Mapping[Identifier, int], before: Mapping[RecordAddress, MappedRecord], catalogue: Catalogue
) -> dict[Identifier, int]:
    """Up to how many holders an identifier is, or may become, evidence."""
    losing = Counter(identifier for mapped in before.values() for identifier in mapped.identifiers)
    return {identifier: catalogue.kinds[identifier.kind].holder_limit + losing[identifier] for identifier in deltas}


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
