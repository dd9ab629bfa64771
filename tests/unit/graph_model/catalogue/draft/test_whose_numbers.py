"""Which columns identify people, and which only sort them, or are of somebody else."""

import pytest

from graph_model.catalogue.draft.tables import SampledTable
from graph_model.values.equality import JsonValue
from tests.unit.graph_model.catalogue.draft.sampling import draft, drafted, joined, of_rows, table

ATTRIBUTES = """\
id,email,first_name,customer_group_id,user_status_code,passport_country,social_network,nationality,tax_rate,tax_exempt
1,ida@a.example.org,Ida,1,active,DE,facebook,German,19,no
2,jon@b.example.org,Jon,1,active,DE,facebook,German,19,no
3,kim@c.example.org,Kim,2,active,FR,instagram,French,20,no
4,lou@d.example.org,Lou,1,blocked,DE,x,German,19,yes
"""


def test_what_sorts_people_identifies_nobody() -> None:
    assert list(drafted(table(ATTRIBUTES)).kinds) == ["email"]
    assert joined(table(ATTRIBUTES)) == []


@pytest.mark.parametrize(
    "column",
    [
        "member_type_id", "customer_segment_no", "user_role_id", "client_country_code", "customer_language_id",
        "kunden_gruppe_nr", "user_device_id", "customer_version_no", "assigned_user_id", "manager_user_id",
        "created_by_user_id", "客户等级编号",
    ],
)  # fmt: skip
def test_a_number_that_sorts_people_or_is_of_somebody_else_is_no_identifier_even_if_it_never_repeats(
    column: str,
) -> None:
    rows: list[dict[str, JsonValue]] = [
        {"id": n, "email": f"a{n}@x.example.org", column: f"{n}00{n}"} for n in range(1, 4)
    ]
    assert list(drafted(of_rows(rows)).kinds) == ["email"]


@pytest.mark.parametrize(
    ("column", "value"), [("passport", "DE"), ("ssn", "yes"), ("national_id", "12"), ("customer_code", "gold")]
)
def test_what_cannot_be_a_number_of_one_person_is_none_whatever_its_name(column: str, value: str) -> None:
    rows: list[dict[str, JsonValue]] = [{"id": n, "email": f"a{n}@x.example.org", column: value} for n in range(2)]
    assert list(drafted(of_rows(rows)).kinds) == ["email"]


def members(number: int, of_each: int) -> list[dict[str, JsonValue]]:
    """Rows with a number that several people share."""
    return [
        {"id": n, "customer_no": f"K-{1000 + n // of_each}", "first_name": f"{chr(65 + n % 26)}{'xyzuvw'[n % 6] * 5}"}
        for n in range(number)
    ]


def test_a_number_whose_rows_are_of_different_people_identifies_none_of_them() -> None:
    text = draft(of_rows(members(60, of_each=3)))
    assert "customer_no: {trait: customer_no}" in text
    assert "# ? customer_no: rows with one value are of different people" in text
    assert joined(of_rows(members(60, of_each=3))) == []


def test_a_number_whose_rows_are_of_one_person_identifies_this_person() -> None:
    rows: list[dict[str, JsonValue]] = [
        {"id": n, "customer_no": f"K-{1000 + n // 3}", "first_name": f"Ann{n // 3}", "last_name": f"Lee{n // 3}"}
        for n in range(60)
    ]
    assert "customer_number" in drafted(of_rows(rows)).kinds
    assert len(joined(of_rows(rows))) == 20


def test_an_address_that_a_few_people_share_stays_an_identifier_with_a_question() -> None:
    rows: list[dict[str, JsonValue]] = [
        {"id": n, "email": f"a{n if n > 1 else 0}@x.example.org", "first_name": f"{chr(65 + n % 26)}bcd{n}"}
        for n in range(100)
    ]
    text = draft(of_rows(rows))
    assert "email: {identifier: email" in text
    assert "# ? email: 1 of 1 pairs of rows with one value seem to be of different people" in text


