"""From the groups of a spool to plans: each resolves some groups once, and writes all that follows from them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from typing import Final, NamedTuple

import orjson
from msgspec.structs import replace

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.codec import encode_profile
from graph_model.profile.composition import compose_profile
from graph_model.profile.document import ProfileStatus
from graph_model.records.record import Record, RecordAddress
from graph_model.resolution.hubs import BUCKETS
from graph_model.resolution.mapping import MappedRecord
from graph_model.resolution.resolve import resolve
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position
from graph_model.values.times import iso_time
from services.bootstrap.spool import LoadSpool, read_derived
from services.stores.port.plan import BucketWrite, IdentifierWrite, Plan, ProfileWrite, RecordWrite
from services.stores.port.stored import StoredIdentifier
from services.stores.port.stored_forms import read_record

#: Records of the first portion: by these a store learns what documents have in common, and writes all others smaller.
_FIRST: Final = 2_000

_GROUPS: Final = """
SELECT m.grouped, r.source, r.key, r.document, r.derived FROM member AS m JOIN record AS r ON r.number = m.record
WHERE m.grouped > ? ORDER BY m.grouped, m.record
"""


class SpooledRecord(NamedTuple):
    """A record to be loaded."""

    record: Record
    mapped: MappedRecord | None  #: what it says; None: it is deleted
    document: bytes  #: the stored form of the record

    @property
    def identifiers(self) -> tuple[Identifier, ...]:
        """What it carries."""
        return () if self.mapped is None else self.mapped.identifiers


@dataclass(frozen=True, slots=True)
class Portion:
    """Whole groups, to be written together."""

    groups: tuple[tuple[int, tuple[SpooledRecord, ...]], ...]  #: number of the group, its records

    @property
    def records(self) -> Iterator[SpooledRecord]:
        """All its records."""
        return (record for _, records in self.groups for record in records)


@dataclass(frozen=True, slots=True)
class GenericIdentifier:
    """An identifier that more records carry than its kind allows."""

    holders: int
    buckets: Mapping[int, int] | None  #: of a hub: number -> holders, those without any left out


def portions(spool: LoadSpool, after: int, size: int) -> Iterator[Portion]:
    """All groups that follow a number, in portions of at least so many records, but for the first and the last."""
    waiting: list[tuple[int, tuple[SpooledRecord, ...]]] = []
    records, wanted = 0, min(size, _FIRST)
    for number, rows in groupby(spool.database.execute(_GROUPS, (after,)), key=itemgetter(0)):
        found = tuple(_spooled(*row) for _, *row in rows)
        waiting.append((number, found))
        records += len(found)
        if records >= wanted:
            yield Portion(tuple(waiting))
            waiting, records, wanted = [], 0, size
    if waiting:
        yield Portion(tuple(waiting))


def _spooled(source: str, key: str, document: bytes, derived: bytes | None) -> SpooledRecord:
    record = read_record(RecordAddress(source, key), document)
    return SpooledRecord(record, None if derived is None else read_derived(record, derived), document)


def _generic_among(spool: LoadSpool, identifiers: Collection[Identifier]) -> dict[Identifier, GenericIdentifier]:
    """Which of these identifiers are generic."""
    query = """
        SELECT g.kind, g.value, g.holders, g.buckets FROM json_each(?) AS wanted
        JOIN generic AS g ON g.kind = wanted.value ->> 0 AND g.value = wanted.value ->> 1
    """
    rows = spool.database.execute(query, (orjson.dumps([[*identifier] for identifier in identifiers]).decode(),))
    return {
        Identifier(kind, value): GenericIdentifier(
            holders, None if buckets is None else {int(number): held for number, held in orjson.loads(buckets).items()}
        )
        for kind, value, holders, buckets in rows
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileNaming:
    """What profiles get from outside the values."""

    now: Callable[[], int]  #: milliseconds since 1970
    new_profile_id: Callable[[], str]
    version_floor: int  #: see `Store.version_floor`


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a portion comes to in a store that has none of its records."""

    groups: tuple[tuple[int, int], ...]  #: number of each group, and how many records it has
    records: tuple[RecordWrite, ...]  #: group by group
    profiles: tuple[ProfileWrite, ...]
    carried: Mapping[Identifier, int]  #: by how many of these records
    generic: Mapping[Identifier, GenericIdentifier]  #: the generic ones among them

    def halves(self) -> tuple["Resolved", "Resolved"] | None:
        """Two smaller ones; None: it is a single group."""
        middle = len(self.groups) // 2
        if not middle:
            return None
        first = sum(records for _, records in self.groups[:middle])
        return (
            self._only(self.groups[:middle], self.records[:first]),
            self._only(self.groups[middle:], self.records[first:]),
        )

    def _only(self, groups: tuple[tuple[int, int], ...], records: tuple[RecordWrite, ...]) -> "Resolved":
        profile_ids = {write.profile_id for write in records}
        carried = Counter(identifier for write in records for identifier in write.identifiers)
        return Resolved(
            groups=groups,
            records=records,
            profiles=tuple(write for write in self.profiles if write.profile_id in profile_ids),
            carried=carried,
            generic={identifier: found for identifier, found in self.generic.items() if identifier in carried},
        )


