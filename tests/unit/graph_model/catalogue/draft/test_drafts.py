import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.draft.tables import DraftOrigin, SampledTable
from graph_model.catalogue.rules import TimeColumn
from graph_model.values.equality import JsonValue
from graph_model.values.trait_values import TraitType
from tests.unit.graph_model.catalogue.draft.sampling import draft, drafted, of_rows, of_values, table

SHOP = Path(__file__).parents[5] / "examples" / "shop" / "data"
ROWS: list[dict[str, JsonValue]] = [
    {
        "id": number,
        "customerNo": f"100-{number:04}",
        "Email Address": f"ann{number}@example.com",
        "mobile": f"(212) 555-01{number:02}",
        "SSN": f"987-65-{number:04}",
        "login": f"ann{number}",
        "first_name": f"Ann{chr(97 + number)}",
        "surname": "Lee",
        "birth_date": f"1984-03-{number + 1:02}",
        "zip": f"0120{number}",
        "town": "Brooklyn",
        "orders": number,
        "spent": f"{number}.50",
        "newsletter": number % 2 == 0,
        "last_order_at": "2026-10-18T17:42:10Z",
        "updated_at": f"2026-10-18 17:42:{number:02}",
        "notes": "likes hiking",
        "password": "opensesame",
        "matrix": [["a"], ["b"]],
        "fax": None,
        "__source_ts_ms": 1_790_000_000_000 + number,
    }
    for number in range(20)
]
CRM = of_rows(ROWS, "crm")


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("customerNo", "customer_number"),
        ("Email Address", "email"),
        ("mobile", "phone"),
        ("SSN", "ssn"),
        ("login", "login"),
    ],
)
def test_identifiers_are_found_by_name_and_values(column: str, kind: str) -> None:
    assert dict(drafted(CRM).sources["crm"].identifiers)[column] == kind


def test_e_mail_addresses_and_international_phones_are_known_by_their_values_alone() -> None:
    rows: list[dict[str, JsonValue]] = [
        {"id": n, "c1": f"ann{n}@example.com", "c2": f"+49 171 12345{n:02}"} for n in range(5)
    ]

    assert drafted(of_rows(rows)).sources["people"].identifiers == (("c1", "email"), ("c2", "phone"))


def test_a_number_that_only_one_person_has_is_exclusive_with_a_question() -> None:
    assert [name for name, kind in drafted(CRM).kinds.items() if kind.value_limit == 1] == ["ssn"]
    assert "# ? ssn: has a person only one?" in draft(CRM)


def test_whole_name_birth_date_and_postcode_make_a_composite() -> None:
    parts = [part.trait for part in drafted(CRM).kinds["person"].parts]

    assert parts == ["first_name", "last_name", "birth_date", "postcode"]


def test_a_postcode_that_most_rows_share_is_no_part_and_what_is_left_is_asked_about() -> None:
    same = of_rows([{**row, "zip": "00000"} for row in ROWS])

    assert [part.trait for part in drafted(same).kinds["person"].parts] == ["first_name", "last_name", "birth_date"]
    assert "# ? person: in a large table, two people may share all of it" in draft(same)


def test_without_a_first_name_there_is_no_composite() -> None:
    without = of_rows([{column: value for column, value in row.items() if column != "first_name"} for row in ROWS])

    assert "person" not in drafted(without).kinds


@pytest.mark.parametrize(
    ("trait", "trait_type"),
    [
        ("email", TraitType.TEXT),
        ("birth_date", TraitType.DATE),
        ("postcode", TraitType.TEXT),
        ("city", TraitType.TEXT),
        ("orders", TraitType.INTEGER),
        ("spent", TraitType.NUMBER),
        ("newsletter", TraitType.BOOLEAN),
        ("last_order_at", TraitType.TIMESTAMP),
    ],
)
def test_traits_are_typed_by_their_values_and_have_standard_names(trait: str, trait_type: TraitType) -> None:
    assert drafted(CRM).traits[trait].type == trait_type