def test_a_table_of_orders_alone_joins_the_rows_of_one_customer_with_a_question() -> None:
    rows: list[dict[str, JsonValue]] = [
        {"order_id": 900 + n, "customer_id": 1 + n % 40, "total": n + 0.5, "status": "paid"} for n in range(600)
    ]
    catalogue = drafted(of_rows(rows, "orders"))
    assert catalogue.sources["orders"].key == ("order_id",)
    assert catalogue.kinds["customer_id"].holder_limit == 100
    assert "# ? customer_id: values repeat: are all rows with one value about one person?" in draft(of_rows(rows))


def test_a_number_of_few_values_in_many_rows_is_no_identifier() -> None:
    rows: list[dict[str, JsonValue]] = [{"id": n, "client_no": n % 3, "visits": n} for n in range(300)]
    assert "client_no" not in dict(drafted(of_rows(rows, "visits")).sources["visits"].identifiers)
    assert "# ? client_no: only 3 different values in 300 rows: do they name people?" in draft(of_rows(rows))


@pytest.mark.parametrize(
    "column", ["manager_email", "Ansprechpartner_E-Mail_Vertreter", "emergency_phone", "company_phone"]
)
def test_contacts_of_others_are_traits_with_a_question(column: str) -> None:
    value = "+49 171 123456" if "phone" in column else "m{}@x.example.org"
    rows: list[dict[str, JsonValue]] = [
        {
            "id": n,
            "e_mail": f"a{n}@x.example.org",
            column: value.replace("{}", str(n)) + ("" if "{}" in value else str(n)),
        }
        for n in range(3)
    ]
    assert dict(drafted(of_rows(rows)).sources["people"].identifiers) == {"e_mail": "email"}
    assert "is it the person's own? then it is an identifier" in draft(of_rows(rows))


def test_numbers_that_are_mistyped_in_places_do_not_keep_a_person_apart() -> None:
    rows: list[dict[str, JsonValue]] = [
        {"id": n, "ssn": f"{700_000_000 + 1_111 * (n // 2)}"[: 8 + (n % 2 == 0 or n > 20)] + "1" * (n % 2 and n <= 20),
         "first_name": f"Ann{n // 2}", "last_name": f"Lee{n // 2}", "birth_date": f"1984-03-{n // 2 % 28 + 1:02}"}
        for n in range(40)
    ]  # fmt: skip
    assert drafted(of_rows(rows)).kinds["ssn"].value_limit is None
    assert "mistyped in places, so that two of them do not keep rows apart" in draft(of_rows(rows))


def test_people_of_one_name_and_birth_date_with_two_numbers_get_no_composite() -> None:
    rows: list[dict[str, JsonValue]] = [
        {"id": n, "ssn": f"{n * 7919 % 1000:03}-{n * 104729 % 10**6:06}", "first_name": "Ann", "last_name": "Lee",
         "birth_date": f"1984-03-{n // 2 + 1:02}"}
        for n in range(1, 40)
    ]  # fmt: skip
    assert list(drafted(of_rows(rows)).kinds) == ["ssn"]


def test_birth_dates_that_are_mostly_the_first_of_january_count_only_with_a_place() -> None:
    rows: list[dict[str, JsonValue]] = [
        {
            "id": n,
            "email": f"a{n}@x.example.org",
            "first_name": "Ann",
            "last_name": f"Lee{n}",
            "dob": f"{1900 + n}-01-01",
        }
        for n in range(40)
    ]
    assert list(drafted(of_rows(rows)).kinds) == ["email"]
    placed = of_rows([{**row, "city": f"Town {row['id']}"} for row in rows])
    assert [part.trait for part in drafted(placed).kinds["person"].parts][-2:] == ["birth_date", "city"]


def test_marks_inside_of_numbers_are_dropped_only_where_they_always_stand_at_one_place() -> None:
    same: list[dict[str, JsonValue]] = [{"id": n, "customer_no": f"100-{n:04}"} for n in range(12)]
    other: list[dict[str, JsonValue]] = [
        {"id": n, "customer_no": "1234567"[:n] + "-" + "1234567"[n:]} for n in range(2, 5)
    ]
    assert "customer_number: {normalise: digits" in draft(of_rows(same))
    assert "customer_number: {normalise: exact" in draft(of_rows(other))


