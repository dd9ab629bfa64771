"""What is loaded into a store is there as if it had been committed, or refused as a whole."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.stores.port.errors import ClaimLost, CommitConflict
from services.stores.port.plan import Plan
from services.stores.port.protocols import LoadableStore
from services.stores.sqlite.store import SqliteStore
from tests.contract.builders import (
    FINGERPRINT,
    address,
    email,
    person,
    plan,
    record,
    tombstone,
    write_bucket,
    write_identifier,
    write_profile,
    write_record,
)

#: Rows of a large plan.
MANY = 250


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path, FINGERPRINT)
    try:
        yield store
    finally:
        await store.close()


def people(first: int, count: int) -> Plan:
    numbers = range(first, first + count)
    return plan(
        records=[write_record(record(address(n)), f"p{n}", [email(f"{n}"), email("all")]) for n in numbers],
        identifiers=[write_identifier(email(f"{n}")) for n in numbers],
        profiles=[write_profile(f"p{n}") for n in numbers],
    )


def plans() -> list[Plan]:
    """A hub that is made, whose holders follow; records of many sizes; one that is deleted; one without identifiers."""
    return [
        plan(
            records=[write_record(record(address(1, "shop")), "s1", [email("all")])],
            identifiers=[write_identifier(email("all"), 0, is_hub=True)],
            buckets=(write_bucket(email("all"), 3, MANY + 8),),
            profiles=[write_profile("s1")],
        ),
        people(1, MANY),
        plan(records=[write_record(tombstone(address(1_000)), None), write_record(record(address(1_001)), None)]),
        people(2_000, 7),
    ]


async def written(store: SqliteStore) -> list[object]:
    scans = (store.scan_records(), store.scan_profiles(), store.scan_identifiers(), store.scan_links())
    return [[each async for each in scan] for scan in scans]


async def test_what_is_loaded_is_what_would_have_been_committed(tmp_path: Path) -> None:
    async with opened(tmp_path / "one.sqlite") as one, opened(tmp_path / "other.sqlite") as other:
        assert isinstance(one, LoadableStore)
        loading, committing = await one.claim_outbox("w"), await other.claim_outbox("w")
        for each in plans():
            await one.load(each, loading)
            await other.commit(each, committing)
        assert await written(one) == await written(other)


@pytest.mark.parametrize(
    "repeated",
    [
        plan(records=[write_record(record(address(1)), "p9")]),
        plan(identifiers=[write_identifier(email("ann"))]),
        plan(profiles=[write_profile("p1")]),
        plan(identifiers=[write_identifier(email("ann"), 2, expected="0" * 32)]),
    ],
)
async def test_what_is_there_already_is_refused_with_all_that_comes_with_it(tmp_path: Path, repeated: Plan) -> None:
    async with opened(tmp_path / "store.sqlite") as store:
        outbox = await store.claim_outbox("w")
        await store.load(person(1, "ann"), outbox)
        before = await written(store)
        new = person(2, "ben")
        both = plan(
            records=(*new.records, *repeated.records),
            identifiers=(*new.identifiers, *repeated.identifiers),
            profiles=(*new.profiles, *repeated.profiles),
        )
        with pytest.raises(CommitConflict):
            await store.load(both, outbox)
        assert await written(store) == before
        await store.load(new, outbox)


async def test_who_has_lost_the_outbox_loads_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path / "store.sqlite") as store:
        lost = await store.claim_outbox("w")
        await store.claim_outbox("w")
        with pytest.raises(ClaimLost):
            await store.load(person(1, "ann"), lost)
        assert [each async for each in store.scan_records()] == []
