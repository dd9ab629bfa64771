"""Columns that declare how they are written, in whole rows: from a row to identifiers, traits and issues."""

from typing import Any

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.records.record import Change, apply_change
from graph_model.resolution.mapping import MappedRecord, map_record
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position

NOW = 1_795_824_000_000  #: 2026-11-28
DAY = 86_400_000
HEAD = """\
version: 1
identifiers:
  email: {normalise: email, allowed: ["info@", "asdf@asdf.com"]}
  strict: {normalise: email}
  phone: {normalise: phone, region: US}
  born: {normalise: date}
traits:
  name: {type: text, blocked: [Unknown]}
  birth_date: date
  joined: {type: date, earliest: 2000-01-01, latest: 2020-12-31}
  any_birth: {type: date, latest: any, blocked: []}
  born_on: {type: date, blocked: []}
  spent: number
sources:
  all:
    key: [id]
    columns: {a: {identifier: email}, b: {identifier: strict}, c: {identifier: phone}, d: {identifier: born}}
  crm:
    key: [id]
"""


def changed(source: str, row: dict[str, JsonValue], **origin: Any) -> Change:  # noqa: ANN401 any part of an origin
    """The change that a row is, of a source written as YAML below `crm:`."""
    catalogue = parse_catalogue(HEAD + source, "catalogue")
    where = Origin(**{"position": Position(0, 1), "observed_at": NOW, "undated": True, **origin})
    return row_change(catalogue.sources["crm"], {"id": 1, **row}, where)


def mapped(source: str, **row: JsonValue) -> MappedRecord:
    catalogue = parse_catalogue(HEAD + source, "catalogue")
    change = changed(source, row)
    record = apply_change(None, change, catalogue.sources["crm"].columns).record
    return map_record(record, catalogue)


def identifiers(columns: str, value: JsonValue, **row: JsonValue) -> list[str]:
    return [str(each) for each in mapped(f"    columns: {columns}\n", v=value, **row).identifiers]


@pytest.mark.parametrize(
    ("columns", "value", "found"),
    [
        ("{v: {identifier: email}}", ["a@x.org", "b@x.org", None, "NULL"], ["email:a@x.org", "email:b@x.org"]),
        ('{v: {identifier: email, separator: ";"}}', "a@x.org; b@x.org;", ["email:a@x.org", "email:b@x.org"]),
        ('{v: {identifier: phone, separator: " ::: "}}', "(212) 555-0142 ::: x", ["phone:+12125550142"]),
        ("{v: {identifier: email}}", "info@x.org", ["email:info@x.org"]),
        ("{v: {identifier: email}}", "asdf@asdf.com", ["email:asdf@asdf.com"]),
        ("{v: {identifier: strict}}", "info@x.org", []),
        ("{v: {identifier: strict}}", "Sales@x.org", []),
        ("{v: {identifier: strict}}", "salesman@x.org", ["strict:salesman@x.org"]),
        ("{v: {identifier: strict}}", "qwerty@asdf.com", []),
        ("{v: {identifier: born}}", "5179", []),
        ("{v: {identifier: born, read: epoch_days}}", "5179", ["born:1984-03-07"]),
        ("{v: {identifier: phone, region: DE}}", "0171 1234567", ["phone:+491711234567"]),
    ],
)
def test_identifiers_are_read_as_declared(columns: str, value: JsonValue, found: list[str]) -> None:
    assert identifiers(columns, value) == found


BY_COUNTRY = "{v: {identifier: phone, region: {column: country}}}"


