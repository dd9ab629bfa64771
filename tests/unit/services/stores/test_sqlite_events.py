"""What is forgotten of published events, beside what still waits to be published."""

from contextlib import closing
from pathlib import Path

import pytest

from services.stores.sqlite import events
from services.stores.sqlite.catalogue import make_tables
from services.stores.sqlite.connection import StoreConnection, connect, transaction

OF_A_COMMIT = 10


@pytest.fixture(autouse=True)
def none_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "EXACT_EVENTS", 0)


def write_commits(connection: StoreConnection, count: int) -> None:
    with transaction(connection):
        for number in range(count):
            first = number * OF_A_COMMIT + 1
            for sequence in range(first, first + OF_A_COMMIT):
                connection.execute("INSERT INTO outbox VALUES (?, 'p', 1, NULL, 4, 0)", (sequence,))
                connection.execute("INSERT INTO outbox_body VALUES (?, '{}', NULL)", (sequence,))
            connection.execute(
                "INSERT INTO pending VALUES ('tests', ?, ?, ?, 0)", (first, first + OF_A_COMMIT - 1, f"commit{number}")
            )


def commits_of(connection: StoreConnection, table: str) -> set[int]:
    """The numbers of the commits whose events a table holds."""
    rows = connection.execute(f"SELECT sequence FROM {table}")  # noqa: S608 - the names of tables
    return {(sequence - 1) // OF_A_COMMIT for (sequence,) in rows}


def steps_of_acknowledging(path: Path, waiting: int) -> int:
    """Steps of SQLite, of which each is a thousand instructions."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    with closing(connect(path)) as connection:
        make_tables(connection)
        write_commits(connection, waiting)
        connection.set_progress_handler(count, 1_000)
        events.acknowledge(connection, "tests", "commit0")
    return steps


def test_acknowledging_takes_about_as_long_however_many_events_wait_behind(tmp_path: Path) -> None:
    few, many = (steps_of_acknowledging(tmp_path / f"{count}.sqlite", count) for count in (10, 1_000))
    assert many <= few + 20


@pytest.mark.parametrize("acknowledged", [(0,), (1,), (2,), (0, 2), (2, 1), (0, 1, 2)])
def test_exactly_what_is_acknowledged_is_forgotten(tmp_path: Path, acknowledged: tuple[int, ...]) -> None:
    with closing(connect(tmp_path / "graph.sqlite")) as connection:
        make_tables(connection)
        write_commits(connection, 3)
        for number in acknowledged:
            events.acknowledge(connection, "tests", f"commit{number}")
        assert commits_of(connection, "outbox_body") == {0, 1, 2} - set(acknowledged)


@pytest.mark.parametrize(("acknowledged", "kept"), [((0,), {1, 2}), ((1, 2), {0, 1, 2}), ((0, 1, 2), set())])
def test_heads_that_follow_an_event_that_waits_are_kept_so_that_there_is_no_gap(
    tmp_path: Path, acknowledged: tuple[int, ...], kept: set[int]
) -> None:
    with closing(connect(tmp_path / "graph.sqlite")) as connection:
        make_tables(connection)
        write_commits(connection, 3)
        for number in acknowledged:
            events.acknowledge(connection, "tests", f"commit{number}")
        events.trim(connection)
        assert commits_of(connection, "outbox") == kept
