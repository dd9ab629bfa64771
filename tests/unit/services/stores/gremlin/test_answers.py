import struct
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from gremlin_python.statics import long
from gremlin_python.structure.io.graphbinaryV1 import GraphBinaryWriter

from services.stores.gremlin.graphbinary import read_message

REQUEST = UUID("a5b0bd1e-6fd8-4c65-8f39-3d5d6a5c5b8e")


def value(written: Any) -> bytes:  # noqa: ANN401 - whatever GraphBinary knows
    return bytes(GraphBinaryWriter().write_object(written))


def traverser(written: Any, bulk: int = 1) -> bytes:  # noqa: ANN401 - whatever GraphBinary knows
    return b"\x21\x00" + struct.pack(">q", bulk) + value(written)


def message(
    *traversers: bytes, code: int = 200, request: bytes = b"\0" + REQUEST.bytes, text: bytes = b"\x01"
) -> bytes:
    result = b"\x09\x00" + struct.pack(">i", len(traversers)) + b"".join(traversers)
    host = struct.pack(">i", 1) + value("host") + value("/127.0.0.1")
    return b"\x81" + request + struct.pack(">i", code) + text + host + struct.pack(">i", 0) + result


@pytest.mark.parametrize(
    "row",
    [
        "Zoë 李 🦀",
        "",
        7,
        -(2**31),
        True,
        False,
        1.5,
        ["a", ["b"], {}],
        {"rev": "r", "version": 3, "component": ["p1", "p2"]},
        UUID(int=5),
        timedelta(seconds=3),
    ],
    ids=repr,
)
def test_a_row_is_read_as_it_was_written(row: Any) -> None:  # noqa: ANN401 - whatever GraphBinary knows
    assert read_message(message(traverser(row), traverser("next"))).rows == [row, "next"]


def test_a_great_number_is_read_as_it_was_written() -> None:
    assert read_message(message(traverser(long(2**62)))).rows == [2**62]


def test_equal_neighbours_are_counted() -> None:
    assert read_message(message(traverser("a", 3), traverser("b"))).rows == ["a", "a", "a", "b"]


def test_no_rows_are_an_empty_list() -> None:
    assert read_message(message()).rows == []


def test_a_message_names_its_request_its_status_and_what_the_server_says() -> None:
    said = b"\0" + struct.pack(">i", 4) + b"oops"
    read = read_message(message(code=500, text=said))
    assert (read.request_id, read.code, read.text, read.attributes) == (REQUEST, 500, "oops", {"host": "/127.0.0.1"})


def test_a_request_that_could_not_be_decoded_has_no_id() -> None:
    assert read_message(message(request=b"\x01", code=499)).request_id is None