def test_keys_that_differ_in_case_only_are_two() -> None:
    text = "Id,Email\n0035g00000CCCCC,a@x.example.org\n0035g00000CCCCc,b@x.example.org\n"
    assert drafted(table(text)).sources["people"].key == ("Id",)
    assert joined(table(text)) == []


def households(*names: str) -> SampledTable:
    """Rows of these names, two of which each share a mailbox and a telephone."""
    rows: list[dict[str, JsonValue]] = [
        {"id": n, "name": name, "email": f"home{n // 2}@x.example.org", "phone": f"+4930123456{n // 2:02}"}
        for n, name in enumerate(names)
    ]
    return of_rows(rows)


STRANGERS = ("Ida Moor", "Jon Reed", "Kim Hale", "Lou Penn", "Mia Voss", "Ned Gray")
COUPLES = ("Ida Moor", "Jon Moor", "Kim Hale", "Lou Hale", "Mia Voss", "Ned Voss")
TURNED = ("Moor, Ida", "Moor, Jon", "Hale, Kim", "Hale, Lou", "Voss, Mia", "Voss, Ned")
TITLED = ("Mr Moor", "Mrs Moor", "Herr Hale", "Frau Dr. Hale", "Mr. K. Voss", "Ms. K. Voss")


@pytest.mark.parametrize("names", [STRANGERS, COUPLES, TURNED, TITLED], ids=lambda names: names[1])
def test_what_is_shared_at_home_identifies_nobody_and_is_no_evidence_for_anything_else(names: tuple[str, ...]) -> None:
    text = draft(households(*names))
    for column in ("email", "phone"):
        asked = f"# ? {column}: rows with one value are of different people (3 of 3 pairs): is it shared?"
        assert asked in text
    assert joined(households(*names)) == []


def test_an_address_that_a_few_people_share_is_no_evidence_for_their_telephone() -> None:
    rows: list[dict[str, JsonValue]] = [
        {
            "id": n,
            "email": f"a{n if n > 1 else 0}@x.example.org",
            "phone": f"+49301234{n % 150 if n > 1 else 0:04}",
            "name": f"{chr(65 + n % 26)}bcd{n} Moor",
        }
        for n in range(150)
    ]
    assert "# ? phone: 1 of 1 pairs of rows with one value seem to be of different people" in draft(of_rows(rows))


@pytest.mark.parametrize(
    "other", ["Ida Moor", "I. Moor", "MOOR Ida", "Ida Marie Moor", "Mrs. Ida Moor", "Ida Moor-Reed", "Idda Moore"]
)
def test_spellings_of_one_name_are_of_one_person(other: str) -> None:
    assert "pairs" not in draft(households("Ida Moor", other, "Kim Hale", "Kim Hale"))


def test_whether_a_name_that_begins_alike_is_of_one_person_is_asked() -> None:
    text = draft(households("Moor Ida", "Moor Jon", "Hale Kim", "Hale Lou"))
    for column in ("email", "phone"):
        assert f"# ? {column}: values repeat: are all rows with one value about one person?" in text


@pytest.mark.parametrize("name", ["#{}", "{}", "INV-2026/{}", "SO{}", "#{}-DE"])
def test_what_is_called_a_name_and_is_a_number_tells_nothing_of_people(name: str) -> None:
    rows: list[dict[str, JsonValue]] = [
        {"id": n, "name": name.format(1000 + n), "email": f"a{n // 2}@x.example.org"} for n in range(12)
    ]
    assert dict(drafted(of_rows(rows)).sources["people"].identifiers) == {"email": "email"}


@pytest.mark.parametrize("name", ["Ann {}", "Ann Lee{}", "Ann the {}nd", "安{}"])
def test_names_with_digits_are_names(name: str) -> None:
    rows: list[dict[str, JsonValue]] = [{"id": n, "name": name.format(n)} for n in range(12)]
    assert "name" in drafted(of_rows(rows)).traits
