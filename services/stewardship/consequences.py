"""What a decision of a steward leads to: which profiles there were, which there are, and the rows it is about."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from graph_model.catalogue.rules import Catalogue
from graph_model.explain.comparison import RowComparison, compare_rows
from graph_model.explain.masking import Visibility
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import VerdictEntry
from graph_model.resolution.mapping import map_record
from graph_model.values.equality import JsonObject
from services.ingestion.batches import UnknownRecord
from services.lookup.row_documents import comparison_document, reference_document
from services.stewardship.verdict_look_up import RecordMoved, present_address
from services.stores.port.protocols import StoreReader

Answer = TypeVar("Answer")

#: So many records of a profile are named at the most.
NAMED: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileMembers:
    """A profile with its records."""

    profile_id: str
    records: tuple[RecordAddress, ...]  #: all of them, sorted


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """The profiles of the records that a decision is about, before and afterwards, and these records side by side."""

    before: tuple[ProfileMembers, ...]  #: those that the records were in
    after: tuple[ProfileMembers, ...]  #: those that all records of these are in
    comparison: RowComparison

    @property
    def sentence(self) -> str:
        """What became of the profiles, in words."""
        if set(self.before) == set(self.after):
            return f"{_profiles(len(self.after))}, as before"
        return f"{_profiles(len(self.before))} became {len(self.after):,}"


async def observed(
    store: StoreReader,
    catalogue: Catalogue,
    addresses: Collection[RecordAddress],
    decide: Callable[[], Awaitable[Answer]],
    entry_of: Callable[[Answer], VerdictEntry],
) -> tuple[Answer, Consequences]:
    """Decide, and tell what came of it. What others change meanwhile is told as well.

    Args:
        store: where it is decided.
        catalogue: the meaning of its rows.
        addresses: the records that the decision is about, as the steward names them.
        decide: brings the decision into force.
        entry_of: the verdict in what `decide` answers.

    Raises:
        DecisionRefused, StoreError: as `decide` does.
    """
    before = await _profiles_of(store, await _present(store, addresses))
    answer = await decide()
    named = entry_of(answer).verdict.records
    members = {address for profile in before for address in profile.records}
    after = await _profiles_of(store, members.union(named))
    stored = await store.read_records(named)

    def compare() -> RowComparison:
        return compare_rows([map_record(stored[a].record, catalogue) for a in named if a in stored], catalogue)

    return answer, Consequences(before=before, after=after, comparison=await asyncio.to_thread(compare))


async def records_of_verdict(store: StoreReader, verdict_id: str) -> tuple[RecordAddress, ...]:
    """The records that a verdict of the ledger is about; none where there is no such verdict."""
    stored = (await store.read_verdicts([verdict_id])).get(verdict_id)
    return () if stored is None else stored.entry.verdict.records


async def _present(store: StoreReader, addresses: Iterable[RecordAddress]) -> list[RecordAddress]:
    """Where rows are now; the decision itself refuses what is nowhere."""
    found = []
    for address in addresses:
        try:
            found.append(await present_address(store, address))
        except (UnknownRecord, RecordMoved):
            continue
    return found


async def _profiles_of(store: StoreReader, addresses: Collection[RecordAddress]) -> tuple[ProfileMembers, ...]:
    """The profiles of live records, each with all that it has, the greatest first."""
    stored = await store.read_records(addresses) if addresses else {}
    live = (found.profile_id for found in stored.values() if not found.record.is_tombstone)
    profile_ids = {profile_id for profile_id in live if profile_id is not None}
    if not profile_ids:
        return ()
    members: defaultdict[str, list[RecordAddress]] = defaultdict(list)
    for address, owner in (await store.read_components(profile_ids)).memberships.items():
        if owner in profile_ids:
            members[owner].append(address)
    found = [ProfileMembers(profile_id=owner, records=tuple(sorted(records))) for owner, records in members.items()]
    return tuple(sorted(found, key=lambda profile: (-len(profile.records), profile.profile_id)))


def consequences_document(consequences: Consequences, visibility: Visibility) -> JsonObject:
    """Write consequences beside the document of a verdict."""
    return {
        "explanation": consequences.sentence,
        "profiles_before": [_profile(profile, visibility) for profile in consequences.before],
        "profiles": [_profile(profile, visibility) for profile in consequences.after],
        "comparison": comparison_document(consequences.comparison, visibility),
    }


def _profile(profile: ProfileMembers, visibility: Visibility) -> JsonObject:
    return {
        "profile_id": profile.profile_id,
        "records": [reference_document(address, visibility) for address in profile.records[:NAMED]],
        "records_total": len(profile.records),
    }


def _profiles(number: int) -> str:
    return "1 profile" if number == 1 else f"{number:,} profiles"
