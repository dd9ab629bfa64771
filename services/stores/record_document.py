"""The stored form of a record: everything but its address, as JSON."""

from typing import Any

import orjson

from graph_model.positions import Position, offset_field, offset_of, source_position_fields, source_position_of
from graph_model.records import Record, RecordAddress
from services.stores.stored_forms import verdict_fields, verdict_of


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
    if record.verdicts:
        fields["verdicts"] = [verdict_fields(verdict) for verdict in record.verdicts]
    if record.generation:
        fields["generation"] = record.generation
    return orjson.dumps(fields)


def read_record(address: RecordAddress, document: bytes | str) -> Record:
    """Read what `write_record` wrote."""
    fields = orjson.loads(document)
    return Record(
        address=address,
        position=Position(fields["epoch"], offset_of(fields["offset"])),
        observed_at=fields["observed_at"],
        values=fields["values"],
        streamed=source_position_of(fields["streamed"]),
        incomplete=frozenset(fields["incomplete"]),
        verdicts=tuple(verdict_of(verdict) for verdict in fields.get("verdicts", ())),
        generation=fields.get("generation", 0),
    )