def test_of_two_columns_of_one_meaning_the_plainer_one_has_the_standard_name() -> None:
    text = "id,billing_city,city,email\n1,Rome,Oslo,a@x.example.org\n2,Rome,Bonn,b@x.example.org\n"

    assert dict(drafted(table(text)).sources["people"].traits)["city"] == "city"
    assert dict(drafted(table(text)).sources["people"].traits)["billing_city"] == "billing_city"


def test_the_event_time_is_the_column_that_tells_changes() -> None:
    assert drafted(CRM).sources["crm"].event_time == TimeColumn("updated_at")


def test_without_one_it_is_what_debezium_adds() -> None:
    rows = [{column: value for column, value in row.items() if column != "updated_at"} for row in ROWS]

    assert "event_time: {column: __source_ts_ms, read: epoch_milliseconds}" in draft(of_rows(rows)).replace('"', "")


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ("notes", "holds free text"),
        ("matrix", "holds lists of lists"),
        ("fax", "has no values in the sample"),
        ("password", "looks like a secret"),
        ("__source_ts_ms", "is added by the program that copies the rows"),
    ],
)
def test_what_is_left_out_is_told_with_the_reason(column: str, reason: str) -> None:
    assert f"# left out, {reason}: {column}" in draft(CRM)


def test_where_nothing_identifies_the_key_does_with_a_question() -> None:
    rows = of_rows([{"id": 1, "city": "Boston"}, {"id": 2, "city": "Austin"}], "crm")

    assert drafted(rows).sources["crm"].identifiers == (("id", "crm_key"),)
    assert "# ? id: nothing tells who a row is about; does the key?" in draft(rows)


def test_the_origin_is_written_down() -> None:
    origin = DraftOrigin(file="crm*.csv", topic="shop.crm", table="crm.customers", format="debezium")
    source = drafted(replace(CRM, origin=origin)).sources["crm"]

    assert (source.file, source.topic, source.table, source.format) == (
        "crm*.csv",
        "shop.crm",
        "crm.customers",
        "debezium",
    )


def test_an_encoding_that_was_found_is_written_down() -> None:
    source = drafted(replace(CRM, origin=DraftOrigin(file="crm.csv", encoding="cp1252"))).sources["crm"]

    assert source.encoding == "cp1252"


def test_nested_values_have_paths_and_lists_several_values() -> None:
    rows: list[dict[str, JsonValue]] = [
        {
            "id": n,
            "address": {"city": "Rome", "geo": {"lat": 1.5}},
            "contacts": [{"email": f"a{n}@x.example.org", "label": "home"}, {"email": f"b{n}@x.example.org"}],
            "emails": [f"c{n}@x.example.org"],
            "city": {"name": "Rome"} if n else "Rome",
        }
        for n in range(3)
    ]
    source = drafted(of_rows(rows)).sources["people"]

    assert dict(source.identifiers) == {"contacts[].email": "email", "emails": "email"}
    assert {"address.city", "address.geo.lat", "city", "city.name"} <= set(dict(source.traits))
    assert "# left out, is one of several, in a list of objects: contacts[].label" in draft(of_rows(rows))


def test_members_whose_names_may_be_data_are_no_paths() -> None:
    rows: list[dict[str, JsonValue]] = [
        {"id": n, "votes": {f"user{n}-{m}": m for m in range(9)}, "by_mail": {f"a{n}@x.example.org": 1}}
        for n in range(9)
    ]
    text = draft(of_rows(rows))

    assert "user3" not in text
    assert "@" not in text
    assert "# left out, holds members whose names may be data: by_mail" in text


EXPORTED: list[dict[str, JsonValue]] = [
    {
        "_id": {"$oid": f"65f0c0ffee00000000000{n:03}"},
        "email": f"a{n}@x.example.org",
        "first_name": f"Ann{chr(97 + n)}",
        "last_name": "Lee",
        "dob": {"$date": {"$numberLong": "-57283200000"} if n % 3 else f"1984-03-{n + 1:02}T00:00:00Z"},
        "seen": {"$date": 1_767_616_200_000 + n},
        "updatedAt": {"$date": f"2026-01-05T10:00:{n:02}Z"},
        "visits": {"$numberInt": f"{n}"},
        "spent": {"$numberDecimal": f"{n}.50"},
        "device": {"$uuid": f"0e37df36-f698-11e6-8dd4-cb9ced3df9{n:02}"},
        "loyalty": {"cardNo": f"90000{n:02}"},
    }
    for n in range(12)
]