@pytest.mark.parametrize(
    ("country", "number", "found"),
    [
        ("DE", "0171 1234567", ["phone:+491711234567"]),
        ("Germany", "0171 1234567", ["phone:+491711234567"]),
        ("GB", "2012345678", ["phone:+442012345678"]),
        ("Atlantis", "(212) 555-0142", []),
        ("Atlantis", "+1 212 555 0142", ["phone:+12125550142"]),
        (None, "(212) 555-0142", ["phone:+12125550142"]),
        ("", "(212) 555-0142", ["phone:+12125550142"]),
        (" ", "(212) 555-0142", ["phone:+12125550142"]),
        ("NULL", "(212) 555-0142", ["phone:+12125550142"]),
        (276, "0171 1234567", ["phone:+491711234567"]),
        (276.0, "0171 1234567", ["phone:+491711234567"]),
        ("276", "0171 1234567", ["phone:+491711234567"]),
        (40, "0171 1234567", []),
        (True, "(212) 555-0142", []),
        (["DE"], "0171 1234567", []),
    ],
)
def test_the_row_says_which_country_its_numbers_belong_to(country: JsonValue, number: str, found: list[str]) -> None:
    assert identifiers(BY_COUNTRY, number, country=country) == found


@pytest.mark.parametrize(
    "nulls", ["    nulls: ['-']\n    columns: {BOTH}\n", "    columns: {BOTH, country: {trait: name, nulls: ['-']}}\n"]
)
def test_what_stands_for_no_value_is_no_country(nulls: str) -> None:
    found = mapped(nulls.replace("BOTH", BY_COUNTRY[1:-1]), v="(212) 555-0142", country="-")
    assert [str(each) for each in found.identifiers] == ["phone:+12125550142"]


def test_the_region_of_the_source_stands_where_a_row_names_no_country() -> None:
    both = f"    region: FR\n    columns: {BY_COUNTRY}\n"
    assert [str(i) for i in mapped(both, v="01 42 68 53 00").identifiers] == ["phone:+33142685300"]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("{trait: name, nulls: ['-']}", "-", {}),
        ("{trait: name, nulls: ['-']}", "NULL", {}),
        ("{trait: name, nulls: []}", "NULL", {"name": "NULL"}),
        ("{trait: name}", "Null", {"name": "Null"}),
        ("{trait: name}", "unknown", {}),
        ("{trait: name}", ["", "NULL", "Ann", "Lee"], {"name": "Ann"}),
        ("{trait: birth_date}", "1970-01-01", {}),
        ("{trait: born_on}", "1970-01-01", {"born_on": "1970-01-01"}),
        ("{trait: any_birth}", "2054-01-01", {"any_birth": "2054-01-01"}),
        ("{trait: joined}", "2020-12-31", {"joined": "2020-12-31"}),
        ("{trait: spent, read: {decimal: ','}}", "1.234,56", {"spent": 1234.56}),
        ("{trait: spent, read: {decimal: '.'}}", "$1,204.50", {"spent": 1204.5}),
        ("{trait: spent, read: {decimal: '.'}}", "12.50-", {"spent": -12.5}),
    ],
)
def test_traits_are_read_as_declared(column: str, value: JsonValue, said: dict[str, JsonValue]) -> None:
    found = mapped(f"    columns: {{v: {column}}}\n", v=value)
    assert (dict(found.traits), found.issues) == (said, ())


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("{trait: birth_date}", "2054-03-07", "lies after the day on which the row was accepted"),
        ("{trait: joined}", "1999-12-31", "lies before 2000-01-01"),
        ("{trait: joined}", "2021-01-01", "lies after 2020-12-31"),
        ("{trait: name}", {"first": "Ann"}, "an object, whose members have paths"),
        ("{trait: spent, read: {decimal: ','}}", "1,204.50", "decimal mark ','"),
        ("{identifier: email}", "a@x.org;b@x.org", "holds several values"),
        ("{identifier: phone}", "212-555-0142 / 917-555-0119", "holds several values"),
        ("{identifier: born, read: {date: '%d/%m/%Y'}}", "1984-03-07", "is not written as declared"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_reason(column: str, value: JsonValue, reason: str) -> None:
    found = mapped(f"    columns: {{v: {column}}}\n", v=value)
    assert (found.identifiers, dict(found.traits)) == ((), {})
    assert [reason in issue.reason for issue in found.issues] == [True]


def test_a_birth_date_is_believed_up_to_the_day_that_it_is_anywhere_on_earth() -> None:
    assert dict(mapped("    columns: {v: {trait: birth_date}}\n", v="2026-11-28").traits)
    assert not dict(mapped("    columns: {v: {trait: birth_date}}\n", v="2026-11-29").traits)


NESTED = "    columns: {address.city: {trait: name}, 'contacts[].email': {identifier: email}}\n"


def test_values_inside_of_others_are_kept_under_their_paths() -> None:
    row: dict[str, JsonValue] = {
        "address": {"city": "Rome", "secret": 1},
        "contacts": [{"email": "a@x.org"}, {"email": "b@x.org"}],
    }
    found = mapped(NESTED, **row)
    assert found.record.values == {"address.city": "Rome", "contacts[].email": ["a@x.org", "b@x.org"]}
    assert dict(found.traits) == {"name": "Rome"}
    assert [each.value for each in found.identifiers] == ["a@x.org", "b@x.org"]


def test_values_inside_of_json_that_is_kept_as_text_are_read() -> None:
    """PostgreSQL's `jsonb` and MySQL's `JSON` come from Debezium as text, and so does JSON in a cell of CSV."""
    found = mapped(NESTED, address='{"city": "Rome"}', contacts='[{"email": "a@x.org"}, {"email": ["b@x.org"]}]')
    assert dict(found.traits) == {"name": "Rome"}
    assert [each.value for each in found.identifiers] == ["a@x.org", "b@x.org"]
    assert found.issues == ()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("Main Street 5, Rome", "leads into text, and not into an object"),
        (7, "leads into a number, and not into an object"),
        (True, "leads into a boolean"),
        ([{"city": "Rome"}], "leads into a list, whose elements have paths such as `contacts[].email`"),
        ('[{"city": "Rome"}]', "leads into a list"),
    ],
)
def test_a_path_that_leads_nowhere_is_told_and_nothing_is_read_of_it(address: JsonValue, told: str) -> None:
    found = mapped(NESTED, address=address, contacts=[address])
    assert (found.identifiers, dict(found.traits)) == ((), {})
    assert [issue.column for issue in found.issues] == ["address.city", "contacts[].email"]
    assert all(told in issue.reason and "Rome" not in issue.reason for issue in found.issues)


