import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.draft.tables import SampleTable
from graph_model.catalogue.draft.writing import draft_catalogue
from graph_model.catalogue.rules import Catalogue, TimeColumn
from graph_model.values.equality import JsonValue
from graph_model.values.trait_values import TraitType

DATA = Path(__file__).parents[4] / "examples" / "shop" / "data"
ROWS: list[dict[str, JsonValue]] = [
    {
        "id": number,
        "customerNo": f"100-{number:04}",
        "Email Address": f"ann{number}@example.com",
        "mobile": f"(212) 555-01{number:02}",
        "SSN": f"987-65-{number:04}",
        "login": f"ann{number}",
        "surname": "Lee",
        "birth_date": "1984-03-07",
        "zip": "01201",
        "city": "Brooklyn",
        "orders": number,
        "spent": f"{number}.50",
        "newsletter": number % 2 == 0,
        "last_order_at": "2026-10-18T17:42:10Z",
        "updated_at": f"2026-10-18 17:42:{number:02}",
        "notes": "likes hiking",
        "address": {"street": "Main St"},
        "tags": [["a"], ["b"]],
        "fax": None,
    }
    for number in range(20)
]


def drafted(rows: Sequence[Mapping[str, JsonValue]], name: str = "crm") -> Catalogue:
    return parse_catalogue(draft(rows, name), "draft")


def draft(rows: Sequence[Mapping[str, JsonValue]], name: str = "crm") -> str:
    return draft_catalogue([table(rows, name)])


def table(rows: Sequence[Mapping[str, JsonValue]], name: str = "crm") -> SampleTable:
    return SampleTable(name=name, columns=list(dict.fromkeys(column for row in rows for column in row)), rows=rows)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("customerNo", "customer_no"),
        ("Email Address", "email"),
        ("mobile", "phone"),
        ("SSN", "ssn"),
        ("login", "login"),
    ],
)
def test_identifiers_are_found_by_name_and_values(column: str, kind: str) -> None:
    assert dict(drafted(ROWS).sources["crm"].identifiers)[column] == kind


def test_an_e_mail_column_is_known_by_its_values_alone() -> None:
    rows: list[dict[str, JsonValue]] = [{"c1": f"ann{number}@example.com"} for number in range(5)]

    assert drafted(rows).sources["crm"].identifiers == (("c1", "email"),)


def test_a_number_that_only_one_person_has_is_exclusive() -> None:
    kinds = drafted(ROWS).kinds

    assert [name for name, kind in kinds.items() if kind.value_limit == 1] == ["ssn"]


def test_family_name_birth_date_and_postcode_make_a_composite() -> None:
    assert [part.trait for part in drafted(ROWS).kinds["person"].parts] == ["surname", "birth_date", "zip"]


@pytest.mark.parametrize(
    ("trait", "trait_type"),
    [
        ("email_address", TraitType.TEXT),
        ("birth_date", TraitType.DATE),
        ("zip", TraitType.TEXT),
        ("city", TraitType.TEXT),
        ("orders", TraitType.INTEGER),
        ("spent", TraitType.NUMBER),
        ("newsletter", TraitType.BOOLEAN),
        ("last_order_at", TraitType.TIMESTAMP),
    ],
)
def test_traits_are_typed_by_their_values(trait: str, trait_type: TraitType) -> None:
    assert drafted(ROWS).traits[trait].type == trait_type


def test_the_key_is_a_unique_column_with_the_name_of_a_key() -> None:
    assert drafted(ROWS).sources["crm"].key == ("id",)


def test_the_event_time_is_the_column_that_tells_changes() -> None:
    assert drafted(ROWS).sources["crm"].event_time == TimeColumn("updated_at")


@pytest.mark.parametrize(
    ("column", "reason"),
    [("notes", "holds free text"), ("tags", "holds lists or objects"), ("fax", "has no values in the sample")],
)
def test_what_is_left_out_is_told_with_the_reason(column: str, reason: str) -> None:
    text = draft(ROWS)

    assert f"# left out, {reason}: {column}" in text


def test_a_column_that_is_not_unique_is_marked_as_a_doubtful_key() -> None:
    rows: list[dict[str, JsonValue]] = [{"email": "a@example.com"}, {"email": "a@example.com"}]

    assert "key: [email] # not unique in the sample" in draft(rows)


def test_where_nothing_identifies_the_key_does() -> None:
    catalogue = drafted([{"id": 1, "city": "Boston"}, {"id": 2, "city": "Austin"}])

    assert catalogue.sources["crm"].identifiers == (("id", "crm_key"),)


def test_no_value_of_the_sample_is_in_the_draft() -> None:
    text = draft(ROWS)

    assert not any(value in text for value in ("Brooklyn", "ann1", "987", "hiking", "Lee"))


def test_the_origin_is_written_down() -> None:
    sample = replace(table(ROWS), file="crm*.csv", topic="shop.crm", format="debezium")
    source = parse_catalogue(draft_catalogue([sample]), "draft").sources["crm"]

    assert (source.file, source.topic, source.format) == ("crm*.csv", "shop.crm", "debezium")


@pytest.mark.parametrize("path", sorted(DATA.iterdir()), ids=lambda path: path.name)
def test_the_draft_of_each_sample_file_is_a_catalogue(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file)) if path.suffix == ".csv" else [json.loads(line) for line in file]

    assert "email" in drafted(rows[:300], path.stem).kinds


ODD_NAMES = st.one_of(st.text(max_size=12), st.sampled_from(["null", "no", "1", "a: b", "#", "e-mail", "*x", "'", '"']))


@given(
    name=ODD_NAMES,
    columns=st.lists(ODD_NAMES, max_size=5),
    values=st.lists(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12), max_size=10),
)
def test_any_table_has_a_draft_that_is_a_catalogue(name: str, columns: list[str], values: list[JsonValue]) -> None:
    rows = [dict.fromkeys(columns, value) for value in values]

    assert parse_catalogue(draft_catalogue([SampleTable(name=name, columns=columns, rows=rows)]), "draft")
