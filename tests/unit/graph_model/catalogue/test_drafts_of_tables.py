"""Drafts of tables as people have them: what is found is written down with its reason, what is open is asked."""

import csv
import io
import itertools
from collections.abc import Mapping, Sequence

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.draft.tables import SampleTable
from graph_model.catalogue.draft.words import Meaning, meanings
from graph_model.catalogue.draft.writing import draft_catalogue
from graph_model.catalogue.rules import Catalogue, DeletionFlag, RegionColumn
from graph_model.records.record import RecordAddress, apply_change
from graph_model.resolution.mapping import map_record
from graph_model.resolution.resolve import resolve
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position
from graph_model.values.trait_values import TraitType

NOW = 1_795_900_000_000


def table(text: str, name: str = "people", delimiter: str = ",") -> SampleTable:
    """A sample of CSV."""
    rows = [
        {column: value or None for column, value in row.items()}
        for row in csv.DictReader(io.StringIO(text), delimiter=delimiter)
    ]
    return SampleTable(name=name, columns=list(rows[0]), rows=rows)


def of(values: Sequence[JsonValue], column: str) -> SampleTable:
    """A sample with one more column beside its key."""
    rows = [{"id": number, column: value} for number, value in enumerate(values)]
    return SampleTable(name="people", columns=["id", column], rows=rows)


def drafted(*tables: SampleTable) -> Catalogue:
    return parse_catalogue(draft_catalogue(tables), "draft")


def joined(*tables: SampleTable) -> list[list[str]]:
    """The rows that the draft makes one person, of those that it joins."""
    catalogue = drafted(*tables)
    mapped = {}
    for each, (name, source) in zip(tables, catalogue.sources.items(), strict=True):
        for number, row in enumerate(each.rows):
            change = row_change(source, row, Origin(position=Position(0, number), observed_at=NOW))
            record = apply_change(None, change, source.columns).record
            mapped[RecordAddress(name, record.address.key)] = map_record(record, catalogue)
    clusters = itertools.chain.from_iterable(each.clusters for each in resolve(mapped, (), frozenset(), catalogue))
    return [[str(address) for address in each.members] for each in clusters if len(each.members) > 1]


CRM = """\
id,email,first_name,customer_group_id,user_status_code,passport_country,social_network,nationality,tax_rate,tax_exempt
1,ann@a.example.org,Ann,1,active,DE,facebook,German,19,no
2,bob@b.example.org,Bob,1,active,DE,facebook,German,19,no
3,cyd@c.example.org,Cyd,2,active,FR,instagram,French,20,no
4,dee@d.example.org,Dee,1,blocked,DE,x,German,19,yes
"""


def test_attributes_that_many_people_share_are_no_identifiers() -> None:
    assert list(drafted(table(CRM)).kinds) == ["email"]
    assert joined(table(CRM)) == []


def test_a_number_that_repeats_is_asked_about_and_joins_nobody() -> None:
    text = "id,account_id,email\n1,0015,a@a.example.org\n2,0015,b@b.example.org\n3,0015,c@c.example.org\n"
    assert "3 rows share 1 value: no identifier of a person?" in draft_catalogue([table(text)])
    assert joined(table(text)) == []


GERMAN = """\
Kundennummer;Vorname;Nachname;E-Mail-Adresse;Telefon;Handy;Geburtsdatum;PLZ;Umsatz;Geändert am
10001;Jörg;Groß;joerg@a.example.de;030 1234567;0171 1234567;07.03.1984;01067;1.234,56;05.01.2026 10:00
10002;Ute;Fuß;ute@a.example.de;040 7654321;;;20095;99,00;06.01.2026 11:30
"""