@pytest.mark.parametrize("address", [None, "", " ", "NULL", "\\N", [], {}, {"city": None}])
def test_a_path_into_nothing_is_nothing(address: JsonValue) -> None:
    found = mapped(NESTED, address=address, contacts=[address])
    assert (found.identifiers, dict(found.traits), found.issues) == ((), {}, ())


def test_a_path_into_a_column_that_was_not_sent_was_not_sent_either() -> None:
    catalogue = parse_catalogue(HEAD + NESTED, "catalogue")
    change = row_change(
        catalogue.sources["crm"],
        {"id": 1},
        Origin(position=Position(1, 1), observed_at=NOW),
        unavailable=frozenset({"address"}),
    )
    assert change.unavailable == {"address.city"}


COLUMNS = "    columns: {v: {trait: name}}\n"


@pytest.mark.parametrize(
    ("flag", "value", "is_deleted"),
    [
        ("    deleted: {column: gone, equals: ['true', true]}\n", True, True),
        ("    deleted: {column: gone, equals: ['true']}\n", "TRUE ", True),
        ("    deleted: {column: gone, equals: ['true']}\n", "false", False),
        ("    deleted: {column: gone, equals: [1]}\n", 1.0, True),
        ("    deleted: {column: gone, equals: d}\n", "d", True),
        ("    deleted: {column: gone, equals: d}\n", None, False),
        ("    deleted: gone\n", "2026-01-05T10:00:00Z", True),
        ("    deleted: gone\n", None, False),
        ("    deleted: gone\n", "NULL", False),
        ("    deleted: gone\n", "0", False),
        ("    deleted: gone\n", False, False),
        ("    deleted: {column: gone, equals: ['1']}\n", "1.0", True),
        ("    deleted: {column: gone, equals: ['1.0']}\n", 1, True),
        ("    nulls: [Nie gelöscht]\n    deleted: gone\n", "nie GELÖSCHT", False),
        ("", "x", False),
    ],
)
def test_a_row_may_say_that_it_is_deleted(flag: str, value: JsonValue, is_deleted: bool) -> None:
    assert (changed(flag + COLUMNS, {"gone": value}).row is None) is is_deleted


