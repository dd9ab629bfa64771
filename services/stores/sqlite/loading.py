"""Commits of a first load: many rows at once into a file that nobody else uses, and not one by one to the disk."""

from typing import Final

from services.stores.port.plan import Plan
from services.stores.sqlite.connection import StoreConnection
from services.stores.sqlite.writes import write_plan

#: In KiB. What names lead to is spread over the whole file, and what is not remembered of it is read again.
_CACHE: Final = 262_144
#: Pages of 4 kB: the more commits share a checkpoint, the less often pages are written that all of them touch.
_PAGES_PER_CHECKPOINT: Final = 32_768


def load_plan(connection: StoreConnection, plan: Plan, writer: str, claim: str) -> None:
    """See `LoadableStore.load`.

    Raises:
        CommitConflict, ClaimLost: see `write_plan`.
    """
    connection.execute(f"PRAGMA cache_size = -{_CACHE}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_PER_CHECKPOINT}")
    # The log of a file keeps its order: what the power takes away are the last commits, each as a whole.
    connection.execute("PRAGMA synchronous = NORMAL")
    try:
        write_plan(connection, plan, writer, claim)
    finally:
        connection.execute("PRAGMA synchronous = FULL")
