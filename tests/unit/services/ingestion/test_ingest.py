"""What becomes of profiles when rows change; each story ends with a store that is what the law says."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from graph_model.profile.document import ProfileStatus
from graph_model.records.record import Outcome
from graph_model.values.identifiers import Identifier
from services.ingestion.ingest import Ingest
from services.maintenance.verification.verify import VerificationReport, verify_and_repair
from services.stores.port.errors import ClaimLost, StoreDamaged
from services.stores.port.identity import VERSIONS_PER_RESTORE
from services.stores.sqlite.store import SqliteStore
from tests.unit.services.faults import RefusingStore
from tests.unit.services.people import CATALOGUE, Company


async def test_rows_that_share_an_email_become_one_profile(company: Company) -> None:
    assert await company.put("crm1", email_1="a") == ["created"]
    assert await company.put("shop1", email_1="a") == ["updated"]
    assert await company.profiles() == [["crm1", "shop1"]]


async def test_a_row_that_links_two_profiles_merges_them(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.put("shop1", phone_1="b")
    assert sorted(await company.put("crm2", email_1="a", phone_1="b")) == ["merged", "updated"]
    assert await company.profiles() == [["crm1", "crm2", "shop1"]]


async def test_the_absorbed_id_tells_where_it_went(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.put("shop1", phone_1="b")
    await company.put("crm2", email_1="a", phone_1="b")
    merged = next(event for event in company.events if event.type.value == "merged")
    data = orjson.loads(merged.data)
    assert data["merged_into"] == await company.profile_of("crm1")
    assert data["ids_after"] == [await company.profile_of("crm1")]
    (absorbed,) = await company.documents(ProfileStatus.ABSORBED)
    assert absorbed["profile_id"] == merged.profile_id
    assert absorbed["merged_into"] == data["merged_into"]


async def test_removing_the_shared_email_splits_the_profile(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.put("shop1", email_1="a")
    assert sorted(await company.put("shop1", email_1="z")) == ["created", "split"]
    assert await company.profiles() == [["crm1"], ["shop1"]]


async def test_undoing_a_merge_brings_the_absorbed_id_back(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.put("crm3", email_1="a")
    await company.put("shop1", phone_1="b")
    before = await company.profile_of("shop1")
    await company.put("crm2", email_1="a", phone_1="b")
    assert await company.profile_of("shop1") != before
    await company.put("crm2", email_1="a")
    assert await company.profile_of("shop1") == before


async def test_after_a_restore_every_version_is_above_any_that_was_published(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.put("crm2", email_1="b")
    await company.store.restored()
    company.outbox = await company.store.claim_outbox("test")
    told = len(company.events)
    await company.put("crm1", email_1="a", name="x")
    await company.put("crm2", email_1="a")
    await company.put("crm3", email_1="c")
    versions = [(event.type.value, event.version) for event in company.events[told:]]
    above = VERSIONS_PER_RESTORE
    assert sorted(versions) == [
        ("created", above + 1),
        ("merged", above + 1),
        ("updated", above + 1),
        ("updated", above + 2),
    ]
    previous = {company.data(event)["previous_version"] for event in company.events[told:]}
    assert previous == {0, 1, above + 1}
    assert await company.is_sound()


async def test_versions_grow_over_merge_and_return(company: Company) -> None:
    await test_undoing_a_merge_brings_the_absorbed_id_back(company)
    told = [(event.profile_id, event.version) for event in company.events]
    assert len(set(told)) == len(told)
    for profile_id in {profile_id for profile_id, _ in told}:
        versions = [version for told_id, version in told if told_id == profile_id]
        assert versions == list(range(1, len(versions) + 1))


async def test_a_nightly_delete_and_insert_of_everything_keeps_the_ids(company: Company) -> None:
    rows = {"crm1": {"email_1": "a"}, "shop1": {"email_1": "a"}, "crm2": {"email_1": "b"}}
    for name, row in rows.items():
        await company.put(name, **row)
    before = {name: await company.profile_of(name) for name in rows}
    for name in rows:
        await company.put(name)
    assert await company.profiles() == []
    for name, row in reversed(rows.items()):
        await company.put(name, **row)
    assert {name: await company.profile_of(name) for name in rows} == before


@pytest.mark.parametrize("creation_first", [False, True])
async def test_a_row_whose_key_changes_keeps_its_profile(company: Company, creation_first: bool) -> None:
    await company.put("crm1", email_1="a")
    before = await company.profile_of("crm1")
    if creation_first:
        await company.put("crm2", moved_from="crm1", phone_1="b")
        await company.put("crm1")
    else:
        await company.put("crm1")
        await company.put("crm2", moved_from="crm1", phone_1="b")
    assert await company.profile_of("crm2") == before
    assert await company.is_sound()


async def test_an_identifier_that_becomes_generic_splits_what_it_held_together(company: Company) -> None:
    for name in ("crm1", "crm2", "crm3"):
        await company.put(name, email_1="till")
    assert await company.profiles() == [["crm1", "crm2", "crm3"]]
    result = await company.apply(company.change("shop1", email_1="till"))
    assert result.became_generic == [Identifier("email", "till")]
    assert await company.profiles() == [["crm1"], ["crm2"], ["crm3"], ["shop1"]]
    assert await company.is_sound()


async def test_an_identifier_that_ceases_to_be_generic_joins_again(company: Company) -> None:
    await test_an_identifier_that_becomes_generic_splits_what_it_held_together(company)
    await company.put("crm2")
    assert await company.profiles() == [["crm1", "crm3", "shop1"]]
    assert await company.is_sound()


async def test_a_change_that_alters_nothing_is_not_told(company: Company) -> None:
    await company.put("crm1", email_1="a")
    result = await company.apply(company.change("crm1", email_1="a"))
    assert result.outcomes == {("crm", Outcome.UNCHANGED): 1}
    assert len(company.events) == 1


async def test_a_row_that_changes_and_changes_back_in_one_batch_says_it_anew(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.apply(company.change("crm1", email_1="b"), company.change("crm1", email_1="a"))
    (document,) = await company.documents(ProfileStatus.LIVE)
    assert document["records"][0]["observed_at"] == "1970-01-01T00:00:03.000Z"
    assert await company.is_sound()


async def test_one_commit_tells_each_profile_once(company: Company) -> None:
    await company.apply(
        company.change("crm1", email_1="a"),
        company.change("crm1", email_1="b"),
        company.change("shop1", email_1="b"),
    )
    assert [event.version for event in company.events] == [1]


async def test_a_profile_created_and_gone_within_one_batch_is_never_told(company: Company) -> None:
    await company.apply(company.change("crm1", email_1="a"), company.change("crm1"))
    assert company.events == []
    assert await company.is_sound()


async def test_an_event_names_the_changes_that_caused_it(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.apply(company.change("shop1", email_1="a"), company.change("shop2", email_1="z"))
    updated = next(orjson.loads(e.data) for e in company.events if e.type.value == "updated")
    assert updated["causes"] == [{"source": "shop", "key": [1], "epoch": 1, "offset": 2}]
    assert updated["causes_total"] == 1


async def test_the_newest_value_of_a_trait_wins(company: Company) -> None:
    await company.put("shop1", email_1="a", name="Old")
    await company.put("crm1", email_1="a", name="New")
    (document,) = await company.documents(ProfileStatus.LIVE)
    assert document["traits"]["name"] == {
        "value": "New",
        "source": "crm",
        "key": [1],
        "observed_at": "1970-01-01T00:00:02.000Z",
    }


async def test_a_refused_batch_is_halved_until_it_is_accepted(store: SqliteStore) -> None:
    refusing = RefusingStore(store, accepts_records=1)
    company = await Company.over(refusing)
    names = [f"{source}{key}" for source in ("crm", "shop") for key in range(1, 9)]
    result = await company.apply(*[company.change(name, email_1="a") for name in names])
    assert result.outcomes == {("crm", Outcome.APPLIED): 8, ("shop", Outcome.APPLIED): 8}
    assert refusing.refusals > 0
    assert await company.is_sound()


async def test_a_worker_whose_claim_was_taken_over_stops(store: SqliteStore) -> None:
    company = await Company.over(store)
    await store.claim_outbox("test")
    ingest = Ingest(store, CATALOGUE, company.outbox, metrics=company.metrics)
    with pytest.raises(ClaimLost):
        await ingest.apply([company.change("crm1", email_1="a")])


@pytest.mark.parametrize(
    "damage",
    ["UPDATE record SET profile_id = NULL", "UPDATE identifier SET holders = holders + 1"],
    ids=["no profile", "wrong count"],
)
async def test_a_change_to_a_damaged_store_ends_and_says_how_to_mend_it(
    company: Company, tmp_path: Path, damage: str
) -> None:
    await company.put("crm1", email_1="a")
    await company.put("shop1", email_1="a")
    with closing(sqlite3.connect(tmp_path / "graph.sqlite")) as connection, connection:
        connection.execute(damage)
    async with asyncio.timeout(20):
        with pytest.raises(StoreDamaged, match="identity-graph verify --repair"):
            await company.put("crm1", email_1="b")
    assert (await _mended(company)).problems == ()
    assert await company.put("crm1", email_1="b") != []
    assert await company.is_sound()


async def _mended(company: Company) -> VerificationReport:
    ingest = Ingest(company.store, company.catalogue, company.outbox, metrics=company.metrics)
    _, left = await verify_and_repair(company.store, company.catalogue, ingest)
    return left
