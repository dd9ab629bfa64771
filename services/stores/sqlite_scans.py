"""Scans of the embedded store: page by page, so that others are served between two pages."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from graph_model.identifiers import Identifier
from graph_model.records import RecordAddress
from graph_model.verdicts import VerdictEntry
from services.stores.port import StoredIdentifier, StoredProfile, StoredRecord
from services.stores.sqlite_identifiers import IDENTIFIER_COLUMNS, stored_identifier
from services.stores.sqlite_reads import PROFILE_COLUMNS, RECORD_COLUMNS, SqliteReads, stored_profile, stored_record
from services.stores.stored_forms import read_verdict_entry

PAGE = 1_000  #: rows

_RECORDS = f"""
SELECT {RECORD_COLUMNS} FROM record AS r LEFT JOIN profile AS p ON p.profile_id = r.profile_id
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
    async for row in _scan(reads, _RECORDS, after or ("", "")):
        yield stored_record(row)


async def scan_profiles(reads: SqliteReads) -> AsyncIterator[StoredProfile]:
    """See `Store.scan_profiles`."""
    async for row in _scan(reads, _PROFILES, ("",)):
        yield stored_profile(row)


async def scan_identifiers(reads: SqliteReads) -> AsyncIterator[tuple[Identifier, StoredIdentifier]]:
    """See `Store.scan_identifiers`."""
    async for row in _scan(reads, _IDENTIFIERS, ("", "")):
        yield stored_identifier(*row)


async def scan_links(reads: SqliteReads) -> AsyncIterator[tuple[Identifier, int]]:
    """See `Store.scan_links`."""
    async for kind, value, links in _scan(reads, _LINKS, ("", "")):
        yield Identifier(kind, value), links


async def scan_verdicts(reads: SqliteReads) -> AsyncIterator[VerdictEntry]:
    """See `Store.scan_verdicts`."""
    async for verdict_id, document in _scan(reads, _VERDICTS, ("",)):
        yield read_verdict_entry(verdict_id, document)


async def _scan(reads: SqliteReads, page: str, after: tuple[str, ...]) -> AsyncIterator[tuple[Any, ...]]:
    """Give the rows that follow `after` by their first columns."""
    while rows := list(reads.rows(page, *after, PAGE)):
        for row in rows:
            yield row
        after = rows[-1][: len(after)]
        await asyncio.sleep(0)
