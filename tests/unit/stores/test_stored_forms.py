"""The stored forms of records say nothing of what nearly no record has, and what lacks them is read."""

from dataclasses import replace

import orjson

from graph_model.positions import Position
from graph_model.records import Judgement, Record, RecordAddress, Verdict
from services.stores.record_document import read_record, write_record

ADDRESS = RecordAddress.of("crm", [1])
PLAIN = Record(address=ADDRESS, position=Position(1, 2), observed_at=3, values={"id": 1})


def test_a_record_without_verdicts_of_the_first_generation_is_stored_without_either() -> None:
    assert orjson.loads(write_record(PLAIN)).keys().isdisjoint({"verdicts", "generation"})


def test_a_stored_record_that_knows_neither_verdicts_nor_generation_is_read() -> None:
    document = b'{"epoch":1,"offset":2,"observed_at":3,"values":{"id":1},"streamed":null,"incomplete":[]}'
    assert read_record(ADDRESS, document) == PLAIN


def test_verdicts_and_generation_are_read_back() -> None:
    verdict = Verdict(ADDRESS, RecordAddress.of("shop", ["a"]), Judgement.DIFFERENT, "v1")
    record = replace(PLAIN, verdicts=(verdict,), generation=2)
    assert read_record(ADDRESS, write_record(record)) == record
