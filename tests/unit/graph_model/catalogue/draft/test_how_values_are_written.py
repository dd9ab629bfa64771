"""What a draft declares of how values are written, what stands for none, and which rows are deleted."""

from dataclasses import replace

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.draft.tables import DraftOrigin
from graph_model.catalogue.rules import DeletionFlag
from graph_model.values.equality import JsonValue
from graph_model.values.trait_values import TraitType
from tests.unit.graph_model.catalogue.draft.sampling import draft, drafted, line_of, of_rows, of_values, table


@pytest.mark.parametrize(
    ("column", "values", "written"),
    [
        ("born", ["31/12/1984", "07/03/1990"], 'read: {date: "%d/%m/%Y"}'),
        ("born", ["1984-3-7", "31/12/1984"], 'read: {date: ["%Y-%m-%d", "%d/%m/%Y"]}'),
        ("born", ["19840307", "12/31/1984", "03/07/1990"], 'read: {date: ["%m/%d/%Y", "%Y%m%d"]}'),
        ("birth_date", ["30748", "31002"], "read: excel_serial"),
        ("birth_date", ["19840307"], "read: yyyymmdd"),
        ("last_seen_at", [1_780_000_000_000], "read: epoch_milliseconds"),
        ("last_seen_at", ["1780000000"], "read: epoch_seconds"),
        ("seen", ["25.12.2025 10:15"], 'read: {time: "%d.%m.%Y %H:%M"}'),
        ("spent", ["1.234,56", "99,00"], 'read: {decimal: ","}'),
        ("spent", ["1,204.50", "$3.00"], 'read: {decimal: "."}'),
        ("orders", ["14.0", "1,204", "3"], 'read: {decimal: "."}'),
        ("weight", ["0,500", "1,250", "0,750"], 'read: {decimal: ","}'),
        ("weight", ["0.500", "1.250", "-0.750 €"], 'read: {decimal: "."}'),
        ("email", ["a@x.example.org;b@x.example.org", "c@x.example.org"], 'separator: ";"'),
        ("E-mail 1 - Value", ["a@x.example.org ::: b@x.example.org"], 'separator: " ::: "'),
        ("phone", ["212-555-0142 / 917-555-0119"], 'separator: " / "'),
        ("phones", ["+49 171 1234567|+49 171 7654321"], 'separator: "|"'),
        ("orders", ["12", "n/a", "30", "-"], 'nulls: ["-", "n/a"]'),
        ("email", ["a@x.example.org", "none"], 'nulls: ["none"]'),
        ("birth_date", ["1984-03-07", "NaT", "<NA>", "nan"], 'nulls: ["<NA>", "NaT", "nan"]'),
        ("city", ["Rome", ".", "Oslo"], 'nulls: ["."]'),
        ("birth_date", ["1984-03-07", "0000-00-00"], 'nulls: ["0000-00-00"]'),
    ],
)
def test_how_values_are_written_is_found_and_declared(column: str, values: list[JsonValue], written: str) -> None:
    text = draft(of_values(column, values))
    assert written in text
    assert parse_catalogue(text, "draft")


@pytest.mark.parametrize(
    ("column", "values", "trait_type"),
    [
        ("vip", ["Y", "N", "1.0"], TraitType.BOOLEAN),
        ("is_vip", [0, 1], TraitType.BOOLEAN),
        ("visits", [0, 1], TraitType.INTEGER),
        ("joined", ["2024-01-05", "2024-01-06 00:00:00"], TraitType.DATE),
        ("seen", ["2019-01-05 12:30:00 UTC", "2025-06-01 08:00:00 +0200"], TraitType.TIMESTAMP),
        ("code", ["01067", "20095"], TraitType.TEXT),
        ("rank", ["007", "1"], TraitType.TEXT),
        ("height", ["1.80", "175"], TraitType.NUMBER),
    ],
)
def test_types_are_those_of_all_values(column: str, values: list[JsonValue], trait_type: TraitType) -> None:
    assert drafted(of_values(column, values)).traits[column].type is trait_type


def test_which_of_day_and_month_comes_first_is_asked_where_no_value_tells() -> None:
    text = draft(of_values("birth_date", ["03/04/1984", "05/06/1990"]))
    assert "read" not in line_of(text, "birth_date: {")
    assert "# ? birth_date: does the day or the month come first? no value tells" in text


def test_another_column_of_the_table_may_tell_which_comes_first() -> None:
    text = draft(table("id,birth_date,joined\n1,03/04/1984,31/01/2024\n2,05/06/1990,01/02/2024\n"))
    assert 'birth_date: {trait: birth_date, read: {date: "%d/%m/%Y"}}' in text
    assert "no value tells; taken as the day first, as in other columns of the table" in text


