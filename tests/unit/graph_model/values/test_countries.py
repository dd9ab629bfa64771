import subprocess
import sys

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.countries import countries_version, region_of_country
from graph_model.values.normalise import phone_regions


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("DE", "DE"), ("de", "DE"), (" de ", "DE"), ("D\u200bE", "DE"), ("DEU", "DE"), ("276", "DE"), ("004", "AF"),
        ("AND", "AD"), ("NGA", "NG"), ("UK", "GB"), ("EL", "GR"),
        ("Germany", "DE"), ("GERMANY", "DE"), ("Deutschland", "DE"), ("Allemagne", "DE"), ("Alemania", "DE"),
        ("Alemanha", "DE"), ("Germania", "DE"), ("Duitsland", "DE"), ("Niemcy", "DE"), ("德国", "DE"), ("ドイツ", "DE"),
        ("USA", "US"), ("U.S.A.", "US"), ("U.S.", "US"), ("EE. UU.", "US"), ("United States of America", "US"),
        ("England", "GB"), ("Great Britain", "GB"), ("Holland", "NL"), ("the Netherlands", "NL"),
        ("México", "MX"), ("Mexico", "MX"), ("Österreich", "AT"), ("Osterreich", "AT"), ("Oesterreich", "AT"),
        ("Schweiz", "CH"), ("Suisse", "CH"), ("Türkiye", "TR"), ("Turkey", "TR"), ("Côte d'Ivoire", "CI"),
        ("South Korea", "KR"), ("Korea, Republic of", "KR"), ("Russian Federation", "RU"), ("Россия", "RU"),
        ("Czech Republic", "CZ"), ("Trinidad & Tobago", "TT"), ("Saint Lucia", "LC"), ("St. Lucia", "LC"),
        ("Hong Kong", "HK"), ("香港", "HK"), ("Guinea", "GN"), ("Guinea-Bissau", "GW"), ("Niger", "NE"),
        ("Nigeria", "NG"), ("Dominica", "DM"), ("Dominican Republic", "DO"),
    ],
)  # fmt: skip
def test_a_country_is_known_by_its_codes_and_names(written: str, region: str) -> None:
    assert region_of_country(written) == region


@pytest.mark.parametrize("written", ["", " ", "Korea", "Congo", "America", "Virgin Islands"])
def test_a_name_of_several_countries_is_none_of_them(written: str) -> None:
    assert region_of_country(written) is None


@pytest.mark.parametrize(
    "written", ["XX", "D", "4", "840.0", "001", "999", "Atlantis", "YUG", "Antarctica", "AQ", "\ud800"]
)
def test_what_is_no_country_with_numbers_has_no_region(written: str) -> None:
    assert region_of_country(written) is None


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "pt", "it", "nl", "pl", "zh", "ja"])
def test_every_country_is_known_by_its_name_in_the_languages_of_catalogues(language: str) -> None:
    names = {region: name for region, name in Locale.parse(language).territories.items() if region in phone_regions()}
    unknown = {region for region, name in names.items() if region_of_country(name) != region}

    assert unknown <= {"CG"}  # where it goes by the name of Congo alone


@given(st.text())
def test_every_text_has_a_region_with_numbers_or_none(text: str) -> None:
    region = region_of_country(text)

    assert region is None or region in phone_regions()


def test_the_version_tells_that_of_the_library() -> None:
    assert countries_version().startswith("1/")


def test_the_tables_are_read_only_where_a_name_is_asked_for() -> None:
    script = (
        "import sys; from graph_model.values.countries import region_of_country as region; region('DE'); "
        "sys.exit('babel' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
