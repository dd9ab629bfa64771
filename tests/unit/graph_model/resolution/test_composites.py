"""Identifiers that are put together from traits."""

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.records.record import apply_change
from graph_model.resolution.mapping import map_record
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position

CATALOGUE = parse_catalogue(
    """
version: 1
identifiers:
  person:
    composite: [{trait: last_name, normalise: name}, {trait: birth_date, normalise: date}]
traits: {last_name: text, birth_date: date}
sources:
  crm: {key: [id], columns: {last_name: {trait: last_name}, birth_date: {trait: birth_date}}}
""",
    "catalogue",
)


def persons(last_name: str) -> list[str]:
    source = CATALOGUE.sources["crm"]
    row: dict[str, JsonValue] = {"id": 1, "last_name": last_name, "birth_date": "1984-03-07"}
    change = row_change(source, row, Origin(position=Position(0, 1), observed_at=1_795_824_000_000))
    mapped = map_record(apply_change(None, change, source.columns).record, CATALOGUE)
    return [each.value for each in mapped.identifiers]


@pytest.mark.parametrize("name", ["Null", "Test", "Guest", "Nan", "Blank", "Missing", "User", "True", "None", "Dummy"])
def test_people_are_called_what_elsewhere_stands_for_nobody(name: str) -> None:
    assert persons(name) == [f'["{name.lower()}","1984-03-07"]']


@pytest.mark.parametrize("name", ["Unknown", "n/a", "undefined", "-", "000"])
def test_what_nobody_is_called_is_no_part_of_anybody(name: str) -> None:
    assert persons(name) == []
