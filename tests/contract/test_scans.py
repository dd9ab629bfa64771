"""A scan meets everything once, in order, however many pages it takes."""

import pytest

from graph_model.records.record import RecordAddress
from graph_model.values.identifiers import Identifier
from services.stores.gremlin import scans
from services.stores.gremlin import store as gremlin
from services.stores.port.protocols import Outbox, Store
from services.stores.sqlite import scans as sqlite_scans
from tests.contract.builders import (
    address,
    email,
    person,
    plan,
    record,
    record_revision,
    tombstone,
    verdict_entry,
    write_identifier,
    write_profile,
    write_record,
    write_verdict,
)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many pages with few rows, so that the ends of pages are tried."""
    monkeypatch.setattr(sqlite_scans, "PAGE", 7)
    monkeypatch.setattr(gremlin, "WINDOW", 7)
    monkeypatch.setattr(scans, "FIRST_WINDOW", 2)
    monkeypatch.setattr(gremlin, "CHUNK", 3)


ADDRESSES = [
    RecordAddress.of(source, [key])
    for source in ("crm", "crm-old", "web.shop")
    for key in (1, 2, 10, "a", "a b", "A", "ab", "é")
]
IDENTIFIERS = [
    Identifier(kind, value) for kind in ("email", "phone", "phone2") for value in ("a", "a-b", "a.b", "b", "+1", "é")
]
PROFILES = [f"{number:02x}" for number in range(20)]


async def write_all(store: Store, outbox: Outbox) -> None:
    await store.commit(
        plan(
            records=[write_record(record(at), "00") for at in reversed(ADDRESSES)],
            identifiers=[write_identifier(identifier, len(identifier.value)) for identifier in IDENTIFIERS],
            profiles=[write_profile(name) for name in reversed(PROFILES)],
        ),
        outbox,
    )


async def test_records_come_in_order_of_their_addresses(store: Store, outbox: Outbox) -> None:
    await write_all(store, outbox)
    assert [stored.record.address async for stored in store.scan_records()] == sorted(ADDRESSES)


async def test_identifiers_come_in_order_with_their_holders(store: Store, outbox: Outbox) -> None:
    await write_all(store, outbox)
    expected = [(identifier, len(identifier.value)) for identifier in sorted(IDENTIFIERS)]
    assert [(identifier, stored.holders) async for identifier, stored in store.scan_identifiers()] == expected


async def test_a_scanned_identifier_is_what_is_read_but_for_its_component(store: Store, outbox: Outbox) -> None:
    await store.commit(person(1, "ann"), outbox)
    assert dict([found async for found in store.scan_identifiers()]) == await store.read_identifiers({email("ann"): 0})


async def test_verdicts_come_oldest_first(store: Store, outbox: Outbox) -> None:
    entries = [verdict_entry(number) for number in range(20)]
    for start in (10, 0):
        some = tuple(write_verdict(entry) for entry in reversed(entries[start : start + 10]))
        await store.commit(plan(verdicts=some), outbox)
    assert [entry async for entry in store.scan_verdicts()] == entries


@pytest.mark.parametrize(
    "after",
    [
        min(ADDRESSES),
        sorted(ADDRESSES)[6],
        sorted(ADDRESSES)[12],
        max(ADDRESSES),
        RecordAddress("crm-old", ""),
        RecordAddress.of("crm", ["unknown"]),
    ],
    ids=["first", "end of a page", "within a page", "last", "a source", "an unknown one"],
)
async def test_a_scan_of_records_goes_on_after_any_address(store: Store, outbox: Outbox, after: RecordAddress) -> None:
    await write_all(store, outbox)
    expected = [at for at in sorted(ADDRESSES) if at > after]
    assert [stored.record.address async for stored in store.scan_records(after)] == expected


@pytest.mark.parametrize("after", ["", "v000", "v006", "v0065", "v018", "v019", "w"])
async def test_a_scan_of_verdicts_goes_on_after_any_id(store: Store, outbox: Outbox, after: str) -> None:
    entries = [verdict_entry(number) for number in range(20)]
    await store.commit(plan(verdicts=tuple(map(write_verdict, entries))), outbox)
    expected = [entry for entry in entries if entry.verdict_id > after]
    assert [entry async for entry in store.scan_verdicts(after)] == expected


async def test_profiles_come_in_order_of_their_ids(store: Store, outbox: Outbox) -> None:
    await write_all(store, outbox)
    assert [stored.profile_id async for stored in store.scan_profiles()] == PROFILES


async def test_a_scan_of_records_meets_tombstones_too(store: Store, outbox: Outbox) -> None:
    await store.commit(plan(records=[write_record(record(address(1)), "p1")], profiles=[write_profile("p1")]), outbox)
    revision = await record_revision(store, address(1))
    await store.commit(plan(records=[write_record(tombstone(address(1)), "p1", expected=revision)]), outbox)
    assert [stored.record.is_tombstone async for stored in store.scan_records()] == [True]


async def test_an_empty_store_has_nothing_to_scan(store: Store) -> None:
    assert [stored async for stored in store.scan_records()] == []
    assert [stored async for stored in store.scan_profiles()] == []
    assert [stored async for stored in store.scan_identifiers()] == []
    assert [entry async for entry in store.scan_verdicts()] == []


async def test_the_last_page_may_be_full(store: Store, outbox: Outbox) -> None:
    profiles = PROFILES[:14]
    await store.commit(plan(profiles=[write_profile(name) for name in profiles]), outbox)
    assert [stored.profile_id async for stored in store.scan_profiles()] == profiles


async def test_what_is_written_during_a_scan_does_not_disturb_it(store: Store, outbox: Outbox) -> None:
    await write_all(store, outbox)
    met = []
    async for stored in store.scan_profiles():
        met.append(stored.profile_id)
        if stored.profile_id in PROFILES:
            await store.commit(plan(profiles=[write_profile(f"{stored.profile_id}-new")]), outbox)
    assert [name for name in met if name in PROFILES] == PROFILES
