"""The stored forms of records say nothing of what nearly no record has, and what lacks them is read."""

from dataclasses import replace

import orjson

from graph_model.records.record import ExpectedVerdictMark, Passage, Record, RecordAddress, VerdictMark
from graph_model.values.positions import Position
from services.stores.port.stored_forms import read_record, write_record

ADDRESS = RecordAddress.of("crm", [1])
PLAIN = Record(address=ADDRESS, position=Position(1, 2), observed_at=3, values={"id": 1})


def test_a_plain_record_of_the_first_generation_is_stored_without_marks_moves_and_generation() -> None:
    rare = {"marks", "expected", "moved_from", "moved_to", "passages", "generation"}
    assert orjson.loads(write_record(PLAIN)).keys().isdisjoint(rare)


def test_a_stored_record_that_knows_neither_marks_nor_generation_is_read() -> None:
    document = b'{"epoch":1,"offset":2,"observed_at":3,"values":{"id":1},"streamed":null,"incomplete":[]}'
    assert read_record(ADDRESS, document) == PLAIN


def test_marks_moves_and_generation_are_read_back() -> None:
    other = RecordAddress.of("shop", ["a"])
    record = replace(
        PLAIN,
        marks=(VerdictMark("v1", 1, together=False), VerdictMark("v2", 0, together=True)),
        expected=(ExpectedVerdictMark(other, VerdictMark("v3", 0, together=True)),),
        moved_from=other,
        moved_to=other,
        passages=(Passage(other, ADDRESS),),
        generation=2,
    )
    assert read_record(ADDRESS, write_record(record)) == record
