"""From the groups of a spool to plans: each resolves some groups once, and writes all that follows from them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final

import orjson

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.composition import compose_profile
from graph_model.profile.document import ProfileStatus
from graph_model.profile.transition import BeforeAndAfter, Transition, transitions
from graph_model.records.key_changes import KeyChanges
from graph_model.records.record import Record, RecordAddress
from graph_model.resolution.hubs import BUCKETS
from graph_model.resolution.mapping import MappedRecord
from graph_model.resolution.resolve import Component, resolve
from graph_model.values.identifiers import Identifier
from graph_model.values.positions import Position
from services.bootstrap.spool import LoadSpool, read_derived
from services.stores.port.plan import BucketWrite, IdentifierWrite, Plan, ProfileWrite, RecordWrite
from services.stores.port.stored import StoredIdentifier
from services.stores.port.stored_forms import read_record

_GROUPS: Final = """
SELECT m.grouped, r.source, r.key, r.document, r.derived FROM member AS m JOIN record AS r ON r.number = m.record
WHERE m.grouped > ? ORDER BY m.grouped, m.record
"""
_NO_KEY_CHANGES: Final = KeyChanges(renamed={}, taken=frozenset())


@dataclass(frozen=True, slots=True)
class SpooledRecord:
    """A record to be loaded."""

    record: Record
    mapped: MappedRecord | None  #: what it says; None: it is deleted


@dataclass(frozen=True, slots=True)
class Portion:
    """Whole groups, to be written together."""

    groups: tuple[tuple[int, tuple[SpooledRecord, ...]], ...]  #: number of the group, its records

    @property
    def last(self) -> int:
        """The number of its last group."""
        return self.groups[-1][0]

    @property
    def records(self) -> Iterator[SpooledRecord]:
        """All its records."""
        return (record for _, records in self.groups for record in records)

    def halves(self) -> tuple["Portion", "Portion"] | None:
        """Two smaller ones; None: it is a single group."""
        middle = len(self.groups) // 2
        return (Portion(self.groups[:middle]), Portion(self.groups[middle:])) if middle else None


@dataclass(frozen=True, slots=True)
class GenericIdentifier:
    """An identifier that more records carry than its kind allows."""

    holders: int
    buckets: Mapping[int, int] | None  #: of a hub: number -> holders, those without any left out


def portions(spool: LoadSpool, after: int, size: int) -> Iterator[Portion]:
    """All groups that follow a number, in portions of at least so many records, but for the last."""
    waiting: list[tuple[int, tuple[SpooledRecord, ...]]] = []
    records = 0
    for number, rows in groupby(spool.database.execute(_GROUPS, (after,)), key=itemgetter(0)):
        found = tuple(_spooled(*row) for _, *row in rows)
        waiting.append((number, found))
        records += len(found)
        if records >= size:
            yield Portion(tuple(waiting))
            waiting, records = [], 0
    if waiting:
        yield Portion(tuple(waiting))


def _spooled(source: str, key: str, document: bytes, derived: bytes | None) -> SpooledRecord:
    record = read_record(RecordAddress(source, key), document)
    return SpooledRecord(record, None if derived is None else read_derived(record, derived))


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

    portion: Portion
    records: tuple[RecordWrite, ...]
    profiles: tuple[ProfileWrite, ...]
    carried: Mapping[Identifier, int]  #: by how many of these records
    generic: Mapping[Identifier, GenericIdentifier]  #: the generic ones among them

    def halves(self) -> tuple["Resolved", "Resolved"] | None:
        """Two smaller ones; None: it is a single group."""
        halves = self.portion.halves()
        return None if halves is None else (self._only(halves[0]), self._only(halves[1]))

    def _only(self, portion: Portion) -> "Resolved":
        addresses = {each.record.address for each in portion.records}
        records = tuple(write for write in self.records if write.record.address in addresses)
        profile_ids = {write.profile_id for write in records}
        carried = Counter(identifier for write in records for identifier in write.identifiers)
        return Resolved(
            portion=portion,
            records=records,
            profiles=tuple(write for write in self.profiles if write.profile_id in profile_ids),
            carried=carried,
            generic={identifier: found for identifier, found in self.generic.items() if identifier in carried},
        )


def resolve_portion(portion: Portion, spool: LoadSpool, catalogue: Catalogue, naming: ProfileNaming) -> Resolved:
    """Resolve the records of a portion, and write their profiles."""
    mapped = {each.record.address: each.mapped for each in portion.records if each.mapped is not None}
    carried = Counter(identifier for each in mapped.values() for identifier in each.identifiers)
    generic = _generic_among(spool, carried)
    too_common = frozenset(generic)
    components = resolve(mapped, (), too_common, catalogue)
    named = [(component, tuple(naming.new_profile_id() for _ in component.clusters)) for component in components]
    memberships = {
        address: profile_id
        for component, profile_ids in named
        for cluster, profile_id in zip(component.clusters, profile_ids, strict=True)
        for address in cluster.members
    }
    return Resolved(
        portion=portion,
        records=tuple(
            RecordWrite(
                record=each.record,
                expected=None,
                profile_id=memberships.get(each.record.address),
                identifiers=() if each.mapped is None else each.mapped.identifiers,
                edges_changed=True,
            )
            for each in portion.records
        ),
        profiles=_profiles(_created(named, memberships, mapped, too_common, catalogue, naming), named),
        carried=carried,
        generic=generic,
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
        progress=Position(0, resolved.portion.last),
        accepted=accepted,
    )


def _created(
    named: Sequence[tuple[Component, tuple[str, ...]]],
    memberships: Mapping[RecordAddress, str],
    mapped: Mapping[RecordAddress, MappedRecord],
    generic: frozenset[Identifier],
    catalogue: Catalogue,
    naming: ProfileNaming,
) -> list[Transition]:
    return transitions(
        BeforeAndAfter(
            known={},
            before={},
            after=memberships,
            keys=_NO_KEY_CHANGES,
            returned={},
            composed={
                profile_id: compose_profile(profile_id, cluster, mapped, generic, component.dropped, catalogue)
                for component, profile_ids in named
                for cluster, profile_id in zip(component.clusters, profile_ids, strict=True)
            },
            causes=lambda _: (),
            now=naming.now(),
            version_floor=naming.version_floor,
        )
    )


def _profiles(
    created: Sequence[Transition], named: Sequence[tuple[Component, tuple[str, ...]]]
) -> tuple[ProfileWrite, ...]:
    component_of = {profile_id: tuple(sorted(ids)) for _, ids in named for profile_id in ids}
    return tuple(
        ProfileWrite(
            profile_id=each.profile.profile_id,
            expected=None,
            version=each.profile.version,
            status=ProfileStatus.LIVE,
            document=each.document,
            component=component_of[each.profile.profile_id],
        )
        for each in created
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
