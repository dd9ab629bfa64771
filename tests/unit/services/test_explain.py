from services.explain import explain_profile
from tests.unit.services.people import CATALOGUE, Company


async def test_every_join_is_explained_by_the_strongest_identifier_shared(company: Company) -> None:
    await company.put("crm1", email_1="a", phone_1="b")
    await company.put("shop1", email_1="a", phone_1="b")
    await company.put("shop2", phone_1="b")
    profile_id = await company.profile_of("crm1")
    explanation = await explain_profile(company.store, CATALOGUE, str(profile_id))
    assert explanation is not None
    assert [str(join) for join in explanation.joins] == [
        "crm[1] and shop[1] share email a",
        "crm[1] and shop[2] share phone b",
    ]


async def test_a_profile_that_is_not_live_has_no_explanation(company: Company) -> None:
    assert await explain_profile(company.store, CATALOGUE, "unknown") is None
