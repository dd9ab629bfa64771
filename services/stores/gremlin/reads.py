"""What is read from the graph: each traversal beside the function that understands its answer.

A revision is always read before the contents that it stands for. Look-ups are by vertex id; answers are maps of strings
and numbers, never elements.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import P, T

from graph_model.profile.document import ProfileStatus
from graph_model.records.record import Record, RecordAddress
from graph_model.values.identifiers import Identifier
from services.stores.gremlin.documents import read_component, read_record_document
from services.stores.gremlin.graphbinary import Rows
from services.stores.gremlin.ids import STORE_ID
from services.stores.gremlin.plan import BECAME, HAS, MEMBER_OF, OWES, WAS_MEMBER_OF
from services.stores.gremlin.socket import Traversal, g
from services.stores.port.stored import (
    Components,
    HistoryEntry,
    StoredBucket,
    StoredIdentifier,
    StoredProfile,
    StoredRecord,
    StoredTask,
    StoredVerdict,
)
from services.stores.port.stored_forms import damaged_rows, read_addresses, read_task, read_verdict_entry

#: So many rows are formed on the event loop.
_ROWS_ON_LOOP: Final = 100

#: One row of an answer.
Row = Mapping[str, Any]
Form = TypeVar("Form")
#: Asks for vertices by id with a traversal, however many they are.
Read: TypeAlias = Callable[[Callable[[Collection[str]], Traversal], Iterable[str]], Awaitable[list[Row]]]

_PROFILE_FIELDS = ("rev", "profile_id", "version", "status", "document", "component", "guests")


async def formed(rows: Sequence[Row], form: Callable[[Sequence[Row]], Form], size: int = 0) -> Form:
    """Bring an answer into the form that the port speaks of: a large one on a thread, while the event loop goes on.

    Args:
        rows: the answer.
        form: what makes one thing of all of them.
        size: how many things the rows hold, where that may be more than there are rows.

    Raises:
        StoreDamaged: the answer is not what this program has written.
    """
    with damaged_rows():
        if len(rows) + size <= _ROWS_ON_LOOP:
            return form(rows)
        return await asyncio.to_thread(form, rows)


async def identifier_rows(read: Read, up_to: Mapping[str, int]) -> list[Row]:
    """Read identifiers, those with at most so many holders with the components of these."""
    return await read(partial(identifiers_traversal, up_to=up_to), up_to)


async def bucket_rows(read: Read, vertices: Iterable[str]) -> list[Row]:
    """Read the components of the records that hang on each bucket."""
    return await read(holders_components_traversal, vertices)


async def component_rows(read: Read, vertices: Iterable[str]) -> list[Row]:
    """Read profiles with their live records."""
    return await read(components_traversal, vertices)


async def link_rows(read: Read, vertices: Iterable[str]) -> list[Row]:
    """Read which identifiers records are linked with."""
    return await read(links_of_records_traversal, vertices)


def records_traversal(vertices: Collection[str]) -> Traversal:
    """Records and tombstones, with their profiles."""
    return (
        g.V(Rows([*vertices]))
        .project("rev", "document", "profile", "component")
        .by("rev")
        .by("document")
        .by(__.out(MEMBER_OF, WAS_MEMBER_OF).values("profile_id"))
        .by(__.out(MEMBER_OF, WAS_MEMBER_OF).values("component"))
    )


def stored_record(row: Row) -> StoredRecord:
    """Read one row of `records_traversal`."""
    return StoredRecord(
        record=read_record_document(row["document"]),
        revision=row["rev"],
        profile_id=row.get("profile"),
        component=read_component(row["component"]) if "component" in row else (),
    )


def removal_traversal(vertices: Collection[str]) -> Traversal:
    """Drop those of some records that are deleted."""
    return g.V(Rows([*vertices])).has("deleted", True).drop()


def records_of(rows: Iterable[Row]) -> dict[RecordAddress, StoredRecord]:
    """Read all rows of `records_traversal`."""
    return {stored.record.address: stored for stored in map(stored_record, rows)}


def links_of_records_traversal(vertices: Collection[str]) -> Traversal:
    """Which identifiers records are linked with, itself or by a bucket."""
    linked = __.out(HAS).project("kind", "value").by("kind").by("value")
    return g.V(Rows([*vertices])).project("id", "links").by(T.id).by(linked.fold())


def linked_identifiers(row: Row) -> tuple[Identifier, ...]:
    """Read one row of `links_of_records_traversal`."""
    return tuple(sorted(Identifier(link["kind"], link["value"]) for link in row["links"]))


def identifiers_traversal(vertices: Collection[str], up_to: Mapping[str, int]) -> Traversal:
    """Identifiers; those with few holders with the components of these. Nothing hangs on a hub itself.

    Args:
        vertices: which.
        up_to: vertex -> how many holders count as few.
    """
    by_limit: dict[int, list[str]] = {}
    for vertex in vertices:
        by_limit.setdefault(up_to[vertex], []).append(vertex)
    if len(by_limit) == 1:
        return _identifiers(g.V(Rows([*vertices])), *by_limit)
    return g.inject(0).union(*(_identifiers(__.V(Rows(found)), limit) for limit, found in by_limit.items()))


def _identifiers(begun: Traversal, up_to: int) -> Traversal:
    few = __.has("holders", P.lte(up_to))
    return (
        begun.project("id", "rev", "hub", "holders", "components")
        .by(T.id)
        .by("rev")
        .by("hub")
        .by("holders")
        .by(few.in_(HAS).out(MEMBER_OF).values("component").dedup().fold())
    )


def is_hub(row: Row) -> bool:
    """Whether an identifier is a hub; graphs of earlier versions of this service do not say that of any."""
    return bool(row.get("hub", False))


def tallies_traversal(vertices: Collection[str]) -> Traversal:
    """How many records hang on each bucket."""
    return g.V(Rows([*vertices])).project("id", "rev", "holders").by(T.id).by("rev").by("holders")


def holders_components_traversal(vertices: Collection[str]) -> Traversal:
    """The components of the records that hang on each bucket."""
    components = __.in_(HAS).out(MEMBER_OF).values("component").dedup().fold()
    return g.V(Rows([*vertices])).project("id", "components").by(T.id).by(components)


def stored_bucket(row: Row) -> StoredBucket:
    """Read one row of `tallies_traversal`."""
    return StoredBucket(revision=row["rev"], holders=row["holders"])


def stored_identifier(
    row: Row, buckets: Mapping[int, StoredBucket] = MappingProxyType({}), components: Iterable[Row] = ()
) -> StoredIdentifier:
    """Read one row of `identifiers_traversal`, of a hub with its buckets by number and the rows about their holders."""
    documents = {document for part in (row, *components) for document in part["components"]}
    component = {profile for document in documents for profile in read_component(document)}
    return StoredIdentifier(
        revision=row["rev"],
        holders=sum(bucket.holders for bucket in buckets.values()) if buckets else row["holders"],
        component=tuple(sorted(component)),
        buckets=buckets,
    )


def holders_traversal(vertex: str, row_key: str) -> Traversal:
    """The records that hang on an identifier or a bucket; `row_key` names the property that holds the key of a row."""
    return g.V(vertex).in_(HAS).project("source", "key").by("source").by(row_key)


def components_traversal(vertices: Collection[str]) -> Traversal:
    """Profiles with their live records."""
    return _with_profile_fields(
        g.V(Rows([*vertices])).project(*_PROFILE_FIELDS, "records")
    ).by(__.in_(MEMBER_OF).values("document").fold())  # fmt: skip


def components_of(rows: Collection[Row]) -> Components:
    """Read all rows of `components_traversal`."""
    records: dict[RecordAddress, Record] = {}
    memberships: dict[RecordAddress, str] = {}
    for row in rows:
        for record in map(read_record_document, row["records"]):
            records[record.address] = record
            memberships[record.address] = row["profile_id"]
    profiles = {row["profile_id"]: stored_profile(row) for row in rows}
    return Components(profiles=profiles, records=records, memberships=memberships)


def profiles_traversal(vertices: Collection[str]) -> Traversal:
    """Profiles without their records."""
    return _with_profile_fields(g.V(Rows([*vertices])).project(*_PROFILE_FIELDS))


def versions_traversal(vertices: Collection[str]) -> Traversal:
    """Only the versions of profiles."""
    return g.V(Rows([*vertices])).project("profile_id", "version").by("profile_id").by("version")


def links_traversal(vertices: Collection[str]) -> Traversal:
    """How many records hang on each identifier or bucket."""
    return g.V(Rows([*vertices])).project("id", "hub", "links").by(T.id).by("hub").by(__.in_(HAS).count())


def holders_profiles_traversal(identifier: str, limit: int) -> Traversal:
    """The first profiles, by id, of the records that hang on an identifier."""
    profiles = g.V(identifier).in_(HAS).out(MEMBER_OF).dedup().order().by("profile_id").limit(limit)
    return _with_profile_fields(profiles.project(*_PROFILE_FIELDS))


def some_profiles_traversal(vertices: Collection[str], limit: int) -> Traversal:
    """Some profiles of the records that hang on any of some identifiers and buckets, in order of their ids."""
    profiles = g.V(Rows([*vertices])).in_(HAS).out(MEMBER_OF).dedup().limit(limit).order().by("profile_id")
    return _with_profile_fields(profiles.project(*_PROFILE_FIELDS))


def history_traversal(profile: str) -> Traversal:
    """The steps of a profile's life, in order."""
    steps = g.V(profile).out(BECAME).order().by("version")
    return steps.project("profile_id", "version", "document").by("profile_id").by("version").by("document")


