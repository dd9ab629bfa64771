"""Positions are totally ordered, and every store reads the one that it wrote."""

from decimal import Decimal
from functools import cmp_to_key

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_model.values.positions import (
    Offset,
    Position,
    SourcePosition,
    offset_field,
    plain_decimal,
    position_fields,
    position_of,
    source_position_fields,
    source_position_of,
)

whole = st.integers() | st.integers(10**55, 10**56) | st.sampled_from([0, 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1])
fractions = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**60), max_value=10**60, places=30)
spellings = st.builds(lambda number, zeros: Decimal(f"{number}.{'0' * zeros}"), whole, st.integers(1, 3))
texts = st.text() | st.sampled_from(["7", "7.9", "text", '{"number":"7"}'])
offsets: st.SearchStrategy[Offset] = whole | fractions | spellings | texts
positions = st.builds(Position, st.integers(0, 3), offsets)


def compared(one: Position, other: Position) -> int:
    """Epochs first, then numbers before texts, each in the order that everybody expects."""
    ranks = []
    for position in (one, other):
        is_text = isinstance(position.offset, str)
        number = Decimal(0) if isinstance(position.offset, str) else Decimal(position.offset)
        points = [*map(ord, position.offset)] if isinstance(position.offset, str) else []
        ranks.append((position.epoch, is_text, number, points))
    return (ranks[0] > ranks[1]) - (ranks[0] < ranks[1])


@given(st.lists(positions, max_size=6))
def test_positions_have_one_order(some: list[Position]) -> None:
    assert sorted(some) == sorted(some, key=cmp_to_key(compared))


@given(positions, positions)
def test_one_of_two_positions_is_newer_unless_they_are_one(one: Position, other: Position) -> None:
    assert [one < other, one == other, one > other].count(True) == 1
    assert (one <= other, one >= other) == (not one > other, not one < other)
    if one == other:
        assert (hash(one), position_fields(one)) == (hash(other), position_fields(other))
        assert type(one.offset) is type(other.offset)


@given(positions)
def test_a_position_is_read_back_from_its_stored_form(position: Position) -> None:
    written = orjson.dumps(position_fields(position))
    assert position_of(orjson.loads(written)) == position
    assert orjson.dumps(position_fields(position_of(orjson.loads(written)))) == written


@given(offsets, offsets)
def test_what_is_stored_of_two_offsets_is_the_same_only_if_they_are(one: Offset, other: Offset) -> None:
    assert (offset_field(Position(0, one).offset) == offset_field(Position(0, other).offset)) == (
        Position(0, one) == Position(0, other)
    )


@given(st.none() | st.builds(SourcePosition, st.text(), st.lists(whole, max_size=3).map(tuple)))
def test_the_position_of_a_source_is_read_back_from_its_stored_form(position: SourcePosition | None) -> None:
    written = orjson.dumps(source_position_fields(position))
    assert source_position_of(orjson.loads(written)) == position


@pytest.mark.parametrize(
    ("offset", "told"),
    [
        (7, 7),
        (Decimal("7.0"), 7),
        (Decimal("7.90"), "7.9"),
        (2**63 - 1, 2**63 - 1),
        (2**63, "9223372036854775808"),
        (Decimal("1E+30"), "1000000000000000000000000000000"),
        ("mysql-bin.1:7", "mysql-bin.1:7"),
    ],
)
def test_readers_get_a_number_where_64_bits_hold_it(offset: Offset, told: int | str) -> None:
    assert Position(1, offset).told == told


@pytest.mark.parametrize("offset", [Decimal("NaN"), Decimal("Infinity"), "\ud800"])
def test_what_cannot_be_ordered_or_written_is_no_position(offset: Offset) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - one of these errors is Python's own
        Position(0, offset)


def test_a_long_fraction_keeps_all_its_digits() -> None:
    digits = "0." + "1234567890" * 8 + "1"
    assert plain_decimal(Decimal(digits)) == digits


def test_only_a_whole_number_counts_the_messages_of_a_log() -> None:
    assert Position(1, 7).log_offset == 7
    with pytest.raises(ValueError, match="does not count"):
        _ = Position(1, "7").log_offset
