"""Reads of the embedded store: where they run, and how rows become what the port speaks of.

A read is a plain function over a `SqliteReader`. A small one runs on the event loop, which is fastest. A larger one
runs on a thread, where what it found is brought into its final form, too. The thread has a connection of its own, as
otherwise the loop would wait for the statement that the thread is at. A read that turns out to be larger than was
known, or would wait for a lock, is begun anew on the thread.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from graph_model.profile.document import ProfileStatus
from graph_model.records.record import RecordAddress
from services.stores.port.stored import StoredProfile, StoredRecord
from services.stores.port.stored_forms import DAMAGES, damage_of, read_addresses, read_record
from services.stores.sqlite.catalogue import StoreState
from services.stores.sqlite.connection import LOCK_SECONDS, connect, fault_of, is_locked, waiting_from_now
from services.stores.sqlite.packing import pack_id, unpack_component, unpack_id
from services.traffic import Traffic

#: What `SqliteReader.record` reads behind the address, of a record `r` with its profile `p`.
RECORD_COLUMNS = "r.document, r.revision, r.profile_id, coalesce(p.component, p.profile_id)"

#: What `SqliteReader.profile` reads, of a profile `p`.
PROFILE_COLUMNS = "p.profile_id, p.revision, p.version, p.status, p.document, p.component, p.guests"

#: So many rows are read on the event loop at the most.
ROWS_ON_LOOP: Final = 100

#: So many ids are asked for with one statement. A few get a smaller one, since a place that is left empty costs, too.
_IDS_AT_ONCE: Final = 64
_FEW_IDS: Final = 4

#: Nobody waits for a lock there: the read is done on the thread instead.
_LOCK_SECONDS_ON_LOOP: Final = 0.0

_STATUSES: Final = {status.value: status for status in ProfileStatus}

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class _TooManyRowsError(Exception):
    """There is more to read than the event loop may be kept from its work for."""


class SqliteReader:
    """One connection that reads; since the file is in WAL mode it never waits for a commit."""

    def __init__(self, path: Path, most_rows: int | None, lock_seconds: float, *, read_only: bool) -> None:
        """Open it.

        Args:
            path: the file.
            most_rows: so many rows may be read by one read; None: any number.
            lock_seconds: how long a read waits for a lock that another process holds on the whole file.
            read_only: see `connect`.
        """
        self._connection = connect(path, lock_seconds, read_only=read_only)
        self._most_rows = most_rows
        self._rows = 0  #: that the present read has had so far
        #: Reads a document in its stored form; None of none.
        self.plain: Final[Callable[[Any], Any]] = self._connection.documents.unpack

    def begin(self) -> None:
        """Count the rows of another read."""
        self._rows = 0

    def rows(self, statement: str, *parameters: object) -> Iterable[Any]:
        """Give the rows that the statement finds."""
        cursor = self._connection.execute(statement, parameters)
        if self._most_rows is None:
            return cursor
        rows = cursor.fetchmany(self._most_rows - self._rows + 1)
        cursor.close()
        self.expect(len(rows))
        return rows

    def first(self, statement: str, *parameters: object) -> tuple[Any, ...] | None:
        """Give the first row that the statement finds, or None."""
        row: tuple[Any, ...] | None = self._connection.execute(statement, parameters).fetchone()
        return row

    def rows_of(self, statement: str, profile_ids: Sequence[str]) -> Iterator[Any]:
        """Give the rows that the statement finds for profiles: it has `{ids}` in the place of their stored ids."""
        size = _IDS_AT_ONCE if len(profile_ids) > _FEW_IDS else _FEW_IDS
        asked = statement.format(ids=",".join("?" * size))
        for start in range(0, len(profile_ids), size):
            ids = [pack_id(each) for each in profile_ids[start : start + size]]
            yield from self.rows(asked, *ids, *[None] * (size - len(ids)))

    def expect(self, rows: int) -> None:
        """Say that so many rows are going to be walked through, if only inside of a statement."""
        self._rows += rows
        if self._most_rows is not None and self._rows > self._most_rows:
            raise _TooManyRowsError

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let several statements see one state."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("COMMIT")

    def record(self, address: RecordAddress, row: Sequence[Any]) -> StoredRecord:
        """Bring a row of `RECORD_COLUMNS` into its final form."""
        document, revision, profile_id, component = row
        unpacked = None if profile_id is None else unpack_id(profile_id)
        return StoredRecord(
            record=read_record(address, self.plain(document)),
            revision=unpack_id(revision),
            profile_id=unpacked,
            component=(unpacked,) if unpacked and component == profile_id else unpack_component(component),
        )

    def profile(self, row: Sequence[Any]) -> StoredProfile:
        """Bring a row of `PROFILE_COLUMNS` into its final form."""
        packed_id, revision, version, status, document, component, guests = row
        profile_id = unpack_id(packed_id)
        return StoredProfile(
            profile_id=profile_id,
            revision=unpack_id(revision),
            version=version,
            status=_STATUSES[status],
            document=self.plain(document),
            component=(profile_id,) if component is None else unpack_component(component),
            guests=() if guests is None else read_addresses(guests),
        )

    def state(self) -> StoreState:
        """Read what the file says of itself by now."""
        return StoreState.of(self._connection)

    def waiting_from_now(self, lock_seconds: float, read: "Callable[[SqliteReader], Result]") -> Callable[[], Result]:
        """Prepare a read for a thread; see `connection.waiting_from_now`."""
        return waiting_from_now(lock_seconds, self._connection, lambda _: read(self))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class SqliteReads:
    """Runs reads. One read is one call without a pause, so that none ends, or is cancelled, within a snapshot."""

    def __init__(
        self, path: Path, traffic: Traffic, lock_seconds: float = LOCK_SECONDS, *, read_only: bool = False
    ) -> None:
        self._path = path
        self._traffic = traffic
        self._lock_seconds = lock_seconds
        self._here = SqliteReader(path, ROWS_ON_LOOP, _LOCK_SECONDS_ON_LOOP, read_only=read_only)
        self._there = SqliteReader(path, None, lock_seconds, read_only=read_only)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-reads")

    async def run(
        self,
        rows: int,
        read: Callable[Concatenate[SqliteReader, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """Run a read.

        Args:
            rows: how many rows it reads, as far as that is known.
            read: what to do; it must bring everything into its final form.
            arguments: of `read`.
            named: of `read`, by name.

        Raises:
            StoreUnavailable: the file cannot be read.
            StoreDamaged: what is read is not what this program writes.
        """
        return await self._traffic.timed(self._run(rows, read, *arguments, **named))

    async def _run(
        self,
        rows: int,
        read: Callable[Concatenate[SqliteReader, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        try:
            if rows <= ROWS_ON_LOOP:
                try:
                    self._here.begin()
                    return read(self._here, *arguments, **named)
                except _TooManyRowsError:
                    pass
                except sqlite3.OperationalError as error:
                    if not is_locked(error):
                        raise
            waiting = self._there.waiting_from_now(self._lock_seconds, lambda there: read(there, *arguments, **named))
            return await asyncio.get_running_loop().run_in_executor(self._thread, waiting)
        except DAMAGES as error:
            raise damage_of(error) from error
        except (sqlite3.Error, OSError) as error:
            raise fault_of(self._path, error) from error

    async def close(self) -> None:
        """Wait for the reads that are under way, and close the connections."""
        await asyncio.to_thread(self._thread.shutdown)
        self._here.close()
        self._there.close()
