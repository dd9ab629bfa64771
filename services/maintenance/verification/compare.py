"""Compares what was scanned with what the law makes of the records, and names what differs."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Final

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.codec import salvage_profile
from graph_model.profile.composition import compose_profile
from graph_model.profile.differences import differing_parts, with_present_keys
from graph_model.profile.document import Profile
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import verdicts_of
from graph_model.resolution.hubs import BUCKETS, bucket_of
from graph_model.resolution.mapping import map_record
from graph_model.resolution.resolve import Component, resolve
from graph_model.values.identifiers import Identifier
from services.maintenance.spool import Spool, SpooledProfile, SpooledRecord
from services.maintenance.verification.scan import Scanned, stored_identifier
from services.maintenance.verification.suspects import Repair, SeenIdentifier, Suspect

#: So many things are compared before the caller may do something else.
_TOGETHER: Final = 100


def suspects(spool: Spool, catalogue: Catalogue, scanned: Scanned) -> Iterator[list[Suspect]]:
    """Everything that looks wrong, verdicts excepted; in small portions, some of them empty."""
    compared = chain(
        _wrong_counts(spool),
        _wrong_hubs(spool, catalogue, scanned),
        _linked_tombstones(spool),
        _wrong_profiles(spool),
        (_compare(group, spool, catalogue) for group in spool.groups()),
    )
    while portion := list(islice(compared, _TOGETHER)):
        yield [suspect for suspect in portion if suspect is not None]


def differing_verdicts(spool: Spool) -> Iterator[str]:
    """Ids of the verdicts of which the ledger says one thing and the records another."""
    rows = spool.database.execute(
        """
        SELECT DISTINCT verdict_id FROM (
            SELECT * FROM (SELECT verdict_id, source, key, place FROM mark_in_force
                           EXCEPT SELECT verdict_id, source, key, place FROM carried_mark)
            UNION ALL
            SELECT * FROM (SELECT verdict_id, source, key, place FROM carried_mark
                           EXCEPT SELECT verdict_id, source, key, place FROM mark_in_force)
        ) ORDER BY verdict_id
        """
    )
    for (verdict_id,) in rows:
        yield verdict_id


def _wrong_counts(spool: Spool) -> Iterator[Suspect]:
    rows = spool.database.execute(
        """
        SELECT s.kind, s.value, s.holders, s.hub, s.linked, coalesce(i.carried, 0)
        FROM stored_identifier AS s LEFT JOIN identifier AS i ON i.kind = s.kind AND i.value = s.value
        WHERE s.linked IS NOT coalesce(i.carried, 0) OR (s.hub = 0 AND s.holders IS NOT coalesce(i.carried, 0))
        UNION ALL
        SELECT i.kind, i.value, NULL, 0, NULL, i.carried FROM identifier AS i
        WHERE i.carried > 0 AND NOT EXISTS
            (SELECT 1 FROM stored_identifier AS s WHERE s.kind = i.kind AND s.value = i.value)
        """
    )
    for kind, value, holders, is_hub, linked, carried in rows:
        identifier = Identifier(kind, value)
        name = _named(spool, identifier)
        problems = []
        if holders is None:
            problems.append(f"{name} is not known to the store")
        elif holders != carried and not is_hub:
            problems.append(f"{name} counts {holders} holders, and {carried} carry it")
        if linked is not None and linked != carried:
            problems.append(f"{name} is linked with {linked} records, and {carried} carry it")
        yield Suspect(
            problems=tuple(problems),
            # Where links are wrong, the records that carry it are resolved again, and it is counted with them.
            repair=Repair(identifiers=frozenset([identifier])) if linked == carried else None,
            identifiers={identifier: SeenIdentifier.whole(stored_identifier(spool, identifier))},
            records=_a_holder(spool, identifier) if holders is None else {},
        )


def _wrong_hubs(spool: Spool, catalogue: Catalogue, scanned: Scanned) -> Iterator[Suspect]:
    holders_of = """
        SELECT r.source, r.key FROM identifier AS i JOIN link AS l ON l.identifier = i.id JOIN record AS r
        ON r.id = l.record WHERE i.kind = ? AND i.value = ?
    """
    for identifier in spool.database.execute("SELECT kind, value FROM stored_identifier WHERE hub = 1"):
        hub = Identifier(*identifier)
        stored = stored_identifier(spool, hub)
        carried = Counter(bucket_of(RecordAddress(*row)) for row in spool.database.execute(holders_of, hub))
        if stored is None:
            continue
        repair = Repair(identifiers=frozenset([hub]))
        for number in range(BUCKETS):
            counted = stored.buckets[number].holders if number in stored.buckets else 0
            if counted != carried[number]:
                told = (
                    f"bucket {number} of {_named(spool, hub)} counts {counted} holders, and {carried[number]} carry it"
                )
                seen = {hub: SeenIdentifier.of(stored, [number])}
                yield Suspect(problems=(told,), repair=repair, identifiers=seen)
        kind = catalogue.kinds.get(hub.kind)
        if kind is not None and not kind.is_generic(carried.total()) and not scanned.re_resolving:
            told = f"{_named(spool, hub)} has buckets, and too few holders for them"
            yield Suspect(problems=(told,), repair=repair, identifiers={hub: SeenIdentifier.whole(stored)})


def _linked_tombstones(spool: Spool) -> Iterator[Suspect]:
    for source, key, *place in spool.database.execute("SELECT source, key, revision, profile_id FROM linked_tombstone"):
        address = RecordAddress(source, key)
        yield Suspect(
            problems=(f"record {address} is deleted and still linked with identifiers",),
            repair=Repair(records=frozenset([address])),
            records={address: (place[0], place[1])},
        )


def _wrong_profiles(spool: Spool) -> Iterator[Suspect]:
    rows = spool.database.execute(
        """
        SELECT profile_id, revision, problem FROM wrong_head
        UNION ALL
        SELECT profile_id, revision, 'profile ' || profile_id || ' is live and has no record' FROM profile
        WHERE is_live = 1 AND NOT EXISTS (SELECT 1 FROM record AS r WHERE r.profile_id = profile.profile_id)
        """
    )
    for profile_id, revision, problem in rows:
        yield Suspect(
            problems=(problem,),
            repair=Repair(profiles=frozenset([profile_id])),
            profiles={profile_id: revision},
        )


@dataclass(frozen=True, slots=True)
class _Stored:
    """A group as it is stored."""

    memberships: Mapping[RecordAddress, str | None]
    profiles: Mapping[str, SpooledProfile]

    def live(self, address: RecordAddress) -> str | None:
        """The live profile that a record belongs to."""
        profile_id = self.memberships[address]
        profile = None if profile_id is None else self.profiles.get(profile_id)
        return None if profile is None or profile.document is None else profile_id


def _compare(group: Sequence[SpooledRecord], spool: Spool, catalogue: Catalogue) -> Suspect | None:
    if any(spooled.waiting for spooled in group):
        return None
    mapped = {spooled.record.address: map_record(spooled.record, catalogue) for spooled in group}
    identifiers = {identifier for each in mapped.values() for identifier in each.identifiers}
    generic = frozenset(spool.generic_holders(identifiers))
    verdicts = verdicts_of(spooled.record for spooled in group)
    components = resolve(mapped, verdicts, generic, catalogue)
    memberships = {spooled.record.address: spooled.profile_id for spooled in group}
    profile_ids = {profile_id for profile_id in memberships.values() if profile_id is not None}
    stored = _Stored(memberships, spool.profiles(profile_ids))
    problems = [
        *(
            f"record {r.record.address} is not linked with the identifiers that it carries"
            for r in group
            if r.mislinked
        ),
        *_partition_problems(components, stored),
        *_component_problems(components, stored),
    ]
    for component in components:
        for cluster in component.clusters:
            profile_id = stored.live(cluster.members[0])
            if profile_id is not None:
                composed = compose_profile(profile_id, cluster, mapped, generic, component.dropped, catalogue)
                problems += _body_problems(composed, stored.profiles[profile_id])
    if not problems:
        return None
    known = {identifier: stored_identifier(spool, identifier) for identifier in identifiers}
    by_themselves = [r for r in group if r.mislinked or stored.live(r.record.address) is None]
    return Suspect(
        problems=tuple(problems),
        repair=Repair(
            records=frozenset(mapped),
            profiles=frozenset(profile_ids),
            identifiers=frozenset(i for i, found in known.items() if found is not None and not found.is_hub),
        ),
        profiles={p: stored.profiles[p].revision if p in stored.profiles else None for p in profile_ids},
        records={spooled.record.address: (spooled.revision, spooled.profile_id) for spooled in by_themselves},
        identifiers={identifier: SeenIdentifier.whole(found) for identifier, found in known.items()},
        generic=generic,
    )


def _partition_problems(components: Sequence[Component], stored: _Stored) -> list[str]:
    expected = {cluster.members for component in components for cluster in component.clusters}
    found: defaultdict[str | None, list[RecordAddress]] = defaultdict(list)
    for address, profile_id in stored.memberships.items():
        found[profile_id].append(address)
    problems = [f"record {address} belongs to no profile" for address in sorted(found.pop(None, []))]
    for profile_id, members in found.items():
        if stored.live(members[0]) is None:
            problems.append(f"profile {profile_id} has {len(members)} records and is not live")
        elif tuple(sorted(members)) not in expected:
            problems.append(f"profile {profile_id} joins {len(members)} records that the law joins otherwise")
    return problems


def _component_problems(components: Sequence[Component], stored: _Stored) -> list[str]:
    """A component may name more profiles than it has: who loads it only loads more. It must never name fewer."""
    problems = []
    for component in components:
        addresses = [address for cluster in component.clusters for address in cluster.members]
        ids = {profile_id for profile_id in map(stored.live, addresses) if profile_id is not None}
        problems += [
            f"profile {profile_id} does not name all profiles of its component"
            for profile_id in sorted(ids)
            if ids - set(stored.profiles[profile_id].component)
        ]
    return problems


def _body_problems(composed: Profile, spooled: SpooledProfile) -> list[str]:
    found = salvage_profile(spooled.document or b"{}")
    wrong = list(differing_parts(replace(found, profile=with_present_keys(found.profile)), composed))
    return [f"profile {composed.profile_id} shows other {', '.join(wrong)} than its records say"] if wrong else []


def _named(spool: Spool, identifier: Identifier) -> str:
    """An identifier in words that do not tell its value, which is personal data."""
    holders = _a_holder(spool, identifier)
    carrier = f"record {next(iter(holders))} carries" if holders else "no record carries"
    return f"an identifier of kind {identifier.kind!r} that {carrier}"


def _a_holder(spool: Spool, identifier: Identifier) -> dict[RecordAddress, tuple[str, str | None]]:
    found = spool.database.execute(
        """
        SELECT r.source, r.key, r.revision, r.profile_id FROM identifier AS i
        JOIN link AS l ON l.identifier = i.id JOIN record AS r ON r.id = l.record
        WHERE i.kind = ? AND i.value = ? ORDER BY l.record LIMIT 1
        """,
        identifier,
    ).fetchone()
    return {} if found is None else {RecordAddress(*found[:2]): (found[2], found[3])}