@pytest.mark.parametrize(
    ("column", "asked"), [("born", "names of months"), ("joined", "are these days?"), ("Kauf", "are these days?")]
)
def test_names_of_months_that_are_not_read_are_asked_about(column: str, asked: str) -> None:
    assert f"# ? {column}: {asked}" in draft(of_values(column, ["7. März 1984", "8. Oktober 1985"]))


def test_a_column_of_birth_dates_in_many_ways_is_read_as_far_as_it_can_be() -> None:
    text = draft(of_values("born", ["1984", "30748", "1984-03-07", "840307", "07.03.1984"]))
    assert 'born: {trait: birth_date, read: {date: ["%Y-%m-%d", "%d.%m.%Y"]}}' in text
    assert "# ? born: 3 of 5 cannot be read so; how are these written?" in text


def test_a_time_beside_a_birth_date_raises_the_question_of_the_zone() -> None:
    text = draft(of_values("born", ["1984-03-06T23:00:00.000Z"]))
    assert "# ? born: times beside birth dates: in which zone is the day?" in text


@pytest.mark.parametrize(
    ("column", "value", "read"),
    [
        ("updated_at", "2026-03-01 10:00:00", "as: iso"),
        ("updated_at", "01.03.2026 10:00", "time: …"),
        ("updated_at", "20260301100000", "as: yyyymmdd"),
        ("last_login", "2026-03-01T10:00:00", "as: iso"),
    ],
)
def test_times_without_a_zone_raise_the_question_of_the_zone(column: str, value: str, read: str) -> None:
    asked = f"# ? {column}: times without a zone are read as UTC: `read: {{{read}, zone: Europe/Berlin}}` names another"
    assert asked in draft(of_values(column, [value, value]))


@pytest.mark.parametrize("value", ["2026-03-01 10:00:00 +0100", "2026-03-01", 1_780_000_000_000])
def test_days_and_times_with_a_zone_raise_no_question(value: JsonValue) -> None:
    assert "zone" not in draft(of_values("updated_at", [value, value]))


def test_days_of_debezium_without_a_schema_are_counts() -> None:
    rows: list[dict[str, JsonValue]] = [{"id": n, "birth_date": 7669 + n, "hired_on": 20_400 + n} for n in range(3)]
    text = draft(replace(of_rows(rows), origin=DraftOrigin(topic="a.b.c", format="debezium")))
    assert "birth_date: {trait: birth_date, read: epoch_days}" in text
    assert "hired_on: {trait: hired_on, read: epoch_days}" in text


BASE64 = "is this a decimal in base64, as Debezium writes it? then set decimal.handling.mode=string"


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("customer_no", ["D0JB", "AeJA", "D0I/"]),
        ("customer_no", ["AYah", "AYai", "AYaj"]),
        ("account_id", ["AA9CQQ==", "AA9GEg==", "AA9J4w=="]),
        ("balance", ["BOI=", "BQ==", "ARFw"]),
    ],
)
def test_numbers_in_base64_are_asked_about(column: str, values: list[JsonValue]) -> None:
    assert f"# ? {column}: {BASE64}" in draft(of_values(column, values))


def test_keys_in_base64_are_asked_about() -> None:
    rows: list[dict[str, JsonValue]] = [
        {"id": text, "email": f"{text.lower()}@x.example.org"} for text in ("D0JB", "AeJA", "D0IC", "AYah", "AYai")
    ]
    assert f"# ? id: {BASE64}" in draft(of_rows(rows))


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("customer_no", ["K17A", "K18B", "K19C"]),
        ("code", ["gold", "blue", "Rome"]),
        ("token_no", ["a1b2c3d4", "deadbeef", "00c0ffee"]),
        ("ref", ["zQ3x9Kz1", "xA8bT2mq", "9fGh3kLp"]),
        ("name", ["AeJA", "D0JB", "D0I/"]),
        ("member_id", [1000, 2000, 3000]),
        ("city", ["Rome", "Oslo", "Bonn"]),
    ],
)
def test_codes_and_words_are_no_numbers_in_base64(column: str, values: list[JsonValue]) -> None:
    assert "base64" not in draft(of_values(column, values))


@pytest.mark.parametrize("said", ["None", "Null", "unknown"])
def test_what_may_be_a_name_is_asked_about_and_stays(said: str) -> None:
    text = draft(of_values("last_name", ["Lee", said, "Fox"]))
    assert f'# ? last_name: some say "{said}": is it a name?' in text
    assert "nulls" not in line_of(text, "last_name: {trait")


def test_a_marker_that_is_none_everywhere_is_asked_about_among_names() -> None:
    text = draft(of_values("last_name", ["Lee", "NULL", "Fox"]))
    assert '# ? last_name: some say "NULL", which is no value: is it a name? then `nulls: []`' in text


