"""GraphBinary as the client writes and reads it: rows of plain values inside one traversal, messages of the server.

The library's writer and reader look up a serializer for every value and take several times as long, which is most of
what a commit or a read costs the client; what is rare is left to them.
Format: https://tinkerpop.apache.org/docs/3.7.5/dev/io/#graphbinary
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final, TypeAlias
from uuid import UUID

from gremlin_python.process.traversal import CardinalityValue, Direction, T
from gremlin_python.statics import long
from gremlin_python.structure.io.graphbinaryV1 import GraphBinaryReader, GraphBinaryWriter

#: A key of a row: a property name, or one of Gremlin's own: one of the names below, or `T.id` and the like, which are
#: slow to look up.
RowKey: TypeAlias = Any
#: A string, an int (32 bits), a long, a bool, one of these as a `Single`, or a sequence or mapping of these.
RowValue: TypeAlias = Any

_head_and_number = struct.Struct(">BBi").pack  #: of an int its value, of all else its length
_head_and_long = struct.Struct(">BBq").pack
_int_at = struct.Struct(">i").unpack_from
_long_at = struct.Struct(">q").unpack_from
_STRING, _INT, _LONG, _LIST, _MAP = 0x03, 0x01, 0x02, 0x09, 0x0A
_TRAVERSER = 0x21
_TRUE, _FALSE = b"\x27\x00\x01", b"\x27\x00\x00"
_library_writer, _library_reader = GraphBinaryWriter(), GraphBinaryReader()
#: Gremlin's own keys by names that no property has.
ID, LABEL, OUT, IN = "T.id", "T.label", "Direction.OUT", "Direction.IN"
_OWN_KEYS: dict[RowKey, bytes] = {
    key: bytes(_library_writer.to_dict(own))
    for own, name in ((T.id, ID), (T.label, LABEL), (Direction.OUT, OUT), (Direction.IN, IN))
    for key in (own, name)
}
_SHORT: Final = 1_024
_short_strings: Final = tuple(_head_and_number(_STRING, 0, length) for length in range(_SHORT))  #: heads, by length


@dataclass(frozen=True, slots=True)
class Single:
    """The only value of a property, whatever the graph does with one that is set without a word."""

    value: str | int | bool


#: What stands before the value of a `Single`.
_SINGLE = bytes(_library_writer.to_dict(CardinalityValue.single(False))).removesuffix(_FALSE)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of plain values, or one of them, as an argument of a step or a side effect of a traversal."""

    rows: Sequence[RowValue] | Mapping[RowKey, RowValue]

    @staticmethod
    def dictify(rows: "Rows", _writer: object, to_extend: bytearray) -> bytearray:
        """Append the rows to a message; the name is the library's."""
        _write(rows.rows, to_extend, _OWN_KEYS.copy())
        return to_extend


def rows_writer() -> GraphBinaryWriter:
    """The library's writer, taught to write `Rows`."""
    return GraphBinaryWriter({Rows: Rows})


def _write(value: RowValue, out: bytearray, names: dict[RowKey, bytes]) -> None:
    kind = type(value)
    if kind is str:
        _write_string(value.encode(), out)
    elif kind is dict:
        out += _head_and_number(_MAP, 0, len(value))
        for key, item in value.items():
            name = names.get(key)
            out += _named(key, names) if name is None else name
            if type(item) is str:
                _write_string(item.encode(), out)
            else:
                _write(item, out, names)
    elif kind is bool:
        out += _TRUE if value else _FALSE
    elif kind is int:
        out += _head_and_number(_INT, 0, value)
    elif kind is long:
        out += _head_and_long(_LONG, 0, value)
    elif kind is Single:
        out += _SINGLE
        _write(value.value, out, names)
    elif isinstance(value, Mapping):
        _write(dict(value), out, names)
    else:
        out += _head_and_number(_LIST, 0, len(value))
        for item in value:
            _write(item, out, names)


def _write_string(encoded: bytes, out: bytearray) -> None:
    length = len(encoded)
    out += _short_strings[length] if length < _SHORT else _head_and_number(_STRING, 0, length)
    out += encoded


def _named(key: str, names: dict[RowKey, bytes]) -> bytes:
    """A property name, written once per request."""
    out = bytearray()
    _write_string(key.encode(), out)
    names[key] = bytes(out)
    return names[key]


@dataclass(frozen=True, slots=True)
class ServerMessage:
    """One message of the server: a part of an answer, the last part, or an error."""

    request_id: UUID | None  #: None: the server could not even read which request it answers
    code: int
    text: str
    attributes: Mapping[str, Any]
    rows: list[Any]


def read_message(data: bytes) -> ServerMessage:
    """Read a message; rows come without the traversers that carry them."""
    is_null = data[1]
    at = 2 if is_null else 18
    request_id = None if is_null else UUID(bytes=data[2:18])
    (code,) = _int_at(data, at)
    text, at = ("", at + 5) if data[at + 4] else _string(data, at + 5)
    attributes, at = _map(data, at)
    _, at = _map(data, at)
    rows, _ = _value(data, at)
    return ServerMessage(request_id, code, text, attributes, [] if rows is None else rows)


def _value(data: bytes, at: int) -> tuple[Any, int]:
    """Read the value whose type stands at `at`; answers it and where the next one begins."""
    if data[at + 1]:  # the flag of a null of any type
        return None, at + 2
    reader = _READERS.get(data[at])
    if reader is not None:
        return reader(data, at + 2)
    rest = BytesIO(data[at:])
    return _library_reader.read_object(rest), at + rest.tell()


def _int(data: bytes, at: int) -> tuple[int, int]:
    return _int_at(data, at)[0], at + 4


def _long(data: bytes, at: int) -> tuple[int, int]:
    return _long_at(data, at)[0], at + 8


def _boolean(data: bytes, at: int) -> tuple[bool, int]:
    return data[at] == 1, at + 1


def _string(data: bytes, at: int) -> tuple[str, int]:
    start = at + 4
    end = start + _int_at(data, at)[0]
    return data[start:end].decode(), end


def _list(data: bytes, at: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    (length,) = _int_at(data, at)
    at += 4
    for _ in range(length):
        bulk = 1
        if data[at] == _TRAVERSER:  # equal neighbours come as one, with their number
            (bulk,) = _long_at(data, at + 2)
            at += 10
        item, at = _value(data, at)
        items.extend([item] * bulk)
    return items, at


def _map(data: bytes, at: int) -> tuple[dict[Any, Any], int]:
    entries = {}
    (length,) = _int_at(data, at)
    at += 4
    for _ in range(length):
        key, at = _value(data, at)
        entries[key], at = _value(data, at)
    return entries, at


#: The types of almost everything that we ask for.
_READERS: Mapping[int, Callable[[bytes, int], tuple[Any, int]]] = {
    _INT: _int,
    _LONG: _long,
    _STRING: _string,
    _LIST: _list,
    _MAP: _map,
    0x27: _boolean,
}
