"""What stands in each vertex that a commit writes.

Property values are single scalars, so that they mean the same on every graph; docs/graph.md tells what they mean.
"""

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from gremlin_python.statics import long
from msgspec import Struct

from graph_model.values.positions import Offset, is_small
from services.stores.gremlin.documents import component_document, record_document
from services.stores.gremlin.graphbinary import LABEL, Rows, Single
from services.stores.gremlin.ids import (
    Label,
    bucket_id,
    history_id,
    identifier_id,
    profile_id,
    record_id,
    revision,
    tally_id,
    task_id,
    verdict_id,
)
from services.stores.port.plan import BucketWrite, IdentifierWrite, ProfileWrite, RecordWrite, TaskWrite, VerdictWrite
from services.stores.port.stored import HistoryEntry
from services.stores.port.stored_forms import write_addresses, write_task, write_verdict_entry

#: What stands for an offset that a number of the graph does not hold.
_NO_OFFSET: Final = -1

Properties: TypeAlias = Mapping[str, str | int | bool]


class VertexWrite(Struct, frozen=True):
    """A vertex to make or to change."""

    vertex: str
    label: Label
    expected: str | None  #: revision it must have; None: it must not exist
    properties: Properties


def made_with(label: Label, properties: Properties) -> Rows:
    """What a vertex is merged with where it does not exist yet; each property has this value only."""
    return Rows({LABEL: label.value, **{name: Single(value) for name, value in properties.items()}})


def record_vertex(write: RecordWrite, commit_id: str) -> VertexWrite:
    """A record, or the tombstone of one."""
    record = write.record
    vertex = record_id(record.address)
    properties: dict[str, str | int | bool] = {
        "rev": revision(vertex, commit_id),
        "epoch": record.position.epoch,
        "offset": long(_graph_offset(record.position.offset)),
        "deleted": record.is_tombstone,
        "document": record_document(record),
    }
    if write.expected is None:
        properties |= {"source": record.address.source, "key": record.address.key}
    return VertexWrite(vertex, Label.RECORD, write.expected, properties)


def _graph_offset(offset: Offset) -> int:
    """The offset for people who look at the graph, whose numbers have 64 bits; the document has it exactly."""
    return offset if isinstance(offset, int) and is_small(offset) else _NO_OFFSET


def identifier_vertex(write: IdentifierWrite, commit_id: str) -> VertexWrite:
    """An identifier with the number of holders that it lists itself."""
    vertex = identifier_id(write.identifier)
    properties: dict[str, str | int | bool] = {
        "rev": revision(vertex, commit_id),
        "holders": write.holders,
        "hub": write.is_hub,
    }
    if write.expected is None:
        properties |= {"kind": write.identifier.kind, "value": write.identifier.value}
    return VertexWrite(vertex, Label.IDENTIFIER, write.expected, properties)


def bucket_vertices(write: BucketWrite, commit_id: str) -> Iterator[VertexWrite]:
    """A bucket of a hub, made or removed with its tally; afterwards only the tally changes.

    The count stands apart from what the holders hang on, since a transactional TinkerGraph copies all edges of a
    vertex that it reads: so to read the counts of a hub costs the same, however many holders it has.
    """
    identifier = write.identifier
    tally = tally_id(identifier, write.number)
    properties: dict[str, str | int | bool] = {"rev": revision(tally, commit_id), "holders": write.holders or 0}
    named: dict[str, str | int | bool] = {"kind": identifier.kind, "value": identifier.value, "number": write.number}
    if write.expected is None:
        yield VertexWrite(bucket_id(identifier, write.number), Label.BUCKET, None, named)
        properties |= named
    yield VertexWrite(tally, Label.TALLY, write.expected, properties)


def profile_vertex(write: ProfileWrite, commit_id: str) -> VertexWrite:
    """A profile; without a document only its revision."""
    vertex = profile_id(write.profile_id)
    properties: dict[str, str | int | bool] = {"rev": revision(vertex, commit_id)}
    if write.document is not None:
        properties |= {
            "version": long(write.version),
            "status": write.status.value,
            "document": write.document.decode(),
            "component": component_document(write.component),
            "guests": write_addresses(write.guests) if write.guests else "",
        }
    if write.expected is None:
        properties["profile_id"] = write.profile_id
    return VertexWrite(vertex, Label.PROFILE, write.expected, properties)


def history_vertex(entry: HistoryEntry) -> VertexWrite:
    """A step in the life of a profile; it is never changed, and so has no revision."""
    properties: dict[str, str | int | bool] = {
        "profile_id": entry.profile_id,
        "version": long(entry.version),
        "document": entry.document.decode(),
    }
    return VertexWrite(history_id(entry.profile_id, entry.version), Label.HISTORY, None, properties)


def verdict_vertex(write: VerdictWrite, commit_id: str) -> VertexWrite:
    """An entry of the ledger; all but the document is there for people."""
    entry = write.entry
    vertex = verdict_id(entry.verdict_id)
    properties: dict[str, str | int | bool] = {
        "rev": revision(vertex, commit_id),
        "judgement": entry.verdict.judgement.value,
        "author": entry.author,
        "in_force": entry.is_in_force,
        "document": write_verdict_entry(entry).decode(),
    }
    if write.expected is None:
        properties["verdict_id"] = entry.verdict_id
    return VertexWrite(vertex, Label.VERDICT, write.expected, properties)


def task_vertex(write: TaskWrite, commit_id: str) -> VertexWrite:
    """Work that is owed; of work that is done only the revision."""
    vertex = task_id(write.task_id)
    properties: dict[str, str | int | bool] = {"rev": revision(vertex, commit_id)}
    if write.task is not None:
        properties["document"] = write_task(write.task).decode()
    if write.expected is None:
        properties["task_id"] = write.task_id
    return VertexWrite(vertex, Label.TASK, write.expected, properties)
