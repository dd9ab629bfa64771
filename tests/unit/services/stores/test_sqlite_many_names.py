"""The embedded store finds what it is asked for by name, however many names these are, and of whatever kinds."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from graph_model.records.record import RecordAddress
from graph_model.values.identifiers import Identifier
from services.stores.sqlite.store import SqliteStore
from tests.contract.builders import FINGERPRINT, address, plan, record, write_identifier, write_profile, write_record

COUNTS = [0, 1, 3, 4, 5, 63, 64, 65, 300]


def profile_id(number: int) -> str:
    """Ids as they are given, and now and then other ones, which are stored otherwise."""
    return f"profile {number}" if number % 7 == 0 else f"{number:032x}"


def at(number: int) -> RecordAddress:
    return address(number, ("crm", "shop", 'o"dd')[number % 3])


def identifier(number: int) -> Identifier:
    return Identifier(("email", "phone")[number % 2], f'ann\\{number}"é')


async def filled(path: Path, count: int) -> SqliteStore:
    store = await SqliteStore.open(path, FINGERPRINT)
    numbers: Sequence[int] = range(count)
    await store.commit(
        plan(
            records=[write_record(record(at(number)), profile_id(number), [identifier(number)]) for number in numbers],
            identifiers=[write_identifier(identifier(number), 1) for number in numbers],
            profiles=[write_profile(profile_id(number)) for number in numbers],
        ),
        await store.claim_outbox("tests"),
    )
    return store


@pytest.mark.parametrize("unknown", [0, 5])
@pytest.mark.parametrize("count", COUNTS)
async def test_all_that_are_there_are_found_and_no_others(tmp_path: Path, count: int, unknown: int) -> None:
    store = await filled(tmp_path / "graph.sqlite", count)
    asked = range(count + unknown)
    ids = {profile_id(number) for number in range(count)}
    records = await store.read_records([at(number) for number in asked])
    assert {where: stored.profile_id for where, stored in records.items()} == {
        at(n): profile_id(n) for n in range(count)
    }
    assert all(stored.record.address == where for where, stored in records.items())
    assert (await store.read_profiles([profile_id(number) for number in asked])).keys() == ids
    assert (await store.read_versions([profile_id(number) for number in asked])).keys() == ids
    components = await store.read_components([profile_id(number) for number in asked])
    assert components.profiles.keys() == ids
    assert components.memberships == {at(number): profile_id(number) for number in range(count)}
    identifiers = await store.read_identifiers({identifier(number): 1 for number in asked})
    assert {i: found.component for i, found in identifiers.items()} == {
        identifier(number): (profile_id(number),) for number in range(count)
    }
    assert await store.read_links([at(number) for number in asked]) == {
        at(number): (identifier(number),) for number in range(count)
    }
    await store.close()
