"""Any row has a key or is rejected, and a key has one form, however it was written."""

import json
import re
from decimal import Decimal

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_model.errors import MessageRejected
from graph_model.records.record import RecordAddress
from graph_model.resolution.row_changes import Origin, key_address, row_change
from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import read_exact_json
from graph_model.values.keys import NotAKey, canonical_key, is_canonical, key_part, plain_key, write_key
from graph_model.values.positions import Position
from tests.properties import worlds
from tests.properties.test_exact_json import documents

CRM = worlds.catalogue((1, 1, 1), (1, 2, 3), (False, False, True)).sources["crm"]
_many = settings(max_examples=3 * settings().max_examples)

#: Texts that are numbers, or nearly.
spellings = st.from_regex(r"[+-]?[0-9]{0,25}(?:\.[0-9]{0,3})?(?:[eE][+-]?[0-9]{1,2})?", fullmatch=True)
texts = st.text() | spellings | st.sampled_from(["1", "1.0", "0", "-0", "0.0", "٣", "1.10", "007", "\ud800"])
values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


def _is_key(value: JsonValue) -> bool:
    try:
        key_part(value)
    except NotAKey:
        return False
    return True


keys = st.lists(texts.filter(_is_key), min_size=1, max_size=3)


def _whole(text: str) -> str:
    """The rule of whole numbers, in the words of the rule."""
    if re.fullmatch(r"-?0(\.0+)?", text):
        return "0"
    return text.split(".", maxsplit=1)[0] if re.fullmatch(r"-?[1-9][0-9]*(\.0+)?", text) else text


@given(st.dictionaries(st.sampled_from(["id", "name"]), values))
@_many
def test_every_row_has_a_key_or_is_rejected(row: dict[str, JsonValue]) -> None:
    try:
        change = row_change(CRM, row, Origin(position=Position(1, 1), observed_at=0))
    except MessageRejected:
        return
    assert is_canonical(orjson.loads(change.address.key))


@given(documents.filter(lambda document: document not in ("null", '""')))
@_many
def test_every_json_value_is_a_key_or_is_rejected(document: str) -> None:
    value = read_exact_json(document.encode())
    try:
        address = key_address(CRM, {"id": value})
    except MessageRejected:
        assert not isinstance(value, int) or isinstance(value, bool)
        return
    (part,) = address.key_parts
    if not isinstance(value, str):
        assert Decimal(part) == Decimal(repr(value))


@given(values | st.integers(-(10**16), 10**16) | st.integers(0, 10**16).map(str))
@_many
def test_a_key_that_is_written_at_once_is_the_one_that_is_written_part_by_part(value: JsonValue) -> None:
    plain = plain_key(value)
    assert plain is None or plain == write_key([key_part(value)])


@given(keys)
@_many
def test_a_key_is_read_from_what_documents_show_of_it(key: list[str]) -> None:
    address = RecordAddress.of("crm", key)
    assert RecordAddress.of("crm", address.written_key) == address
    assert RecordAddress.of("crm", address.key_parts) == address
    assert RecordAddress.stored("crm", address.written_key) == address
    assert canonical_key(address.key) == address.key


@given(keys, keys)
@_many
def test_different_texts_are_different_keys_but_for_whole_numbers(one: list[str], other: list[str]) -> None:
    is_one = list(map(_whole, one)) == list(map(_whole, other))
    assert (RecordAddress.of("crm", one) == RecordAddress.of("crm", other)) == is_one


@given(st.integers(), st.integers(1, 5))
def test_a_whole_number_is_one_key_in_every_notation(number: int, zeros: int) -> None:
    notations: list[JsonValue] = [number, str(number), read_exact_json(str(number).encode())]
    if abs(number) <= 2**53:
        notations.append(float(number))
    notations.append(f"{number}.{'0' * zeros}")
    assert {RecordAddress.of("crm", [notation]).key for notation in notations} == {write_key([str(number)])}


@given(keys)
def test_readers_with_floats_hold_every_number_of_a_key(key: list[str]) -> None:
    address = RecordAddress.of("crm", key)
    as_floats = json.loads(address.key, parse_int=lambda digits: str(int(float(digits))))
    assert as_floats == address.key_parts


@given(st.lists(st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(-1e15, 1e15) | texts, max_size=3))
@_many
def test_a_key_stored_in_any_form_has_a_canonical_form(parts: list[JsonValue]) -> None:
    parts = [part for part in parts if part != "\ud800"]
    canonical = canonical_key(orjson.dumps(parts).decode())
    assert is_canonical(orjson.loads(canonical))
    assert canonical_key(canonical) == canonical


@pytest.mark.parametrize(
    ("stored", "canonical"),
    [
        ("[1]", "[1]"),
        ("[1234567890123456789]", '["1234567890123456789"]'),
        ('["1234567890123456789"]', '["1234567890123456789"]'),
        ("[18446744073709551615]", '["18446744073709551615"]'),
        ('["1.0"]', "[1]"),
        ("[2.5]", '["2.5"]'),
        ("[1e-7]", '["0.0000001"]'),
        ('[true,false,"x"]', '["true","false","x"]'),
        ('["8.96529E+18"]', '["8.96529E+18"]'),
    ],
)
def test_keys_of_the_past_are_brought_into_the_present_form(stored: str, canonical: str) -> None:
    assert canonical_key(stored) == canonical
