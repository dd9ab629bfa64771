"""Rows side by side: which columns stand in one line, and what counts as a difference."""

from collections.abc import Mapping

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.explain.comparison import SHOWN_CHARACTERS, ComparedLine, RowComparison, compare_rows
from graph_model.records.record import Record, RecordAddress
from graph_model.resolution.mapping import MappedRecord, map_record
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position

#: 2026-11-21, milliseconds since 1970.
NOW = 1_795_255_200_000

CATALOGUE = parse_catalogue(
    """
version: 1
identifiers:
  email: {normalise: email}
  phone: {normalise: phone, region: US}
  person: {composite: [{trait: last_name, normalise: name}, {trait: born, normalise: date}]}
traits: {last_name: text, born: date, orders: number, mail: text}
sources:
  crm:
    file: crm*.csv
    key: [id]
    columns:
      email: {identifier: email, trait: mail}
      phone: {identifier: phone}
      mobile: {identifier: phone}
      last_name: {trait: last_name}
      birth_date: {trait: born}
      orders: {trait: orders}
  shop:
    file: shop*.csv
    key: [id]
    columns:
      contact: {trait: mail}
      surname: {trait: last_name}
      born: {trait: born}
      orders: {trait: orders}
""",
    "catalogue.yaml",
)


def row(name: str, /, **values: JsonValue) -> MappedRecord:
    return told(name, values)


def told(name: str, values: Mapping[str, JsonValue] | None) -> MappedRecord:
    source = name.rstrip("0123456789")
    address = RecordAddress.of(source, [int(name.removeprefix(source))])
    return map_record(Record(address=address, position=Position(0, 1), observed_at=NOW, values=values), CATALOGUE)


def line(found: RowComparison, field: str) -> ComparedLine:
    return next(each for each in found.lines if each.field == field)


def cells(found: RowComparison, field: str) -> list[tuple[JsonValue, ...]]:
    return [cell.values for cell in line(found, field).cells]


def differing(*rows: MappedRecord) -> list[str]:
    return [each.field for each in compare_rows(rows, CATALOGUE).lines if each.differs]


def test_columns_of_two_sources_that_mean_the_same_stand_in_one_line() -> None:
    found = compare_rows([row("crm1", last_name="Lee"), row("shop1", surname="Fox")], CATALOGUE)
    assert cells(found, "last_name") == [("Lee",), ("Fox",)]
    assert [cell.columns for cell in line(found, "last_name").cells] == [("last_name",), ("surname",)]


def test_what_rows_say_otherwise_is_marked_and_what_they_say_alike_is_not() -> None:
    assert differing(
        row("crm1", email="Ann@X.org", phone="212 555 0142", last_name="Lee", orders="12"),
        row("crm2", email="ann@x.org", phone="+1 (212) 555-0142", last_name="Fox", orders=12.0),
    ) == ["last_name"]


@pytest.mark.parametrize("other", ["LEE", " Lee ", "\N{FULLWIDTH LATIN CAPITAL LETTER L}ee"])
def test_texts_are_compared_without_case_width_and_space(other: str) -> None:
    assert differing(row("crm1", last_name="Lee"), row("shop1", surname=other)) == []


def test_days_are_compared_however_they_are_written() -> None:
    assert differing(row("crm1", birth_date="1984-03-07"), row("shop1", born="1984-03-07T00:00:00Z")) == []
    assert differing(row("crm1", birth_date="1984-03-07"), row("shop1", born="1984-03-08")) == ["born"]


def test_a_value_is_shown_as_it_was_received() -> None:
    assert cells(compare_rows([row("crm1", email="Ann@X.org", orders=12)], CATALOGUE), "email") == [("Ann@X.org",)]


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_a_missing_value_is_no_difference(nothing: JsonValue) -> None:
    rows = [row("crm1", last_name="Lee"), row("crm2", last_name=nothing), row("crm3")]
    assert differing(*rows) == []
    assert cells(compare_rows(rows, CATALOGUE), "last_name") == [("Lee",), (), ()]


