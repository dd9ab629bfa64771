"""A preview tells what another catalogue would make of the profiles, and touches nothing."""

import random
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace

import pytest

from graph_model.catalogue.rules import Catalogue, Column
from graph_model.records.tasks import ReResolve
from graph_model.records.verdicts import Judgement
from services.ingestion.ingest import Ingest
from services.maintenance.preview import GenericChange, MissingColumns, Preview, preview
from services.maintenance.preview_examples import Bridge
from services.maintenance.re_resolve import change_meaning
from services.maintenance.tasks import work_off
from services.maintenance.verification.verify import no_progress
from services.stores.sqlite.store import SqliteStore
from tests.properties import worlds
from tests.unit.services.people import CATALOGUE, Company

#: An e-mail that two records carry is generic.
STRICT = replace(worlds.catalogue((1, 3, 3), (90, 50, 100), (False, False, True)), fingerprint="strict")

#: So many records may share an e-mail or phone that none of these tests has a generic one.
LOOSE = replace(worlds.catalogue((9, 9, 9), (90, 50, 100), (False, False, True)), fingerprint="loose")


async def _preview(company: Company, catalogue: Catalogue, examples: int = 5) -> Preview:
    return await preview(company.store, catalogue, no_progress, examples=examples)


async def _fill(company: Company, rows: Mapping[str, str]) -> None:
    """`{"crm1": "email_1=a"}` puts one row with one value."""
    for name, value in rows.items():
        column, _, said = value.partition("=")
        await company.put(name, **{column: said})


async def test_the_catalogue_in_force_changes_nothing(company: Company) -> None:
    await _fill(company, {"crm1": "email_1=a", "shop1": "email_1=a", "crm2": "email_1=b"})
    assert await _preview(company, CATALOGUE) == Preview(records=3, profiles_before=2, profiles_after=2, unchanged=2)


async def test_what_a_stricter_limit_splits_is_told_with_the_reason(company: Company) -> None:
    await _fill(company, {"crm1": "email_1=a", "shop1": "email_1=a", "crm2": "email_1=b"})
    found = await _preview(company, STRICT)
    assert (found.splitting, found.split_into, found.merging, found.unchanged, found.moving) == (1, 2, 0, 1, 1)
    assert found.generic == (GenericChange("email", become=1, cease=0),)
    (split,) = found.splits
    assert split.profile_id == await company.profile_of("crm1")
    assert [part.records for part in split.parts] == [(company.address("crm1"),), (company.address("shop1"),)]
    assert split.reasons == ("crm[1] and shop[1]: 2 records carry their email, too many",)


async def test_rows_of_all_parts_stand_side_by_side(company: Company) -> None:
    await company.put("crm1", phone_1="till", name="Cleo")
    for key in range(2, 5):
        await company.put(f"crm{key}", phone_1="till", name="Dan")
    (merge,) = (await _preview(company, LOOSE)).merges
    assert [str(row.address) for row in merge.comparison.rows] == [f"crm[{key}]" for key in range(1, 5)]
    assert [line.field for line in merge.comparison.lines if line.differs] == ["name"]


async def test_what_a_looser_limit_merges_is_told_with_the_evidence(company: Company) -> None:
    await _fill(company, {f"crm{key}": "phone_1=till" for key in range(4)})
    found = await _preview(company, LOOSE)
    assert (found.profiles_before, found.profiles_after, found.merging, found.merged_into) == (4, 1, 4, 1)
    assert (found.moving, found.generic) == (3, (GenericChange("phone", become=0, cease=1),))
    (merge,) = found.merges
    assert {part.profile_id for part in merge.parts} == {await company.profile_of(f"crm{key}") for key in range(4)}
    first = company.address("crm0")
    assert set(merge.evidence) == {Bridge(first, company.address(f"crm{key}"), "phone") for key in (1, 2, 3)}


async def test_a_new_constraint_is_named_as_the_reason_of_a_split(company: Company) -> None:
    await company.put("crm1", email_1="a", name="Ann")
    await company.put("shop1", email_1="a", name="Bob")
    one_name = replace(CATALOGUE, exclusive_traits=frozenset({"name"}), fingerprint="one name")
    (split,) = (await _preview(company, one_name)).splits
    assert split.reasons == ("crm[1] and shop[1]: they contradict each other in name",)


