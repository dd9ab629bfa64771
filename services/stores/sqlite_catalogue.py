"""Which meaning of the catalogue is in force in the file of the embedded store."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from services.clock import new_id
from services.stores.errors import CatalogueChanged, CommitConflict
from services.stores.port import TaskWrite
from services.stores.sqlite_transactions import transaction
from services.stores.sqlite_writes import check_tasks, write_tasks

_SCHEMA = Path(__file__).with_name("schema.sql")


@dataclass(frozen=True, slots=True)
class StoreState:
    """What the file says of itself."""

    store_id: str
    fingerprint: str  #: of the catalogue whose meaning is in force
    generation: int  #: how often that has changed

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> "StoreState":
        """Read it."""
        kept = dict(connection.execute("SELECT name, value FROM store"))
        return cls(kept["store_id"], kept["fingerprint"], int(kept["generation"]))

    def require(self, fingerprint: str) -> None:
        """Make sure that the catalogue of this fingerprint is in force.

        Raises:
            CatalogueChanged: it is not.
        """
        if self.fingerprint != fingerprint:
            raise CatalogueChanged(self.fingerprint, fingerprint)


def prepare(connection: sqlite3.Connection, fingerprint: str) -> StoreState:
    """Make what is missing in the file, also where an older version of this program made it.

    Args:
        connection: to the file.
        fingerprint: of the catalogue that comes into force where none is.
    """
    connection.executescript(f"BEGIN IMMEDIATE;\n{_SCHEMA.read_text(encoding='utf-8')}\nCOMMIT;")
    with transaction(connection):
        connection.executemany(
            "INSERT INTO store VALUES (?, ?) ON CONFLICT DO NOTHING",
            [("store_id", new_id()), ("fingerprint", fingerprint), ("generation", "0")],
        )
    return StoreState.of(connection)


def change_catalogue(
    connection: sqlite3.Connection, opened: StoreState, fingerprint: str, task: TaskWrite
) -> StoreState:
    """See `Store.change_catalogue`; `opened` must still be what the file says of itself."""
    changed = StoreState(opened.store_id, fingerprint, opened.generation + 1)
    with transaction(connection):
        found = StoreState.of(connection)
        if found != opened:
            raise CommitConflict(
                f"the catalogue has been changed by somebody else: generation {found.generation} is in force, "
                f"{opened.generation} was expected; open the store again"
            )
        check_tasks(connection, [task])
        connection.executemany(
            "UPDATE store SET value = ? WHERE name = ?",
            [(changed.fingerprint, "fingerprint"), (str(changed.generation), "generation")],
        )
        write_tasks(connection, [task], new_id())
        connection.execute("UPDATE writer SET claim = ?", (new_id(),))
    return changed
