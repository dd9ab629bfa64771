"""The stored form of a record: everything but its address, as JSON."""

import orjson

from graph_model.records import Position, Record, RecordAddress, SourcePosition


def write_record(record: Record) -> bytes:
    """Write a record, or a grave, as JSON."""
    streamed = record.streamed
    return orjson.dumps(
        {
            "epoch": record.position.epoch,
            "offset": record.position.offset,
            "observed_at": record.observed_at,
            "values": record.values,
            "streamed": None if streamed is None else [streamed.kind, *streamed.numbers],
            "incomplete": sorted(record.incomplete),
        }
    )


def read_record(address: RecordAddress, document: bytes | str) -> Record:
    """Read what `write_record` wrote."""
    fields = orjson.loads(document)
    streamed = fields["streamed"]
    return Record(
        address=address,
        position=Position(fields["epoch"], fields["offset"]),
        observed_at=fields["observed_at"],
        values=fields["values"],
        streamed=None if streamed is None else SourcePosition(streamed[0], tuple(streamed[1:])),
        incomplete=frozenset(fields["incomplete"]),
    )
