"""Why are records one person, why are they not, and what became of a profile: read from the store, and explained.

What takes long for a thousand records is done on a thread, so that the event loop goes on answering.
"""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from graph_model.catalogue.rules import Catalogue
from graph_model.explain.comparison import NOTHING_COMPARED, RowComparison, compare_rows
from graph_model.explain.doubtful import DoubtfulPair, doubtful_pairs
from graph_model.explain.explanation import (
    ChainStep,
    PairEvidence,
    Relation,
    SharedIdentifier,
    Surroundings,
    explain_members,
    survey,
    unused_values,
)
from graph_model.explain.explanation import pair_evidence as explain_live_pair
from graph_model.explain.words import Ledger
from graph_model.profile.codec import marks_generic
from graph_model.profile.document import Profile, ProfileStatus
from graph_model.profile.events import HistoryStep
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Verdict
from graph_model.resolution.constraints import Conflict, Constraint
from graph_model.resolution.evidence_graph import EvidenceGraph, WeakLink, weak_links
from graph_model.resolution.graph import Graph
from graph_model.resolution.mapping import MappedRecord, map_record
from services.ingestion.batches import UnknownRecord
from services.ingestion.loading import map_records
from services.lookup.profiles import ProfileGone, Share, known_profile, one_by_id, whereabouts
from services.stores.port.errors import StoreDamaged
from services.stores.port.protocols import StoreReader
from services.stores.port.stored import Components, StoredRecord

#: A part of a profile is large enough to be a person of its own from so many records on.
LARGE_PART = 3

#: So many records are mapped before others are served.
_MAPPED_TOGETHER: Final = 100

#: So often two records are read while they move; nobody moves them all the time.
_ATTEMPTS: Final = 10
_PAUSE_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileAccount:
    """Why the records of a profile are one person; of a profile that is no longer live only where they are now."""

    profile: Profile
    shares: tuple[Share, ...] = ()  #: where the records of a former profile are now
    members: tuple[RecordAddress, ...] = ()
    steps: tuple[ChainStep, ...] = ()  #: the fewest by which the records hang together, strongest first
    unused: tuple[SharedIdentifier, ...] = ()  #: what several of its records carry, and what joins nobody
    conflicts: tuple[Conflict, ...] = ()
    weak_links: tuple[WeakLink, ...] = ()
    doubtful: tuple[DoubtfulPair, ...] = ()
    comparison: RowComparison = NOTHING_COMPARED  #: its records side by side
    graph: EvidenceGraph = field(default_factory=Graph)  #: records and all that they carry
    ledger: Ledger = field(default_factory=dict)  #: the verdicts that it names


@dataclass(frozen=True, slots=True, kw_only=True)
class PairAccount:
    """Why two records are one person, or why they are not."""

    pair: PairEvidence
    records: tuple[StoredRecord, StoredRecord]
    comparison: RowComparison  #: the two side by side
    graph: EvidenceGraph  #: the records on the way from one to the other, and all that they carry
    ledger: Ledger  #: the verdicts that it names


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryAccount:
    """How a profile came to be, and what became of it."""

    profile: Profile
    shares: tuple[Share, ...]  #: where the records of a former profile are now
    steps: tuple[HistoryStep, ...]  #: oldest first
    ledger: Ledger  #: the verdicts that it names


async def explain_profile(store: StoreReader, catalogue: Catalogue, profile_id: str) -> ProfileAccount:
    """Explain a profile, live or not.

    Raises:
        UnknownProfile: there never was one of this id.
    """
    stored = await known_profile(store, profile_id)
    profile = stored.read()
    if stored.status is not ProfileStatus.LIVE:
        return ProfileAccount(profile=profile, shares=await whereabouts(store, profile))
    components = await store.read_components(stored.component)
    members = tuple(sorted(a for a, owner in components.memberships.items() if owner == profile_id))
    surroundings = await survey_components(store, catalogue, components)

    def account() -> ProfileAccount:
        graph = surroundings.graph(members)
        clusters = {cluster.members[0]: cluster for cluster in map(surroundings.clusters.__getitem__, members)}
        return ProfileAccount(
            profile=profile,
            members=members,
            steps=explain_members(surroundings, members),
            unused=unused_values(graph),
            conflicts=tuple(sorted({conflict for cluster in clusters.values() for conflict in cluster.conflicts})),
            weak_links=weak_links(graph, LARGE_PART),
            doubtful=doubtful_pairs(graph, surroundings.records, catalogue),
            comparison=compare_rows([surroundings.records[address] for address in members], catalogue),
            graph=graph,
        )

    found = await asyncio.to_thread(account)
    return replace(found, ledger=await _ledger(store, {*_verdicts(found.steps), *_named(found.conflicts)}))


