"""The shipped examples are what they say."""

import csv
import importlib.util
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from graph_model.catalogue.document import catalogue_warnings, parse_catalogue
from graph_model.catalogue.rules import Catalogue
from graph_model.errors import CatalogueError
from graph_model.records.record import apply_change
from graph_model.resolution.mapping import MappedRecord, map_record
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.positions import Position

EXAMPLES = Path(__file__).parents[4] / "examples"
CATALOGUES = sorted(EXAMPLES.glob("*/catalogue.yaml"))
DATA = EXAMPLES / "shop" / "data"
FILES = {
    "crm": "crm.csv",
    "web_shop": "web_shop.jsonl",
    "support_desk": "support_desk.csv",
    "newsletter": "newsletter.jsonl",
}


@pytest.fixture(scope="module")
def shop() -> Catalogue:
    return parse_catalogue((EXAMPLES / "shop" / "catalogue.yaml").read_text(encoding="utf-8"), "shop")


@pytest.fixture(scope="module")
def records(shop: Catalogue) -> list[MappedRecord]:
    """Every row of the sample, as a record."""
    mapped = []
    for source_name, file_name in FILES.items():
        source = shop.sources[source_name]
        for number, row in enumerate(rows_of(DATA / file_name)):
            change = row_change(source, row, Origin(position=Position(0, number), observed_at=1_795_900_000_000))
            record = apply_change(None, change, source.columns).record
            assert record is not None
            mapped.append(map_record(record, shop))
    return mapped


def documented(language: str) -> str:
    """Return the first block of code in this language in the documentation of the catalogue."""
    text = (EXAMPLES.parent / "docs" / "catalogue.md").read_text(encoding="utf-8")
    return text.partition(f"```{language}\n")[2].partition("```")[0]


def rows_of(path: Path) -> Iterator[Mapping[str, JsonValue]]:
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            yield from csv.DictReader(file)
        else:
            yield from (json.loads(line) for line in file)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.name)
def test_a_shipped_catalogue_has_neither_faults_nor_warnings(path: Path) -> None:
    assert catalogue_warnings(parse_catalogue(path.read_text(encoding="utf-8"), str(path))) == ()


def test_the_catalogue_in_the_docs_has_neither_faults_nor_warnings() -> None:
    assert catalogue_warnings(parse_catalogue(documented("yaml"), "docs")) == ()


def test_the_faults_in_the_docs_are_told_as_they_are_there() -> None:
    faulty = (
        documented("yaml")
        .replace("normalise: email", "normalise: emial")
        .replace("ssn:       {identifier: national_id", "ssn: {identifier: ssn")
    )

    with pytest.raises(CatalogueError) as refused:
        parse_catalogue(faulty, "catalogue.yaml")

    assert str(refused.value) in (EXAMPLES.parent / "docs" / "catalogue.md").read_text(encoding="utf-8")


def test_the_sample_is_what_the_script_makes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_sample_data", EXAMPLES / "shop" / "make_sample_data.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.write_all(tmp_path)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in DATA.iterdir()
    }


def test_every_row_of_the_sample_has_an_address_of_its_own(records: list[MappedRecord]) -> None:
    assert len({record.address for record in records}) == len(records) > 2_000


def test_some_values_of_the_sample_cannot_be_read(records: list[MappedRecord]) -> None:
    issues = Counter(issue.column for record in records for issue in record.issues)

    assert issues == {"birth_date": 2, "phone": 2}


def test_only_the_e_mail_address_of_the_tills_is_generic(shop: Catalogue, records: list[MappedRecord]) -> None:
    holders = Counter(identifier for record in records for identifier in record.identifiers)
    generic = {str(held): count for held, count in holders.items() if shop.kinds[held.kind].is_generic(count)}

    assert generic == {"email:till@example.org": 40}


def test_values_that_identify_nobody_are_no_identifiers(records: list[MappedRecord]) -> None:
    carried = {str(identifier) for record in records for identifier in record.identifiers}

    assert not carried & {"email:noreply@example.com", "customer_number:0000000", "customer_number:9999999"}


def test_ann_lee_is_in_every_source(records: list[MappedRecord]) -> None:
    ann = [r for r in records if any(str(i) == "email:ann.lee@example.com" for i in r.identifiers)]

    assert sorted(record.address.source for record in ann) == sorted(FILES)


def test_the_systems_disagree_about_ann_lee(records: list[MappedRecord]) -> None:
    ann = [r for r in records if any(str(i) == "email:ann.lee@example.com" for i in r.identifiers)]

    assert {record.traits["phone"] for record in ann if "phone" in record.traits} == {
        "(212) 555-0142",
        "+1 212 555 0142",
        "917-555-0119",
    }
