"""Columns of Arrow, which Parquet files are read into, as values.

The library's own way to values is not taken: it gives bytes, times with fewer digits, times of another day, or an
error for the whole file.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeAlias
from uuid import UUID

from graph_model.values.exact_json import DEEPEST
from services.files.cells import (
    Cell,
    Refused,
    double_cell,
    duration_text,
    half_cell,
    integer_cell,
    single_cell,
    text_cell,
)
from services.files.iso_times import Clock, clock_of, day_text, local_clock, moment_text, time_text, utc_clock
from services.files.lines import Warn

#: A type, and an array of one, of a library that has no stubs and may not be installed.
ArrowType: TypeAlias = Any
Array: TypeAlias = Any
#: From an array to its values.
Reader: TypeAlias = Callable[[Array], list[Cell]]

_NANOSECONDS: Final = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_DAY_MILLISECONDS: Final = 86_400_000
#: What no text has in it, and numbers and hashes written as bytes mostly have.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NO_TEXT: Final = Refused("is bytes that are no text in UTF-8; export it as text, or as hexadecimal digits")
_TOO_DEEP: Final = Refused(f"is nested deeper than {DEEPEST} levels")
_SAME_NAMES: Final = Refused("has members of the same name; give each a name of its own")
_NO_NAMES: Final = Refused("has keys that are neither texts nor numbers; export it as JSON text")


class ArrowReaders:
    """Makes the readers of columns, by their types."""

    def __init__(self, arrow: Any, warn: Warn) -> None:  # noqa: ANN401 - the module pyarrow
        self._arrow = arrow
        self._warn = warn

    def of(self, kind: ArrowType, column: str, depth: int = 1) -> Reader:
        """The reader of arrays of a type.

        Args:
            kind: the type.
            column: whose values they are.
            depth: how deep they lie in it.
        """
        types = self._arrow.types
        if depth >= DEEPEST:
            return _refused(_TOO_DEEP)
        if isinstance(kind, self._arrow.BaseExtensionType):
            return self._of_extension(kind, column, depth)
        if types.is_dictionary(kind):
            inner = self.of(kind.value_type, column, depth)
            return lambda array: inner(array.dictionary_decode())
        if types.is_nested(kind) and not types.is_union(kind):
            return self._of_nested(kind, column, depth + 1)
        return self._of_time(kind, column) if types.is_temporal(kind) else self._of_plain(kind)

    def _of_nested(self, kind: ArrowType, column: str, depth: int) -> Reader:
        types = self._arrow.types
        if types.is_map(kind):
            return partial(_maps, self.of(kind.key_type, column, depth), self.of(kind.item_type, column, depth))
        if not types.is_struct(kind):
            return partial(_lists, self.of(kind.value_type, column, depth))
        fields = [kind.field(place) for place in range(kind.num_fields)]
        names = [each.name for each in fields]
        if len(set(names)) < len(names):
            return _refused(_SAME_NAMES)
        return partial(_structs, names, [self.of(each.type, column, depth) for each in fields])

    def _of_plain(self, kind: ArrowType) -> Reader:
        types = self._arrow.types
        if types.is_null(kind) or types.is_boolean(kind):
            return lambda array: array.to_pylist()
        if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
            return _texts
        for fits, cell in (
            (types.is_integer, integer_cell),
            (types.is_float64, double_cell),
            (types.is_float32, single_cell),
            (types.is_float16, lambda number: half_cell(float(number))),
            (types.is_decimal, _decimal_cell),
            (types.is_binary, _bytes_cell),
            (types.is_large_binary, _bytes_cell),
            (types.is_fixed_size_binary, _bytes_cell),
            (types.is_binary_view, _bytes_cell),
        ):
            if fits(kind):
                return partial(_each, cell)
        return _refused(Refused(f"is of the type {kind}, which is not read; export it as text"))

    def _of_time(self, kind: ArrowType, column: str) -> Reader:
        types, arrow = self._arrow.types, self._arrow
        if types.is_date32(kind):
            return partial(_counts, arrow.int32(), day_text)
        if types.is_date64(kind):
            return partial(_counts, arrow.int64(), lambda count: day_text(count // _DAY_MILLISECONDS))
        unit = _NANOSECONDS.get(getattr(kind, "unit", ""))
        if unit is None:
            return _refused(Refused(f"is of the type {kind}, which is not read; export it as text"))
        if types.is_time(kind):
            count = arrow.int32() if types.is_time32(kind) else arrow.int64()
            return partial(_counts, count, lambda count: time_text(count * unit))
        if types.is_duration(kind):
            return partial(_counts, arrow.int64(), lambda count: duration_text(count * unit))
        clock = local_clock if kind.tz is None else self._clock(kind.tz, column)
        return partial(_counts, arrow.int64(), lambda count: moment_text(count * unit, clock))

    def _clock(self, zone: str, column: str) -> Clock:
        if zone.upper() == "UTC":
            return utc_clock
        clock = clock_of(zone)
        if clock is None:
            self._warn(f"has times in {column!r} of the zone {zone!r}, which is not known here; they are read in UTC")
        return clock or utc_clock

    def _of_extension(self, kind: ArrowType, column: str, depth: int) -> Reader:
        if kind.extension_name == "arrow.uuid":
            return lambda array: [None if each is None else str(UUID(bytes=each)) for each in array.storage.to_pylist()]
        if kind.extension_name == "arrow.bool8":
            return lambda array: [None if each is None else bool(each) for each in array.storage.to_pylist()]
        inner = self.of(kind.storage_type, column, depth)
        return lambda array: inner(array.storage)


def _refused(cell: Refused) -> Reader:
    return lambda array: [cell if valid else None for valid in array.is_valid().to_pylist()]


def _each(cell: Callable[[Any], Cell], array: Array) -> list[Cell]:
    return [None if value is None else cell(value) for value in array.to_pylist()]


def _counts(count: ArrowType, text: Callable[[int], str], array: Array) -> list[Cell]:
    return [None if value is None else text(value) for value in array.cast(count).to_pylist()]


def _texts(array: Array) -> list[Cell]:
    try:
        return _each(text_cell, array)
    except UnicodeDecodeError:
        return [_text(scalar) for scalar in array]


def _text(scalar: Any) -> Cell:  # noqa: ANN401 - see `Array`
    try:
        text = scalar.as_py()
    except UnicodeDecodeError:
        return _NO_TEXT
    return None if text is None else text_cell(text)


def _bytes_cell(content: bytes) -> Cell:
    """Text, as old writers have it, which did not say so of their columns."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return _NO_TEXT
    return _NO_TEXT if _CONTROL.search(text) else text_cell(text)


