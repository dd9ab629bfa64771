"""What the file of the embedded store says of itself: which one it is, and which catalogue is in force there."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from services.clock import new_id
from services.stores.port.errors import CatalogueChanged, CommitConflict, StoreReplaced
from services.stores.port.identity import VERSIONS_PER_RESTORE, KeptCatalogue, Pulse
from services.stores.port.plan import TaskWrite
from services.stores.port.stored_form import REFUSAL, SCHEMA_VERSION, UNTOLD_VERSION, StoredForm
from services.stores.sqlite.connection import transaction
from services.stores.sqlite.ownership import mark_as_own
from services.stores.sqlite.writes import check_tasks, write_tasks

_SCHEMA = Path(__file__).with_name("schema.sql")

READ_PULSE = """
SELECT (SELECT json_group_object(name, value) FROM store WHERE name <> 'catalogue'), (SELECT count(*) FROM task)
"""
READ_CATALOGUE = "SELECT value FROM store WHERE name = 'catalogue'"
_WRITE = "INSERT INTO store VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


@dataclass(frozen=True, slots=True)
class StoreState:
    """What the file says of itself."""

    store_id: str
    fingerprint: str  #: of the catalogue whose meaning is in force
    generation: int  #: how often that has changed
    form: StoredForm  #: how the file is written
    version_floor: int = 0  #: see `Store.version_floor`
    former_ids: frozenset[str] = frozenset()  #: see `Store.former_ids`

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> "StoreState":
        """Read it."""
        return cls.read(dict(connection.execute("SELECT name, value FROM store WHERE name <> 'catalogue'")))

    @classmethod
    def read(cls, kept: Mapping[str, str]) -> "StoreState":
        """Read it from the rows of the table `store`."""
        return cls(
            kept["store_id"],
            kept.get("meaning", kept["fingerprint"]),
            int(kept.get("generation", 0)),
            StoredForm(int(kept.get("schema_version", UNTOLD_VERSION)), kept.get("migration"), kept.get("migrator")),
            int(kept.get("version_floor", 0)),
            frozenset(orjson.loads(kept.get("former_ids", "[]"))),
        )

    def require(self, fingerprint: str) -> None:
        """Make sure that the catalogue of this fingerprint is in force.

        Raises:
            CatalogueChanged: it is not.
        """
        if self.fingerprint != fingerprint:
            raise CatalogueChanged(self.fingerprint, fingerprint)

    def require_same_store(self, store_id: str) -> None:
        """Make sure that this is still the store of this id.

        Raises:
            StoreReplaced: it is not.
        """
        if self.store_id != store_id:
            raise StoreReplaced(
                f"this store was {store_id} and is {self.store_id} now: it came back from a backup, and "
                "`identity-graph restored` was run on it. Start this process again"
            )


def prepare(
    connection: sqlite3.Connection, fingerprint: str, catalogue: KeptCatalogue | None, migrator: str | None = None
) -> StoreState:
    """Make the store where the file is empty, and see how it is written where it is not.

    Args:
        connection: to the file.
        fingerprint: of the catalogue that comes into force where none is.
        catalogue: the one of this fingerprint; kept where it is in force and none is kept yet.
        migrator: see `StoredForm.require`.

    Raises:
        OtherForm, MigrationTaken: the file is no store that this program can work with.
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
        if catalogue is not None and state.fingerprint == fingerprint:
            connection.execute(f"{_WRITE} WHERE value = ''", ("catalogue", catalogue.to_json()))
    return state


def read_state(connection: sqlite3.Connection) -> StoreState | None:
    """What the file says of itself; None: it is no store yet."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'store'").fetchone():
        return None
    if not connection.execute("SELECT 1 FROM store WHERE name = 'store_id'").fetchone():
        return None
    return StoreState.of(connection)


def pulse_of(row: tuple[Any, ...], store_id: str) -> Pulse:
    """Read the row of `READ_PULSE`.

    Raises:
        StoreReplaced: the store has another id by now.
    """
    state = StoreState.read(orjson.loads(row[0]))
    state.require_same_store(store_id)
    return Pulse(fingerprint=state.fingerprint, generation=state.generation, form=state.form, tasks_owed=row[1])


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables that the file does not have."""
    connection.executescript(f"BEGIN IMMEDIATE;\n{_SCHEMA.read_text(encoding='utf-8')}\nCOMMIT;")
    mark_as_own(connection)


def change_catalogue(
    connection: sqlite3.Connection,
    opened: StoreState,
    fingerprint: str,
    task: TaskWrite,
    catalogue: KeptCatalogue | None,
) -> StoreState:
    """See `Store.change_catalogue`; `opened` must still be what the file says of itself."""
    changed = replace(opened, fingerprint=fingerprint, generation=opened.generation + 1)
    with transaction(connection):
        _require_unchanged(connection, opened)
        check_tasks(connection, [task])
        connection.executemany(
            _WRITE,
            [
                ("meaning", changed.fingerprint),
                ("generation", str(changed.generation)),
                ("catalogue", "" if catalogue is None else catalogue.to_json()),
            ],
        )
        write_tasks(connection, [task], new_id())
        _invalidate_claims(connection)
    return changed


def restored(connection: sqlite3.Connection, opened: StoreState) -> StoreState:
    """See `Store.restored`; `opened` must still be what the file says of itself."""
    changed = replace(
        opened,
        store_id=new_id(),
        version_floor=opened.version_floor + VERSIONS_PER_RESTORE,
        former_ids=opened.former_ids | {opened.store_id},
    )
    with transaction(connection):
        _require_unchanged(connection, opened)
        connection.executemany(
            _WRITE,
            [
                ("store_id", changed.store_id),
                ("version_floor", str(changed.version_floor)),
                ("former_ids", orjson.dumps(sorted(changed.former_ids)).decode()),
            ],
        )
        _invalidate_claims(connection)
    return changed


def _require_unchanged(connection: sqlite3.Connection, opened: StoreState) -> None:
    found = StoreState.of(connection)
    if found != opened:
        raise CommitConflict(
            f"the catalogue has been changed by somebody else: generation {found.generation} of store "
            f"{found.store_id} is in force, {opened.generation} of {opened.store_id} was expected; open the store again"
        )


def _invalidate_claims(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE writer SET claim = ?", (new_id(),))
