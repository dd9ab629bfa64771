"""Which records move, which changes bring them to their new addresses, and what follows them."""

import orjson

from graph_model.records.record import Record, RecordAddress
from graph_model.values.positions import Position, SourcePosition
from services.maintenance.migration.keys import Move, canonical_entry, canonical_profile, changes, target
from services.stores.port.migration import StoredDocument
from services.stores.port.stored import StoredRecord

LONG = "1234567890123456789"


def canonical(key: str) -> str:
    """Long numbers are text, and `1.0` is 1; enough for these tests."""
    parts = [LONG if part == int(LONG) else 1 if part == "1.0" else part for part in orjson.loads(key)]
    return orjson.dumps(parts).decode()


def at(key: object) -> RecordAddress:
    return RecordAddress("web", orjson.dumps([key]).decode())


def moving(key: object, *, offset: int = 5, deleted: bool = False) -> Move:
    record = Record(
        address=at(key),
        position=Position(1, offset),
        observed_at=7,
        values=None if deleted else {"mail": "ann"},
        streamed=SourcePosition("postgresql", (offset,)),
        incomplete=frozenset() if deleted else frozenset({"note"}),
    )
    stored = StoredRecord(record=record, revision="r", profile_id="p", component=("p",))
    return Move(stored, target(record.address, canonical))


def test_a_record_with_a_key_in_another_form_has_another_target() -> None:
    assert [target(at(key), canonical) for key in ("1.0", 1, int(LONG), LONG)] == [at(1), at(1), at(LONG), at(LONG)]


def test_a_row_arrives_as_it_was_and_says_from_where() -> None:
    arrival, _ = changes([moving("1.0")], met=False)
    assert (arrival.address, arrival.previous, arrival.position) == (at(1), at("1.0"), Position(1, 5))
    assert (arrival.row, arrival.observed_at, arrival.unavailable) == ({"mail": "ann"}, 7, frozenset({"note"}))
    assert arrival.source_position == SourcePosition("postgresql", (5,))


def test_it_leaves_its_former_address_after_its_last_version_and_says_where_it_went() -> None:
    _, departure = changes([moving("1.0")], met=False)
    assert (departure.address, departure.row, departure.moved_to) == (at("1.0"), None, at(1))
    assert departure.position > Position(1, 5)


def test_a_deleted_row_arrives_deleted() -> None:
    arrival, _ = changes([moving("1.0", deleted=True)], met=False)
    assert (arrival.address, arrival.row, arrival.position) == (at(1), None, Position(1, 5))


def test_where_rows_become_one_the_positions_of_the_log_decide() -> None:
    arrival, departure = changes([moving("1.0")], met=True)
    assert (arrival.position, arrival.source_position) == (Position(1, 5), None)
    assert departure.moved_to is None


def test_all_arrive_before_any_leaves() -> None:
    made = changes([moving("1.0"), moving(int(LONG))], met=False)
    assert [change.moved_to is None for change in made] == [True, True, False, False]


def profile(*keys: object, **more: object) -> StoredDocument:
    fields = {"profile_id": "p", "records": [{"source": "web", "key": [key]} for key in keys], **more}
    return StoredDocument(("p",), orjson.dumps(fields).decode())


def test_a_profile_names_its_records_in_order_of_their_present_keys() -> None:
    fields = orjson.loads(canonical_profile(profile("0", "1.0"), canonical) or "")
    assert [each["key"] for each in fields["records"]] == [["0"], [1]]
    fields = orjson.loads(canonical_profile(profile("1.0", 0), canonical) or "")
    assert [each["key"] for each in fields["records"]] == [[0], [1]]


def test_a_profile_names_by_their_present_keys_who_said_something() -> None:
    said = {"source": "web", "key": ["1.0"]}
    document = profile(1, traits={"name": said}, identifiers=[said], conflicts=[{"records": [said, said]}])
    fields = orjson.loads(canonical_profile(document, canonical) or "")
    ends = fields["conflicts"][0]["records"]
    assert [each["key"] for each in (fields["traits"]["name"], *fields["identifiers"], *ends)] == [[1]] * 4


def test_a_profile_with_present_keys_stays_as_it_is() -> None:
    assert canonical_profile(profile(1, LONG), canonical) is None


def test_remembered_records_that_became_one_are_remembered_once() -> None:
    fields = orjson.loads(canonical_profile(profile(1, "1.0", "x", records_total=5), canonical) or "")
    assert [each["key"] for each in fields["records"]] == [["x"], [1]]
    assert fields["records_total"] == 4


def entry(*groups: list[object]) -> StoredDocument:
    fields = {"groups": [[[*at(key)] for key in group] for group in groups], "together": False}
    return StoredDocument(("v1",), orjson.dumps(fields).decode())


def groups_of(document: StoredDocument) -> list[list[RecordAddress]]:
    text = canonical_entry(document, canonical)
    assert text is not None
    return [[RecordAddress(*address) for address in group] for group in orjson.loads(text)["groups"]]


def test_an_entry_names_records_by_their_present_keys() -> None:
    assert groups_of(entry(["1.0", 0], [7])) == [[at(0), at(1)], [at(7)]]


def test_in_an_entry_about_both_forms_the_record_stands_where_the_moved_one_stood() -> None:
    assert groups_of(entry([1], ["1.0"])) == [[], [at(1)]]
    assert groups_of(entry(["1.0"], [1])) == [[at(1)], []]


def test_an_entry_with_present_keys_stays_as_it_is() -> None:
    assert canonical_entry(entry([1], [LONG]), canonical) is None
