"""Checks a store against the law: computes everything anew from the stored records, and compares.

The way here is another one than that of `ingest`: no batches, no revisions, components by networkx. It holds
all records in memory, and expects that nobody writes meanwhile.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import networkx as nx
import orjson

from graph_model.catalogue import Catalogue
from graph_model.identifiers import Identifier
from graph_model.mapping import MappedRecord, map_record
from graph_model.profiles import BODY_FIELDS, Document, ProfileStatus, profile_body
from graph_model.records import RecordAddress
from graph_model.resolve import Component, resolve
from services.stores.port import Store, StoredProfile


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What was compared, and every difference found."""

    records: int  #: live records
    graves: int
    profiles: int  #: live profiles
    identifiers: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Stored:
    mapped: Mapping[RecordAddress, MappedRecord]
    memberships: Mapping[RecordAddress, str | None]
    graves: int
    profiles: Mapping[str, StoredProfile]  #: live ones
    holders: Mapping[Identifier, int]
    links: Mapping[Identifier, int]  #: records found by each identifier


async def verify(store: Store, catalogue: Catalogue) -> VerificationReport:
    """Compare a store with what its records say, and name every difference."""
    stored = await _read(store, catalogue)
    holders = Counter(identifier for mapped in stored.mapped.values() for identifier in mapped.identifiers)
    generic = frozenset(i for i, count in holders.items() if catalogue.kinds[i.kind].is_generic(count))
    components = [
        component
        for addresses in _connected(stored.mapped.values(), generic)
        for component in resolve({a: stored.mapped[a] for a in addresses}, generic, catalogue)
    ]
    problems = [
        *_compare_holders(holders, stored.holders, "have a wrong number of holders"),
        *_compare_holders(holders, stored.links, "are not linked with the records that carry them"),
        *_compare_partition(components, stored),
        *_compare_documents(components, stored, generic, catalogue),
    ]
    return VerificationReport(
        len(stored.mapped), stored.graves, len(stored.profiles), len(stored.holders), tuple(problems)
    )


async def _read(store: Store, catalogue: Catalogue) -> _Stored:
    mapped: dict[RecordAddress, MappedRecord] = {}
    memberships: dict[RecordAddress, str | None] = {}
    graves = 0
    async for stored in store.scan_records():
        if stored.record.is_grave:
            graves += 1
            continue
        mapped[stored.record.address] = map_record(stored.record, catalogue)
        memberships[stored.record.address] = stored.profile_id
    profiles = {p.profile_id: p async for p in store.scan_profiles() if p.status is ProfileStatus.LIVE}
    holders = {identifier: count async for identifier, count in store.scan_identifiers()}
    links = {identifier: count async for identifier, count in store.scan_links()}
    return _Stored(mapped, memberships, graves, profiles, holders, links)


def _connected(records: Iterable[MappedRecord], generic: frozenset[Identifier]) -> list[list[RecordAddress]]:
    """Records that hang together by identifiers, as connected components of the graph of both."""
    graph: nx.Graph[RecordAddress | str] = nx.Graph()
    for mapped in records:
        graph.add_node(mapped.address)
        graph.add_edges_from((mapped.address, str(i)) for i in mapped.identifiers if i not in generic)
    return [
        sorted(node for node in nodes if isinstance(node, RecordAddress)) for nodes in nx.connected_components(graph)
    ]


def _compare_holders(counted: Mapping[Identifier, int], stored: Mapping[Identifier, int], fault: str) -> list[str]:
    """Name identifiers by kind and a number only, since their values are personal data."""
    wrong = Counter(i.kind for i in counted.keys() | stored.keys() if counted.get(i, 0) != stored.get(i, 0))
    return [f"{count} identifiers of kind {kind!r} {fault}" for kind, count in wrong.items()]


def _compare_partition(components: Iterable[Component], stored: _Stored) -> list[str]:
    expected = {cluster.members for component in components for cluster in component.clusters}
    found: dict[str | None, list[RecordAddress]] = defaultdict(list)
    for address, profile_id in stored.memberships.items():
        found[profile_id].append(address)
    problems = [f"record {a} belongs to no profile" for a in sorted(found.pop(None, []))]
    for profile_id, members in found.items():
        if profile_id not in stored.profiles:
            problems.append(f"profile {profile_id} has {len(members)} records and is not live")
        elif tuple(sorted(members)) not in expected:
            problems.append(f"profile {profile_id} joins {len(members)} records that the law joins otherwise")
    problems += [f"profile {p} is live and has no record" for p in sorted(stored.profiles.keys() - found.keys())]
    return problems


def _compare_documents(
    components: Iterable[Component], stored: _Stored, generic: frozenset[Identifier], catalogue: Catalogue
) -> list[str]:
    problems = []
    for component in components:
        ids = {stored.memberships[cluster.members[0]] for cluster in component.clusters}
        for cluster in component.clusters:
            profile = stored.profiles.get(stored.memberships[cluster.members[0]] or "")
            if profile is None:
                continue
            document: Document = orjson.loads(profile.document)
            body = profile_body(cluster, stored.mapped, generic, component.dropped, catalogue)
            wrong = [part for part in BODY_FIELDS if document.get(part) != body[part]]
            if wrong:
                problems.append(f"profile {profile.profile_id} shows other {', '.join(wrong)} than its records say")
            if document.get("version") != profile.version:
                problems.append(f"profile {profile.profile_id} shows another version than {profile.version}")
            if ids - set(profile.component):
                problems.append(f"profile {profile.profile_id} does not name all profiles of its component")
    return problems
