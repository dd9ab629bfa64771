"""One writer's claim on the outbox table of the embedded store."""

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson

from graph_model.values.positions import Position, position_of
from services.clock import new_id
from services.stores.port.stored import PendingEvents
from services.stores.sqlite.catalogue import StoreState
from services.stores.sqlite.connection import transaction
from services.stores.sqlite.events import acknowledge, read_pending


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
        await self.write(acknowledge, self.writer, commit_id)

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
        pending = read_pending(connection, writer)
    outbox = SqliteOutbox(
        writer,
        claim_id,
        pending,
        None if progress is None else position_of(orjson.loads(progress)),
        accepted,
        write,
    )
    return outbox, state
