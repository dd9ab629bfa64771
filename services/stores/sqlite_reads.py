"""Reads of the embedded store: a connection of their own, and how rows become what the port speaks of."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from graph_model.profiles import ProfileStatus
from graph_model.records import RecordAddress
from services.stores.port import StoredProfile, StoredRecord
from services.stores.record_document import read_record
from services.stores.sqlite_catalogue import StoreState
from services.stores.sqlite_faults import translated
from services.stores.sqlite_transactions import connect

#: What `stored_record` reads, of a record `r` with its profile `p`.
RECORD_COLUMNS = "r.source, r.key, r.document, r.revision, r.profile_id, p.component"

#: What `stored_profile` reads, of a profile `p`.
PROFILE_COLUMNS = "p.profile_id, p.revision, p.version, p.status, p.document, p.component"


class SqliteReads:
    """The connection that reads run on; since the file is in WAL mode they never wait for a commit."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = connect(path)

    def rows(self, statement: str, *parameters: object) -> Iterator[Any]:
        """Give the rows that the statement finds."""
        with translated(self._path):
            yield from self._connection.execute(statement, parameters)

    def first(self, statement: str, *parameters: object) -> tuple[Any, ...] | None:
        """Give the first row that the statement finds, or None."""
        with translated(self._path):
            row: tuple[Any, ...] | None = self._connection.execute(statement, parameters).fetchone()
            return row

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let several reads see one state."""
        with translated(self._path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

    def state(self) -> StoreState:
        """Read what the file says of itself by now."""
        with translated(self._path):
            return StoreState.of(self._connection)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def stored_record(row: tuple[Any, ...]) -> StoredRecord:
    """Read a row of `RECORD_COLUMNS`."""
    source, key, document, revision, profile_id, component = row
    return StoredRecord(
        record=read_record(RecordAddress(source, key), document),
        revision=revision,
        profile_id=profile_id,
        component=() if component is None else tuple(orjson.loads(component)),
    )


def stored_profile(row: tuple[Any, ...]) -> StoredProfile:
    """Read a row of `PROFILE_COLUMNS`."""
    profile_id, revision, version, status, document, component = row
    return StoredProfile(
        profile_id=profile_id,
        revision=revision,
        version=version,
        status=ProfileStatus(status),
        document=document,
        component=tuple(orjson.loads(component)),
    )
