"""The one door where SQLite's errors become ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.stores.port.errors import StoreUnavailable


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Let nothing but our own errors out of what is done with the file at `path`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(
            f"the store {path} cannot be used: {error}; expected a readable and writable SQLite file of this program"
        ) from error
