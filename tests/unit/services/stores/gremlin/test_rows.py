from typing import Any

import pytest
from gremlin_python.process.traversal import Direction, T
from gremlin_python.statics import long
from gremlin_python.structure.io.graphbinaryV1 import GraphBinaryReader, GraphBinaryWriter

from services.stores.gremlin.graphbinary import Rows, rows_writer

ROWS: list[Any] = [
    [],
    ["", "Zoë 李 🦀", "x" * 70_000],
    [True, False, 0, -1, 2**31 - 1, long(2**62), long(1)],
    [{T.id: "a", T.label: "record", "deleted": False, "offset": long(5)}],
    [{T.label: "has", Direction.OUT: "a", Direction.IN: "b"}],
    [{"find": {T.id: "a"}, "set": {"holders": 3}, "keep": ["b", "c"]}, {}],
]


@pytest.mark.parametrize("rows", ROWS, ids=range(len(ROWS)))
def test_rows_are_written_as_the_library_writes_them(rows: list[Any]) -> None:
    assert bytes(rows_writer().write_object(Rows(rows))) == bytes(GraphBinaryWriter().write_object(rows))


def test_rows_are_read_back_equal() -> None:
    rows = [{"text": "Zoë", "number": 7, "great": 2**40, "list": ["a", True]}]
    written = [{**rows[0], "great": long(2**40)}]
    assert GraphBinaryReader().read_object(rows_writer().write_object(Rows(written))) == rows


def test_a_tuple_is_written_as_a_list() -> None:
    assert rows_writer().write_object(Rows(("a",))) == rows_writer().write_object(Rows(["a"]))