async def explain_pair(
    store: StoreReader, catalogue: Catalogue, one: RecordAddress, other: RecordAddress
) -> PairAccount:
    """Explain why two records are one person, or why they are not.

    Raises:
        UnknownRecord: no source ever sent one of them.
        StoreDamaged: one of them is live, and in no profile.
    """
    both, components = await _read_pair(store, one, other)
    if components is None:
        return PairAccount(
            pair=PairEvidence(one=one, other=other, relation=Relation.DELETED),
            records=both,
            comparison=compare_rows([map_record(record.record, catalogue) for record in both], catalogue),
            graph=Graph(),
            ledger={},
        )
    surroundings = await survey_components(store, catalogue, components)

    def account() -> PairAccount:
        pair = explain_live_pair(surroundings, one, other)
        on_the_way = {one, other, *(end for step in pair.steps for end in (step.one, step.other))}
        comparison = compare_rows([surroundings.records[address] for address in (one, other)], catalogue)
        graph = surroundings.graph(on_the_way)
        return PairAccount(pair=pair, records=both, comparison=comparison, graph=graph, ledger={})

    found = await asyncio.to_thread(account)
    pair = found.pair
    verdicts = {*_verdicts(pair.steps), *_named(pair.conflicts), *(verdict.verdict_id for verdict in pair.verdicts)}
    return replace(found, ledger=await _ledger(store, verdicts))


async def explain_history(store: StoreReader, profile_id: str) -> HistoryAccount:
    """Tell how a profile came to be, and what became of it.

    Raises:
        UnknownProfile: there never was one of this id.
    """
    stored = await known_profile(store, profile_id)
    profile = stored.read()
    entries = await store.read_history(profile_id)
    steps = await asyncio.to_thread(lambda: [entry.read() for entry in entries])
    named = {cause.verdict for step in steps for cause in step.causes if isinstance(cause.verdict, str)}
    is_live = stored.status is ProfileStatus.LIVE
    return HistoryAccount(
        profile=profile,
        shares=() if is_live else await whereabouts(store, profile),
        steps=tuple(steps),
        ledger=await _ledger(store, named),
    )


async def evidence_of(store: StoreReader, catalogue: Catalogue, profile_id: str) -> EvidenceGraph:
    """The evidence graph of a live profile, or of the one profile that all records of a former one are in now.

    Raises:
        UnknownProfile: there never was one of this id.
        ScatteredProfile: its records belong to several people now.
        ProfileGone: it has no records any more.
    """
    account = await explain_profile(store, catalogue, (await one_by_id(store, profile_id)).profile_id)
    if account.profile.status is not ProfileStatus.LIVE:
        raise ProfileGone  # it was absorbed between the two reads
    return account.graph


async def survey_components(store: StoreReader, catalogue: Catalogue, components: Components) -> Surroundings:
    """Resolve whole components of a store once more, to explain them."""
    generic = {
        identifier
        for profile in components.profiles.values()
        if profile.status is ProfileStatus.LIVE and marks_generic(profile.document)
        for identifier in profile.read().generic
    }
    holders = await store.read_identifiers(dict.fromkeys(generic, 0)) if generic else {}
    counted = {identifier: holders[identifier].holders if identifier in holders else 0 for identifier in generic}
    mapped: dict[RecordAddress, MappedRecord] = {}
    records = iter(components.records.items())
    while portion := dict(islice(records, _MAPPED_TOGETHER)):
        mapped |= await map_records(store, catalogue, portion)
        await asyncio.sleep(0)
    return await asyncio.to_thread(survey, mapped, counted, catalogue)


async def _read_pair(
    store: StoreReader, one: RecordAddress, other: RecordAddress
) -> tuple[tuple[StoredRecord, StoredRecord], Components | None]:
    """Two records with their components; without these where one of the records is deleted.

    A record may move to another profile between the two reads, so that both are done again, after a growing pause.
    """
    for attempt in range(_ATTEMPTS):
        await asyncio.sleep(attempt * _PAUSE_SECONDS)
        stored = await store.read_records({one, other})
        for address in (one, other):
            if address not in stored:
                raise UnknownRecord(address)
        both = (stored[one], stored[other])
        if any(record.record.is_tombstone for record in both):
            return both, None
        components = await store.read_components({profile_id for record in both for profile_id in record.component})
        if one in components.records and other in components.records:
            return both, components
    raise StoreDamaged("a live record is not found in the profile that it belongs to, or belongs to none")


async def _ledger(store: StoreReader, verdict_ids: Collection[str]) -> Ledger:
    if not verdict_ids:
        return {}
    return {verdict_id: stored.entry for verdict_id, stored in (await store.read_verdicts(verdict_ids)).items()}


def _verdicts(steps: Iterable[ChainStep]) -> set[str]:
    conflicts = (conflict for step in steps for conflict in step.conflicts)
    given = {step.evidence.verdict_id for step in steps if isinstance(step.evidence, Verdict)}
    return given | _named(conflicts)


def _named(conflicts: Iterable[Conflict]) -> set[str]:
    conflicts = tuple(conflicts)
    refused = {conflict.refused.verdict_id for conflict in conflicts if isinstance(conflict.refused, Verdict)}
    return refused | {conflict.name for conflict in conflicts if conflict.constraint is Constraint.VERDICT}