def test_a_source_without_such_a_column_is_told_from_a_missing_value() -> None:
    found = compare_rows([row("crm1"), row("shop1")], CATALOGUE)
    assert [(cell.columns, cell.values) for cell in line(found, "phone").cells] == [(("phone", "mobile"), ()), ((), ())]


def test_several_columns_of_a_kind_differ_only_where_they_have_nothing_in_common() -> None:
    one = row("crm1", phone="212 555 0142", mobile="212 555 0177")
    assert differing(one, row("crm2", mobile="212 555 0142")) == []
    assert differing(one, row("crm2", mobile="212 555 0188")) == ["phone"]
    assert cells(compare_rows([one], CATALOGUE), "phone") == [("212 555 0142", "212 555 0177")]


def test_a_trait_that_stands_for_a_kind_elsewhere_is_compared_with_it() -> None:
    assert differing(row("crm1", email="ann@x.org"), row("shop1", contact="ANN@x.org")) == []
    assert differing(row("crm1", email="ann@x.org"), row("shop1", contact="bob@x.org")) == ["email"]


def test_what_cannot_be_read_is_compared_as_text() -> None:
    assert differing(row("crm1", birth_date="7.3.84"), row("crm2", birth_date="7.3.84")) == []
    assert differing(row("crm1", birth_date="7.3.84"), row("crm2", birth_date="1984-03-07")) == ["born"]


def test_a_value_that_identifies_nobody_contradicts_nobody() -> None:
    rows = [row("crm1", email="n/a"), row("crm2", email="ann@x.org")]
    assert differing(*rows) == []
    assert cells(compare_rows(rows, CATALOGUE), "email") == [("n/a",), ("ann@x.org",)]


@pytest.mark.parametrize("marker", ["NULL", "\\N", "#N/A"])
def test_a_marker_for_no_value_contradicts_nobody(marker: str) -> None:
    rows = [row("crm1", last_name=marker, email=marker), row("crm2", last_name="Lee", email="ann@x.org")]
    assert differing(*rows) == []


def test_a_deleted_row_says_nothing_and_is_told_to_be_deleted() -> None:
    found = compare_rows([row("crm1", last_name="Lee"), told("crm2", None)], CATALOGUE)
    assert [shown.is_deleted for shown in found.rows] == [False, True]
    assert cells(found, "last_name") == [("Lee",), ()]


def test_a_row_of_a_source_that_the_catalogue_has_forgotten_has_no_columns() -> None:
    found = compare_rows([row("crm1", last_name="Lee"), told("till1", {"last_name": "Fox"})], CATALOGUE)
    assert cells(found, "last_name") == [("Lee",), ()]


def test_a_long_value_is_shortened_and_compared_whole() -> None:
    one, other = "x" * 500 + "1", "x" * 500 + "2"
    rows = [row("crm1", last_name=one), row("crm2", last_name=other)]
    assert differing(*rows) == ["last_name"]
    ((shown,), _) = cells(compare_rows(rows, CATALOGUE), "last_name")
    assert shown == "x" * SHOWN_CHARACTERS + "…"


def test_of_many_rows_some_are_shown_and_all_are_counted_and_compared() -> None:
    rows = [row(f"crm{number}", last_name="Fox" if number == 400 else "Lee") for number in range(1, 501)]
    found = compare_rows(rows, CATALOGUE)
    assert (len(found.rows), found.rows_total) == (10, 500)
    assert line(found, "last_name").differs
    assert set(cells(found, "last_name")) == {("Lee",), ("Fox",)}
    assert found.rows[0].address == rows[0].address


def test_nothing_to_compare_gives_nothing() -> None:
    assert compare_rows([], CATALOGUE) == RowComparison(rows=(), rows_total=0, lines=())
