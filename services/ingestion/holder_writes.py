"""What a commit writes about the holders of the identifiers that it touches: lists, buckets, and the way between.

Pure; why it keeps the law is told in `graph_model.resolution.hubs`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress
from graph_model.resolution.hubs import BUCKETS, bucket_of, hub_until, is_hub_from
from graph_model.values.identifiers import Identifier
from services.ingestion.holder_reads import holder_limit
from services.ingestion.loading import Loaded
from services.stores.port.plan import BucketWrite, IdentifierWrite
from services.stores.port.stored import StoredIdentifier


@dataclass(frozen=True, slots=True)
class HolderWrites:
    """The part of a plan that is about holders; see `services.stores.port.plan.Plan`."""

    identifiers: tuple[IdentifierWrite, ...]
    buckets: tuple[BucketWrite, ...]
    hubs: frozenset[Identifier]
    moved_links: tuple[tuple[Identifier, tuple[RecordAddress, ...]], ...]


def holder_writes(loaded: Loaded, catalogue: Catalogue) -> HolderWrites:
    """Write every identifier that the batch touches, and assert as much of a hub as the law needs."""
    lists: list[IdentifierWrite] = []
    buckets: list[BucketWrite] = []
    hubs: set[Identifier] = set()
    moved: list[tuple[Identifier, tuple[RecordAddress, ...]]] = []
    for identifier in sorted(loaded.touching):
        stored = loaded.identifiers.get(identifier)
        after = loaded.holders_after[identifier]
        limit = holder_limit(identifier, catalogue)
        if stored is not None and stored.is_hub and after <= hub_until(limit):
            lists.append(_list(identifier, stored, after))
            buckets += [_bucket(identifier, stored, number, None) for number in stored.buckets]
            moved.append((identifier, _staying(loaded, identifier)))
        elif stored is None or not stored.is_hub:
            if not is_hub_from(after, limit):
                lists.append(_list(identifier, stored, after))
                continue
            staying = _staying(loaded, identifier)
            counts = Counter(map(bucket_of, (*staying, *_gaining(loaded, identifier))))
            lists.append(_list(identifier, stored, 0, is_hub=True))
            buckets += [_bucket(identifier, stored, number, counts[number]) for number in range(BUCKETS)]
            moved.append((identifier, staying))
            hubs.add(identifier)
        else:
            hubs.add(identifier)
            touching = loaded.touching[identifier]
            whole = identifier in loaded.batch.recount
            buckets += _bucket_writes(identifier, stored, touching, limit, whole=whole)
    return HolderWrites(tuple(lists), tuple(buckets), frozenset(hubs), tuple(moved))


def _bucket_writes(
    identifier: Identifier, stored: StoredIdentifier, touching: Mapping[RecordAddress, int], limit: int, *, whole: bool
) -> list[BucketWrite]:
    growth: Counter[int] = Counter()
    for address, step in touching.items():
        growth[bucket_of(address)] += step
    after = {number: stored.buckets[number].holders + grown for number, grown in growth.items()}
    proves_nothing = any(grown < 0 and after[number] <= limit for number, grown in growth.items())
    asserted = stored.buckets if whole or proves_nothing else growth
    return [
        _bucket(identifier, stored, number, after.get(number, stored.buckets[number].holders))
        for number in sorted(asserted)
    ]


def _list(
    identifier: Identifier, stored: StoredIdentifier | None, holders: int, *, is_hub: bool = False
) -> IdentifierWrite:
    expected = None if stored is None else stored.revision
    return IdentifierWrite(identifier=identifier, expected=expected, holders=holders, is_hub=is_hub)


def _bucket(identifier: Identifier, stored: StoredIdentifier | None, number: int, holders: int | None) -> BucketWrite:
    known = None if stored is None else stored.buckets.get(number)
    expected = None if known is None else known.revision
    return BucketWrite(identifier=identifier, number=number, expected=expected, holders=holders)


def _staying(loaded: Loaded, identifier: Identifier) -> tuple[RecordAddress, ...]:
    touching = loaded.touching[identifier]
    return tuple(address for address in loaded.holders.get(identifier, ()) if touching.get(address) != -1)


def _gaining(loaded: Loaded, identifier: Identifier) -> list[RecordAddress]:
    return [address for address, step in loaded.touching[identifier].items() if step == 1]
