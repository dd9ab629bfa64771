"""The stored forms of records, verdicts and work owed, as JSON; every store writes the same."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
import orjson
from msgspec.structs import replace

from graph_model.records.record import ExpectedVerdictMark, Passage, Record, RecordAddress, VerdictMark
from graph_model.records.tasks import AnnounceProfiles, DeleteAbsent, ReResolve, Task, TruncateSource
from graph_model.records.verdicts import Verdict, VerdictEntry, Withdrawal
from graph_model.values.positions import (
    Position,
    offset_field,
    offset_of,
    position_fields,
    position_of,
    source_position_fields,
    source_position_of,
)
from services.stores.port.errors import StoreDamaged

#: What reading a stored form raises that this program has not written so.
DAMAGES: Final = (ValueError, TypeError, LookupError, AttributeError, msgspec.MsgspecError)

_TRUNCATE_SOURCE = "truncate_source"
_RE_RESOLVE = "re_resolve"
_DELETE_ABSENT = "delete_absent"
_ANNOUNCE_PROFILES = "announce_profiles"


class _StoredRecord(msgspec.Struct, gc=False):
    """What `write_record` writes of a record."""

    epoch: int
    offset: Any
    observed_at: int
    values: dict[str, Any] | None
    streamed: list[Any] | None
    incomplete: frozenset[str]
    accepted_at: int | None = None
    undated: bool = False
    generation: int = 0
    absent: bool = False
    marks: list[Any] | None = None
    expected: list[Any] | None = None
    moved_from: list[str] | None = None
    moved_to: list[str] | None = None
    passages: list[Any] | None = None


_decode_record: Final = msgspec.json.Decoder(_StoredRecord).decode


@contextmanager
def damaged_rows() -> Iterator[None]:
    """Say of what cannot be brought into its form that it is damaged; values are not repeated.

    Raises:
        StoreDamaged: a stored form cannot be read.
    """
    try:
        yield
    except DAMAGES as error:
        raise damage_of(error) from error


def damage_of(error: Exception) -> StoreDamaged:
    """Say of a fault of `DAMAGES` what it means."""
    found = type(error).__name__
    return StoreDamaged(f"what it keeps of a record, profile or identifier cannot be read ({found})")


def write_record(record: Record) -> bytes:
    """Write a record, or a tombstone, as JSON."""
    position, streamed, incomplete = record.position, record.streamed, record.incomplete
    fields: dict[str, Any] = {
        "epoch": position.epoch,
        "offset": offset_field(position.offset),
        "observed_at": record.observed_at,
        "values": record.values,
        "streamed": None if streamed is None else source_position_fields(streamed),
        "incomplete": sorted(incomplete) if incomplete else [],
    }
    # Nearly no record has these: what is not written need not be read.
    if record.marks:
        fields["marks"] = [[*mark] for mark in record.marks]
    if record.expected:
        fields["expected"] = [[[*each.origin], [*each.mark]] for each in record.expected]
    if record.moved_from is not None:
        fields["moved_from"] = [*record.moved_from]
    if record.moved_to is not None:
        fields["moved_to"] = [*record.moved_to]
    if record.passages:
        fields["passages"] = [[[*p.moved_from], [*p.moved_to]] for p in record.passages]
    if record.accepted_at is not None:
        fields["accepted_at"] = record.accepted_at
    if record.undated:
        fields["undated"] = True
    if record.is_absent:
        fields["absent"] = True
    if record.generation:
        fields["generation"] = record.generation
    return orjson.dumps(fields)


def read_record(address: RecordAddress, document: bytes | str) -> Record:
    """Read what `write_record` wrote."""
    stored = _decode_record(document)
    offset, streamed = stored.offset, stored.streamed
    record = Record(
        address=address,
        position=Position(stored.epoch, offset if type(offset) is int else offset_of(offset)),
        observed_at=stored.observed_at,
        values=stored.values,
        streamed=None if streamed is None else source_position_of(streamed),
        incomplete=stored.incomplete,
        accepted_at=stored.accepted_at,
        undated=stored.undated,
        generation=stored.generation,
    )
    rare = stored.absent or stored.marks or stored.expected or stored.moved_from or stored.moved_to or stored.passages
    return _with_rare_fields(record, stored) if rare else record


def _with_rare_fields(record: Record, stored: _StoredRecord) -> Record:
    return replace(
        record,
        is_absent=stored.absent,
        marks=tuple(VerdictMark(*mark) for mark in stored.marks or ()),
        expected=tuple(
            ExpectedVerdictMark(RecordAddress(*at), VerdictMark(*mark)) for at, mark in stored.expected or ()
        ),
        moved_from=_address(stored.moved_from),
        moved_to=_address(stored.moved_to),
        passages=tuple(
            Passage(RecordAddress(*before), RecordAddress(*after)) for before, after in stored.passages or ()
        ),
    )


def _address(fields: list[str] | None) -> RecordAddress | None:
    return None if fields is None else RecordAddress(*fields)


def write_verdict_entry(entry: VerdictEntry) -> bytes:
    """Write an entry of the ledger as JSON."""
    withdrawal = entry.withdrawal
    return orjson.dumps(
        {
            "groups": [[[*address] for address in group] for group in entry.verdict.groups],
            "together": entry.verdict.together,
            "reason": entry.reason,
            "author": entry.author,
            "given_at": entry.given_at,
            "withdrawal": None if withdrawal is None else [withdrawal.author, withdrawal.withdrawn_at],
        }
    )


def read_verdict_entry(verdict_id: str, document: bytes | str) -> VerdictEntry:
    """Read what `write_verdict_entry` wrote of a verdict."""
    fields = orjson.loads(document)
    withdrawal = fields["withdrawal"]
    return VerdictEntry(
        verdict=Verdict(
            tuple(tuple(RecordAddress(*address) for address in group) for group in fields["groups"]),
            together=fields["together"],
            verdict_id=verdict_id,
        ),
        reason=fields["reason"],
        author=fields["author"],
        given_at=fields["given_at"],
        withdrawal=None if withdrawal is None else Withdrawal(author=withdrawal[0], withdrawn_at=withdrawal[1]),
    )


def write_task(task: Task) -> bytes:
    """Write work owed as JSON."""
    fields: dict[str, Any]
    match task:
        case TruncateSource():
            fields = {
                "task": _TRUNCATE_SOURCE,
                "source": task.source,
                "topic": task.topic,
                "position": position_fields(task.position),
                "source_position": source_position_fields(task.source_position),
                "observed_at": task.observed_at,
                "accepted_at": task.accepted_at,
                "trace": task.trace,
            }
        case DeleteAbsent():
            rows = [[key, position_fields(position)] for key, position in task.rows]
            fields = {"task": _DELETE_ABSENT, "source": task.source, "rows": rows, "observed_at": task.observed_at}
        case ReResolve():
            fields = {"task": _RE_RESOLVE}
        case AnnounceProfiles():
            fields = {
                "task": _ANNOUNCE_PROFILES,
                "version": task.version,
                "last": task.last,
                "told_to": task.told_to,
            }
    fields["done_to"] = None if task.done_to is None else [*task.done_to]
    return orjson.dumps(fields)


def read_task(document: bytes | str) -> Task:
    """Read what `write_task` wrote."""
    fields = orjson.loads(document)
    done_to = None if fields["done_to"] is None else RecordAddress(*fields["done_to"])
    if fields["task"] == _RE_RESOLVE:
        return ReResolve(done_to=done_to)
    if fields["task"] == _ANNOUNCE_PROFILES:
        return AnnounceProfiles(version=fields["version"], last=fields["last"], told_to=fields["told_to"])
    if fields["task"] == _DELETE_ABSENT:
        absent = tuple((key, position_of(position)) for key, position in fields["rows"])
        return DeleteAbsent(source=fields["source"], rows=absent, observed_at=fields["observed_at"], done_to=done_to)
    return TruncateSource(
        source=fields["source"],
        topic=fields["topic"],
        position=position_of(fields["position"]),
        source_position=source_position_of(fields["source_position"]),
        observed_at=fields["observed_at"],
        accepted_at=fields.get("accepted_at"),
        trace=fields["trace"],
        done_to=done_to,
    )


def write_addresses(addresses: Iterable[RecordAddress]) -> str:
    """Write addresses of records as a JSON array."""
    return orjson.dumps([[*address] for address in addresses]).decode()


def read_addresses(document: bytes | str) -> tuple[RecordAddress, ...]:
    """Read what `write_addresses` wrote."""
    return tuple(RecordAddress(source, key) for source, key in orjson.loads(document))
