"""Refuses what was read at different times: reads must fit together before a commit rests on them.

Whatever is read to decide a commit is guarded by the commit itself or by one of these.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from graph_model.records.record import RecordAddress
from graph_model.resolution.mapping import MappedRecord
from graph_model.values.identifiers import Identifier
from services.ingestion.batches import RecordChange
from services.stores.port.errors import CommitConflict, ReadsDisagree
from services.stores.port.protocols import SurroundingsReader
from services.stores.port.stored import Components, StoredIdentifier, StoredRecord

_MOVED: Final = "a record has moved to another profile while it was read; read again"
_OTHER_HOLDERS: Final = "an identifier has got other holders while it was read; read again"

#: What live records carry.
Carried = Mapping[RecordAddress, tuple[Identifier, ...]]


def check_members(records: Iterable[StoredRecord], components: Components) -> None:
    """Refuse reads of different times: records must still be where they were when their profiles were looked up."""
    absent = [stored for stored in records if stored.record.address not in components.records]
    if absent:
        profiles = {profile_id: profile.revision for profile_id, profile in components.profiles.items()}
        seen = ((r.record.address, r.revision, r.profile_id, profiles.get(r.profile_id or "")) for r in absent)
        raise ReadsDisagree(_MOVED, frozenset(seen))


async def check_read_anew(
    store: SurroundingsReader, changed: Mapping[RecordAddress, RecordChange], components: Components
) -> None:
    """The same for records that are read anew, which a damaged store may have lost from their profiles."""
    absent = {
        address: change.stored.profile_id
        for address, change in changed.items()
        if change.read_anew and change.before and change.stored and address not in components.records
    }
    stored = await store.read_records(absent) if absent else {}
    if any(address not in stored or stored[address].profile_id != profile_id for address, profile_id in absent.items()):
        raise CommitConflict(_MOVED)


def check_holders(
    counted: Mapping[Identifier, StoredIdentifier], before: Carried, mapped: Mapping[RecordAddress, MappedRecord]
) -> None:
    """The same for identifiers: all holders of what is, or may become, evidence must have been loaded."""
    carried = Counter(i for identifiers_of in before.values() for i in identifiers_of)
    carried.update(identifier for each in mapped.values() for identifier in each.identifiers)
    wrong = {identifier: stored for identifier, stored in counted.items() if carried[identifier] != stored.holders}
    if wrong:
        raise other_holders(wrong, carried)


def other_holders(counted: Mapping[Identifier, StoredIdentifier], found: Mapping[Identifier, int]) -> ReadsDisagree:
    """The error for identifiers of which other holders were found than were counted."""
    return ReadsDisagree(_OTHER_HOLDERS, frozenset(_seen_holders(i, counted[i], found[i]) for i in counted))


def _seen_holders(identifier: Identifier, stored: StoredIdentifier, found: int) -> tuple[object, ...]:
    """How many holders an identifier has and how many were found, with the revisions that say who they are."""
    buckets = tuple((number, bucket.revision) for number, bucket in sorted(stored.buckets.items()))
    return identifier, stored.revision, buckets, stored.holders, found
