"""One writer's claim on the outbox table of the embedded store."""

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson

from graph_model.profile.events import ProfileEvent
from graph_model.values.positions import Position, position_of
from services.clock import new_id, now_milliseconds
from services.stores.port.stored import PendingEvents
from services.stores.sqlite.catalogue import StoreState
from services.stores.sqlite.connection import transaction

#: Published events are kept so long, and at most so many of them, for readers that resume.
_KEPT_MILLISECONDS = 7 * 24 * 3600 * 1000
_KEPT_EVENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class SqliteOutbox:
    """See `services.stores.port.protocols.Outbox`."""

    writer: str
    claim: str  #: id of this claim; commits through another one are refused
    pending: tuple[PendingEvents, ...]
    progress: Position | None
    accepted: int
    write: Callable[..., Awaitable[object]]  #: does something with the connection of the store

    async def acknowledge(self, commit_id: str) -> None:
        """See `Outbox.acknowledge`."""
        await self.write(_acknowledge, self.writer, commit_id)

    async def settle(self) -> None:
        """See `Outbox.settle`; here every acknowledgement is written at once."""


def claim(
    connection: sqlite3.Connection,
    write: Callable[..., Awaitable[object]],
    writer: str,
    opened: StoreState,
    migrator: str | None = None,
) -> tuple[SqliteOutbox, StoreState]:
    """Take over the outbox of `writer`; whoever held it before is refused from now on.

    Returns:
        The claim, and what the file said of itself when it was made.

    Raises:
        CatalogueChanged: the catalogue in force is not the one that the store was opened with.
        StoreReplaced: the store is not the one that was opened.
        OtherForm, MigrationTaken: see `StoredForm.require`.
    """
    claim_id = new_id()
    with transaction(connection):
        state = StoreState.of(connection)
        state.form.require(migrator)
        state.require_same_store(opened.store_id)
        state.require(opened.fingerprint)
        connection.execute(
            "INSERT INTO writer (name, claim) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET claim = excluded.claim",
            (writer, claim_id),
        )
        (progress,) = connection.execute("SELECT progress FROM writer WHERE name = ?", (writer,)).fetchone()
        (accepted,) = connection.execute("SELECT max(accepted) FROM writer").fetchone()
        rows = connection.execute(
            "SELECT commit_id, event FROM outbox WHERE writer = ? AND published = 0 ORDER BY sequence", (writer,)
        ).fetchall()
    commits: dict[str, list[ProfileEvent]] = {}
    for commit_id, event in rows:
        commits.setdefault(commit_id, []).append(ProfileEvent.from_json(orjson.loads(event)))
    outbox = SqliteOutbox(
        writer,
        claim_id,
        tuple(PendingEvents(commit_id=commit_id, events=tuple(events)) for commit_id, events in commits.items()),
        None if progress is None else position_of(orjson.loads(progress)),
        accepted,
        write,
    )
    return outbox, state


def _acknowledge(connection: sqlite3.Connection, writer: str, commit_id: str) -> None:
    statement = "UPDATE outbox SET published = 1 WHERE writer = ? AND commit_id = ? AND published = 0"
    connection.execute(statement, (writer, commit_id))


def trim(connection: sqlite3.Connection) -> None:
    """Forget published events that are old, and the oldest where there are very many."""
    connection.execute(
        """
        DELETE FROM outbox WHERE published = 1
            AND (created_at < ? OR sequence <= (SELECT max(sequence) FROM outbox) - ?)
        """,
        (now_milliseconds() - _KEPT_MILLISECONDS, _KEPT_EVENTS),
    )


def leave_gap(connection: sqlite3.Connection) -> None:
    """See `DurableOutbox.leave_gap`."""
    with transaction(connection):
        skipped = connection.execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'outbox'")
        if not skipped.rowcount:
            connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', 1)")
