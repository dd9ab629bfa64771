"""Profiles: the lasting public face of a cluster.

A profile's body (traits, identifiers, records, conflicts) is a pure function of the records in force. Its head
(id, version, status, times) is history. Both are kept and served as one JSON document.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

import orjson

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.survivorship import golden_traits, preference
from graph_model.records.record import Record, RecordAddress
from graph_model.resolution.constraints import Conflict
from graph_model.resolution.mapping import MappedRecord
from graph_model.resolution.resolve import Cluster
from graph_model.values.equality import are_equal
from graph_model.values.identifiers import Identifier
from graph_model.values.keys import is_canonical
from graph_model.values.times import iso_time

#: A JSON object as it is stored and served; `docs/api.md` and the API's schema describe its fields.
Document: TypeAlias = dict[str, Any]

#: The parts of a live document that follow from the records alone.
BODY_FIELDS: Final = ("traits", "identifiers", "records", "conflicts", "dropped_evidence")

#: A profile that is no longer live remembers so many of its records at the most.
REMEMBERED_RECORDS: Final = 1_000


class ProfileStatus(StrEnum):
    """What has become of a profile id."""

    LIVE = "live"  #: it has records
    ABSORBED = "absorbed"  #: its records belong to other profiles now
    DELETED = "deleted"  #: its records are gone


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileHead:
    """The historical part of a profile."""

    profile_id: str
    version: int  #: grows by one with every event; 0: no event yet
    status: ProfileStatus
    created_at: int  #: milliseconds since 1970
    updated_at: int  #: milliseconds since 1970


def profile_body(
    cluster: Cluster,
    records: Mapping[RecordAddress, MappedRecord],
    generic: frozenset[Identifier],
    dropped: Sequence[Identifier],
    catalogue: Catalogue,
) -> Document:
    """Build what follows from the records of a cluster: the same records give the same bytes.

    Args:
        cluster: the profile's records, and its conflicts.
        records: these records, mapped.
        generic: identifiers that too many records carry.
        dropped: evidence left out because too many records would hang together by it.
        catalogue: the order of traits, and which source goes first.
    """
    members = [records[address] for address in cluster.members]
    newest_first = sorted(members, key=lambda mapped: preference(mapped, catalogue)) if members[1:] else members
    carried = Counter(identifier for mapped in members for identifier in mapped.identifiers)
    said_by: dict[Identifier, MappedRecord] = {}
    for mapped in newest_first:
        for identifier in mapped.identifiers:
            said_by.setdefault(identifier, mapped)
    origins = {address: _origin(records[address].record) for address in cluster.members}
    return {
        "traits": {
            name: {"value": mapped.traits[name], **origins[mapped.address]}
            for name, mapped in golden_traits(newest_first, catalogue).items()
        },
        "identifiers": [
            {
                "kind": identifier.kind,
                "value": identifier.value,
                **origins[said_by[identifier].address],
                "records": count,
                "generic": identifier in generic,
            }
            for identifier, count in sorted(carried.items())
        ],
        "records": [
            {
                **origin,
                "issues": [{"column": issue.column, "reason": issue.reason} for issue in mapped.issues],
                "incomplete": sorted(mapped.record.incomplete) if mapped.record.incomplete else [],
            }
            for origin, mapped in zip(origins.values(), members, strict=True)
        ],
        "conflicts": [_conflict_entry(conflict) for conflict in cluster.conflicts],
        "dropped_evidence": sorted(str(identifier) for identifier in dropped if identifier in carried),
    }


def live_document(head: ProfileHead, body: Document) -> bytes:
    """The JSON document of a profile that has records."""
    return orjson.dumps({**_head_fields(head), **body})


def remembering_document(head: ProfileHead, members: Iterable[RecordAddress], merged_into: str | None) -> bytes:
    """The JSON document of a profile without records: which ones it had last, and where most of them went then."""
    remembered = sorted(members)
    return orjson.dumps(
        {
            **_head_fields(head),
            "merged_into": merged_into,
            "records": [_said_by(address) for address in remembered[:REMEMBERED_RECORDS]],
            "records_total": len(remembered),
        }
    )


def document_members(document: Document) -> list[RecordAddress]:
    """The addresses of the records that a document names, live or remembered."""
    return [RecordAddress.stored(entry["source"], entry["key"]) for entry in document["records"]]


def marks_generic(document: bytes) -> bool:
    """Tell without reading it whether a document marks any identifier as generic; most mark none.

    No value can look like the mark, since quotation marks in JSON text are escaped.
    """
    return b'"generic":true' in document


def document_generic(document: Document) -> set[Identifier]:
    """The identifiers that a live document marks as generic."""
    return {Identifier(entry["kind"], entry["value"]) for entry in document.get("identifiers", ()) if entry["generic"]}


def present_body(document: Document) -> Document:
    """The body of a stored live document, with the keys of records in their canonical form, whenever it was written."""
    # What a profile says comes from its records; only conflicts name others.
    named = [document["records"], *(conflict["records"] for conflict in document["conflicts"])]
    if all(is_canonical(reference["key"]) for references in named for reference in references):
        return document
    return {part: _with_present_keys(document.get(part)) for part in BODY_FIELDS}


def differing_parts(one: Document, other: Document) -> Iterator[str]:
    """Name the parts in which two bodies differ."""
    return (part for part in BODY_FIELDS if not are_equal(one.get(part), other.get(part)))


def is_same_body(one: Document, other: Document) -> bool:
    """Tell whether two bodies are equal."""
    return all(are_equal(one.get(part), other.get(part)) for part in BODY_FIELDS)


@dataclass(frozen=True, slots=True)
class Differences:
    """In what two bodies differ: `traits.NAME` for single traits, else the part."""

    fields: Sequence[str]  #: what they say
    provenance: Sequence[str]  #: traits and identifiers of which only the record or the time is another


def differences(before: Document, after: Document) -> Differences:
    """Tell in what a body differs from the one before; without one before, all that it has is new."""
    if not before:
        names = [f"traits.{name}" for name in sorted(after["traits"])]
        return Differences([*names, *(part for part in BODY_FIELDS[1:] if after[part])], [])
    fields, provenance = [], []
    old_traits, new_traits = before.get("traits", {}), after["traits"]
    for name in sorted(old_traits.keys() | new_traits.keys()):
        old, new = _trait(old_traits, name), _trait(new_traits, name)
        if not are_equal(old.get("value"), new.get("value")):
            fields.append(f"traits.{name}")
        elif old != new:
            provenance.append(f"traits.{name}")
    for part in BODY_FIELDS[1:]:
        old, new = before.get(part, []), after.get(part, [])
        if are_equal(old, new):
            continue
        says_the_same = part == "identifiers" and _identifiers_said(old) == _identifiers_said(new)
        (provenance if says_the_same else fields).append(part)
    return Differences(fields, provenance)


def _trait(traits: Document, name: str) -> Document:
    """A trait with its origin; empty where there is none, or where a damaged document has something else."""
    trait = traits.get(name)
    return trait if isinstance(trait, dict) else {}


def _identifiers_said(entries: Iterable[Document]) -> list[tuple[str, str, int, bool]]:
    """What a body says of its identifiers, without who said it and when."""
    return [(entry["kind"], entry["value"], entry["records"], entry["generic"]) for entry in entries]


def _with_present_keys(part: Any) -> Any:  # noqa: ANN401 - a part of a JSON document
    if isinstance(part, list):
        return [_with_present_keys(entry) for entry in part]
    if not isinstance(part, dict):
        return part
    if "source" in part and isinstance(part.get("key"), list):
        part = {**part, "key": RecordAddress.stored(part["source"], part["key"]).written_key}
    return {name: value if name == "key" else _with_present_keys(value) for name, value in part.items()}


def _head_fields(head: ProfileHead) -> Document:
    return {
        "profile_id": head.profile_id,
        "version": head.version,
        "status": head.status.value,
        "created_at": iso_time(head.created_at),
        "updated_at": iso_time(head.updated_at),
    }


def _said_by(address: RecordAddress) -> Document:
    return {"source": address.source, "key": address.written_key}


def _origin(record: Record) -> Document:
    """Who said something, and when."""
    return {**_said_by(record.address), "observed_at": iso_time(record.observed_at)}


def _conflict_entry(conflict: Conflict) -> Document:
    return {
        "constraint": conflict.constraint.value,
        "name": conflict.name,
        "records": [_said_by(conflict.low), _said_by(conflict.high)],
        "values": [conflict.low_value, conflict.high_value],
        "refused": None if conflict.refused is None else str(conflict.refused),
    }