async def test_records_that_lose_all_evidence_are_told(company: Company) -> None:
    await _fill(company, {"crm1": "email_1=a", "shop1": "email_1=a"})
    crm = replace(
        CATALOGUE.sources["crm"], meanings=tuple(replace(c, identifier=None) for c in CATALOGUE.sources["crm"].meanings)
    )
    without = replace(CATALOGUE, sources={**CATALOGUE.sources, "crm": crm}, fingerprint="without")
    (split,) = (await _preview(company, without)).splits
    assert split.reasons == ("crm[1] and shop[1]: nothing connects them any more",)


async def test_verdicts_stay_in_force(company: Company) -> None:
    await _fill(company, {"crm1": "email_1=a", "crm2": "email_1=b", "crm3": "phone_1=c", "crm4": "phone_1=c"})
    await company.decide(Judgement.SAME, "crm1", "crm2")
    await company.decide(Judgement.DIFFERENT, "crm3", "crm4")
    assert (await _preview(company, LOOSE)).unchanged == 3


async def test_columns_that_were_not_kept_are_named(company: Company) -> None:
    await _fill(company, {"crm1": "email_1=a"})
    crm = CATALOGUE.sources["crm"]
    further = [Column(name=name, identifier="email", trait=None) for name in ("cookie", "login")]
    wider = replace(crm, meanings=(*crm.meanings, *further))
    found = await _preview(
        company, replace(CATALOGUE, sources={**CATALOGUE.sources, "crm": wider}, fingerprint="wider")
    )
    (missing,) = found.missing_columns
    assert missing == MissingColumns("crm", missing.columns, records=1)
    assert {"cookie", "login"} <= set(missing.columns)
    assert "email_1" not in missing.columns


async def test_sources_that_the_new_catalogue_forgets_are_named(company: Company) -> None:
    await _fill(company, {"crm1": "email_1=a", "shop1": "email_1=a", "shop2": "email_1=b"})
    found = await _preview(company, replace(CATALOGUE, sources={"crm": CATALOGUE.sources["crm"]}))
    assert found.unknown_sources == (("shop", 2),)
    assert found.splitting == 1


async def test_the_largest_example_goes_first_and_no_more_than_asked_are_told(company: Company) -> None:
    await _fill(company, {"crm1": "email_1=a", "shop1": "email_1=a", "crm2": "email_1=b", "shop2": "email_1=b"})
    await _fill(company, {"crm3": "email_1=c", "shop3": "email_1=c", "shop4": "email_1=c"})
    assert (await _preview(company, STRICT, examples=0)).splits == ()
    found = await _preview(company, STRICT, examples=2)
    assert [split.parts_total for split in found.splits] == [3, 2]
    assert found.splitting == 3


async def test_nothing_is_touched(company: Company, store: SqliteStore) -> None:
    await _fill(company, {"crm1": "email_1=a", "shop1": "email_1=a"})
    before = [profile async for profile in store.scan_profiles()]
    events, meaning = await store.outbox_bounds(), store.fingerprint
    await _preview(company, STRICT)
    assert [profile async for profile in store.scan_profiles()] == before
    assert (await store.outbox_bounds(), store.fingerprint) == (events, meaning)


async def test_work_that_is_owed_is_told(company: Company, store: SqliteStore) -> None:
    await change_meaning(store, STRICT)
    assert (await _preview(company, STRICT)).owed == (ReResolve(),)


@pytest.mark.parametrize("seed", range(6))
async def test_what_was_previewed_is_what_re_resolve_does(seed: int, company: Company, store: SqliteStore) -> None:
    chance = random.Random(seed)  # noqa: S311
    for source in worlds.SOURCES:
        for key in range(10):
            columns = chance.sample(("email_1", "email_2", "phone_1", "passport_1", "name"), 2)
            await company.put(f"{source}{key}", **{column: chance.choice("abcdefgh") for column in columns})
    # Without former profiles, whose ids could come back.
    live = {p.profile_id async for p in store.scan_profiles() if p.status == "live"}
    others = {p.profile_id async for p in store.scan_profiles()} - live
    before = await _members(store)
    new = replace(
        worlds.catalogue((2, 5, 3), (50, 90, 100), (False, True, True)),
        exclusive_traits=frozenset({"name"}),
        fingerprint="new",
    )
    expected = await _preview(company, new)
    await change_meaning(store, new)
    ingest = Ingest(store, new, await store.claim_outbox("test"), metrics=company.metrics)
    await work_off(store, lambda: nullcontext(ingest))
    after = await _members(store)
    assert expected.profiles_before == len(set(before.values()))
    assert expected.profiles_after == len(set(after.values()))
    assert others or expected.moving == sum(before[record] != after[record] for record in before)


async def _members(store: SqliteStore) -> dict[str, str | None]:
    return {str(stored.record.address): stored.profile_id async for stored in store.scan_records()}
