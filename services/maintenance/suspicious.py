"""Profiles that may be several people: found by how they hang together, without anybody asking.

What stewards have decided is not asked again: a profile is not suspicious since a verdict or a constraint keeps others
apart from it, and what a verdict "same" joins is not doubted.
"""

import heapq
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graph_model.catalogue.rules import Catalogue
from graph_model.explain.comparison import RowComparison, compare_rows
from graph_model.explain.doubtful import DoubtfulPair, doubtful_pairs, is_disputed
from graph_model.profile.document import Profile, ProfileStatus
from graph_model.records.record import RecordAddress
from graph_model.resolution.evidence_graph import WeakLink, weak_links
from graph_model.resolution.mapping import MappedRecord
from services.ingestion.loading import map_records
from services.lookup.explain import survey_components
from services.maintenance.verification.scan import Progress
from services.stores.port.protocols import Store
from services.stores.port.stored import StoredProfile

#: Rows of several profiles are read together: until there are so many, or of so many profiles.
_ROWS_TOGETHER: Final = 1_000
_PROFILES_TOGETHER: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspiciousProfile:
    """A profile worth a look."""

    profile_id: str
    records: int
    weak_links: tuple[WeakLink, ...]  #: values by which alone two large parts of it hang together, most even first
    doubtful: tuple[DoubtfulPair, ...]  #: rows that one value joins although names or birth dates differ
    conflicts: int  #: refused unions with others, which alone make nothing suspicious, and `contradictions`
    contradictions: int  #: constraints that single records break by themselves
    dropped: int  #: evidence left out because too many records would hang together by it
    comparison: RowComparison  #: its rows side by side, the doubtful ones first

    @property
    def urgency(self) -> tuple[int, bool, int, str]:
        """Sorts the most urgent last: those with the most traits that differ, with weak links, then the larger ones."""
        differing = max((len(pair.differing) for pair in self.doubtful), default=0)
        return (differing, bool(self.weak_links), self.records, self.profile_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicions:
    """What a scan of all live profiles has found."""

    profiles: int  #: live profiles looked at
    found: int  #: how many of them are worth a look
    listed: tuple[SuspiciousProfile, ...]  #: the most urgent of these, most urgent first


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suspect:
    """A live profile as it is scanned."""

    stored: StoredProfile
    profile: Profile

    @property
    def contradictions(self) -> int:
        return sum(one == other for one, other in (conflict.records for conflict in self.profile.conflicts))

    @property
    def rows_to_read(self) -> list[RecordAddress]:
        """Its records, where they have to be looked at."""
        is_questionable = len(self.profile.records) > 1 or self.contradictions or self.profile.dropped_evidence
        return self.profile.members if is_questionable else []


async def suspicious_profiles(
    store: Store, catalogue: Catalogue, at_least: int, limit: int, progress: Progress
) -> Suspicions:
    """Look at every live profile, one after the other.

    Args:
        store: may be written meanwhile.
        catalogue: the meaning by which the store was resolved.
        at_least: records that each part of a profile must have to be taken for a person of its own; names or birth
            dates that differ are enough for a part of any size.
        limit: so many are listed at the most; no more are held in memory.
        progress: told how many profiles have been looked at.
    """
    profiles = found = 0
    most_urgent: list[tuple[tuple[int, bool, int, str], SuspiciousProfile]] = []
    async for suspects in _batches(store):
        rows = await _read_rows(store, catalogue, suspects)
        for suspect in suspects:
            profiles += 1
            progress("profiles", profiles)
            suspicion = await _suspicion(store, catalogue, suspect, rows, at_least)
            if suspicion is None:
                continue
            found += 1
            keep = heapq.heappush if len(most_urgent) < limit else heapq.heappushpop
            keep(most_urgent, (suspicion.urgency, suspicion))
    listed = tuple(suspicion for _, suspicion in sorted(most_urgent, key=lambda entry: entry[0], reverse=True))
    return Suspicions(profiles=profiles, found=found, listed=listed)


async def _batches(store: Store) -> AsyncIterator[list[_Suspect]]:
    """All live profiles, as many together as their rows may be in memory."""
    batch: list[_Suspect] = []
    rows = 0
    async for stored in store.scan_profiles():
        if stored.status is not ProfileStatus.LIVE:
            continue
        suspect = _Suspect(stored=stored, profile=stored.read())
        batch.append(suspect)
        rows += len(suspect.rows_to_read)
        if rows >= _ROWS_TOGETHER or len(batch) == _PROFILES_TOGETHER:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


async def _read_rows(
    store: Store, catalogue: Catalogue, suspects: Sequence[_Suspect]
) -> Mapping[RecordAddress, MappedRecord]:
    wanted = [address for suspect in suspects for address in suspect.rows_to_read]
    stored = await store.read_records(wanted) if wanted else {}
    live = {address: found.record for address, found in stored.items() if not found.record.is_tombstone}
    return await map_records(store, catalogue, live)


async def _suspicion(
    store: Store,
    catalogue: Catalogue,
    suspect: _Suspect,
    rows: Mapping[RecordAddress, MappedRecord],
    at_least: int,
) -> SuspiciousProfile | None:
    profile = suspect.profile
    members = {address: rows[address] for address in suspect.rows_to_read if address in rows}
    links: tuple[WeakLink, ...] = ()
    doubtful: tuple[DoubtfulPair, ...] = ()
    is_large, is_doubted = len(profile.records) >= 2 * at_least, is_disputed(members.values(), catalogue)
    if is_large or is_doubted:
        components = await store.read_components(suspect.stored.component)
        surroundings = await survey_components(store, catalogue, components)
        inside = [a for a, owner in components.memberships.items() if owner == profile.profile_id]
        graph = surroundings.graph(inside)
        links = weak_links(graph, at_least) if is_large else ()
        doubtful = doubtful_pairs(graph, surroundings.records, catalogue) if is_doubted else ()
        members = {address: surroundings.records[address] for address in inside}
    if not (links or doubtful or suspect.contradictions or profile.dropped_evidence):
        return None
    first = dict.fromkeys(address for pair in doubtful for address in (pair.one, pair.other) if address in members)
    return SuspiciousProfile(
        profile_id=profile.profile_id,
        records=len(profile.records),
        weak_links=links,
        doubtful=doubtful,
        conflicts=len(profile.conflicts),
        contradictions=suspect.contradictions,
        dropped=len(profile.dropped_evidence),
        comparison=compare_rows([members[address] for address in (*first, *sorted(members.keys() - first))], catalogue),
    )
