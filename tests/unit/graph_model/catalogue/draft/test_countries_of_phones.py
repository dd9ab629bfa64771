import pytest

from graph_model.catalogue.rules import RegionColumn
from tests.unit.graph_model.catalogue.draft.sampling import draft, drafted, line_of, table


def region_of(text: str) -> object:
    regions = {each.region for each in drafted(table(text)).sources["people"].meanings if each.identifier == "phone"}
    assert len(regions) == 1
    return regions.pop()


def test_a_column_of_countries_says_it_where_the_numbers_exist_there() -> None:
    text = "id,phone,country\n1,0171 1234567,DE\n2,020 7946 0018,United Kingdom\n3,01 42 68 53 11,Frankreich\n"
    assert region_of(text) == RegionColumn("country")
    assert "# 3 of 3 numbers exist in the country of their row" in draft(table(text))


def test_a_column_of_countries_in_which_the_numbers_do_not_exist_says_nothing() -> None:
    text = "id,phone,country\n1,(212) 555-0142,FR\n2,(917) 555-0119,FR\n3,(646) 555-0111,FR\n"
    assert region_of(text) == "US"


@pytest.mark.parametrize(
    ("header", "number", "region"),
    [
        ("Kundennummer,Telefon,Vorname", "030 7654321", "DE"),
        ("id,Téléphone,Prénom", "01 42 68 53 11", "FR"),
        ("id,Teléfono,Apellidos", "912 345 678", "ES"),
        ("id,Telefone,Sobrenome", "(11) 96123-4567", "BR"),
        ("id,Telefono,Cognome", "06 698 12345", "IT"),
        ("id,Telefoonnummer,Achternaam", "020 123 4567", "NL"),
        ("id,Numer telefonu,Nazwisko", "22 123 45 67", "PL"),
        ("编号,手机,姓名", "138 0013 8001", "CN"),
        ("番号,電話番号,氏名", "03-1234-5678", "JP"),
    ],
)
def test_the_language_of_the_headers_hints_at_it_and_the_numbers_must_exist_there(
    header: str, number: str, region: str
) -> None:
    text = f"{header}\n1,{number},Ann\n"
    assert region_of(text) == region
    assert "# ? region: is it this country?" in draft(table(text))


@pytest.mark.parametrize(
    ("rows", "region"),
    [
        ("1,(212) 555-0142,a@x.example.org,11215", "US"),
        ("1,020 7946 0018,a@x.example.co.uk,SW1A 1AA", "GB"),
        ("1,020 7946 0018,a@x.example.org,SW1A 1AA", "GB"),
        ("1,030 7654321,a@x.example.de,10115", "DE"),
        ("1,030 7654321,a@x.example.org,1\n2,+49 171 1234567,,1\n3,+49 171 1234568,,1", "DE"),
    ],
)
def test_other_numbers_addresses_and_postcodes_hint_at_it(rows: str, region: str) -> None:
    assert region_of(f"id,phone,email,zip\n{rows}\n") == region


def test_without_any_hint_it_is_asked_and_never_guessed() -> None:
    text = "id,phone,email\n1,0171 1234567,a@x.example.org\n2,0171 1234568,b@x.example.org\n"
    assert region_of(text) is None
    assert "# ? region: which country do the 2 numbers without + belong to?" in draft(table(text))


def test_numbers_that_all_have_their_country_need_none() -> None:
    text = "id,phone\n1,+49 171 1234567\n2,+33 1 42 68 53 11\n3,+1 212 555 0142\n"
    assert region_of(text) is None


def test_a_fax_is_no_identifier() -> None:
    assert (
        line_of(draft(table("id,email,fax\n1,a@x.example.org,+49 30 7654321\n")), "fax: {")
        == "fax: {trait: fax} # in 1 row"
    )
