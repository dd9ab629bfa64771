"""Scans of the embedded store: page by page on the thread of the reads, while others are served."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, TypeVar

from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import VerdictEntry
from graph_model.values.identifiers import Identifier
from services.stores.port.stored import StoredIdentifier, StoredProfile, StoredRecord
from services.stores.port.stored_forms import read_verdict_entry
from services.stores.sqlite.identifiers import IDENTIFIER_COLUMNS, stored_identifier
from services.stores.sqlite.packing import pack_id
from services.stores.sqlite.reads import (
    PROFILE_COLUMNS,
    RECORD_COLUMNS,
    SqliteReader,
    SqliteReads,
)

PAGE = 1_000  #: rows

#: Of a page so many rows are given before others on the event loop are served, whatever is done with each.
_IN_A_ROW: Final = 100

Found = TypeVar("Found")

_RECORDS = f"""
SELECT r.source, r.key, {RECORD_COLUMNS} FROM record AS r LEFT JOIN profile AS p ON p.profile_id = r.profile_id
WHERE (r.source, r.key) > (?, ?) ORDER BY r.source, r.key LIMIT ?
"""  # noqa: S608 - only constants are put together
_PROFILES = f"SELECT {PROFILE_COLUMNS} FROM profile AS p WHERE p.profile_id > ? ORDER BY 1 LIMIT ?"  # noqa: S608
_IDENTIFIERS = f"""
SELECT {IDENTIFIER_COLUMNS} FROM identifier AS i
WHERE (i.kind, i.value) > (?, ?) ORDER BY i.kind, i.value LIMIT ?
"""  # noqa: S608
_LINKS = """
SELECT i.kind, i.value, (SELECT count(*) FROM has AS h WHERE h.identifier = i.id) FROM identifier AS i
WHERE (i.kind, i.value) > (?, ?) ORDER BY i.kind, i.value LIMIT ?
"""
_VERDICTS = "SELECT verdict_id, document FROM verdict WHERE verdict_id > ? ORDER BY verdict_id LIMIT ?"


async def scan_records(reads: SqliteReads, after: RecordAddress | None) -> AsyncIterator[StoredRecord]:
    """See `Store.scan_records`."""

    def form(reader: SqliteReader, row: tuple[Any, ...]) -> StoredRecord:
        return reader.record(RecordAddress(row[0], row[1]), row[2:])

    async for stored in _scan(reads, _RECORDS, form, after or ("", "")):
        yield stored


async def scan_profiles(reads: SqliteReads, after: str) -> AsyncIterator[StoredProfile]:
    """See `Store.scan_profiles`."""
    async for stored in _scan(reads, _PROFILES, SqliteReader.profile, (pack_id(after),)):
        yield stored


async def scan_identifiers(reads: SqliteReads) -> AsyncIterator[tuple[Identifier, StoredIdentifier]]:
    """See `Store.scan_identifiers`."""
    async for found in _scan(reads, _IDENTIFIERS, lambda _, row: stored_identifier(*row), ("", "")):
        yield found


async def scan_links(reads: SqliteReads) -> AsyncIterator[tuple[Identifier, int]]:
    """See `Store.scan_links`."""
    async for found in _scan(reads, _LINKS, lambda _, row: (Identifier(row[0], row[1]), row[2]), ("", "")):
        yield found


async def scan_verdicts(reads: SqliteReads, after: str) -> AsyncIterator[VerdictEntry]:
    """See `Store.scan_verdicts`."""
    async for entry in _scan(reads, _VERDICTS, lambda _, row: read_verdict_entry(*row), (after,)):
        yield entry


async def _scan(
    reads: SqliteReads, page: str, form: Callable[[SqliteReader, tuple[Any, ...]], Found], after: tuple[Any, ...]
) -> AsyncIterator[Found]:
    """Give the rows that follow `after` by their first columns, each in its final form."""

    def read(reader: SqliteReader) -> tuple[list[Found], tuple[Any, ...]]:
        rows = list(reader.rows(page, *after, PAGE))
        return [form(reader, row) for row in rows], rows[-1][: len(after)] if rows else after

    while True:
        found, after = await reads.run(PAGE, read)
        if not found:
            return
        for number, each in enumerate(found, 1):
            yield each
            if number % _IN_A_ROW == 0:
                await asyncio.sleep(0)
