"""The stored forms of records say nothing of what nearly no record has, and what lacks them is read."""

from dataclasses import replace

import orjson
from msgspec import structs

from graph_model.records.record import ExpectedVerdictMark, Passage, Record, RecordAddress, VerdictMark
from graph_model.records.tasks import TruncateSource
from graph_model.values.positions import Position
from services.stores.port.stored_forms import read_record, read_task, write_record, write_task

ADDRESS = RecordAddress.of("crm", [1])
PLAIN = Record(address=ADDRESS, position=Position(1, 2), observed_at=3, values={"id": 1})


def test_a_plain_record_of_the_first_generation_is_stored_without_marks_moves_and_generation() -> None:
    rare = {"absent", "marks", "expected", "moved_from", "moved_to", "passages", "generation"}
    assert orjson.loads(write_record(PLAIN)).keys().isdisjoint(rare)


def test_a_stored_record_that_knows_neither_marks_nor_generation_is_read() -> None:
    document = b'{"epoch":1,"offset":2,"observed_at":3,"values":{"id":1},"streamed":null,"incomplete":[]}'
    assert read_record(ADDRESS, document) == PLAIN


def test_when_it_was_accepted_is_stored_only_where_its_source_said_another_time() -> None:
    assert orjson.loads(write_record(PLAIN)).keys().isdisjoint({"accepted_at", "undated"})
    for record in (structs.replace(PLAIN, accepted_at=4), structs.replace(PLAIN, undated=True)):
        assert read_record(ADDRESS, write_record(record)) == record


def test_a_row_that_was_absent_is_read_back_as_such() -> None:
    absent = structs.replace(PLAIN, values=None, is_absent=True)
    assert read_record(ADDRESS, write_record(absent)) == absent


def test_a_truncation_of_a_former_form_is_read() -> None:
    owed = TruncateSource(source="crm", topic=None, position=Position(1, 2), source_position=None, observed_at=3)
    fields = orjson.loads(write_task(owed))
    assert read_task(orjson.dumps({name: fields[name] for name in fields if name != "accepted_at"})) == owed
    later = replace(owed, accepted_at=4)
    assert read_task(write_task(later)) == later


def test_marks_moves_and_generation_are_read_back() -> None:
    other = RecordAddress.of("shop", ["a"])
    record = structs.replace(
        PLAIN,
        marks=(VerdictMark("v1", 1, together=False), VerdictMark("v2", 0, together=True)),
        expected=(ExpectedVerdictMark(other, VerdictMark("v3", 0, together=True)),),
        moved_from=other,
        moved_to=other,
        passages=(Passage(other, ADDRESS),),
        generation=2,
    )
    assert read_record(ADDRESS, write_record(record)) == record
