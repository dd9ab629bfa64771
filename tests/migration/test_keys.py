"""The kept store of form 1 is sound after its rows have moved to their canonical keys."""

from collections.abc import AsyncIterator

import orjson
import pytest

from graph_model.records.record import RecordAddress
from services.maintenance.verification.verify import verify
from services.stores.port.protocols import Store
from tests.migration.conftest import Ground
from tests.migration.interrupted import migrate_with_kills
from tests.migration.kept import kept_catalogue

LONG = "1234567890123456789"

#: Rows that had two notations of one key, and the other rows of the profiles of these two, one of which joins them.
BECAME_ONE = RecordAddress("web", f'["{LONG}"]')
OTHERS = (RecordAddress("crm", "[50]"), RecordAddress("crm", "[51]"))


async def profiles_of(store: Store, *addresses: RecordAddress) -> set[str]:
    return {stored.profile_id or "" for stored in (await store.read_records(addresses)).values()}


@pytest.fixture(params=["undisturbed", "killed after each mark"])
async def migrated(request: pytest.FixtureRequest, ground: Ground) -> AsyncIterator[Store]:
    if request.param == "undisturbed":
        await ground.migrate()
    else:
        await migrate_with_kills(ground.migrating, ground.opening)
    store = await ground.open()
    yield store
    await store.close()


async def test_verify_finds_no_problem(migrated: Store) -> None:
    report = await verify(migrated, kept_catalogue())
    assert report.problems == ()
    assert (report.records, report.tombstones, report.verdicts) == (29, 3, 6)


async def test_every_row_is_under_the_one_form_of_its_key(migrated: Store) -> None:
    keys = {str(stored.record.address): stored.record.is_tombstone async for stored in migrated.scan_records()}
    assert {key: keys.get(key) for key in ("web[1]", f'web["{LONG}"]', 'branch["S",1]')} == {
        "web[1]": False,
        f'web["{LONG}"]': False,
        'branch["S",1]': True,
    }
    assert keys.keys().isdisjoint({'web["1.0"]', f"web[{LONG}]", 'branch["S","1.0"]'})


async def test_of_two_rows_that_became_one_the_greater_position_wins(migrated: Store) -> None:
    stored = (await migrated.read_records([BECAME_ONE]))[BECAME_ONE]
    assert stored.record.values == {"mail": "ida", "orders": 8}


async def test_verdicts_follow_the_rows(migrated: Store) -> None:
    """Both forms of the long key had one, and so had the row that was `1.0`."""
    assert len(await profiles_of(migrated, BECAME_ONE, *OTHERS)) == 1
    assert len(await profiles_of(migrated, BECAME_ONE, RecordAddress("crm", "[41]"))) == 2
    assert len(await profiles_of(migrated, RecordAddress("web", "[1]"), RecordAddress("crm", "[11]"))) == 1
    named = {str(address) async for entry in migrated.scan_verdicts() for address in entry.verdict.records}
    assert named >= {f'web["{LONG}"]', "web[1]"}
    assert named.isdisjoint({f"web[{LONG}]", 'web["1.0"]'})


async def test_a_moved_tombstone_keeps_its_last_profile(migrated: Store) -> None:
    tombstone = RecordAddress("branch", '["S",1]')
    stored = (await migrated.read_records([tombstone]))[tombstone]
    assert stored.profile_id is not None
    profile = await migrated.read_profile(stored.profile_id)
    assert profile is not None
    assert orjson.loads(profile.document)["records"] == [{"source": "branch", "key": ["S", 1]}]


async def test_only_profiles_whose_rows_became_one_have_a_new_version_or_an_event(ground: Ground) -> None:
    before, events = await ground.contents(), await ground.events()
    versions = {row["profile_id"]: row["version"] for row in before["profile"]}
    of_both = {row["profile_id"] for row in before["profile"] if LONG in str(row["document"])}
    await ground.migrate()
    now = {row["profile_id"]: row["version"] for row in (await ground.contents())["profile"]}
    changed = {profile_id for profile_id, version in now.items() if versions.get(profile_id) != version}
    assert len(changed) == 2
    assert changed <= of_both
    told = [event for row in await ground.events() if row not in events for event in written_events(row)]
    assert {event["profile_id"] for event in told} == changed


async def test_pending_events_are_written_as_before(ground: Ground) -> None:
    before = [event for event in await ground.events() if orjson.loads(event)[0] == "crm/0"]
    await ground.migrate()
    assert [event for event in await ground.events() if orjson.loads(event)[0] == "crm/0"] == before


def written_events(row: str) -> list[dict[str, str]]:
    """The events in a row of `Ground.events`."""
    written = orjson.loads(orjson.loads(row)[1])
    return written if isinstance(written, list) else [written]
