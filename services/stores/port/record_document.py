"""The stored form of a record: everything but its address, as JSON."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from graph_model.records.record import ExpectedMark, Mark, Passage, Record, RecordAddress
from graph_model.values.positions import Position, offset_field, offset_of, source_position_fields, source_position_of


def write_record(record: Record) -> bytes:
    """Write a record, or a grave, as JSON."""
    fields: dict[str, Any] = {
        "epoch": record.position.epoch,
        "offset": offset_field(record.position.offset),
        "observed_at": record.observed_at,
        "values": record.values,
        "streamed": source_position_fields(record.streamed),
        "incomplete": sorted(record.incomplete),
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
    if record.generation:
        fields["generation"] = record.generation
    return orjson.dumps(fields)


def read_record(address: RecordAddress, document: bytes | str) -> Record:
    """Read what `write_record` wrote."""
    fields = orjson.loads(document)
    record = Record(
        address=address,
        position=Position(fields["epoch"], offset_of(fields["offset"])),
        observed_at=fields["observed_at"],
        values=fields["values"],
        streamed=source_position_of(fields["streamed"]),
        incomplete=frozenset(fields["incomplete"]),
        generation=fields.get("generation", 0),
    )
    return record if fields.keys() <= _USUAL else _with_rare_fields(record, fields)


#: What most records have, and nothing else.
_USUAL = frozenset(("epoch", "offset", "observed_at", "values", "streamed", "incomplete", "generation"))


def _with_rare_fields(record: Record, fields: Mapping[str, Any]) -> Record:
    return replace(
        record,
        marks=tuple(Mark(*mark) for mark in fields.get("marks", ())),
        expected=tuple(ExpectedMark(RecordAddress(*at), Mark(*mark)) for at, mark in fields.get("expected", ())),
        moved_from=_address(fields.get("moved_from")),
        moved_to=_address(fields.get("moved_to")),
        passages=tuple(
            Passage(RecordAddress(*before), RecordAddress(*after)) for before, after in fields.get("passages", ())
        ),
    )


def _address(fields: list[str] | None) -> RecordAddress | None:
    return None if fields is None else RecordAddress(*fields)
