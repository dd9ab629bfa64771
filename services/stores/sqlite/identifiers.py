"""What the embedded store knows of identifiers: their holders, the buckets of hubs, and their links."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import orjson

from graph_model.records.record import RecordAddress
from graph_model.values.identifiers import Identifier
from services.stores.port.stored import BucketsNeeded, StoredBucket, StoredIdentifier
from services.stores.sqlite.packing import unpack_component, unpack_id
from services.stores.sqlite.reads import SqliteReader

#: What `stored_identifier` reads, of an identifier `i`. Only of hubs the buckets are looked for.
IDENTIFIER_COLUMNS = """
i.kind, i.value, i.revision, i.holders, CASE i.holders WHEN 0 THEN (
    SELECT json_group_array(json_array(b.number, unpacked(b.revision), b.holders)) FROM bucket AS b
    WHERE b.identifier = i.id
) END
"""
_READ_IDENTIFIERS = f"""
SELECT i.id, wanted.value ->> 2, {IDENTIFIER_COLUMNS}
FROM json_each(?) AS wanted
JOIN identifier AS i ON i.kind = wanted.value ->> 0 AND i.value = wanted.value ->> 1
"""  # noqa: S608 - only constants are put together
_READ_COMPONENTS = """
SELECT DISTINCT h.identifier, coalesce(p.component, p.profile_id)
FROM json_each(?) AS wanted
JOIN has AS h ON h.identifier = wanted.value
JOIN record AS r ON r.id = h.record
JOIN profile AS p ON p.profile_id = r.profile_id
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
    asked = orjson.dumps([(i.kind, i.value, up_to) for i, up_to in wanted.items()]).decode()
    with reader.snapshot():
        found = [
            (row_id, up_to, *_as_needed(*stored_identifier(*columns), needed))
            for row_id, up_to, *columns in reader.rows(_READ_IDENTIFIERS, asked)
        ]
        few = [row_id for row_id, up_to, _, stored in found if stored.holders <= up_to]
        reader.expect(sum(stored.holders for _, up_to, _, stored in found if stored.holders <= up_to))
        components: dict[int, set[str]] = {}
        for identifier, component in reader.rows(_READ_COMPONENTS, orjson.dumps(few).decode()):
            components.setdefault(identifier, set()).update(unpack_component(component))
    return {
        identifier: replace(stored, component=tuple(sorted(components[row_id]))) if row_id in components else stored
        for row_id, _, identifier, stored in found
    }


def _as_needed(
    identifier: Identifier, stored: StoredIdentifier, needed: BucketsNeeded
) -> tuple[Identifier, StoredIdentifier]:
    """What was read, without the buckets that are not needed."""
    sufficient = needed(identifier) if stored.is_hub else None
    buckets = None if sufficient is None else sufficient.among(stored.buckets)
    if buckets is None:
        return identifier, stored
    return identifier, replace(stored, buckets=buckets, holders=sum(bucket.holders for bucket in buckets.values()))


def stored_identifier(
    kind: str, value: str, revision: bytes | str, listed: int, buckets: str | None
) -> tuple[Identifier, StoredIdentifier]:
    """Read a row of `IDENTIFIER_COLUMNS`; the components of its holders are left out."""
    found = {}
    if buckets is not None:
        found = {number: StoredBucket(revision=at, holders=holders) for number, at, holders in orjson.loads(buckets)}
    holders = listed or sum(bucket.holders for bucket in found.values())
    return Identifier(kind, value), StoredIdentifier(
        revision=unpack_id(revision), holders=holders, component=(), buckets=found
    )


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