@pytest.mark.parametrize(("value", "is_deleted"), [("true", True), (True, True), ("false", False), (None, False)])
def test_the_flag_that_debezium_writes_needs_no_word(value: JsonValue, is_deleted: bool) -> None:
    assert (changed(COLUMNS, {"__deleted": value}).row is None) is is_deleted


TIMED = "    event_time: at\n" + COLUMNS


@pytest.mark.parametrize(
    "value",
    [None, "", "NULL", "soon", 0, "1970-01-01T00:00:00Z", 1_795_824_000_000, "2026-11-30T00:00:01Z"],
)
def test_a_time_that_cannot_be_believed_is_replaced_by_that_of_acceptance_and_told(value: JsonValue) -> None:
    change = changed(TIMED, {"at": value})
    assert (change.observed_at, change.undated) == (NOW, True)
    (issue,) = mapped(TIMED, at=value).issues
    assert issue.column == "at"


@pytest.mark.parametrize(
    ("value", "observed_at"), [("2026-11-27T00:00:00Z", NOW - DAY), ("2026-11-29T00:00:00Z", NOW + DAY)]
)
def test_a_time_that_a_row_says_dates_it(value: str, observed_at: int) -> None:
    change = changed(TIMED, {"at": value})
    assert (change.observed_at, change.undated, change.accepted_at) == (observed_at, False, NOW)
    assert mapped(TIMED, at=value).issues == ()


def test_times_and_versions_may_be_declared() -> None:
    source = (
        "    event_time: {column: at, read: {time: '%d.%m.%Y %H:%M', zone: Europe/Berlin}}\n"
        "    version: {column: rev, read: {date: '%d.%m.%Y'}}\n" + COLUMNS
    )
    change = changed(source, {"at": "28.11.2026 01:00", "rev": "02.01.1970"})
    assert change.observed_at == NOW
    assert change.position == Position(0, DAY)


@pytest.mark.parametrize("later", [1, 10 * DAY, 3_650 * DAY])
def test_what_a_record_says_does_not_depend_on_when_it_is_mapped(later: int, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "    columns: {v: {trait: birth_date}}\n"
    before = mapped(source, v="2027-01-01")
    monkeypatch.setattr("time.time", lambda: (NOW + later) / 1000)
    assert mapped(source, v="2027-01-01") == before


def test_what_a_row_says_does_not_depend_on_rows_with_the_same_texts_that_were_read_before() -> None:
    days = "v: {trait: any_birth}, w: {trait: any_birth}"
    columns = f"    columns: {{{days}, p: {{identifier: phone, region: {{column: r}}}}}}\n"
    catalogue = parse_catalogue(HEAD + columns, "catalogue")
    rows: list[dict[str, JsonValue]] = [
        {"v": None, "w": "no day", "r": "US", "p": "0171 1234567"},
        {"v": "1984-03-07", "w": "no day", "r": "DE", "p": "0171 1234567"},
    ]

    def read(row: dict[str, JsonValue]) -> tuple[object, ...]:
        change = row_change(
            catalogue.sources["crm"], {"id": 1, **row}, Origin(position=Position(0, 1), observed_at=NOW)
        )
        record = apply_change(None, change, catalogue.sources["crm"].columns).record
        found = map_record(record, catalogue)
        return found.traits, found.identifiers, found.issues

    first = [read(row) for row in rows]
    assert first[0] != first[1]
    assert [read(row) for row in reversed(rows)] == first[::-1]
    assert first[1][2] == ()