def test_words_among_other_texts_are_asked_about() -> None:
    text = draft(of_values("city", ["Rome", "unknown", "Oslo"]))
    assert '# ? city: some say "unknown": does it stand for no value?' in text
    assert "nulls" not in line_of(text, "city: {trait")


def test_the_apostrophe_of_spreadsheets_is_no_part_of_a_number() -> None:
    text = "Customer ID,Phone,Zip\n'8000000000001,'+12125550143,'11216\n'8000000000002,'+19175550118,'01002\n"
    found = draft(table(text))
    assert 'key: ["Customer ID"]' in found
    assert "the apostrophe in front of its numbers is not read" in line_of(found, '"Customer ID": {identifier')
    assert drafted(table(text)).sources["people"].identifiers == (("Customer ID", "customer_id"), ("Phone", "phone"))


@pytest.mark.parametrize(
    ("column", "values", "equals"),
    [
        ("IsDeleted", ["false", "true"], {"true"}),
        ("IsDeleted", ["FALSE", "FALSE"], {"true"}),
        ("is_deleted", [False, True], {"true"}),
        ("deleted", [0, 0], {"1"}),
        ("Gelöscht", ["nein", "ja"], {"ja"}),
        ("löschkennzeichen", [None, "X"], {"x"}),
        ("__deleted", ["false"], {"true"}),
        ("__op", ["c", "u", "d"], {"d"}),
        ("op", ["c", "u"], {"d"}),
        ("deleted_at", [None, "2026-01-05T10:00:00Z"], None),
        ("deletedAt", [None, None], None),
        ("删除时间", ["2026-01-05 10:00:00"], None),
    ],
)
def test_deletion_flags_are_declared_and_asked_about(
    column: str, values: list[JsonValue], equals: set[str] | None
) -> None:
    sample = of_values(column, values)
    flag = DeletionFlag(column, None if equals is None else frozenset(equals))
    assert drafted(sample).sources["people"].deleted == flag
    assert "taken for deleted: " in draft(sample)
    assert column not in dict(drafted(sample).sources["people"].traits)


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        (["0", "0", "2026-01-05T10:00:00Z"], "taken for deleted: are they?"),
        (["wahr", "falsch"], "taken for deleted: are they?"),
        (["2026-01-05", "never", None], "1 of 2 say neither yes, no, nor a time, and their rows are refused"),
        (["2026-01-05", "unknown", None], '1 of 2 say neither yes, no, nor a time (such as "unknown"), and'),
        (["2026-01-05", "2026-01-06", None], "2 of 3 rows would be deleted: is this right?"),
    ],
)
def test_what_a_time_of_deletion_does_to_the_rows_that_were_seen_is_asked(values: list[JsonValue], asked: str) -> None:
    text = draft(of_values("deleted", values))
    assert [line for line in text.splitlines() if "# ? deleted: " in line and asked in line]
    assert drafted(of_values("deleted", values)).sources["people"].deleted == DeletionFlag("deleted", None)


@pytest.mark.parametrize(
    "values",
    [
        [None, "0001-01-01 00:00:00", "2026-01-05"],
        ["NaT", "no", "2026-01-05 10:00:00"],
        ["1753-01-01 00:00:00.000", "4712-12-31", "05.01.2026"],
        ["1899-12-30T00:00:00Z", "31.12.9999", "2026-01-05"],
    ],
)
def test_times_that_stand_for_none_and_nothing_are_no_deletions(values: list[JsonValue]) -> None:
    text = draft(of_values("deleted_at", values))
    assert "# ? deleted_at: rows with a time here that stands for one, or with yes, are taken for deleted: " in text
    assert "refused" not in text
    assert "would be deleted" not in text


def test_flags_that_would_delete_most_rows_are_asked_about() -> None:
    assert "# ? deleted: 2 of 3 rows would be deleted: is this right?" in draft(of_values("deleted", ["1", "1", "0"]))


def test_a_column_of_deletions_that_says_something_else_is_asked_about() -> None:
    text = draft(of_values("deleted", ["gone", "here", "here"]))
    assert drafted(of_values("deleted", ["gone", "here"])).sources["people"].deleted is None
    assert "# ? deleted: does it tell deleted rows? then `deleted: {column: deleted, equals: [...]}`" in text


@pytest.mark.parametrize("column", ["deleted_by", "deletion_reason", "op"])
def test_other_columns_about_deletions_are_no_flags(column: str) -> None:
    assert drafted(of_values(column, ["moved away", "asked for it"])).sources["people"].deleted is None


def test_a_state_of_deleted_rows_is_asked_about() -> None:
    text = draft(of_values("status", ["active", "deleted", "active"]))
    assert "# ? status: are these rows deleted? then `deleted: {column: status, equals: [deleted]}`" in text
