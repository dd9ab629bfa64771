import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from graph_model.catalogue.document import catalogue_json_schema

ROOT = Path(__file__).parents[4]
SCHEMA_FILE = ROOT / "docs" / "catalogue.schema.json"
EXAMPLES = sorted(ROOT.glob("examples/*/catalogue.yaml"))


def written(path: Path) -> Any:  # noqa: ANN401 what a file holds is not known
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_schema_in_the_docs_is_the_one_of_the_code() -> None:
    generated = json.dumps(catalogue_json_schema(), indent=2, ensure_ascii=False) + "\n"

    assert SCHEMA_FILE.read_text(encoding="utf-8") == generated, (
        "renew it: identity-graph catalogue schema > docs/catalogue.schema.json"
    )


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(catalogue_json_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_shipped_catalogues_follow_the_schema(path: Path) -> None:
    jsonschema.validate(written(path), catalogue_json_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_shipped_catalogues_tell_editors_where_the_schema_is(path: Path) -> None:
    first_line = path.read_text(encoding="utf-8").splitlines()[0]
    reference = first_line.removeprefix("# yaml-language-server: $schema=")

    assert (path.parent / reference).resolve() == SCHEMA_FILE


@pytest.mark.parametrize("section", ["version", "identifiers", "sources"])
def test_the_schema_asks_for_what_must_be_there(section: str) -> None:
    catalogue = written(EXAMPLES[0])
    del catalogue[section]

    with pytest.raises(jsonschema.ValidationError, match=section):
        jsonschema.validate(catalogue, catalogue_json_schema())


def test_every_key_of_the_schema_is_described() -> None:
    schema = catalogue_json_schema()
    forms = [schema, *(form for form in schema["$defs"].values() if form["type"] == "object")]

    assert all("description" in field for form in forms for field in form["properties"].values())