def history_entry(row: Row) -> HistoryEntry:
    """Read one row of `history_traversal`."""
    document: str = row["document"]
    return HistoryEntry(profile_id=row["profile_id"], version=row["version"], document=document.encode())


def verdicts_traversal(vertices: Collection[str]) -> Traversal:
    """Entries of the ledger of verdicts."""
    return g.V(Rows([*vertices])).project("rev", "verdict_id", "document").by("rev").by("verdict_id").by("document")


def stored_verdict(row: Row) -> StoredVerdict:
    """Read one row of `verdicts_traversal`."""
    return StoredVerdict(entry=read_verdict_entry(row["verdict_id"], row["document"]), revision=row["rev"])


def verdicts_of(rows: Iterable[Row]) -> dict[str, StoredVerdict]:
    """Read all rows of `verdicts_traversal`."""
    return {stored.entry.verdict_id: stored for stored in map(stored_verdict, rows)}


def tasks_traversal() -> Traversal:
    """All work owed, in order; it hangs on the store, so that nothing need be searched."""
    tasks = g.V(STORE_ID).out(OWES).order().by("task_id")
    return tasks.project("task_id", "rev", "document").by("task_id").by("rev").by("document")


def stored_task(row: Row) -> StoredTask:
    """Read one row of `tasks_traversal`."""
    return StoredTask(task_id=row["task_id"], task=read_task(row["document"]), revision=row["rev"])


def stored_profile(row: Row) -> StoredProfile:
    """Read one row of any traversal over profiles."""
    document: str = row["document"]
    return StoredProfile(
        profile_id=row["profile_id"],
        revision=row["rev"],
        version=row["version"],
        status=ProfileStatus(row["status"]),
        document=document.encode(),
        component=read_component(row["component"]),
        guests=read_addresses(row["guests"]) if row.get("guests") else (),  # a graph may hold profiles without it
    )


def _with_profile_fields(projected: Traversal) -> Traversal:
    for field in _PROFILE_FIELDS:
        projected = projected.by(field)
    return projected
