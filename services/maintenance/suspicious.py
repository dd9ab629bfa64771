"""Profiles that may be several people: found by how they hang together, without anybody asking."""

import heapq
from dataclasses import dataclass

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.document import ProfileStatus
from graph_model.resolution.evidence_graph import WeakLink, weak_links
from services.lookup.explain import survey_components
from services.maintenance.verification.scan import Progress
from services.stores.port.protocols import Store
from services.stores.port.stored import StoredProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspiciousProfile:
    """A profile worth a look."""

    profile_id: str
    records: int
    weak_links: tuple[WeakLink, ...]  #: values by which alone two large parts of it hang together, most even first
    conflicts: int  #: refused unions with others, and contradictions within single records
    dropped: int  #: evidence left out because too many records would hang together by it

    @property
    def urgency(self) -> tuple[bool, int, str]:
        """Sorts the most urgent last: those with weak links, then the larger ones."""
        return (bool(self.weak_links), self.records, self.profile_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicions:
    """What a scan of all live profiles has found."""

    profiles: int  #: live profiles looked at
    found: int  #: how many of them are worth a look
    listed: tuple[SuspiciousProfile, ...]  #: the most urgent of these, most urgent first


async def suspicious_profiles(
    store: Store, catalogue: Catalogue, at_least: int, limit: int, progress: Progress
) -> Suspicions:
    """Look at every live profile, one after the other.

    Args:
        store: may be written meanwhile.
        catalogue: the meaning by which the store was resolved.
        at_least: records that each part of a profile must have to be taken for a person of its own.
        limit: so many are listed at the most; no more are held in memory.
        progress: told how many profiles have been looked at.
    """
    profiles = found = 0
    most_urgent: list[tuple[tuple[bool, int, str], SuspiciousProfile]] = []
    async for profile in store.scan_profiles():
        if profile.status is not ProfileStatus.LIVE:
            continue
        profiles += 1
        progress("profiles", profiles)
        suspicion = await _suspicion(store, catalogue, profile, at_least)
        if suspicion is None:
            continue
        found += 1
        keep = heapq.heappush if len(most_urgent) < limit else heapq.heappushpop
        keep(most_urgent, (suspicion.urgency, suspicion))
    listed = tuple(suspicion for _, suspicion in sorted(most_urgent, key=lambda entry: entry[0], reverse=True))
    return Suspicions(profiles=profiles, found=found, listed=listed)


async def _suspicion(
    store: Store, catalogue: Catalogue, stored: StoredProfile, at_least: int
) -> SuspiciousProfile | None:
    profile = stored.read()
    links: tuple[WeakLink, ...] = ()
    if len(profile.records) >= 2 * at_least:
        components = await store.read_components(stored.component)
        surroundings = await survey_components(store, catalogue, components)
        members = [a for a, owner in components.memberships.items() if owner == profile.profile_id]
        links = weak_links(surroundings.graph(members), at_least)
    conflicts, dropped = len(profile.conflicts), len(profile.dropped_evidence)
    if not (links or conflicts or dropped):
        return None
    return SuspiciousProfile(
        profile_id=profile.profile_id,
        records=len(profile.records),
        weak_links=links,
        conflicts=conflicts,
        dropped=dropped,
    )
