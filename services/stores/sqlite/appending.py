"""Writes the plans of a first load: much at once into a file that nobody else writes to."""

from typing import Final

from services.stores.port.plan import Plan
from services.stores.sqlite.connection import StoreConnection
from services.stores.sqlite.writes import write_plan

#: In KiB. What names lead to is spread over the whole file, and what is not remembered of it is read again.
_CACHE: Final = 262_144
#: Pages of 4 kB: the more portions share a checkpoint, the less often pages are written that all of them touch.
_PAGES_PER_CHECKPOINT: Final = 32_768


def append_plan(connection: StoreConnection, plan: Plan, writer: str, claim: str) -> None:
    """Commit a plan in one transaction that reaches the disk, at the latest, with the next commit of another kind.

    Raises:
        CommitConflict, ClaimLost: see `write_plan`.
    """
    connection.execute(f"PRAGMA cache_size = -{_CACHE}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_PER_CHECKPOINT}")
    connection.execute("PRAGMA synchronous = NORMAL")
    try:
        write_plan(connection, plan, writer, claim)
    finally:
        connection.execute("PRAGMA synchronous = FULL")
