"""What the embedded store knows of identifiers: their holders, the buckets of hubs, and their links."""

from collections.abc import Collection, Mapping, Sequence

import orjson

from graph_model.records.record import RecordAddress
from graph_model.values.identifiers import Identifier
from services.stores.port.stored import BucketsNeeded, StoredBucket, StoredIdentifier
from services.stores.sqlite.lists import by_first
from services.stores.sqlite.packing import unpack_component, unpack_id
from services.stores.sqlite.reads import SqliteReader

#: Of hubs, which list no holders themselves, the buckets of an identifier `i`.
_BUCKETS = """CASE i.holders WHEN 0 THEN (
    SELECT json_group_array(json_array(b.number, unpacked(b.revision), b.holders)) FROM bucket AS b
    WHERE b.identifier = i.id
) END"""
#: What `stored_identifier` reads, of an identifier `i`.
IDENTIFIER_COLUMNS = f"i.kind, i.value, i.revision, i.holders, {_BUCKETS}"
_READ_IDENTIFIERS = f"""
SELECT wanted.key, i.id, i.revision, i.holders, {_BUCKETS}
FROM json_each(?) AS wanted
CROSS JOIN identifier AS i ON i.kind = ? AND i.value = wanted.value
"""  # noqa: S608 - only constants are put together
_READ_COMPONENTS = """
SELECT h.identifier, p.profile_id, p.component
FROM json_each(?) AS wanted
CROSS JOIN has AS h ON h.identifier = wanted.value
CROSS JOIN record AS r ON r.id = h.record
CROSS JOIN profile AS p ON p.profile_id = r.profile_id
"""
_READ_HOLDERS = """
SELECT r.source, r.key FROM identifier AS i
JOIN has AS h ON h.identifier = i.id
JOIN record AS r ON r.id = h.record
WHERE i.kind = ? AND i.value = ?
ORDER BY r.source, r.key
"""
_COUNT_HOLDERS = """
SELECT CASE i.holders WHEN 0 THEN (SELECT coalesce(sum(b.holders), 0) FROM bucket AS b WHERE b.identifier = i.id)
    ELSE i.holders END
FROM identifier AS i WHERE i.kind = ? AND i.value = ?
"""
_READ_LINKS = """
SELECT r.source, r.key, i.kind, i.value
FROM json_each(?) AS wanted
JOIN record AS r ON r.source = wanted.value ->> 0 AND r.key = wanted.value ->> 1
LEFT JOIN has AS h ON h.record = r.id
LEFT JOIN identifier AS i ON i.id = h.identifier
ORDER BY i.kind, i.value
"""


def read_identifiers(
    reader: SqliteReader, wanted: Mapping[Identifier, int], needed: BucketsNeeded
) -> Mapping[Identifier, StoredIdentifier]:
    """See `Store.read_identifiers`."""
    found = []
    few = []
    with reader.snapshot():
        for kind, asked, values in by_first(wanted):
            for place, row_id, revision, listed, listed_buckets in reader.rows(_READ_IDENTIFIERS, values, kind):
                identifier = asked[place]
                buckets = _as_needed(identifier, _buckets(listed_buckets), needed)
                holders = listed or _held(buckets)
                found.append((identifier, row_id, revision, holders, buckets))
                if holders <= wanted[identifier]:
                    few.append(row_id)
                    reader.expect(holders)
        components = _components(reader, few)
    return {
        identifier: StoredIdentifier(
            revision=unpack_id(revision), holders=holders, component=components.get(row_id, ()), buckets=buckets
        )
        for identifier, row_id, revision, holders, buckets in found
    }


def _components(reader: SqliteReader, identifiers: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The profiles of the components of all holders, sorted, by row id of the identifier."""
    components: dict[int, tuple[str, ...]] = {}
    for identifier, profile_id, component in reader.rows(_READ_COMPONENTS, orjson.dumps(identifiers).decode()):
        profile_ids = (unpack_id(profile_id),) if component is None else unpack_component(component)
        known = components.setdefault(identifier, profile_ids)
        if known != profile_ids:
            components[identifier] = tuple({*known, *profile_ids})
    return {identifier: tuple(sorted(profile_ids)) for identifier, profile_ids in components.items()}


def _as_needed(
    identifier: Identifier, buckets: Mapping[int, StoredBucket], needed: BucketsNeeded
) -> Mapping[int, StoredBucket]:
    """Those of the buckets of a hub that are needed."""
    sufficient = needed(identifier) if buckets else None
    chosen = None if sufficient is None else sufficient.among(buckets)
    return buckets if chosen is None else chosen


def _buckets(listed: str | None) -> dict[int, StoredBucket]:
    if listed is None:
        return {}
    return {number: StoredBucket(revision=at, holders=holders) for number, at, holders in orjson.loads(listed)}


def _held(buckets: Mapping[int, StoredBucket]) -> int:
    return sum(bucket.holders for bucket in buckets.values())


def stored_identifier(
    kind: str, value: str, revision: bytes | str, listed: int, buckets: str | None
) -> tuple[Identifier, StoredIdentifier]:
    """Read a row of `IDENTIFIER_COLUMNS`; the components of its holders are left out."""
    found = _buckets(buckets)
    stored = StoredIdentifier(revision=unpack_id(revision), holders=listed or _held(found), component=(), buckets=found)
    return Identifier(kind, value), stored


def count_holders(reader: SqliteReader, identifier: Identifier) -> int:
    """Give how many holders an identifier counts, without looking for them."""
    (holders,) = reader.first(_COUNT_HOLDERS, identifier.kind, identifier.value) or (0,)
    return int(holders)


def read_holders(reader: SqliteReader, identifier: Identifier) -> tuple[RecordAddress, ...]:
    """See `Store.read_holders`."""
    reader.expect(count_holders(reader, identifier))
    rows = reader.rows(_READ_HOLDERS, identifier.kind, identifier.value)
    return tuple(RecordAddress(source, key) for source, key in rows)


def read_links(
    reader: SqliteReader, addresses: Collection[RecordAddress]
) -> Mapping[RecordAddress, tuple[Identifier, ...]]:
    """See `Store.read_links`."""
    wanted = orjson.dumps([(address.source, address.key) for address in addresses]).decode()
    links: dict[RecordAddress, list[Identifier]] = {}
    for source, key, kind, value in reader.rows(_READ_LINKS, wanted):
        found = links.setdefault(RecordAddress(source, key), [])
        if kind is not None:
            found.append(Identifier(kind, value))
    return {address: tuple(found) for address, found in links.items()}
