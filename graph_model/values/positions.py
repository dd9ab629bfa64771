"""Positions: where in the history of its source a version of a record stands.

Numbers are exact whatever their length, and fractions too; they come before texts, which compare by code points. A
position has one form as JSON, which every store writes.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

from msgspec import Struct, structs

Offset: TypeAlias = int | Decimal | str

#: Whole numbers that every store and every reader of JSON with 64 bits holds.
SMALLEST_INTEGER: Final = -(2**63)
LARGEST_INTEGER: Final = 2**63 - 1

_NUMBER: Final = "number"
_TEXT: Final = "text"


class Position(Struct, frozen=True, gc=False):
    """Which version of a record this is; totally ordered within one record."""

    epoch: int  #: raised when a topic is made anew; 0 is everything that did not come from a log
    offset: Offset  #: offset in the log, declared version, or acceptance number (microseconds); whole: an `int`

    def __post_init__(self) -> None:
        """Give a whole number its one form.

        Raises:
            ValueError: it is no finite number, or not valid Unicode.
        """
        if type(self.offset) is int:
            return  # nearly all are
        if isinstance(self.offset, Decimal):
            if not self.offset.is_finite():
                raise ValueError("a position is a finite number or a text")
            if self.offset == self.offset.to_integral_value():
                structs.force_setattr(self, "offset", int(self.offset))
        elif isinstance(self.offset, str):
            self.offset.encode()  # UnicodeEncodeError is a ValueError

    def __lt__(self, other: "Position") -> bool:
        if type(self.offset) is int and type(other.offset) is int and self.epoch == other.epoch:
            return self.offset < other.offset  # what every change asks
        return self._rank < other._rank

    def __le__(self, other: "Position") -> bool:
        if type(self.offset) is int and type(other.offset) is int and self.epoch == other.epoch:
            return self.offset <= other.offset  # what every change asks
        return self._rank <= other._rank

    def __gt__(self, other: "Position") -> bool:
        return self._rank > other._rank

    def __ge__(self, other: "Position") -> bool:
        return self._rank >= other._rank

    @property
    def _rank(self) -> tuple[int, bool, Any]:
        return (self.epoch, isinstance(self.offset, str), self.offset)

    @property
    def log_offset(self) -> int:
        """The offset of a position in a log that counts its messages.

        Raises:
            ValueError: it is a position of something else.
        """
        if not isinstance(self.offset, int):
            raise ValueError("this position does not count the messages of a log")  # noqa: TRY004 - a matter of value
        return self.offset

    @property
    def told(self) -> int | str:
        """The offset as readers get it: a number where 64 bits hold it, else text."""
        offset = self.offset
        if isinstance(offset, str) or (isinstance(offset, int) and SMALLEST_INTEGER <= offset <= LARGEST_INTEGER):
            return offset
        return plain_decimal(offset)


class SourcePosition(Struct, frozen=True, gc=False):
    """The source's own position of a streamed version (a log sequence number, a binlog position)."""

    kind: str  #: the system that counts, for example `postgresql`; positions of two kinds do not compare
    numbers: tuple[int, ...]

    def is_newer_than(self, other: "SourcePosition | None") -> bool:
        """Tell whether this position follows `other`; true where the two do not compare."""
        return other is None or other.kind != self.kind or self.numbers > other.numbers


def is_small(number: Offset) -> bool:
    """Tell whether a number is whole and 64 bits hold it."""
    return isinstance(number, int) and SMALLEST_INTEGER <= number <= LARGEST_INTEGER


def plain_decimal(number: int | Decimal) -> str:
    """Write a number in digits, without exponent and without zeros at the end of its fraction."""
    text = format(Decimal(number), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def offset_field(offset: Offset) -> Any:  # noqa: ANN401 - a JSON value
    """Give an offset as JSON: itself where 64 bits hold it, else an object that says whether it is number or text."""
    if isinstance(offset, str):
        return {_TEXT: offset}
    return offset if is_small(offset) else {_NUMBER: plain_decimal(offset)}


def offset_of(field: Any) -> Offset:  # noqa: ANN401 - a JSON value
    """Read what `offset_field` gave."""
    if isinstance(field, int):
        return field
    return str(field[_TEXT]) if _TEXT in field else _number(field[_NUMBER])


def position_fields(position: Position) -> list[Any]:
    """Give a position as a JSON array: epoch and offset."""
    return [position.epoch, offset_field(position.offset)]


def position_of(fields: Sequence[Any]) -> Position:
    """Read what `position_fields` gave."""
    epoch, offset = fields
    return Position(epoch, offset_of(offset))


def source_position_fields(position: SourcePosition | None) -> list[Any] | None:
    """Give a source's own position as a JSON array: what counts, and its numbers."""
    return None if position is None else [position.kind, *map(offset_field, position.numbers)]


def source_position_of(fields: Sequence[Any] | None) -> SourcePosition | None:
    """Read what `source_position_fields` gave."""
    return None if fields is None else SourcePosition(fields[0], tuple(int(offset_of(field)) for field in fields[1:]))


def _number(text: str) -> int | Decimal:
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else number
