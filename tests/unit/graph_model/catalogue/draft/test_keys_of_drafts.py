from dataclasses import replace

import pytest

from graph_model.values.equality import JsonValue
from tests.unit.graph_model.catalogue.draft.sampling import Row, draft, drafted, line_of, of_rows, table


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ("city,id", "id"),
        ("id,customer_no", "id"),
        ("external_id,people_id,n", "people_id"),
        ("name,Kundennummer", "Kundennummer"),
        ("name,客户编号", "客户编号"),
        ("mail,code", "code"),
        ("postal_code,nr", "nr"),
        ("phone_number,record_no", "record_no"),
        ("created_at,uuid", "uuid"),
    ],
)
def test_a_unique_column_that_is_named_like_a_key_is_the_key(columns: str, key: str) -> None:
    rows: list[Row] = [
        {column: f"{n}{'@x.example.org' if column == 'mail' else ''}" for column in columns.split(",")}
        for n in range(10, 18)
    ]
    assert drafted(of_rows(rows)).sources["people"].key == (key,)
    assert f"key: [{key}] # unique in 8 rows" in draft(of_rows(rows)).replace('"', "")


def test_in_a_few_rows_the_key_is_asked_about() -> None:
    assert "# ? key: so few rows prove nothing: is it the key?" in draft(table("id,email\n1,a@x.example.org\n"))


def test_a_unique_column_with_another_name_is_asked_about() -> None:
    text = draft(table("seat,city\nA7,Rome\nB9,Rome\n"))
    assert "key: [seat]" in text
    assert "# ? key: it is not named like a key: is it one?" in text


@pytest.mark.parametrize("columns", ["name,email", "phone,email,name", "born,name,email"])
def test_a_table_without_anything_like_a_key_is_told_so(columns: str) -> None:
    rows: list[Row] = [
        {"name": f"Ann{n}", "email": f"a{n}@x.example.org", "phone": f"+121255501{n:02}", "born": f"1984-03-{n + 1:02}"}
        for n in range(9)
    ]
    text = draft(of_rows([{column: row[column] for column in columns.split(",")} for row in rows]))
    assert "key: [email]" in text
    assert "# ? key: nothing in this table looks like a key, and what this says may change or be shared" in text


@pytest.mark.parametrize(
    ("column", "numbers", "asked"),
    [
        ("customer_id", [10_001, None, 10_003, 10_004, None, 10_006], "2 of 6 rows have none"),
        ("ref", [10_001, None, 10_003, 10_004, None, 10_006], "2 of 6 rows have none"),
        ("id", [*range(11, 31), 30], "1 of 21 values repeats"),
    ],
)
def test_a_column_that_is_named_like_a_key_is_one_with_a_question_though_it_has_gaps_or_repeats(
    column: str, numbers: list[JsonValue], asked: str
) -> None:
    rows: list[Row] = [
        {"email": f"a{n}@x.example.org", "phone": f"212555010{n}", "name": f"Ann{n}", "score": n + 0.5, column: number}
        for n, number in enumerate(numbers)
    ]
    assert drafted(of_rows(rows)).sources["people"].key == (column,)
    assert asked in line_of(draft(of_rows(rows)), "# ? key: ")


def test_a_key_that_lies_inside_of_another_value_is_asked_about() -> None:
    rows: list[Row] = [{"email": f"a{n}@x.example.org", "loyalty": {"cardNo": f"9000{n}"}} for n in range(9)]
    assert drafted(of_rows(rows)).sources["people"].key == ("loyalty.cardNo",)
    assert "# ? key: it lies inside of another value: is it the key of the row?" in draft(of_rows(rows))
    assert "lies inside" not in draft(of_rows([{"Kundennr.": n, "email": f"a{n}@x.example.org"} for n in range(9)]))
    assert drafted(of_rows([{**row, "nr": n} for n, row in enumerate(rows)])).sources["people"].key == ("nr",)


def test_columns_that_are_unique_together_are_a_key() -> None:
    rows: list[dict[str, JsonValue]] = [
        {"tenant": "ab"[n % 2], "id": n // 2, "email": f"a{n}@x.example.org"} for n in range(12)
    ]
    assert set(drafted(of_rows(rows)).sources["people"].key) == {"tenant", "id"}
    assert "# ? key: is this the key?" in draft(of_rows(rows))


def test_where_nothing_is_unique_the_key_is_asked_about() -> None:
    rows: list[dict[str, JsonValue]] = [{"id": 1, "email": "a@x.example.org"}] * 2
    assert "# ? key: not unique in the sample: which columns are the key?" in draft(of_rows(rows))
    assert drafted(of_rows(rows)).sources["people"].key == ("id",)


MESSAGES: list[dict[str, JsonValue]] = [
    {"region": "eu", "no": n % 5, "customer_id": 70 + n % 5, "email": f"a{n % 5}@x.example.org", "city": f"Town {n}"}
    for n in range(20)
]


def test_the_key_of_the_messages_is_the_key_and_survives_updates_in_the_sample() -> None:
    keys: list[JsonValue] = [{"no": row["no"], "region": row["region"]} for row in MESSAGES]
    sample = replace(of_rows(MESSAGES), keys=keys)
    assert line_of(draft(sample), "key:") == 'key: ["no", region] # the key of the messages'
    assert "# Drafted from 5 rows of people" in draft(sample)
    assert "repeat" not in draft(sample)


def test_the_key_of_the_messages_may_lie_in_objects() -> None:
    rows: list[Row] = [{"_id": {"$oid": f"{n}"}, "code": n} for n in range(8)]
    keys: list[JsonValue] = [{"_id": row["_id"]} for row in rows]
    assert drafted(replace(of_rows(rows), keys=keys)).sources["people"].key == ("_id.$oid",)


def test_a_key_of_one_value_is_the_column_that_has_it_in_every_message() -> None:
    sample = replace(of_rows(MESSAGES), keys=[str(row["customer_id"]) for row in MESSAGES])
    assert drafted(sample).sources["people"].key == ("customer_id",)


@pytest.mark.parametrize("keys", [["x"] * 20, [{"other": 1}] * 20, [None, *[{"no": 1}] * 19]])
def test_keys_that_are_in_no_column_tell_nothing(keys: list[JsonValue]) -> None:
    assert "the key of the messages" not in draft(replace(of_rows(MESSAGES), keys=keys))
