"""Who follows the outbox over events that are no longer kept is told the newest state of each profile, once."""

import orjson
import pytest

from graph_model.profile.codec import decode_update
from services.lookup.updates import Updates
from services.stores.port.identity import VERSIONS_PER_RESTORE
from services.stores.sqlite import events
from services.stores.sqlite.store import SqliteStore
from tests.unit.services.people import Company

#: What is said of an event: the row of its profile, version, version before, what happened, whether it is compacted.
Said = tuple[str, int, int, str, bool]


@pytest.fixture
def few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "EXACT_EVENTS", 1)


async def heard(company: Company, store: SqliteStore, after: int = 0, page: int = 100) -> list[Said]:
    """What a reader hears who has had all events up to a place."""
    names = {await company.profile_of(name): name for name in ("crm1", "crm2", "crm3")}
    updates, said = Updates(store), list[Said]()
    while entries := await store.read_outbox(after, page):
        for told in await updates.told(entries):
            data = decode_update(told.event.data)
            compacted = orjson.loads(told.event.data).get("compacted", False)
            assert (data.version, data.profile_id) == (told.event.version, told.event.profile_id)
            name = names.get(data.profile_id, "gone")
            said.append((name, data.version, data.previous_version, data.change.value, compacted))
        after = entries[-1].sequence
    return said


@pytest.mark.parametrize("page", [1, 100])
async def test_a_reader_of_heads_gets_the_newest_state_of_each_profile_once(
    company: Company, store: SqliteStore, few_are_kept: None, page: int
) -> None:
    await company.put("crm1", email_1="a")
    await company.put("crm2", email_1="b")
    await company.put("crm1", email_1="c")
    await company.put("crm1", email_1="d")
    await company.put("crm3", email_1="e")
    assert await heard(company, store, page=page) == [
        ("crm1", 3, 0, "created", True),
        ("crm2", 1, 0, "created", True),
        ("crm3", 1, 0, "created", False),
    ]


async def test_the_version_before_is_the_last_one_that_the_reader_had(
    company: Company, store: SqliteStore, few_are_kept: None
) -> None:
    await company.put("crm1", email_1="a")
    await company.put("crm1", email_1="b")
    had = (await store.outbox_bounds())[1]
    await company.put("crm1", email_1="c")
    await company.put("crm1", email_1="d")
    await company.put("crm2", email_1="e")
    assert (await heard(company, store, had))[0] == ("crm1", 4, 2, "updated", True)


async def test_what_is_kept_exactly_is_told_exactly(company: Company, store: SqliteStore) -> None:
    await company.put("crm1", email_1="a")
    await company.put("crm1", email_1="b")
    told = await Updates(store).told(await store.read_outbox(0, 10))
    assert [each.event for each in told] == company.events


async def test_after_a_state_that_was_told_ahead_the_next_version_is_told(
    company: Company, store: SqliteStore, few_are_kept: None
) -> None:
    await company.put("crm1", email_1="a")
    await company.put("crm1", email_1="b")
    await company.put("crm2", email_1="x")
    updates = Updates(store)
    entries = await store.read_outbox(0, 10)
    assert [each.event.version for each in await updates.told(entries)] == [2, 1]
    await company.put("crm1", email_1="c")
    (told,) = await updates.told(await store.read_outbox(entries[-1].sequence, 10))
    assert (decode_update(told.event.data).previous_version, told.event.version) == (2, 3)


async def test_an_id_that_was_absorbed_leads_to_where_its_records_are(
    company: Company, store: SqliteStore, few_are_kept: None
) -> None:
    await company.put("crm1", email_1="a")
    await company.put("crm2", phone_1="b")
    await company.put("crm1", email_1="a", phone_1="b")
    await company.put("crm3", email_1="e")
    told = await Updates(store).told(await store.read_outbox(0, 10))
    merged = next(each.event for each in told if each.event.type.value == "merged")
    data = decode_update(merged.data)
    assert data.merged_into == await company.profile_of("crm1")
    assert (data.ids_before, data.ids_after) == ([], [data.merged_into])


async def test_a_deleted_profile_is_told_as_deleted(company: Company, store: SqliteStore, few_are_kept: None) -> None:
    await company.put("crm1", email_1="a")
    had = (await store.outbox_bounds())[1]
    await company.put("crm1")
    await company.put("crm2", email_1="e")
    assert (await heard(company, store, had))[0] == ("gone", 2, 1, "deleted", True)


async def test_versions_after_a_restore_follow_the_one_before_it(
    company: Company, store: SqliteStore, few_are_kept: None
) -> None:
    await company.put("crm1", email_1="a")
    had = (await store.outbox_bounds())[1]
    await store.restored()
    again = await Company.over(store)
    again.offset = company.offset
    await again.put("crm1", email_1="b")
    await again.put("crm2", email_1="c")
    assert (await heard(again, store, had))[0] == ("crm1", VERSIONS_PER_RESTORE + 1, 1, "updated", True)
