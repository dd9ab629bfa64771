import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.base64_numbers import may_be_a_number
from graph_model.values.equality import JsonValue


def as_java_writes(number: int) -> str:
    """`BigInteger.toByteArray`: as few bytes as hold the number and its sign."""
    size = 1
    while not -(1 << (8 * size - 1)) <= number < 1 << (8 * size - 1):
        size += 1
    return base64.b64encode(number.to_bytes(size, "big", signed=True)).decode()


@pytest.mark.parametrize("text", ["D0JB", "AeI6", "zg==", "AA==", "Anna"])
def test_what_may_be_a_number(text: str) -> None:
    assert may_be_a_number(text)


@pytest.mark.parametrize(
    "value", ["", "Ann", "D0J", "D0JB\n", "D0J=", "D0JC=", "AAAB", "////", "Größ", "A" * 32, 7, None, ["D0JB"]]
)
def test_what_is_none(value: JsonValue) -> None:
    assert not may_be_a_number(value)


@given(st.integers(-(10**49), 10**49))
def test_every_number_may_be_one(number: int) -> None:
    assert may_be_a_number(as_java_writes(number))


@given(st.text(max_size=40))
def test_no_text_is_a_fault(text: str) -> None:
    may_be_a_number(text)
