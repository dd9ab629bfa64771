"""What is read from the graph: each traversal beside the function that understands its answer.

A revision is always read before the contents that it stands for. Look-ups are by vertex id; answers are maps of strings
and numbers, never elements.
"""

from collections.abc import Collection, Mapping
from typing import Any

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import P, T

from graph_model.profiles import ProfileStatus
from graph_model.records import Record, RecordAddress
from services.stores.gremlin.documents import read_component, read_record_document
from services.stores.gremlin.plan import HAS, MEMBER_OF, WAS_MEMBER_OF
from services.stores.gremlin.socket import Traversal
from services.stores.gremlin.source import g
from services.stores.port import Components, StoredIdentifier, StoredProfile, StoredRecord

#: One row of an answer.
Row = Mapping[str, Any]

_PROFILE_FIELDS = ("rev", "profile_id", "version", "status", "document", "component")


def records_traversal(vertices: Collection[str]) -> Traversal:
    """Records and graves, with their profiles."""
    profile = __.out(MEMBER_OF, WAS_MEMBER_OF)
    return (
        g.V(*vertices)
        .project("rev", "document", "profile")
        .by("rev")
        .by("document")
        .by(profile.project("id", "component").by("profile_id").by("component").fold())
    )


def stored_record(row: Row) -> StoredRecord:
    """Read one row of `records_traversal`."""
    profile: Row | None = next(iter(row["profile"]), None)
    return StoredRecord(
        record=read_record_document(row["document"]),
        revision=row["rev"],
        profile_id=None if profile is None else profile["id"],
        component=() if profile is None else read_component(profile["component"]),
    )


def identifiers_traversal(vertices: Collection[str], up_to: int) -> Traversal:
    """Identifiers; those with at most `up_to` holders with the components of these."""
    few = __.has("holders", P.lte(up_to))
    return (
        g.V(*vertices)
        .project("id", "rev", "holders", "components")
        .by(T.id)
        .by("rev")
        .by("holders")
        .by(few.in_(HAS).out(MEMBER_OF).values("component").dedup().fold())
    )


def stored_identifier(row: Row) -> StoredIdentifier:
    """Read one row of `identifiers_traversal`."""
    component = {profile for document in row["components"] for profile in read_component(document)}
    return StoredIdentifier(revision=row["rev"], holders=row["holders"], component=tuple(sorted(component)))


def components_traversal(vertices: Collection[str]) -> Traversal:
    """Profiles with their live records."""
    return _with_profile_fields(
        g.V(*vertices).project(*_PROFILE_FIELDS, "records")
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
    return _with_profile_fields(g.V(*vertices).project(*_PROFILE_FIELDS))


def versions_traversal(vertices: Collection[str]) -> Traversal:
    """Only the versions of profiles."""
    return g.V(*vertices).project("profile_id", "version").by("profile_id").by("version")


def links_traversal(vertices: Collection[str]) -> Traversal:
    """How many records each identifier is linked with."""
    return g.V(*vertices).project("id", "links").by(__.id_()).by(__.in_(HAS).count())


def holders_profiles_traversal(identifier: str, limit: int) -> Traversal:
    """The profiles of the records that carry an identifier, in order of their ids."""
    profiles = g.V(identifier).in_(HAS).out(MEMBER_OF).dedup().order().by("profile_id").limit(limit)
    return _with_profile_fields(profiles.project(*_PROFILE_FIELDS))


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
    )


def _with_profile_fields(projected: Traversal) -> Traversal:
    for field in _PROFILE_FIELDS:
        projected = projected.by(field)
    return projected
