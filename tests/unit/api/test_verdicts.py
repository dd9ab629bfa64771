from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from api.verdict_documents import Consequences, SplitAnswer, VerdictAnswer
from services.settings import Settings

from .conftest import ANN, Service

CRM: dict[str, Any] = {"source": "crm", "key": [1]}
SHOP: dict[str, Any] = {"source": "shop", "key": [7]}
STORY = {"reason": "called them", "author": "kim"}


async def give(service: Service, judgement: str, *records: dict[str, Any]) -> httpx.Response:
    return await service.http.post("/v1/verdicts", json={"judgement": judgement, "records": records, **STORY})


async def split(service: Service, profile_id: str, *groups: list[dict[str, Any]]) -> httpx.Response:
    return await service.http.post(f"/v1/profiles/{profile_id}/split", json={"groups": groups, **STORY})


@pytest.fixture
async def two(service: Service) -> Service:
    await service.send("crm", ANN)
    await service.send("shop", {"id": 7, "mail": "somebody@example.com"})
    return service


def entry_of(answer: dict[str, Any]) -> dict[str, Any]:
    """What the ledger keeps of an answer: all but what the decision has led to."""
    VerdictAnswer.model_validate(answer)
    return {name: value for name, value in answer.items() if name not in Consequences.model_fields}


def members(profiles: list[dict[str, Any]]) -> list[list[str]]:
    """The records of profiles, the greatest profile first: `[["crm1", "shop7"]]`."""
    return [[f"{record['source']}{record['key'][0]}" for record in profile["records"]] for profile in profiles]


async def test_an_answer_tells_which_profiles_result_and_shows_the_rows(two: Service) -> None:
    answer = (await give(two, "same", SHOP, CRM)).json()
    assert answer["explanation"] == "2 profiles became 1"
    assert sorted(members(answer["profiles_before"])) == [["crm1"], ["shop7"]]
    assert members(answer["profiles"]) == [["crm1", "shop7"]]
    assert answer["profiles"][0]["profile_id"] == await two.profile_id("email:ann@example.com")
    (email,) = (line for line in answer["comparison"]["lines"] if line["field"] == "email")
    assert (email["differs"], [cell["values"] for cell in email["cells"]]) == (
        True,
        [["ann@example.com"], ["somebody@example.com"]],
    )
    withdrawn = (await two.http.delete(f"/v1/verdicts/{answer['verdict_id']}", params={"author": "lou"})).json()
    assert withdrawn["explanation"] == "1 profile became 2"
    assert len(withdrawn["profiles"]) == 2


async def test_a_verdict_given_again_changes_no_profile(two: Service) -> None:
    await give(two, "same", SHOP, CRM)
    again = await give(two, "same", SHOP, CRM)
    assert (again.status_code, again.json()["explanation"]) == (200, "1 profile, as before")


async def test_a_verdict_is_in_force_when_the_answer_comes(two: Service) -> None:
    answer = await give(two, "same", SHOP, CRM)
    assert answer.status_code == 201
    assert answer.json()["records"] == [CRM, SHOP]
    assert await two.profile_id("email:somebody@example.com") == await two.profile_id("email:ann@example.com")


async def test_numbers_written_as_text_name_the_same_record(two: Service) -> None:
    assert (await give(two, "same", {"source": "crm", "key": ["1"]}, SHOP)).status_code == 201


async def test_a_long_key_names_its_record_as_a_number_and_as_text(two: Service) -> None:
    key = 1234567890123456789
    await two.send("crm", {"id": key, "full_name": "Bo"})
    for written in (f"{key}", f'"{key}"', f'"{key}.0"'):
        body = '{"judgement": "same", "reason": "called", "author": "kim", "records": [{"source": "crm", "key": [%s]}, '
        body += '{"source": "shop", "key": [7]}]}'
        answer = await two.http.post(
            "/v1/verdicts", content=body % written, headers={"Content-Type": "application/json"}
        )
        assert answer.json()["records"] == [{"source": "crm", "key": [str(key)]}, SHOP]


@pytest.mark.parametrize(
    "part", ["1e30", "NaN", "true", "null", '""', '"8.96529E+18"', '"\\ud800"', "[1]", "9" * 5_000]
)
async def test_what_is_no_key_is_a_problem_of_the_caller(two: Service, part: str) -> None:
    records = f'[{{"source": "crm", "key": [{part}]}}, {{"source": "shop", "key": [7]}}]'
    signed = '"reason": "called", "author": "kim"'
    headers = {"Content-Type": "application/json"}
    verdict = f'{{"judgement": "same", {signed}, "records": {records}}}'
    answer = await two.http.post("/v1/verdicts", content=verdict, headers=headers)
    assert answer.status_code in (404, 422)
    profile = await two.profile_id("email:ann@example.com")
    split_up = f'{{{signed}, "groups": [{records}]}}'
    answer = await two.http.post(f"/v1/profiles/{profile}/split", content=split_up, headers=headers)
    assert answer.status_code in (404, 422)
    answer = await two.http.get("/v1/explain", params={"record": [f"crm[{part}]", "shop:7"]})
    assert answer.status_code in (404, 422)


