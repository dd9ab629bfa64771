"""What a refused commit must leave behind: nothing."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace

import pytest

from services.stores.port.errors import CommitConflict
from services.stores.port.plan import Plan
from services.stores.port.protocols import Outbox, Store
from tests.contract.builders import person, step


async def outcomes(commits: Sequence[Awaitable[None]]) -> list[bool]:
    """Which of the commits, run at the same time, were accepted; any other end than a conflict is an error."""
    results = await asyncio.gather(*commits, return_exceptions=True)
    for result in results:
        if result is not None and not isinstance(result, CommitConflict):
            raise result
    return [result is None for result in results]


async def contents(store: Store) -> list[object]:
    """Everything that is in the store."""
    return [
        [stored async for stored in store.scan_records()],
        [stored async for stored in store.scan_identifiers()],
        [found async for found in store.scan_links()],
        [stored async for stored in store.scan_profiles()],
        [entry async for entry in store.scan_verdicts()],
        await store.read_tasks(),
        await store.read_history("p99"),
    ]


async def assert_refused_without_trace(store: Store, outbox: Outbox, refused: Plan) -> None:
    """The plan is refused, with something valid beside it, and the store is as it was."""
    valid = person(99, "valid")
    before = await contents(store)
    combined = replace(
        refused,
        records=(*valid.records, *refused.records),
        identifiers=(*valid.identifiers, *refused.identifiers),
        profiles=(*valid.profiles, *refused.profiles),
        history=(*refused.history, step("p99", 1)),
    )
    with pytest.raises(CommitConflict):
        await store.commit(combined, outbox)
    assert await contents(store) == before
