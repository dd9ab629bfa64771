"""Of an update that touches no column that identifies anybody, what was carried before need not be read again."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_model.catalogue.document import parse_catalogue
from graph_model.records.record import Record, RecordAddress
from graph_model.resolution.mapping import carries_the_same, map_record
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position
from tests.properties.values import STRANGE, one_of_many

CATALOGUE = parse_catalogue(
    """
version: 1
identifiers:
  email: {normalise: email, holders: few, priority: 90}
  phone: {normalise: phone, region: US, holders: few, priority: 60}
  person: {composite: [{trait: name, normalise: name}, {trait: born, normalise: exact}], holders: few, priority: 30}
traits:
  name: text
  city: text
  born: {type: date, latest: accepted}
sources:
  crm:
    topic: crm
    format: rows
    epoch: 1
    key: [id]
    columns:
      email: {identifier: email}
      phone: {identifier: phone, region: {column: country}}
      nick: {trait: name}
      name: {trait: name}
      born: {trait: born}
      city: {trait: city}
""",
    "test",
)
ROW: Mapping[str, JsonValue] = {
    "email": "ann@example.com",
    "phone": "020 7946 0018",
    "country": "GB",
    "name": "Ann Lee",
    "born": "2024-05-05",
    "city": "Oslo",
}
COLUMNS = (*ROW, "nick")
BEFORE_SHE_WAS_BORN, AFTERWARDS = 1_700_000_000_000, 1_800_000_000_000


def record(values: Mapping[str, JsonValue], accepted_at: int = AFTERWARDS) -> Record:
    address = RecordAddress("crm", "[1]")
    return Record(address=address, position=Position(1, 1), observed_at=accepted_at, values=values)


@st.composite
def versions(draw: st.DrawFn) -> Record:
    values = dict(ROW)
    others = ["GB", "US", "2024-05-05", "ben@example.com", "212 555 0123", *STRANGE]
    for column in draw(st.lists(st.sampled_from(COLUMNS), max_size=3)):
        values[column] = draw(one_of_many(others))
    return record(values, draw(st.sampled_from([BEFORE_SHE_WAS_BORN, AFTERWARDS])))


@settings(deadline=None)  # the first number of a country reads its plan
@given(versions(), versions())
def test_versions_that_carry_the_same_have_the_same_identifiers(one: Record, other: Record) -> None:
    if carries_the_same(one, other, CATALOGUE):
        assert map_record(one, CATALOGUE).identifiers == map_record(other, CATALOGUE).identifiers


def test_a_column_that_identifies_nobody_changes_nothing_of_what_is_carried() -> None:
    assert carries_the_same(record(ROW), record({**ROW, "city": "Lima"}), CATALOGUE)
    assert carries_the_same(record(ROW), record({**ROW, "nick": None}), CATALOGUE)


@pytest.mark.parametrize(
    "changed",
    [{"email": "ben@example.com"}, {"phone": None}, {"country": "US"}, {"nick": "Nan"}, {"born": "1999-09-09"}],
)
def test_every_column_that_an_identifier_is_read_from_counts(changed: Mapping[str, JsonValue]) -> None:
    assert not carries_the_same(record(ROW), record({**ROW, **changed}), CATALOGUE)
    assert (
        map_record(record(ROW), CATALOGUE).identifiers != map_record(record({**ROW, **changed}), CATALOGUE).identifiers
    )


def test_the_time_of_acceptance_counts_where_a_part_of_an_identifier_is_believed_by_it() -> None:
    assert not carries_the_same(record(ROW, BEFORE_SHE_WAS_BORN), record(ROW), CATALOGUE)