def resolve_portion(portion: Portion, spool: LoadSpool, catalogue: Catalogue, naming: ProfileNaming) -> Resolved:
    """Resolve the records of a portion, and write their profiles."""
    mapped = {each.record.address: each.mapped for each in portion.records if each.mapped is not None}
    carried = Counter(chain.from_iterable(each.identifiers for each in mapped.values()))
    generic = _generic_among(spool, carried)
    too_common = frozenset(generic)
    memberships: dict[RecordAddress, str] = {}
    profiles: list[ProfileWrite] = []
    now = iso_time(naming.now())
    for component in resolve(mapped, (), too_common, catalogue):
        profile_ids = tuple(naming.new_profile_id() for _ in component.clusters)
        for profile_id, cluster in zip(profile_ids, component.clusters, strict=True):
            memberships.update(dict.fromkeys(cluster.members, profile_id))
            composed = compose_profile(profile_id, cluster, mapped, too_common, component.dropped, catalogue)
            profile = replace(composed, version=naming.version_floor + 1, created_at=now, updated_at=now)
            profiles.append(
                new_profile(profile_id, profile.version, encode_profile(profile), tuple(sorted(profile_ids)))
            )
    return Resolved(
        groups=tuple((number, len(records)) for number, records in portion.groups),
        records=tuple(
            new_record(each.record, memberships.get(each.record.address), each.identifiers) for each in portion.records
        ),
        profiles=tuple(profiles),
        carried=carried,
        generic=generic,
    )


def new_record(record: Record, profile_id: str | None, identifiers: tuple[Identifier, ...]) -> RecordWrite:
    """A record that the store does not have."""
    return RecordWrite(record=record, expected=None, profile_id=profile_id, identifiers=identifiers, edges_changed=True)


def new_profile(profile_id: str, version: int, document: bytes | None, component: tuple[str, ...]) -> ProfileWrite:
    """A live profile that the store does not have."""
    return ProfileWrite(
        profile_id=profile_id,
        expected=None,
        version=version,
        status=ProfileStatus.LIVE,
        document=document,
        component=component,
    )


def plan_portion(
    resolved: Resolved, stored: Mapping[Identifier, StoredIdentifier], commit_id: str, accepted: int | None
) -> Plan:
    """Plan the commit of a portion.

    Args:
        resolved: the portion.
        stored: its generic identifiers, as far as an earlier portion has written them.
        commit_id: under which id.
        accepted: see `Plan.accepted`.
    """
    lists, buckets = _holders(resolved.carried, resolved.generic, stored)
    return Plan(
        commit_id=commit_id,
        records=resolved.records,
        memberships=(),
        identifiers=lists,
        buckets=buckets,
        hubs=frozenset(identifier for identifier, found in resolved.generic.items() if found.buckets is not None),
        profiles=resolved.profiles,
        events=(),
        progress=Position(0, resolved.groups[-1][0]),
        accepted=accepted,
    )


def _holders(
    carried: Mapping[Identifier, int],
    generic: Mapping[Identifier, GenericIdentifier],
    stored: Mapping[Identifier, StoredIdentifier],
) -> tuple[tuple[IdentifierWrite, ...], tuple[BucketWrite, ...]]:
    """All holders of an identifier are in one portion, but for generic ones: these are counted in advance."""
    lists: list[IdentifierWrite] = []
    buckets: list[BucketWrite] = []
    for identifier in sorted(carried):
        common = generic.get(identifier)
        known = stored.get(identifier)
        expected = None if known is None else known.revision
        if common is None or common.buckets is None:
            holders = carried[identifier] if common is None else common.holders
            lists.append(IdentifierWrite(identifier=identifier, expected=expected, holders=holders))
            continue
        if known is None:
            lists.append(IdentifierWrite(identifier=identifier, expected=None, holders=0, is_hub=True))
        for number in range(BUCKETS):
            bucket = None if known is None else known.buckets[number].revision
            held = common.buckets.get(number, 0)
            buckets.append(BucketWrite(identifier=identifier, number=number, expected=bucket, holders=held))
    return tuple(lists), tuple(buckets)
