"""A scan finds the profiles that may be several people."""

import pytest

from graph_model.records.verdicts import Judgement
from services.maintenance import suspicious
from services.maintenance.suspicious import Suspicions, suspicious_profiles
from tests.unit.services.people import CATALOGUE, Company


async def scan(company: Company, at_least: int = 3, limit: int = 100) -> Suspicions:
    return await suspicious_profiles(company.store, CATALOGUE, at_least, limit, lambda _what, _done: None)


async def two_families(company: Company, first: int = 1) -> None:
    """Six records: two e-mails with three records each, and one phone that one record of each has."""
    changes = [company.change(f"crm{first + key}", email_1=f"{first}-{key // 3}") for key in range(6)]
    await company.apply(*changes)
    await company.apply(
        company.change(f"crm{first}", email_1=f"{first}-0", phone_1=f"{first}"),
        company.change(f"crm{first + 3}", email_1=f"{first}-1", phone_1=f"{first}"),
    )


async def test_two_large_parts_that_hang_together_by_one_value_are_found(company: Company) -> None:
    await two_families(company)
    (found,) = (await scan(company)).listed
    assert (found.profile_id, found.records) == (await company.live_id("crm1"), 6)
    assert [(str(link.identifier), link.parts) for link in found.weak_links] == [("phone:1", (3, 3))]


async def test_smaller_parts_are_found_on_demand(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.put("crm2", email_1="a", phone_1="1")
    await company.put("crm3", email_1="b", phone_1="1")
    await company.put("crm4", email_1="b")
    assert (await scan(company)).found == 0
    assert (await scan(company, at_least=2)).found == 1


async def test_records_that_contradict_themselves_are_listed_after_weak_links(company: Company) -> None:
    await company.put("shop1", email_1="x", passport_1="1", passport_2="2")
    await two_families(company)
    found = await scan(company)
    assert [(profile.records, len(profile.weak_links), profile.contradictions) for profile in found.listed] == [
        (6, 1, 0),
        (1, 0, 1),
    ]


async def test_what_a_constraint_keeps_apart_is_not_listed(company: Company) -> None:
    await company.put("shop1", email_1="x", passport_1="1", name="Ann")
    await company.put("shop2", email_1="x", passport_1="2", name="Bob")
    assert (await scan(company)).found == 0


async def test_what_a_verdict_keeps_apart_is_not_listed(company: Company) -> None:
    await company.put("crm1", phone_1="1", name="Ann Lee")
    await company.put("crm2", phone_1="1", name="Bob Fox")
    assert (await scan(company)).found == 1
    await company.decide(Judgement.DIFFERENT, "crm1", "crm2")
    assert (await scan(company)).found == 0


async def test_what_a_steward_has_confirmed_is_not_listed_until_it_is_taken_back(company: Company) -> None:
    await company.put("crm1", phone_1="1", name="Ann Lee")
    await company.put("crm2", phone_1="1", name="Bob Fox")
    confirmed = await company.decide(Judgement.SAME, "crm1", "crm2")
    assert (await scan(company)).found == 0
    await company.withdraw(confirmed)
    assert (await scan(company)).found == 1


async def test_two_rows_with_one_value_and_different_names_are_found_and_shown(company: Company) -> None:
    await company.put("crm1", phone_1="1", email_1="ann", name="Ann Lee")
    await company.put("crm2", email_1="ann", name="Ann Lee")
    await company.put("shop1", phone_1="1", name="Bob Fox")
    (found,) = (await scan(company)).listed
    (pair,) = found.doubtful
    assert (str(pair.identifier), pair.one, pair.other, pair.parts, pair.differing) == (
        "phone:1",
        company.address("crm1"),
        company.address("shop1"),
        (2, 1),
        ("name",),
    )
    rows = [row.address for row in found.comparison.rows]
    assert rows == [company.address(name) for name in ("crm1", "shop1", "crm2")]
    assert [line.field for line in found.comparison.lines if line.differs] == ["name"]


async def test_different_names_are_listed_before_weak_links(company: Company) -> None:
    await two_families(company)
    await company.put("shop1", phone_1="9", name="Ann Lee")
    await company.put("shop2", phone_1="9", name="Bob Fox")
    assert [(each.records, len(each.doubtful)) for each in (await scan(company)).listed] == [(2, 1), (6, 0)]


async def test_a_pair_is_found_in_whatever_portion_it_is_read(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspicious, "_PROFILES_TOGETHER", 2)
    monkeypatch.setattr(suspicious, "_ROWS_TOGETHER", 3)
    for number in range(5):
        await company.put(f"crm{number}", phone_1=f"{number}", name="Ann Lee")
        await company.put(f"shop{number}", phone_1=f"{number}", name="Bob Fox" if number % 2 else "Ann Lee")
    found = await scan(company)
    assert (found.profiles, found.found) == (5, 2)


async def test_only_the_most_urgent_are_held(company: Company) -> None:
    await two_families(company, 1)
    await two_families(company, 11)
    await company.put("shop1", email_1="x", passport_1="1", passport_2="2")
    found = await scan(company, limit=1)
    assert (found.profiles, found.found, [profile.records for profile in found.listed]) == (3, 3, [6])


async def test_profiles_that_are_no_longer_live_are_not_looked_at(company: Company) -> None:
    await company.put("crm1", email_1="a")
    await company.put("crm1")
    assert (await scan(company)).profiles == 0
