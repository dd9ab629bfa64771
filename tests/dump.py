"""A store as plain values in one order, without what only its history decides: ids, versions and times of profiles."""

from dataclasses import dataclass

import orjson
from msgspec import structs

from graph_model.profile.codec import decode_profile, encode_profile
from graph_model.profile.document import ProfileStatus
from graph_model.records.record import RecordAddress
from graph_model.values.identifiers import Identifier
from services.stores.port.protocols import Store
from services.stores.port.stored import StoredProfile
from services.stores.port.stored_forms import write_record


@dataclass(frozen=True, slots=True)
class Dump:
    """What follows from the records of a store, and these themselves."""

    records: dict[RecordAddress, bytes]  #: tombstones included
    links: dict[RecordAddress, tuple[Identifier, ...]]
    holders: dict[Identifier, int]
    clusters: dict[RecordAddress, tuple[RecordAddress, ...]]  #: live record -> all records of its profile
    bodies: dict[RecordAddress, bytes]  #: first record of a live profile -> its document
    components: dict[RecordAddress, frozenset[RecordAddress]]  #: likewise -> the first records of its component


async def dump(store: Store) -> Dump:
    """Read a whole store."""
    stored = [each async for each in store.scan_records()]
    members: dict[str, list[RecordAddress]] = {}
    for each in stored:
        if not each.record.is_tombstone:
            members.setdefault(each.profile_id or "", []).append(each.record.address)
    profiles = [each async for each in store.scan_profiles() if each.status is ProfileStatus.LIVE]
    assert {each.profile_id for each in profiles} == members.keys()
    first = {profile_id: min(addresses) for profile_id, addresses in members.items()}
    return Dump(
        records={each.record.address: _row(write_record(each.record)) for each in stored},
        links=dict(await store.read_links([each.record.address for each in stored])),
        holders={identifier: each.holders async for identifier, each in store.scan_identifiers()},
        clusters={address: tuple(found) for found in members.values() for address in found},
        bodies={first[each.profile_id]: _body(each) for each in profiles},
        components={
            first[each.profile_id]: frozenset(first[other] for other in each.component if other in first)
            for each in profiles
        },
    )


def _row(document: bytes) -> bytes:
    return orjson.dumps(orjson.loads(document), option=orjson.OPT_SORT_KEYS)


def _body(stored: StoredProfile) -> bytes:
    profile = decode_profile(stored.document)
    assert (profile.profile_id, profile.version) == (stored.profile_id, stored.version)
    return encode_profile(structs.replace(profile, profile_id="", version=0, created_at="", updated_at=""))
