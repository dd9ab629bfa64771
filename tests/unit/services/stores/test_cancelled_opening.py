"""Who is told to stop while it opens the embedded store leaves the connection to the thread that works on it."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from services.stores.sqlite import store as sqlite
from services.stores.sqlite.store import SqliteStore


async def test_who_is_cancelled_while_opening_closes_nothing_that_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "graph.sqlite"
    await (await SqliteStore.open(path, "f")).close()
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()
    faults: list[sqlite3.Error] = []

    def slow(connection: sqlite3.Connection, *_: object) -> None:
        begun.set()
        go_on.wait(10)
        try:
            connection.execute("SELECT 1")
        except sqlite3.Error as error:
            faults.append(error)
        ended.set()

    monkeypatch.setattr(sqlite, "prepare", slow)
    opening = asyncio.create_task(SqliteStore.open(path, "f"))
    await asyncio.to_thread(begun.wait, 10)
    opening.cancel()
    await asyncio.wait([opening])
    go_on.set()
    await asyncio.to_thread(ended.wait, 10)
    assert opening.cancelled()
    assert faults == []
