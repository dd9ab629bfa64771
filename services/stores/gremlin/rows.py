"""Many rows of plain values inside one traversal, written as GraphBinary at once.

The library's writer looks up a serializer for every value and takes five times as long, which is most of what a
commit costs the client. Format: https://tinkerpop.apache.org/docs/3.7.5/dev/io/#graphbinary
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from gremlin_python.process.traversal import Direction, T
from gremlin_python.statics import long
from gremlin_python.structure.io.graphbinaryV1 import GraphBinaryWriter

#: A key of a row: a property name, or one of Gremlin's own (`T.id`, `Direction.OUT`).
RowKey: TypeAlias = Any
#: A string, an int (32 bits), a long, a bool, or a sequence or mapping of these.
RowValue: TypeAlias = Any

_head_and_number = struct.Struct(">BBi").pack  #: of an int its value, of all else its length
_head_and_long = struct.Struct(">BBq").pack
_STRING, _INT, _LONG, _LIST, _MAP = 0x03, 0x01, 0x02, 0x09, 0x0A
_TRUE, _FALSE = b"\x27\x00\x01", b"\x27\x00\x00"
_library = GraphBinaryWriter()
_OWN_KEYS: dict[RowKey, bytes] = {
    key: bytes(_library.to_dict(key)) for key in (T.id, T.label, Direction.OUT, Direction.IN)
}


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as an argument of a step or a side effect of a traversal."""

    rows: Sequence[RowValue]

    @staticmethod
    def dictify(rows: "Rows", _writer: object, to_extend: bytearray) -> bytearray:
        """Append the rows to a message; the name is the library's."""
        _write(rows.rows, to_extend, {})
        return to_extend


def rows_writer() -> GraphBinaryWriter:
    """The library's writer, taught to write `Rows`."""
    return GraphBinaryWriter({Rows: Rows})


def _write(value: RowValue, out: bytearray, names: dict[str, bytes]) -> None:
    kind = type(value)
    if kind is str:
        encoded = value.encode()
        out += _head_and_number(_STRING, 0, len(encoded))
        out += encoded
    elif kind is bool:
        out += _TRUE if value else _FALSE
    elif kind is int:
        out += _head_and_number(_INT, 0, value)
    elif kind is long:
        out += _head_and_long(_LONG, 0, value)
    elif isinstance(value, Mapping):
        out += _head_and_number(_MAP, 0, len(value))
        for key, item in value.items():
            out += _name(key, names) if type(key) is str else _OWN_KEYS[key]
            _write(item, out, names)
    else:
        out += _head_and_number(_LIST, 0, len(value))
        for item in value:
            _write(item, out, names)


def _name(key: str, names: dict[str, bytes]) -> bytes:
    """A property name, written once per request."""
    written = names.get(key)
    if written is None:
        out = bytearray()
        _write(key, out, names)
        written = names[key] = bytes(out)
    return written