def _decimal_cell(number: Decimal) -> str:
    return format(number, "f")


def _lists(inner: Reader, array: Array) -> list[Cell]:
    return [whole(inner(scalar.values)) if scalar.is_valid else None for scalar in array]


def _structs(names: Sequence[str], readers: Sequence[Reader], array: Array) -> list[Cell]:
    members = [reader(member) for reader, member in zip(readers, array.flatten(), strict=True)]
    rows: Iterable[tuple[Cell, ...]] = zip(*members, strict=True) if members else [()] * len(array)
    return [
        whole_object(names, row) if valid else None
        for valid, row in zip(array.is_valid().to_pylist(), rows, strict=True)
    ]


def _maps(keys: Reader, values: Reader, array: Array) -> list[Cell]:
    return [_map(keys, values, scalar.values) if scalar.is_valid else None for scalar in array]


def _map(keys: Reader, values: Reader, entries: Array) -> Cell:
    key_array, value_array = entries.flatten()
    names = ["" if key is None else key for key in keys(key_array)]
    if not all(isinstance(name, str | int) and not isinstance(name, bool) for name in names):
        return next((name for name in names if isinstance(name, Refused)), _NO_NAMES)
    texts = list(map(str, names))
    return _SAME_NAMES if len(set(texts)) < len(texts) else whole_object(texts, values(value_array))


def whole_object(names: Sequence[str], values: Sequence[Cell]) -> Cell:
    """An object with such members, which is refused where one of its values is."""
    read = whole(values)
    return dict(zip(names, read, strict=True)) if isinstance(read, list) else read


def whole(values: Sequence[Cell]) -> Cell:
    """A list of values, which is refused where one of them is."""
    refused = next((value for value in values if isinstance(value, Refused)), None)
    return refused or [value for value in values if not isinstance(value, Refused)]