def test_members_that_mongodb_adds_for_types_lead_to_the_values() -> None:
    source = drafted(of_rows(EXPORTED)).sources["people"]
    assert source.key == ("_id.$oid",)
    assert source.event_time == TimeColumn("updatedAt.$date")
    assert dict(source.traits) == {
        "email": "email",
        "first_name": "first_name",
        "last_name": "last_name",
        "dob.$date.$numberLong": "birth_date",
        "dob.$date": "birth_date",
        "seen.$date": "seen",
        "visits.$numberInt": "visits",
        "spent.$numberDecimal": "spent",
        "device.$uuid": "device",
    }
    assert '"dob.$date.$numberLong": {trait: birth_date, read: epoch_milliseconds}' in draft(of_rows(EXPORTED))
    assert '"seen.$date": {trait: seen, read: epoch_milliseconds}' in draft(of_rows(EXPORTED))
    types = {name: trait.type for name, trait in drafted(of_rows(EXPORTED)).traits.items()}
    assert (types["birth_date"], types["seen"]) == (TraitType.DATE, TraitType.TIMESTAMP)
    assert (types["visits"], types["spent"]) == (TraitType.INTEGER, TraitType.NUMBER)


def test_what_else_mongodb_writes_about_a_value_is_told() -> None:
    rows: list[dict[str, JsonValue]] = [
        {
            "_id": {"$binary": {"base64": f"DjffNvaYEeaN1MudPfl{n}Eg==", "subType": "04"}},
            "company": {"$ref": "companies"},
        }
        for n in range(9)
    ]
    assert drafted(of_rows(rows)).sources["people"].key == ("_id.$binary.base64",)
    assert "# left out, says what sort of binary value it is: _id.$binary.subType" in draft(of_rows(rows))
    assert '"company.$ref": {trait: company_ref}' in draft(of_rows(rows))


def test_no_value_of_the_sample_is_in_the_draft() -> None:
    values = ("Brooklyn", "ann1", "987", "hiking", "Lee", "opensesame", "555")

    assert not [value for value in values if value in draft(CRM)]


@pytest.mark.parametrize("path", sorted(SHOP.iterdir()), ids=lambda path: path.name)
def test_the_draft_of_each_example_is_a_catalogue(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file)) if path.suffix == ".csv" else [json.loads(line) for line in file]

    assert "email" in drafted(of_rows(rows[:300], path.stem)).kinds


ODD_NAMES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["null", "no", "1", "a: b", "#", "e-mail", "*x", "'", '"', "birth date", "phone", "客户编号", "a\nb"]
    ),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["n/a", "-", "NULL", "03/04/2024", "1.234,56", "a@x.org;b@x.org", "'123", "true"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD_NAMES, inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
TABLES = st.builds(
    lambda name, rows: of_rows(rows, name),
    ODD_NAMES,
    st.lists(st.dictionaries(ODD_NAMES, VALUES, max_size=4), max_size=6),
)


@given(tables=st.lists(TABLES, min_size=1, max_size=3))
def test_any_tables_have_a_draft_that_is_a_catalogue(tables: list[SampledTable]) -> None:
    assert parse_catalogue(draft(*tables), "draft")


@given(secret=st.text("bcdfghjkmpqstvwxz", min_size=10, max_size=12), number=st.integers(10**11, 10**12))
def test_values_never_reach_the_draft(secret: str, number: int) -> None:
    rows: list[dict[str, JsonValue]] = [
        {"id": n, "email": f"{secret}{n}@x.example.org", "name": secret, "customer_no": f"{number}{n}", "city": secret}
        for n in range(4)
    ]
    text = draft(of_rows(rows), of_rows([{**row, "orders": [{secret: row["id"]}]} for row in rows], "b"))

    assert str(number) not in text
    assert secret not in text.replace(f"orders[].{secret}", "")


def test_the_draft_is_the_same_every_time() -> None:
    assert draft(CRM) == draft(CRM)
    assert draft(of_values("email", ["a@x.example.org"])) == draft(of_values("email", ["a@x.example.org"]))
