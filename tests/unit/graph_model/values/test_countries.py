import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.countries import countries_version, region_of_country
from graph_model.values.normalise import phone_regions


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("DE", "DE"), ("de", "DE"), (" De ", "DE"), ("DEU", "DE"), ("USA", "US"), ("U.S.A.", "US"), ("UK", "GB"),
        ("England", "GB"), ("Great Britain", "GB"), ("Germany", "DE"), ("Deutschland", "DE"), ("Allemagne", "DE"),
        ("Alemania", "DE"), ("Alemanha", "DE"), ("Germania", "DE"), ("Duitsland", "DE"), ("Niemcy", "DE"),
        ("德国", "DE"), ("ドイツ", "DE"), ("Österreich", "AT"), ("OSTERREICH", "AT"), ("México", "MX"),
        ("Holland", "NL"), ("Côte d'Ivoire", "CI"), ("Ivory Coast", "CI"), ("Türkiye", "TR"), ("Czech Republic", "CZ"),
    ],
)  # fmt: skip
def test_codes_and_names_of_countries_are_known_in_many_languages(text: str, region: str) -> None:
    assert region_of_country(text) == region


@pytest.mark.parametrize(
    "text", ["", " ", "XX", "Atlantis", "Congo", "Korea", "EU", "276", "Berlin", "Germany, France"]
)
def test_what_is_no_single_country_is_none(text: str) -> None:
    assert region_of_country(text) is None


@given(st.text(max_size=20))
def test_any_text_is_a_known_region_or_none(text: str) -> None:
    assert region_of_country(text) in {None, *phone_regions()}


def test_the_tables_have_a_version() -> None:
    assert countries_version().startswith("1/")
