"""Reading identifiers: those that list their holders themselves, and hubs, whose holders hang on buckets.

Nearly no identifier is a hub, so its buckets are asked for only after its vertex has said that it is one, and together
with it where it was one before.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Final

from graph_model.records.record import RecordAddress
from graph_model.resolution.hubs import BUCKETS
from graph_model.values.identifiers import Identifier
from services.stores.gremlin import reads
from services.stores.gremlin.connection import Submit
from services.stores.gremlin.ids import bucket_id, bucket_ids, identifier_id, tally_id
from services.stores.gremlin.reads import Read, Row, formed
from services.stores.gremlin.spelling import Spelling
from services.stores.port.errors import StoreError
from services.stores.port.stored import BucketsNeeded, StoredBucket, StoredIdentifier, StoredProfile

_REMEMBERED: Final = 1_000
_ALL: Final = range(BUCKETS)


class KnownHubs:
    """Which identifiers have been hubs lately; that one of them is none any more costs a look at buckets."""

    def __init__(self) -> None:
        self._hubs: dict[Identifier, None] = {}

    def among(self, wanted: Iterable[Identifier]) -> list[Identifier]:
        """Those of some identifiers that have been."""
        return [identifier for identifier in wanted if identifier in self._hubs] if self._hubs else []

    def add(self, hubs: Iterable[Identifier]) -> None:
        """Take note of hubs; of too many the oldest are forgotten."""
        self._hubs.update(dict.fromkeys(hubs))
        while len(self._hubs) > _REMEMBERED:
            del self._hubs[next(iter(self._hubs))]


async def read_identifiers(
    read: Read, spelling: Spelling, wanted: Mapping[Identifier, int], known: KnownHubs, needed: BucketsNeeded
) -> dict[Identifier, StoredIdentifier]:
    """Read identifiers; see `Store.read_identifiers`.

    A hub that gives up its buckets while it is read has another revision afterwards, and is read again.

    Raises:
        StoreError: a hub has not all of its buckets.
    """
    found, torn = await _read_once(read, spelling, wanted, known, needed)
    while torn:
        found_again, torn_again = await _read_once(read, spelling, {hub: wanted[hub] for hub in torn}, known, needed)
        broken = torn.items() & torn_again.items()
        if broken:
            kinds = ", ".join(sorted({hub.kind for hub, _ in broken}))
            raise StoreError(
                f"{len(broken)} identifiers (of the kinds {kinds}) have not all of the {BUCKETS} buckets that a hub "
                "has: something else than this service has written to the graph. Build it again from the log with "
                "`identity-graph consume --rewind` on an empty graph."
            )
        found, torn = found | found_again, torn_again
    return found


async def read_holders(submit: Submit, identifier: Identifier, row_key: str) -> tuple[RecordAddress, ...]:
    """Read who carries an identifier; see `Store.read_holders`. In `row_key` a record holds the key of its row."""
    rows = await submit(reads.holders_traversal(identifier_id(identifier), row_key))
    if not rows:  # a hub, most likely; it may have so many holders that each bucket gets a request of its own
        for bucket in bucket_ids(identifier):
            rows += await submit(reads.holders_traversal(bucket, row_key))
    return await formed(rows, lambda found: tuple(sorted(RecordAddress(row["source"], row["key"]) for row in found)))


async def find_profiles(submit: Submit, identifier: Identifier, limit: int) -> tuple[StoredProfile, ...]:
    """Find profiles by an identifier; see `Store.find_profiles`.

    Of a hub they are not the first of all profiles, but the first that are met.
    """
    vertex = identifier_id(identifier)
    rows = await submit(reads.holders_profiles_traversal(vertex, limit))
    if not rows:  # nobody carries it, or it is a hub
        rows = await submit(reads.some_profiles_traversal([vertex, *bucket_ids(identifier)], limit))
    return await formed(rows, lambda found: tuple(map(reads.stored_profile, found)))


async def count_links(read: Read, identifiers: Collection[Identifier]) -> dict[Identifier, int]:
    """Count the records that hang on each identifier, or on its buckets."""
    by_vertex = {identifier_id(identifier): identifier for identifier in identifiers}
    rows = await read(reads.links_traversal, by_vertex)
    counts = {by_vertex[row["id"]]: row["links"] for row in rows}
    hubs = [by_vertex[row["id"]] for row in rows if reads.is_hub(row)]
    for (hub, _), row in (
        await _parts(partial(read, reads.links_traversal), bucket_id, dict.fromkeys(hubs, _ALL))
    ).items():
        counts[hub] += row["links"]
    return counts


async def _read_once(
    read: Read, spelling: Spelling, wanted: Mapping[Identifier, int], known: KnownHubs, needed: BucketsNeeded
) -> tuple[dict[Identifier, StoredIdentifier], dict[Identifier, str]]:
    """What was found, and the hubs whose buckets were gone when these were read, with the revisions of the hubs."""
    expected = known.among(wanted)
    rows, buckets = await asyncio.gather(_own_rows(read, spelling, wanted), _buckets(read, expected, needed))
    hubs = [identifier for identifier, row in rows.items() if reads.is_hub(row)]
    found = {identifier: reads.stored_identifier(row) for identifier, row in rows.items() if not reads.is_hub(row)}
    if not hubs:
        return found, {}
    further = [hub for hub in hubs if hub not in expected]
    known.add(further)
    buckets |= await _buckets(read, further, needed)
    counted = {hub: reads.stored_identifier(rows[hub], buckets[hub]) for hub in hubs if hub in buckets}
    rare = [hub for hub, stored in counted.items() if stored.holders <= wanted[hub]]
    components = _by_hub(await _parts(partial(spelling.bucket_rows, read), bucket_id, dict.fromkeys(rare, _ALL)))
    for hub in rare:
        counted[hub] = reads.stored_identifier(rows[hub], buckets[hub], components[hub].values())
    return found | counted, {hub: rows[hub]["rev"] for hub in hubs if hub not in counted}


async def _buckets(
    read: Read, hubs: Iterable[Identifier], needed: BucketsNeeded
) -> dict[Identifier, Mapping[int, StoredBucket]]:
    """The buckets of hubs: those that suffice, else all; a hub that has not all of them is left out."""
    sufficient = {hub: needed(hub) for hub in hubs}
    asked = {hub: _ALL if few is None else few.numbers for hub, few in sufficient.items()}
    found = await _tallies(read, asked)
    chosen = {hub: few.among(found[hub]) for hub, few in sufficient.items() if few is not None}
    lacking = [hub for hub, buckets in chosen.items() if buckets is None]
    found |= await _tallies(read, dict.fromkeys(lacking, _ALL))
    whole = {hub: found[hub] for hub in sufficient if len(found[hub]) == BUCKETS}
    return whole | {hub: buckets for hub, buckets in chosen.items() if buckets is not None}


async def _tallies(
    read: Read, hubs: Mapping[Identifier, Iterable[int]]
) -> dict[Identifier, Mapping[int, StoredBucket]]:
    rows = _by_hub(await _parts(partial(read, reads.tallies_traversal), tally_id, hubs))
    return {hub: {number: reads.stored_bucket(row) for number, row in rows[hub].items()} for hub in hubs}


async def _own_rows(read: Read, spelling: Spelling, wanted: Mapping[Identifier, int]) -> dict[Identifier, Row]:
    by_vertex = {identifier_id(identifier): identifier for identifier in wanted}
    up_to = {vertex: wanted[identifier] for vertex, identifier in by_vertex.items()}
    rows = await spelling.identifier_rows(read, up_to)
    return {by_vertex[row["id"]]: row for row in rows}


async def _parts(
    read_rows: Callable[[Iterable[str]], Awaitable[list[Row]]],
    vertex_of: Callable[[Identifier, int], str],
    hubs: Mapping[Identifier, Iterable[int]],
) -> dict[tuple[Identifier, int], Row]:
    """Ask for one vertex of each of some buckets of hubs; answers (hub, number) -> row."""
    by_vertex = {vertex_of(hub, number): (hub, number) for hub, numbers in hubs.items() for number in numbers}
    rows = await read_rows(by_vertex) if by_vertex else []
    return {by_vertex[row["id"]]: row for row in rows}


def _by_hub(parts: Mapping[tuple[Identifier, int], Row]) -> defaultdict[Identifier, dict[int, Row]]:
    found: defaultdict[Identifier, dict[int, Row]] = defaultdict(dict)
    for (hub, number), row in parts.items():
        found[hub][number] = row
    return found
