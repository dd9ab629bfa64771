"""What the records of a cluster say together: the same records give the same profile."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Raw

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.document import (
    Observation,
    Profile,
    ProfileConflict,
    ProfileIdentifier,
    ProfileRecord,
    ProfileStatus,
    ProfileTrait,
    RecordReference,
    ValueIssue,
)
from graph_model.profile.survivorship import GoldenValue, golden_values, preference
from graph_model.records.record import RecordAddress
from graph_model.resolution.constraints import Conflict
from graph_model.resolution.mapping import MappedRecord
from graph_model.resolution.resolve import Cluster
from graph_model.values.equality import canonical_bytes
from graph_model.values.identifiers import Identifier
from graph_model.values.times import iso_time


def compose_profile(
    profile_id: str,
    cluster: Cluster,
    records: Mapping[RecordAddress, MappedRecord],
    generic: frozenset[Identifier],
    dropped: AbstractSet[Identifier],
    catalogue: Catalogue,
) -> Profile:
    """Say what follows from the records of a cluster; version and times are those of a profile not in force yet.

    Args:
        profile_id: the id that the cluster has.
        cluster: the profile's records, and its conflicts.
        records: these records, mapped.
        generic: identifiers that too many records carry.
        dropped: evidence left out because too many records would hang together by it.
        catalogue: the order and the rules of traits, and which source goes first.
    """
    members = [records[address] for address in cluster.members]
    rows = [_record(mapped) for mapped in members]
    newest_first, their_rows = members, rows
    if len(members) > 1:
        order = sorted(range(len(members)), key=lambda place: preference(members[place], catalogue))
        newest_first, their_rows = [members[place] for place in order], [rows[place] for place in order]
    carried: dict[Identifier, int] = {}
    said_by: dict[Identifier, ProfileRecord] = {}
    for mapped, row in zip(newest_first, their_rows, strict=True):
        for identifier in mapped.identifiers:
            carried[identifier] = carried.get(identifier, 0) + 1
            said_by.setdefault(identifier, row)
    return Profile(
        profile_id=profile_id,
        version=0,
        status=ProfileStatus.LIVE,
        created_at="",
        updated_at="",
        traits={name: _trait(golden, their_rows) for name, golden in golden_values(newest_first, catalogue).items()},
        identifiers=tuple(
            [
                _identifier(identifier, said_by[identifier], carried[identifier], identifier in generic)
                for identifier in sorted(carried)
            ]
        ),
        records=tuple(rows),
        conflicts=tuple([_conflict(conflict) for conflict in cluster.conflicts]),
        dropped_evidence=tuple(sorted(str(identifier) for identifier in dropped & carried.keys())) if dropped else (),
    )


def reference(address: RecordAddress) -> RecordReference:
    """An address as documents have it."""
    return RecordReference(address.source, tuple(address.written_key))


def _record(mapped: MappedRecord) -> ProfileRecord:
    record = mapped.record
    address = record.address
    return ProfileRecord(
        address.source,
        tuple(address.written_key),
        iso_time(record.observed_at),
        tuple(ValueIssue(issue.column, issue.reason) for issue in mapped.issues) if mapped.issues else (),
        tuple(sorted(record.incomplete)) if record.incomplete else (),
        record.undated,
    )


def _trait(golden: GoldenValue, rows: Sequence[ProfileRecord]) -> ProfileTrait:
    first = rows[golden.places[0]]
    further: tuple[Observation, ...] = ()
    if len(golden.places) > 1:
        others = [rows[place] for place in golden.places[1:]]
        further = tuple(Observation(each.source, each.key, each.observed_at) for each in others)
    value = Raw(canonical_bytes(golden.value))
    return ProfileTrait(value, first.source, first.key, first.observed_at, further, first.undated)


def _identifier(identifier: Identifier, said: ProfileRecord, count: int, is_generic: bool) -> ProfileIdentifier:
    return ProfileIdentifier(
        identifier.kind, identifier.value, said.source, said.key, said.observed_at, count, is_generic, said.undated
    )


def _conflict(conflict: Conflict) -> ProfileConflict:
    return ProfileConflict(
        conflict.constraint,
        conflict.name,
        (reference(conflict.low), reference(conflict.high)),
        (conflict.low_value, conflict.high_value),
        None if conflict.refused is None else str(conflict.refused),
    )
