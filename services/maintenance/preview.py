"""What another catalogue would make of a store: which profiles would merge and which would split. Nothing is touched.

All records are read by the new meaning and resolved from scratch in a private place on disk, as
`services.maintenance.verification.verify` does it; what comes out is compared with the profiles that are stored.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from graph_model.catalogue.rules import Catalogue
from graph_model.explain.masking import Visibility
from graph_model.profile.codec import marks_generic
from graph_model.profile.document import ProfileStatus
from graph_model.profile.ids import IdCandidate, assign_ids
from graph_model.records.record import Record, RecordAddress
from graph_model.records.tasks import Task
from graph_model.resolution.mapping import map_record
from services.maintenance.pages import pages
from services.maintenance.preview_examples import (
    Case,
    Examples,
    ProfileMerge,
    ProfileSplit,
    describe_merge,
    describe_split,
)
from services.maintenance.spool import Spool, SpooledRecord
from services.maintenance.verification.scan import Progress
from services.stores.port.protocols import Store
from services.stores.port.stored import StoredProfile

_TABLES: Final = "CREATE TABLE was_generic (kind TEXT, value TEXT, PRIMARY KEY (kind, value)) WITHOUT ROWID;"

#: So many groups are resolved before somebody else may do something.
_TOGETHER: Final = 100


@dataclass(frozen=True, slots=True)
class GenericChange:
    """How many identifiers of a kind would become generic, or cease to be."""

    kind: str
    become: int  #: generic under the new catalogue, and not before
    cease: int  #: generic before, and evidence, or no identifiers at all, under the new catalogue


@dataclass(frozen=True, slots=True)
class MissingColumns:
    """Columns that the new catalogue names and no stored record of the source has: they were not kept."""

    source: str
    columns: tuple[str, ...]
    records: int  #: live records of the source


@dataclass(slots=True, kw_only=True)
class Preview:
    """What would change."""

    records: int = 0  #: live records
    profiles_before: int = 0  #: those that have records
    profiles_after: int = 0
    unchanged: int = 0  #: profiles that keep exactly their records
    merging: int = 0  #: profiles with records that would join those of others
    merged_into: int = 0  #: profiles that these would come to
    splitting: int = 0  #: profiles whose records would not stay together
    split_into: int = 0  #: profiles that these would come to
    moving: int = 0  #: records whose profile would have another id
    generic: tuple[GenericChange, ...] = ()  #: by kind; those without any change are left out
    missing_columns: tuple[MissingColumns, ...] = ()
    unknown_sources: tuple[tuple[str, int], ...] = ()  #: sources that it does not name, with their live records
    merges: tuple[ProfileMerge, ...] = ()  #: examples, the largest first
    splits: tuple[ProfileSplit, ...] = ()
    owed: tuple[Task, ...] = ()  #: work owed, which may change profiles whatever the catalogue


async def preview(
    store: Store, catalogue: Catalogue, progress: Progress, *, examples: int = 5, may_see_values: bool = True
) -> Preview:
    """Compare the profiles of a store with those that follow from another catalogue.

    Args:
        store: opened whatever meaning of the catalogue it follows.
        catalogue: the new one.
        progress: hears what is being read, and how much of it has been.
        examples: how many merges and splits to describe: the largest, and the first of the others.
        may_see_values: whether the reasons of splits show keys that are personal; comparisons are masked by who writes
            them.
    """
    found = Preview(owed=tuple(stored.task for stored in await store.read_tasks()))
    visibility = Visibility.of(catalogue, may_see_values=may_see_values)
    merges, splits = Examples[ProfileMerge](examples), Examples[ProfileSplit](examples)
    with Spool(_TABLES) as spool:
        done = 0
        async for profiles in pages(store.scan_profiles()):
            _keep_generic(spool, profiles)
            done += len(profiles)
            progress("profiles", done)
        await _read_records(store, catalogue, spool, found, progress)
        spool.count_holders(catalogue)
        found.generic = _generic_changes(spool)
        spool.group_records()
        for number, group in enumerate(spool.groups()):
            _compare(Case.of(group, spool, catalogue, visibility), found, merges, splits)
            if number % _TOGETHER == 0:
                progress("profiles compared", found.profiles_before)
                await asyncio.sleep(0)
    found.merges, found.splits = merges.kept, splits.kept
    return found


def _keep_generic(spool: Spool, profiles: Sequence[StoredProfile]) -> None:
    """Only the profiles tell what is generic by the former meaning, whose limits are known to nobody here."""
    marking = [p for p in profiles if p.status is ProfileStatus.LIVE and marks_generic(p.document)]
    generic = {identifier for profile in marking for identifier in profile.read().generic}
    spool.database.executemany("INSERT OR IGNORE INTO was_generic VALUES (?, ?)", generic)


async def _read_records(store: Store, catalogue: Catalogue, spool: Spool, found: Preview, progress: Progress) -> None:
    columns: defaultdict[str, set[str]] = defaultdict(set)
    records: Counter[str] = Counter()
    async for page in pages(store.scan_records()):
        live = [stored for stored in page if not stored.record.is_tombstone]
        spool.add_records(
            SpooledRecord(
                record=stored.record,
                revision=stored.revision,
                profile_id=stored.profile_id,
                identifiers=map_record(stored.record, catalogue).identifiers,
            )
            for stored in live
        )
        for stored in live:
            columns[stored.record.address.source] |= _columns(stored.record)
        records.update(stored.record.address.source for stored in live)
        progress("records", records.total())
    found.records = records.total()
    if store.fingerprint != catalogue.fingerprint:
        found.missing_columns = tuple(
            MissingColumns(name, missing, records[name])
            for name, source in catalogue.sources.items()
            if records[name] and (missing := tuple(sorted(source.columns - columns[name])))
        )
    found.unknown_sources = tuple(
        (name, count) for name, count in sorted(records.items()) if name not in catalogue.sources
    )


def _columns(record: Record) -> set[str]:
    return {*(record.values or ()), *record.incomplete}


def _generic_changes(spool: Spool) -> tuple[GenericChange, ...]:
    become = """
        SELECT kind, count(*) FROM identifier AS i WHERE generic = 1
        AND NOT EXISTS (SELECT 1 FROM was_generic AS w WHERE w.kind = i.kind AND w.value = i.value) GROUP BY kind
    """
    cease = """
        SELECT kind, count(*) FROM was_generic AS w WHERE NOT EXISTS
        (SELECT 1 FROM identifier AS i WHERE i.kind = w.kind AND i.value = w.value AND i.generic = 1) GROUP BY kind
    """
    becoming, ceasing = dict(spool.database.execute(become)), dict(spool.database.execute(cease))
    kinds = sorted(becoming.keys() | ceasing.keys())
    return tuple(GenericChange(kind, becoming.get(kind, 0), ceasing.get(kind, 0)) for kind in kinds)


def _compare(case: Case, found: Preview, merges: Examples[ProfileMerge], splits: Examples[ProfileSplit]) -> None:
    profiles = case.profiles()
    found.profiles_before += len(profiles)
    found.profiles_after += len(case.clusters)
    if len(profiles) == len(case.clusters) == 1:
        found.unchanged += 1
        return
    clusters_of = {
        profile_id: [cluster for cluster in case.clusters if not members.isdisjoint(cluster)]
        for profile_id, members in ((profile_id, set(members)) for profile_id, members in profiles.items())
    }
    profiles_of = {cluster: {case.profile_of[a] for a in cluster if a in case.profile_of} for cluster in case.clusters}
    joined = [cluster for cluster in case.clusters if len(profiles_of[cluster]) > 1]
    torn = [profile_id for profile_id, clusters in clusters_of.items() if len(clusters) > 1]
    merging = {profile_id for cluster in joined for profile_id in profiles_of[cluster]}
    found.merging += len(merging)
    found.merged_into += len(joined)
    found.splitting += len(torn)
    found.split_into += len({cluster for profile_id in torn for cluster in clusters_of[profile_id]})
    found.unchanged += len(profiles.keys() - merging - set(torn))
    found.moving += _moving(case, profiles)
    for cluster in joined:
        merges.offer(len(cluster), partial(describe_merge, case, cluster))
    for profile_id in torn:
        splits.offer(len(profiles[profile_id]), partial(describe_split, case, profile_id, clusters_of[profile_id]))


def _moving(case: Case, profiles: Mapping[str, Sequence[RecordAddress]]) -> int:
    former = [
        IdCandidate(profile_id=profile_id, live=True, members=frozenset(found), own=frozenset(found))
        for profile_id, found in profiles.items()
    ]
    ids = assign_ids(case.clusters, former, lambda: "")
    return sum(
        case.profile_of.get(address) != profile_id
        for cluster, profile_id in zip(case.clusters, ids, strict=True)
        for address in cluster
    )
