"""Values of any size cost a bounded amount of time and memory, and are told where they are too large to be read."""

import tracemalloc
from time import process_time

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.errors import MessageRejected
from graph_model.records.record import Record, apply_change
from graph_model.resolution.mapping import MappedRecord, map_record
from graph_model.resolution.row_changes import LARGEST_VALUE, Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position
from tests.hostile.inputs import TEXTS

CATALOGUE = parse_catalogue(
    """
version: 1
identifiers:
  card: {normalise: exact, blocked_patterns: ["^x+y$"]}
  email: {normalise: email}
  phone: {normalise: phone, region: US}
  born: {normalise: date}
  tag: {normalise: name}
  host: {normalise: casefold}
  number: {normalise: digits}
traits: {name: text, day: date, at: timestamp, count: integer, amount: number, flag: boolean}
sources:
  crm:
    key: [id]
    columns:
      card: {identifier: card}
      email: {identifier: email}
      phone: {identifier: phone, region: {column: country}}
      born: {identifier: born}
      tag: {identifier: tag, separator: ";"}
      host: {identifier: host}
      number: {identifier: number}
      name: {trait: name}
      day: {trait: day}
      at: {trait: at, read: {time: "%d.%m.%Y %H:%M"}}
      count: {trait: count}
      amount: {trait: amount, read: {decimal: ","}}
      flag: {trait: flag}
""",
    "catalogue",
)
COLUMNS = [column.name for column in CATALOGUE.sources["crm"].meanings]
#: Those that are not too large to be kept.
KEPT = {name: text for name, text in TEXTS.items() if len(text) <= LARGEST_VALUE}


def mapped(**values: JsonValue) -> MappedRecord:
    change = row_change(
        CATALOGUE.sources["crm"], {"id": 1, **values}, Origin(position=Position(0, 1), observed_at=1_795_824_000_000)
    )
    record: Record = apply_change(None, change, CATALOGUE.sources["crm"].columns).record
    return map_record(record, CATALOGUE)


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_every_column_reads_or_refuses_a_hostile_text_at_once(text: str) -> None:
    for cut in (text, text[:2_000], text[:1_000]):
        before = process_time()
        mapped(country=cut, **dict.fromkeys(COLUMNS, cut))
        assert process_time() - before < 1.0


def test_what_is_too_long_is_told_with_how_long_it_is() -> None:
    found = mapped(name="n" * 2_001, email="e" * 1_001, day="1" * 1_001)
    assert [(issue.column, issue.reason) for issue in found.issues] == [
        ("day", "has 1001 characters; a day or a time has at most 1000"),
        ("email", "has 1001 characters; expected at most 1000"),
        ("name", "has 2001 characters; expected at most 2000"),
    ]


def test_white_space_around_a_value_does_not_count() -> None:
    assert dict(mapped(name="Ann" + " " * 50_000).traits) == {"name": "Ann"}


@pytest.mark.parametrize("marks", [30, 31])
def test_so_many_marks_on_one_letter_are_no_text(marks: int) -> None:
    found = mapped(name="a" + "\u0301\u0316" * (marks // 2) + "\u0301" * (marks % 2))
    assert ("name" in found.traits) is (marks == 30)
    assert [issue.reason for issue in found.issues] == (
        [] if marks == 30 else ["has more than 30 combining marks on one letter, which no text has"]
    )


@pytest.mark.parametrize("many", [[f"tag {n}" for n in range(101)], ";".join(f"tag {n}" for n in range(101))])
def test_of_too_many_values_none_is_read(many: JsonValue) -> None:
    found = mapped(tag=many)
    assert found.identifiers == ()
    assert [issue.reason for issue in found.issues] == ["holds 101 values, none of which is read; expected at most 100"]
    assert len(mapped(tag=[f"tag {n}" for n in range(100)]).identifiers) == 100


@pytest.mark.parametrize(
    "value",
    ["n" * (LARGEST_VALUE + 1), ["n" * 1_000] * 66, {"a": {"b": "n" * LARGEST_VALUE}}],
    ids=["text", "list", "object"],
)
def test_a_row_with_a_value_that_is_too_large_to_be_kept_is_refused(value: JsonValue) -> None:
    with pytest.raises(MessageRejected, match=r"'name' of source 'crm' holds \d{5} characters; at most 65536 are kept"):
        mapped(name=value)


@pytest.mark.parametrize("value", [["\ud83d"], {"a": "\udc00"}])
def test_a_list_or_object_with_half_a_character_is_refused(value: JsonValue) -> None:
    with pytest.raises(MessageRejected, match="the column 'name' of source 'crm' cannot be written as JSON"):
        mapped(name=value)


def test_what_the_catalogue_does_not_name_may_be_of_any_size() -> None:
    assert dict(mapped(name="Ann", photo="n" * 1_000_000).traits) == {"name": "Ann"}


def test_a_key_has_at_most_a_thousand_characters() -> None:
    source = CATALOGUE.sources["crm"]
    origin = Origin(position=Position(0, 1), observed_at=0)
    assert row_change(source, {"id": "k" * 1_000}, origin).address.key_parts == ["k" * 1_000]
    for key in ("k" * 1_001, 10**1_000):
        with pytest.raises(MessageRejected, match="1001 characters long, and more than 1000 are no key"):
            row_change(source, {"id": key}, origin)


def test_long_values_are_not_remembered() -> None:
    mapped(**dict.fromkeys(COLUMNS, "first"))
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(300):
            mapped(**{column: f"{number} {column} {'x' * 20_000}" for column in COLUMNS})
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 5_000_000  # of 78 million characters
