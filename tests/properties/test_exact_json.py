"""JSON is read without losing a digit, whatever is written."""

import json
import math
from collections.abc import Callable
from decimal import Decimal
from json import JSONDecodeError

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_model.values.equality import JsonValue
from graph_model.values.exact_json import is_writable, read_exact_json, read_faulty_json

_many = settings(max_examples=3 * settings().max_examples)

numbers = st.from_regex(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?", fullmatch=True)
plain_numbers = st.integers().map(str) | st.floats(allow_nan=False, allow_infinity=False).map(repr)
texts = (st.text() | numbers).map(json.dumps)
scalars = numbers | plain_numbers | texts | st.sampled_from(["true", "false", "null"])


def _containers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.lists(inner, max_size=4).map(lambda parts: f"[{', '.join(parts)}]")
    members = st.lists(st.builds("{}:{}".format, texts, inner), max_size=4)
    return lists | members.map(lambda parts: f"{{{','.join(parts)}\n}}")


documents = st.recursive(scalars, _containers, max_leaves=12)


def is_same(read: JsonValue, meant: object) -> bool:
    """Compare with what a reader says that keeps numbers as decimals."""
    if isinstance(meant, Decimal):
        written = read if isinstance(read, str) else repr(read)
        assert not isinstance(read, bool)
        return Decimal(written) == meant and (not isinstance(read, str) or not _is_held(read))
    if isinstance(meant, list):
        return isinstance(read, list) and len(read) == len(meant) and all(map(is_same, read, meant))
    if isinstance(meant, dict):
        return isinstance(read, dict) and list(read) == list(meant) and all(is_same(read[n], meant[n]) for n in meant)
    return type(read) is type(meant) and read == meant


def _is_held(number: str) -> bool:
    """Whether 64 bits hold the number that is written."""
    if number.lstrip("-").isdigit():
        return -(2**63) <= Decimal(number) < 2**63
    nearest = float(number)
    return math.isfinite(nearest) and Decimal(repr(nearest)) == Decimal(number)


@given(documents)
@_many
def test_every_number_is_the_one_that_was_written(document: str) -> None:
    meant = json.loads(document, parse_int=Decimal, parse_float=Decimal)
    assert is_same(read_exact_json(document.encode()), meant)


@given(documents)
@_many
def test_what_was_read_can_be_written_and_read_again(document: str) -> None:
    read = read_exact_json(document.encode())
    assert is_writable(read)
    assert repr(read_exact_json(orjson.dumps(read))) == repr(read)


@given(documents)
def test_a_reader_that_lets_faults_pass_reads_the_same_where_there_are_none(document: str) -> None:
    assert repr(read_faulty_json(document.encode())) == repr(read_exact_json(document.encode()))


@given(st.binary() | documents.map(lambda document: document[:-1].encode()) | st.text().map(str.encode))
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    try:
        read = read_exact_json(content)
    except JSONDecodeError:
        return
    assert orjson.dumps(read)


@pytest.mark.parametrize(
    "content",
    [
        b"NaN",
        b"[Infinity]",
        b"[-Infinity, 123456789012345678901]",
        b"12345678901234567890, NaN",
        b'"\\ud800"',
        b'[123456789012345678901, "\\uDFFF"]',
        b"[123456789012345678901, '\xff']",
        b"\xff",
        b"",
        b"[123456789012345678901",
        b"01234567890123456789",
        b"[" * 100_000,
        b"[1.0e5," + b"[" * 100_000,
    ],
)
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(JSONDecodeError):
        read_exact_json(content)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("123456789012345678", 123456789012345678),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", "9223372036854775808"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("1.5", 1.5),
        ("1.10", 1.1),
        ("1e3", 1000.0),
        ("0.1234567890123456789", "0.1234567890123456789"),
        ("1e400", "1e400"),
        ("1e-400", "1e-400"),
        ("1e99999999999999999999", "1e99999999999999999999"),
        ("0e99999999999999999999", 0.0),
        ("8.96529E+18", 8.96529e18),
        ('"\\ud83d\\ude00 12345678901234567890"', "😀 12345678901234567890"),
    ],
)
def test_numbers_that_64_bits_do_not_hold_are_what_was_written(written: str, read: JsonValue) -> None:
    found = read_exact_json(written.encode())
    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize("piece", [b"9", b"1.", b"1e", b"1e9", b'"1e1', b"9" * 17 + b" "])
def test_the_time_to_read_grows_with_the_length_only(piece: bytes) -> None:
    """A search that tries every place of a long run of digits would take minutes."""
    reader: Callable[[bytes], JsonValue] = read_exact_json
    try:
        reader(piece * (3_000_000 // len(piece)))
    except JSONDecodeError:
        return
