"""Decimals of Debezium's default settings in JSON without a schema: read where they show, told where they may be."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from consumers.decoders.message import Message
from graph_model.catalogue.rules import Catalogue, Column, Trait
from graph_model.records.record import RecordAddress, apply_change
from graph_model.resolution.mapping import MappedRecord, map_record
from graph_model.values.trait_values import TraitType
from tests.unit.consumers.test_debezium import edited, only

Captured = Callable[..., Message]


def mapped(message: Message, catalogue: Catalogue, column: str) -> MappedRecord:
    """What a message says of a column that is read as a number."""
    customer = replace(catalogue.sources["customer"], meanings=(Column(name=column, identifier=None, trait="balance"),))
    numbers = replace(catalogue, sources={"customer": customer}, traits={"balance": Trait(TraitType.NUMBER)})
    return map_record(apply_change(None, only(message, numbers), customer.columns).record, numbers)


def test_a_decimal_of_any_scale_shows_without_a_schema(captured: Captured, catalogue: Catalogue) -> None:
    """Shape: io.debezium.data.VariableScaleDecimal, of which the converter leaves its two fields."""
    number = {"scale": 0, "value": "D0JB"}

    def number_it(envelope: dict[str, Any]) -> None:
        envelope["after"].update(id=number, tags=[number], note={"scale": "0", "value": "D0JB"}, first_name="D0JB")

    change = only(replace(edited(captured("c"), number_it), key=orjson.dumps({"id": number})), catalogue)
    assert change.address == RecordAddress.of("customer", [1_000_001])
    assert change.row is not None
    assert [change.row[column] for column in ("id", "note", "first_name")] == [
        "1000001",
        {"scale": "0", "value": "D0JB"},
        "D0JB",
    ]


def test_the_issue_of_a_decimal_without_a_schema_names_the_way_out(captured: Captured, catalogue: Catalogue) -> None:
    """The captured connector has the default, `decimal.handling.mode=precise`."""
    bare, with_schema = (mapped(captured(name), catalogue, "balance") for name in ("r_all_types", "schema_r_all_types"))
    (issue,) = bare.issues
    assert "may be a decimal in base64" in issue.reason
    assert "set `decimal.handling.mode=string`" in issue.reason
    assert "`schemas.enable=true`" in issue.reason
    assert dict(with_schema.traits) == {"balance": 1234.5}


@pytest.mark.parametrize("text", ["Ana", "D0J=", "n/a"])
def test_other_texts_are_no_decimals(text: str, captured: Captured, catalogue: Catalogue) -> None:
    message = edited(captured("c"), lambda envelope: envelope["after"].update(note=text))
    (issue,) = mapped(message, catalogue, "note").issues
    assert "base64" not in issue.reason
