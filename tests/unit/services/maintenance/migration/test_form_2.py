"""What becomes of each document of form 1."""

import orjson

from services.maintenance.migration.form_2 import begun_anew, with_groups, with_marks
from services.stores.port.migration import StoredDocument

LOW, HIGH = ("crm", "[1]"), ("web", "[2]")
RECORD = {"epoch": 1, "offset": 2, "values": {"name": "Ann"}, "streamed": None, "incomplete": []}
STORY = {"reason": "asked", "author": "kim", "given_at": 5, "withdrawal": ["lee", 6]}


def record(address: tuple[str, str], *verdicts: tuple[str, str]) -> StoredDocument:
    """A record with verdicts about `LOW` and `HIGH`."""
    carried = [[*LOW, *HIGH, judgement, verdict_id] for judgement, verdict_id in verdicts]
    return StoredDocument(address, orjson.dumps({**RECORD, "verdicts": carried}).decode())


def entry(judgement: str) -> StoredDocument:
    return StoredDocument(("v1",), orjson.dumps({"verdict": [*LOW, *HIGH, judgement, "v1"], **STORY}).decode())


def test_both_ends_of_same_are_in_one_group_that_is_joined() -> None:
    marks = [orjson.loads(with_marks(record(end, ("same", "v1"))) or "")["marks"] for end in (LOW, HIGH)]
    assert marks == [[["v1", 0, True]], [["v1", 0, True]]]


def test_each_end_of_different_is_in_a_group_of_its_own() -> None:
    marks = [orjson.loads(with_marks(record(end, ("different", "v1"))) or "")["marks"] for end in (LOW, HIGH)]
    assert marks == [[["v1", 0, False]], [["v1", 1, False]]]


def test_marks_are_in_order_of_their_verdicts() -> None:
    text = with_marks(record(LOW, ("same", "v2"), ("different", "v1")))
    assert [mark[0] for mark in orjson.loads(text or "")["marks"]] == ["v1", "v2"]


def test_all_else_of_a_record_stays_as_it_is() -> None:
    fields = orjson.loads(with_marks(record(LOW, ("same", "v1"))) or "")
    assert {name: value for name, value in fields.items() if name != "marks"} == RECORD


def test_a_record_without_verdicts_stays_as_it_is() -> None:
    named_so = {**RECORD, "values": {"verdicts": {"verdicts": 1}}}
    assert with_marks(StoredDocument(LOW, orjson.dumps(RECORD).decode())) is None
    assert with_marks(StoredDocument(LOW, orjson.dumps(named_so).decode())) is None


def test_an_entry_speaks_of_groups() -> None:
    same, different = (orjson.loads(with_groups(entry(judgement)) or "") for judgement in ("same", "different"))
    assert same == {"groups": [[[*LOW], [*HIGH]]], "together": True, **STORY}
    assert different == {"groups": [[[*LOW]], [[*HIGH]]], "together": False, **STORY}


def test_what_is_in_the_form_already_stays_as_it_is() -> None:
    marked = with_marks(record(LOW, ("same", "v1"))) or ""
    grouped = with_groups(entry("same")) or ""
    assert with_marks(StoredDocument(LOW, marked)) is None
    assert with_groups(StoredDocument(("v1",), grouped)) is None


def test_work_that_was_begun_begins_anew() -> None:
    begun = StoredDocument(("t1",), '{"task":"re_resolve","done_to":["crm","[1]"]}')
    assert begun_anew(begun) == '{"task":"re_resolve","done_to":null}'
    assert begun_anew(StoredDocument(("t1",), '{"task":"re_resolve","done_to":null}')) is None
