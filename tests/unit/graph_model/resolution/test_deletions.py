"""Rows that say of themselves that they are deleted."""

from dataclasses import replace

import pytest

from graph_model.catalogue.rules import DeletionFlag, Source
from graph_model.errors import MessageRejected
from graph_model.resolution.deletions import is_deleted
from graph_model.values.equality import JsonValue

SOURCE = Source(
    name="users",
    format="rows",
    topic=None,
    topic_pattern=None,
    table=None,
    file="users.jsonl",
    key=("id",),
    event_time=None,
    version=None,
    epoch=1,
    meanings=(),
    rank=0,
)
FLAGGED = replace(SOURCE, deleted=DeletionFlag("is_deleted", None))


@pytest.mark.parametrize(
    ("said", "deleted"),
    [("true", True), (True, True), ("TRUE", True), ("false", False), (False, False), (None, False), ("", False)],
)
def test_the_flag_that_debezium_writes_is_known_by_itself(said: JsonValue, deleted: bool) -> None:
    assert is_deleted(SOURCE, {"id": 1, "__deleted": said}) is deleted


@pytest.mark.parametrize("row", [{"id": 1}, {"id": 1, "deleted": "true"}, {"id": 1, "__op": "c"}])
def test_a_row_without_that_flag_is_live(row: dict[str, JsonValue]) -> None:
    assert not is_deleted(SOURCE, row)


def test_the_flag_that_debezium_writes_counts_beside_a_declared_one() -> None:
    assert is_deleted(FLAGGED, {"id": 1, "is_deleted": 0, "__deleted": "true"})
    assert is_deleted(FLAGGED, {"id": 1, "is_deleted": 1, "__deleted": "false"})
    assert not is_deleted(FLAGGED, {"id": 1, "is_deleted": 0, "__deleted": "false"})


def test_a_declared_flag_of_the_same_name_counts_as_declared() -> None:
    declared = replace(SOURCE, deleted=DeletionFlag("__deleted", frozenset({"gone"})))
    assert is_deleted(declared, {"id": 1, "__deleted": "gone"})
    assert not is_deleted(declared, {"id": 1, "__deleted": "true"})


@pytest.mark.parametrize("said", ["active", "3", 2, -1, "-1", 1e300, "gone", ["true"], {"at": "2026-01-05"}, "\x01"])
def test_a_row_whose_flag_says_neither_yes_nor_no_is_refused_with_the_way_out(said: JsonValue) -> None:
    with pytest.raises(MessageRejected, match=r"'is_deleted' of source 'users' says neither .*equals: \[\.\.\.\]"):
        is_deleted(FLAGGED, {"id": 1, "is_deleted": said})