@pytest.mark.parametrize("field", ["author", "reason", "source"])
async def test_half_a_character_is_a_problem_of_the_caller(two: Service, field: str) -> None:
    told = {"author": "kim", "reason": "called", "source": "crm", field: "HALF"}
    records = f'[{{"source": "{told["source"]}", "key": [1]}}, {{"source": "shop", "key": [7]}}]'
    signed = f'"author": "{told["author"]}", "reason": "{told["reason"]}"'
    verdict = f'{{"judgement": "same", {signed}, "records": {records}}}'.replace("HALF", "\\ud800")
    answer = await two.http.post("/v1/verdicts", content=verdict, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:identity-graph:problem:invalid-request")


async def test_a_withdrawn_verdict_stays_in_the_ledger(two: Service) -> None:
    given = (await give(two, "same", SHOP, CRM)).json()
    withdrawn = await two.http.delete(f"/v1/verdicts/{given['verdict_id']}", params={"author": "lou"})
    assert withdrawn.json()["withdrawn_by"] == "lou"
    ledger = (await two.http.get("/v1/verdicts")).json()
    assert ledger == {"verdicts": [entry_of(withdrawn.json())], "complete": True}
    again = await two.http.delete(f"/v1/verdicts/{given['verdict_id']}", params={"author": "lou"})
    assert (again.status_code, again.json()["type"]) == (409, "urn:identity-graph:problem:verdict-withdrawn")


async def test_the_ledger_is_read_in_pages(two: Service) -> None:
    await two.send("crm", {"id": 2, "full_name": "Bo"})
    first = (await give(two, "different", SHOP, CRM)).json()
    second = (await give(two, "different", SHOP, {"source": "crm", "key": [2]})).json()
    page = (await two.http.get("/v1/verdicts", params={"limit": 1})).json()
    assert page == {"verdicts": [entry_of(first)], "complete": False}
    rest = (await two.http.get("/v1/verdicts", params={"after": first["verdict_id"]})).json()
    assert rest == {"verdicts": [entry_of(second)], "complete": True}


async def test_a_verdict_on_an_unknown_record_names_it(two: Service) -> None:
    answer = await give(two, "same", CRM, {"source": "shop", "key": [8]})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:identity-graph:problem:unknown-record")
    assert answer.json()["record"] == {"source": "shop", "key": [8]}


async def test_a_contradiction_lists_the_verdicts_in_force(two: Service) -> None:
    given = (await give(two, "same", SHOP, CRM)).json()
    answer = await give(two, "different", SHOP, CRM)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:identity-graph:problem:contradiction")
    assert answer.json()["verdicts"] == [given["verdict_id"]]


async def test_a_split_answers_with_the_profile_of_each_group(two: Service) -> None:
    await two.send("crm", {"id": 2, "full_name": "Bo", "email": "ann@example.com"})
    profile_id = await two.profile_id("email:ann@example.com")
    answer = await split(two, profile_id, [CRM], [{"source": "crm", "key": [2]}])
    assert answer.status_code == 200
    assert profile_id in answer.json()["profile_ids"]
    assert len(set(answer.json()["profile_ids"])) == 2
    assert [verdict["judgement"] for verdict in answer.json()["verdicts"]] == ["different"]
    SplitAnswer.model_validate_json(answer.content)
    assert members(answer.json()["profiles_before"]) == [["crm1", "crm2"]]
    assert sorted(members(answer.json()["profiles"])) == [["crm1"], ["crm2"]]


async def test_groups_that_miss_a_record_name_it(two: Service) -> None:
    await two.send("crm", {"id": 2, "full_name": "Bo", "email": "ann@example.com"})
    answer = await split(two, await two.profile_id("email:ann@example.com"), [CRM], [SHOP])
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:identity-graph:problem:wrong-groups")
    assert "missing: crm[2]" in answer.json()["detail"]
    assert "not of this profile: shop[7]" in answer.json()["detail"]


async def test_where_stewards_have_a_token_nobody_else_decides(two: Service) -> None:
    services = two.app.state.services
    settings = services.settings.model_copy(update={"steward_token": SecretStr("secret")})
    object.__setattr__(services, "settings", settings)
    assert isinstance(settings, Settings)
    refused = await give(two, "same", SHOP, CRM)
    assert (refused.status_code, refused.json()["type"]) == (401, "urn:identity-graph:problem:not-a-steward")
    two.http.headers["Authorization"] = "Bearer secret"
    assert (await give(two, "same", SHOP, CRM)).status_code == 201


@pytest.mark.parametrize("reference", [{"a": 1}, {"": 1}, {"id": True}, {**CRM, "x": 1}, {}])
async def test_a_split_that_names_no_records_is_a_problem_of_the_caller(
    two: Service, reference: dict[str, Any]
) -> None:
    answer = await split(two, await two.profile_id("email:ann@example.com"), [reference], [reference])
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (422, "invalid-request")
    if reference:
        assert "expected one of: source, key" in answer.text
