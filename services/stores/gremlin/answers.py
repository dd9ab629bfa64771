"""Messages of the server, read from GraphBinary.

The library's reader looks up a deserializer for every value and takes several times as long, which is most of
what a read costs the client; what is rare is left to it. Format: https://tinkerpop.apache.org/docs/3.7.5/dev/io/#graphbinary
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID

from gremlin_python.structure.io.graphbinaryV1 import GraphBinaryReader

_int_at = struct.Struct(">i").unpack_from
_long_at = struct.Struct(">q").unpack_from
_TRAVERSER = 0x21
_library = GraphBinaryReader()


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the server: a part of an answer, the last part, or an error."""

    request_id: UUID | None  #: None: the server could not even read which request it answers
    code: int
    text: str
    attributes: Mapping[str, Any]
    rows: list[Any]


def read_message(data: bytes) -> Message:
    """Read a message; rows come without the traversers that carry them."""
    is_null = data[1]
    at = 2 if is_null else 18
    request_id = None if is_null else UUID(bytes=data[2:18])
    (code,) = _int_at(data, at)
    text, at = ("", at + 5) if data[at + 4] else _string(data, at + 5)
    attributes, at = _map(data, at)
    _, at = _map(data, at)
    rows, _ = _value(data, at)
    return Message(request_id, code, text, attributes, [] if rows is None else rows)


def _value(data: bytes, at: int) -> tuple[Any, int]:
    """Read the value whose type stands at `at`; answers it and where the next one begins."""
    if data[at + 1]:  # the flag of a null of any type
        return None, at + 2
    reader = _READERS.get(data[at])
    if reader is not None:
        return reader(data, at + 2)
    rest = BytesIO(data[at:])
    return _library.read_object(rest), at + rest.tell()


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
    0x01: _int,
    0x02: _long,
    0x03: _string,
    0x09: _list,
    0x0A: _map,
    0x27: _boolean,
}