def test_a_german_table_is_understood_with_its_dates_numbers_and_phones() -> None:
    text = draft_catalogue([table(GERMAN, delimiter=";")])
    source = parse_catalogue(text, "draft").sources["people"]
    assert source.key == ("Kundennummer",)
    assert dict(source.identifiers) == {
        "Kundennummer": "kundennummer", "E-Mail-Adresse": "email", "Telefon": "phone", "Handy": "phone"
    }  # fmt: skip
    assert "region: DE # 3 of 3 numbers without + are valid there; is it right?" in text
    assert 'Geburtsdatum: {trait: geburtsdatum, read: {date: "%d.%m.%Y"}}' in text
    assert 'Umsatz: {trait: umsatz, read: {decimal: ","}}' in text
    assert 'event_time: {column: "Geändert am", read: {time: "%d.%m.%Y %H:%M"}}' in text


@pytest.mark.parametrize(
    ("column", "meaning"),
    [
        ("Téléphone", Meaning.PHONE), ("Portable", Meaning.PHONE), ("Telefone", Meaning.PHONE), ("手机", Meaning.PHONE),
        ("携帯電話", Meaning.PHONE), ("telefoonnummer", Meaning.PHONE), ("Cellulare", Meaning.PHONE),
        ("numer telefonu", Meaning.PHONE), ("Correo electrónico", Meaning.EMAIL), ("电子邮件", Meaning.EMAIL),
        ("メールアドレス", Meaning.EMAIL), ("Courriel", Meaning.EMAIL), ("Date de naissance", Meaning.BIRTH_DATE),
        ("Fecha de nacimiento", Meaning.BIRTH_DATE), ("Data di nascita", Meaning.BIRTH_DATE),
        ("生年月日", Meaning.BIRTH_DATE), ("Geboortedatum", Meaning.BIRTH_DATE), ("Data urodzenia", Meaning.BIRTH_DATE),
        ("客户编号", Meaning.PERSON_NUMBER), ("顧客番号", Meaning.PERSON_NUMBER),
        ("Klantnummer", Meaning.PERSON_NUMBER), ("Número de cliente", Meaning.PERSON_NUMBER),
        ("Codice cliente", Meaning.PERSON_NUMBER),
        ("Sobrenome", Meaning.LAST_NAME), ("Nazwisko", Meaning.LAST_NAME), ("Apellidos", Meaning.LAST_NAME),
        ("Imię", Meaning.FIRST_NAME), ("Voornaam", Meaning.FIRST_NAME), ("Straßenname", None),
    ],
)  # fmt: skip
def test_headers_are_understood_in_many_languages(column: str, meaning: Meaning | None) -> None:
    assert meaning in meanings(column) if meaning is not None else not meanings(column)


@pytest.mark.parametrize(
    ("values", "column", "written"),
    [
        (["31/12/1984", "07/03/1990"], "born", 'read: {date: "%d/%m/%Y"}'),
        (["12/31/1984", "03/07/1990"], "born", 'read: {date: "%m/%d/%Y"}'),
        (["7 Mar 1984", "12 Dec 1990"], "born", 'read: {date: "%d %b %Y"}'),
        (["19840307", "12/31/1984", "19900301"], "born", 'read: {date: ["%Y%m%d", "%m/%d/%Y"]}'),
        (["30748", "31002"], "birth_date", "read: excel_serial"),
        ([1_780_000_000_000, 1_780_000_360_000], "last_seen_at", "read: epoch_milliseconds"),
        (["1780000000", "1780000360"], "last_seen_at", "read: epoch_seconds"),
        (["1.234,56", "99,00"], "spent", 'read: {decimal: ","}'),
        (["1,204.50", "3.00"], "spent", 'read: {decimal: "."}'),
        (["a@x.example.org;b@x.example.org", "c@x.example.org"], "email", 'separator: ";"'),
        (["12", "n/a", "30", "-"], "orders", 'nulls: ["-", "n/a"]'),
    ],
)
def test_how_values_are_written_is_found_and_written_down(values: list[JsonValue], column: str, written: str) -> None:
    text = draft_catalogue([of(values, column)])
    assert written in text
    assert parse_catalogue(text, "draft")


