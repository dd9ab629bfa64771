"""Which meaning of the catalogue is in force in the file of the embedded store."""

import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

from services.clock import new_id
from services.stores.errors import CatalogueChanged, CommitConflict
from services.stores.port import TaskWrite
from services.stores.sqlite_transactions import transaction
from services.stores.sqlite_writes import check_tasks, write_tasks
from services.stores.stored_form import REFUSAL, SCHEMA_VERSION, UNTOLD_VERSION, StoredForm

_SCHEMA = Path(__file__).with_name("schema.sql")


@dataclass(frozen=True, slots=True)
class StoreState:
    """What the file says of itself."""

    store_id: str
    fingerprint: str  #: of the catalogue whose meaning is in force
    generation: int  #: how often that has changed
    form: StoredForm  #: how the file is written

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> "StoreState":
        """Read it."""
        kept = dict(connection.execute("SELECT name, value FROM store"))
        return cls(
            kept["store_id"],
            kept.get("meaning", kept["fingerprint"]),
            int(kept.get("generation", 0)),
            StoredForm(int(kept.get("schema_version", UNTOLD_VERSION)), kept.get("migration"), kept.get("migrator")),
        )

    def require(self, fingerprint: str) -> None:
        """Make sure that the catalogue of this fingerprint is in force.

        Raises:
            CatalogueChanged: it is not.
        """
        if self.fingerprint != fingerprint:
            raise CatalogueChanged(self.fingerprint, fingerprint)


def prepare(connection: sqlite3.Connection, fingerprint: str, migrator: str | None = None) -> StoreState:
    """Make the store where the file is empty, and see how it is written where it is not.

    Args:
        connection: to the file.
        fingerprint: of the catalogue that comes into force where none is.
        migrator: see `StoredForm.require`.

    Raises:
        LaterForm, FormerForm, MigrationUnderWay: the file is no store that this program can work with.
    """
    if found := read_state(connection):
        found.form.require(migrator)
    make_tables(connection)
    with transaction(connection):
        if not connection.execute("SELECT 1 FROM store WHERE name = 'store_id'").fetchone():
            made = {"store_id": new_id(), "fingerprint": REFUSAL, "meaning": fingerprint, "generation": "0"}
            connection.executemany(
                "INSERT INTO store VALUES (?, ?)", [*made.items(), ("schema_version", str(SCHEMA_VERSION))]
            )
        state = StoreState.of(connection)
    state.form.require(migrator)
    return state


def read_state(connection: sqlite3.Connection) -> StoreState | None:
    """What the file says of itself; None: it is no store yet."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'store'").fetchone():
        return None
    if not connection.execute("SELECT 1 FROM store WHERE name = 'store_id'").fetchone():
        return None
    return StoreState.of(connection)


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables that the file does not have."""
    connection.executescript(f"BEGIN IMMEDIATE;\n{_SCHEMA.read_text(encoding='utf-8')}\nCOMMIT;")


def change_catalogue(
    connection: sqlite3.Connection, opened: StoreState, fingerprint: str, task: TaskWrite
) -> StoreState:
    """See `Store.change_catalogue`; `opened` must still be what the file says of itself."""
    changed = replace(opened, fingerprint=fingerprint, generation=opened.generation + 1)
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
            [(changed.fingerprint, "meaning"), (str(changed.generation), "generation")],
        )
        write_tasks(connection, [task], new_id())
        connection.execute("UPDATE writer SET claim = ?", (new_id(),))
    return changed
