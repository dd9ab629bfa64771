"""Brings a whole store into the spool, page by page, while others go on writing.

What tells whether something has moved is scanned before what it guards: identifiers and profiles, whose revisions every
change around them makes new, before the records. So where a revision is still the same after all, everything that it
guards was seen as it is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.codec import salvage_profile
from graph_model.profile.differences import BODY_FIELDS
from graph_model.profile.document import ProfileStatus
from graph_model.records.tasks import ReResolve, Task
from graph_model.records.verdicts import VerdictEntry
from graph_model.resolution.mapping import map_record
from graph_model.values.identifiers import Identifier
from services.maintenance.pages import pages
from services.maintenance.spool import Spool, SpooledRecord, place_text
from services.stores.port.errors import StoreError
from services.stores.port.protocols import Store
from services.stores.port.stored import StoredBucket, StoredIdentifier, StoredProfile, StoredRecord

#: Hears what is being read, and how much of it was read already.
Progress = Callable[[str, int], None]

#: What is kept of the store beside the records and profiles.
TABLES: Final = """
CREATE TABLE stored_identifier (
    kind TEXT, value TEXT, revision TEXT NOT NULL, holders INTEGER NOT NULL, hub INTEGER NOT NULL,
    linked INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kind, value)
) WITHOUT ROWID;
CREATE TABLE stored_bucket (
    kind TEXT, value TEXT, number INTEGER, revision TEXT NOT NULL, holders INTEGER NOT NULL,
    PRIMARY KEY (kind, value, number)
) WITHOUT ROWID;
CREATE TABLE mark_in_force (
    verdict_id TEXT, source TEXT, key TEXT, place TEXT, PRIMARY KEY (verdict_id, source, key, place)
) WITHOUT ROWID;
CREATE TABLE linked_tombstone (source TEXT, key TEXT, revision TEXT, profile_id TEXT);
CREATE TABLE wrong_head (profile_id TEXT, revision TEXT, problem TEXT);
"""

#: What documents say that stores keep beside them, too.
_STORED_BESIDE: Final = frozenset({"profile_id", "version", "status"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """How much was read."""

    records: int = 0  #: live ones
    tombstones: int = 0
    profiles: int = 0  #: live ones
    identifiers: int = 0
    verdicts: int = 0  #: in force
    waiting: int = 0  #: records that another meaning of the catalogue has linked, and that are to be read anew
    owed: tuple[Task, ...] = ()

    @property
    def re_resolving(self) -> bool:
        """Whether the meaning of the catalogue has changed, and records are still to be read by the new one."""
        return any(isinstance(task, ReResolve) for task in self.owed)


async def scan(store: Store, catalogue: Catalogue, spool: Spool, progress: Progress) -> Scanned:
    """Read everything into a spool with `TABLES`, and count it.

    Raises:
        StoreError: another meaning of the catalogue has come into force meanwhile.
    """
    scanned = Scanned(owed=tuple(stored.task for stored in await store.read_tasks()))
    async for identifiers in pages(store.scan_identifiers()):
        _add_identifiers(spool, identifiers)
        scanned = replace(scanned, identifiers=scanned.identifiers + len(identifiers))
        progress("identifiers", scanned.identifiers)
    async for profiles in pages(store.scan_profiles()):
        scanned = replace(scanned, profiles=scanned.profiles + _add_profiles(spool, profiles))
        progress("profiles", scanned.profiles)
    async for verdicts in pages(store.scan_verdicts()):
        scanned = replace(scanned, verdicts=scanned.verdicts + _add_verdicts(spool, verdicts))
    async for records in pages(store.scan_records()):
        links = await store.read_links([stored.record.address for stored in records])
        spooled = [_spooled(store, catalogue, scanned, r, links.get(r.record.address, ())) for r in records]
        live = [each for each in spooled if not each.record.is_tombstone]
        spool.add_records(live)
        _add_tombstones(spool, (each for each in spooled if each.record.is_tombstone))
        scanned = replace(
            scanned,
            records=scanned.records + len(live),
            tombstones=scanned.tombstones + len(spooled) - len(live),
            waiting=scanned.waiting + sum(each.waiting for each in live),
        )
        progress("records", scanned.records)
    async for linked in pages(store.scan_links()):
        rows = [(count, *identifier) for identifier, count in linked]
        spool.database.executemany("UPDATE stored_identifier SET linked = ? WHERE kind = ? AND value = ?", rows)
    return scanned


def stored_identifier(spool: Spool, identifier: Identifier) -> StoredIdentifier | None:
    """An identifier as it was scanned."""
    query = "SELECT revision, holders FROM stored_identifier WHERE kind = ? AND value = ?"
    found = spool.database.execute(query, identifier).fetchone()
    if found is None:
        return None
    query = "SELECT number, revision, holders FROM stored_bucket WHERE kind = ? AND value = ?"
    buckets = {n: StoredBucket(revision=at, holders=h) for n, at, h in spool.database.execute(query, identifier)}
    return StoredIdentifier(revision=found[0], holders=found[1], component=(), buckets=buckets)


def head_problems(stored: StoredProfile) -> list[str]:
    """What a document says of its profile that the store says otherwise, or that is unreadable."""
    found = salvage_profile(stored.document)
    shown, damaged = found.profile, found.damaged
    problems = []
    if "profile_id" in damaged or shown.profile_id != stored.profile_id:
        problems.append(f"profile {stored.profile_id} shows another id")
    if "version" in damaged or shown.version != stored.version:
        problems.append(f"profile {stored.profile_id} shows another version than {stored.version}")
    if "status" in damaged or shown.status != stored.status:
        problems.append(f"profile {stored.profile_id} shows another status than {stored.status}")
    lost = damaged - _STORED_BESIDE
    if stored.status is ProfileStatus.LIVE:
        lost = lost.difference(BODY_FIELDS)  # these are compared with what its records say
    if lost:
        problems.append(
            f"profile {stored.profile_id} shows unreadable {', '.join(sorted(lost))}: a repair writes it again with "
            "what is readable, and does not bring back the rest"
        )
    return problems


def _add_identifiers(spool: Spool, page: Iterable[tuple[Identifier, StoredIdentifier]]) -> None:
    found = list(page)
    spool.database.executemany(
        "INSERT INTO stored_identifier (kind, value, revision, holders, hub) VALUES (?, ?, ?, ?, ?)",
        [(*identifier, stored.revision, stored.holders, stored.is_hub) for identifier, stored in found],
    )
    spool.database.executemany(
        "INSERT INTO stored_bucket VALUES (?, ?, ?, ?, ?)",
        [
            (*identifier, number, bucket.revision, bucket.holders)
            for identifier, stored in found
            for number, bucket in stored.buckets.items()
        ],
    )


def _add_profiles(spool: Spool, page: Iterable[StoredProfile]) -> int:
    profiles = list(page)
    live = [profile for profile in profiles if profile.status is ProfileStatus.LIVE]
    spool.add_profiles(live, live=True)
    spool.add_profiles((p for p in profiles if p.status is not ProfileStatus.LIVE), live=False)
    spool.database.executemany(
        "INSERT INTO wrong_head VALUES (?, ?, ?)",
        [(profile.profile_id, profile.revision, problem) for profile in profiles for problem in head_problems(profile)],
    )
    return len(live)


def _add_verdicts(spool: Spool, page: Iterable[VerdictEntry]) -> int:
    in_force = [entry.verdict for entry in page if entry.is_in_force]
    spool.database.executemany(
        "INSERT INTO mark_in_force VALUES (?, ?, ?, ?)",
        [(v.verdict_id, *address, place_text(mark)) for v in in_force for address, mark in v.marks],
    )
    return len(in_force)


def _spooled(
    store: Store, catalogue: Catalogue, scanned: Scanned, stored: StoredRecord, links: Iterable[Identifier]
) -> SpooledRecord:
    record = stored.record
    if record.generation > store.generation:
        raise StoreError(
            "another meaning of the catalogue has come into force while the store was read; start again with the "
            "catalogue that is in force now"
        )
    linked = tuple(sorted(links))
    waiting = scanned.re_resolving and record.generation != store.generation and not record.is_tombstone
    carried = linked if waiting else map_record(record, catalogue).identifiers
    return SpooledRecord(
        record=record,
        revision=stored.revision,
        profile_id=stored.profile_id,
        identifiers=carried,
        waiting=waiting,
        mislinked=linked != carried,
    )


def _add_tombstones(spool: Spool, tombstones: Iterable[SpooledRecord]) -> None:
    for tombstone in tombstones:
        spool.add_carried_marks(tombstone.record)
        if tombstone.mislinked:
            row = (*tombstone.record.address, tombstone.revision, tombstone.profile_id)
            spool.database.execute("INSERT INTO linked_tombstone VALUES (?, ?, ?, ?)", row)