def test_whether_day_or_month_comes_first_is_asked_where_no_value_tells() -> None:
    text = draft_catalogue([of(["03/04/2024", "05/06/2024"], "joined")])
    assert "day or month first?" in text
    assert parse_catalogue(text, "draft").traits["joined"].type is TraitType.TEXT


def test_what_may_be_no_name_is_asked_and_stays() -> None:
    text = draft_catalogue([of(["Lee", "Null", "None"], "last_name")])
    assert "no name? then: nulls: [...]" in text
    assert 'nulls: ["' not in text


@pytest.mark.parametrize(
    ("column", "values", "flag"),
    [
        ("IsDeleted", ["false", "true"], DeletionFlag("IsDeleted", frozenset({"true"}))),
        ("deleted_at", [None, "2026-01-05T10:00:00Z"], DeletionFlag("deleted_at", None)),
        ("gelöscht", ["0", "1"], DeletionFlag("gelöscht", frozenset({"1"}))),
    ],
)
def test_deletion_flags_are_written_down_and_asked_about(
    column: str, values: list[JsonValue], flag: DeletionFlag
) -> None:
    text = draft_catalogue([of(values, column)])
    assert "# are such rows deleted?" in text
    assert parse_catalogue(text, "draft").sources["people"].deleted == flag


def test_the_country_of_phones_is_a_column_where_there_is_one() -> None:
    text = "id,phone,country\n1,0171 1234567,DE\n2,020 7946 0018,United Kingdom\n"
    source = drafted(table(text)).sources["people"]
    assert [each.region for each in source.meanings if each.identifier == "phone"] == [RegionColumn("country")]


def test_a_table_that_refers_to_people_again_and_again_is_what_they_did() -> None:
    customers = table("customer_id,email\n1,a@a.example.org\n2,b@b.example.org\n3,c@c.example.org\n", "customers")
    orders = table("order_id,customer_id,total\n7,1,9.5\n8,1,3.0\n9,3,4.0\n", "orders")
    text = draft_catalogue([customers, orders])
    assert "# left out: orders looks like what people did (customer_id is the key of customers" in text
    assert list(parse_catalogue(text, "draft").sources) == ["customers"]


def test_tables_of_people_share_kinds_and_traits() -> None:
    crm = table("id,email,city\n1,ann@a.example.org,Rome\n2,bob@a.example.org,Oslo\n", "crm")
    shop = table("account,e-mail,city\n8,ANN@a.example.org,Rome\n9,cyd@a.example.org,Bonn\n", "shop")
    catalogue = drafted(crm, shop)
    assert list(catalogue.kinds) == ["email"]
    assert joined(crm, shop) == [["crm[1]", "shop[8]"]]


def test_nested_values_have_paths_and_lists_several_values() -> None:
    rows: list[Mapping[str, JsonValue]] = [
        {
            "id": n,
            "address": {"city": "Rome", "zip": "00100"},
            "contacts": [{"email": f"a{n}@a.example.org"}, {"email": f"b{n}@a.example.org"}],
            "emails": [f"c{n}@a.example.org"],
        }
        for n in range(3)
    ]
    sample = SampleTable(name="app", columns=list(rows[0]), rows=rows)
    source = drafted(sample).sources["app"]
    assert dict(source.identifiers) == {"contacts[].email": "email", "emails": "email"}
    assert "address.city" in dict(source.traits)


def test_the_key_is_the_one_that_messages_tell() -> None:
    sample = SampleTable(
        name="t", columns=["a", "b", "email"], rows=[{"a": 1, "b": 2, "email": "x@x.org"}], key=("b", "a")
    )
    assert drafted(sample).sources["t"].key == ("b", "a")


def test_keys_that_differ_in_case_only_stay_two() -> None:
    text = "Id,Email\n0035g00000AAAAA,a@a.example.org\n0035g00000AAAAa,b@a.example.org\n"
    assert drafted(table(text)).sources["people"].key == ("Id",)
    assert joined(table(text)) == []
