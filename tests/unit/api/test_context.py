from api.documents import ContextAnswer
from services.context.tokens import count_tokens

from .conftest import ANN, Service

DAY = 24 * 3_600_000


async def test_a_context_has_text_account_and_exact_count(service: Service) -> None:
    await service.send("crm", ANN)
    answer = await service.http.post("/v1/context", json={"identifier": "email:ANN@example.com", "token_budget": 500})
    context = ContextAnswer.model_validate_json(answer.content)
    assert "- name: Ann Lee (crm, 2026-11-20, 1 day ago)\n" in context.text
    assert context.tokens == count_tokens(context.text) <= 500
    assert "traits.name" in {fact.field for fact in context.included}
    assert "<customer_profile>" in context.notice


async def test_derived_identifiers_stay_out_of_the_text(service: Service) -> None:
    await service.send("crm", ANN)
    answer = await service.http.post("/v1/context", json={"identifier": "email:ann@example.com"})
    assert {"identifiers.person": "derived"}.items() <= {
        fact["field"]: fact["reason"] for fact in answer.json()["left_out"]
    }.items()


async def test_the_same_question_gets_the_same_bytes_all_day(service: Service) -> None:
    await service.send("crm", ANN)
    asked = {"identifier": "email:ann@example.com", "token_budget": 500}
    first = await service.http.post("/v1/context", json=asked)
    service.clock.now += 3_600_000
    second = await service.http.post("/v1/context", json=asked)
    assert first.content == second.content


async def test_facts_age(service: Service) -> None:
    await service.send("crm", ANN)
    service.clock.now += 2 * DAY
    answer = await service.http.post("/v1/context", json={"identifier": "email:ann@example.com"})
    assert "(crm, 2026-11-20, 3 days ago)" in answer.json()["text"]


async def test_the_text_alone_comes_as_markdown_or_plain_text(service: Service) -> None:
    await service.send("crm", ANN)
    asked = {"identifier": "email:ann@example.com"}
    whole = (await service.http.post("/v1/context", json=asked)).json()
    for media_type in ("text/markdown", "text/plain"):
        answer = await service.http.post("/v1/context", json=asked, headers={"Accept": media_type})
        assert answer.text == whole["text"]
        assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
        assert answer.headers["context-id"] == whole["context_id"]


async def test_a_client_that_takes_anything_gets_json(service: Service) -> None:
    await service.send("crm", ANN)
    for accept in ("*/*", "application/json, text/plain, */*", "text/plain;q=0.5, application/json", "image/png", ""):
        asked = {"identifier": "email:ann@example.com"}
        answer = await service.http.post("/v1/context", json=asked, headers={"Accept": accept})
        assert answer.headers["content-type"] == "application/json"


async def test_a_profile_id_may_be_given_instead(service: Service) -> None:
    await service.send("crm", ANN)
    profile_id = await service.profile_id("email:ann@example.com")
    answer = await service.http.post("/v1/context", json={"profile_id": profile_id})
    assert answer.json()["profile_id"] == profile_id


async def test_an_absorbed_id_gives_the_context_of_the_profile_that_has_its_records(service: Service) -> None:
    await service.send("crm", ANN)
    await service.send("shop", {"id": 7, "mail": "other@example.com"})
    ids = {await service.profile_id(f"email:{name}@example.com") for name in ("ann", "other")}
    await service.send("shop", {"id": 7, "mail": "ann@example.com"})
    answers = [await service.http.post("/v1/context", json={"profile_id": profile_id}) for profile_id in ids]
    assert answers[0].json() == answers[1].json()


async def test_an_identifier_of_several_people_gives_409_and_nobodys_data(service: Service) -> None:
    await service.send("crm", ANN, {"id": 2, "full_name": "Bob Stone", "mobile": "+1 202 555 0123"})
    answer = await service.http.post("/v1/context", json={"identifier": "phone:+12025550123"})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:identity-graph:problem:ambiguous-identifier")
    assert answer.json().keys() == {"type", "title", "status", "detail"}
    assert not any(name in answer.text for name in ("Ann", "Bob", "2025550123"))


async def test_an_identifier_of_several_people_is_told_with_their_number_and_where_to_choose(service: Service) -> None:
    await service.send("crm", *({"id": n, "number": f"100{n}", "email": "family@example.com"} for n in range(1, 4)))
    answer = await service.http.post("/v1/context", json={"identifier": "email:family@example.com"})
    assert answer.status_code == 409
    assert "leads to 3 people" in answer.json()["detail"]
    assert "GET /v1/profiles?identifier=" in answer.json()["detail"]


async def test_a_blocked_value_is_a_422_problem_of_its_own(service: Service) -> None:
    answer = await service.http.post("/v1/context", json={"identifier": "email:noreply@example.com"})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:identity-graph:problem:blocked-identifier")
    assert "it is on the list of blocked values" in answer.json()["detail"]


async def test_a_trait_and_its_identifier_are_one_line_however_the_trait_is_spelled(service: Service) -> None:
    await service.send("crm", ANN | {"email": "ANN@Example.com "})
    answer = await service.http.post("/v1/context", json={"identifier": "email:ann@example.com"})
    assert answer.json()["text"].casefold().count("ann@example.com") == 1


async def test_a_generic_identifier_gives_409_even_if_one_profile_carries_it(service: Service) -> None:
    # Both rows share the e-mail, so they are one person; the phone is over its limit of one holder.
    await service.send("crm", ANN, ANN | {"id": 2})
    answer = await service.http.post("/v1/context", json={"identifier": "phone:+12025550123"})
    assert answer.status_code == 409
    assert "generic: too many records carry it" in answer.json()["detail"]


async def test_an_unknown_identifier_is_a_404_problem(service: Service) -> None:
    answer = await service.http.post("/v1/context", json={"identifier": "email:zoe@example.com"})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:identity-graph:problem:unknown-identifier")


async def test_an_unknown_profile_id_is_a_404_problem(service: Service) -> None:
    answer = await service.http.post("/v1/context", json={"profile_id": "0" * 32})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:identity-graph:problem:unknown-profile")


async def test_a_deleted_profile_is_gone(service: Service) -> None:
    await service.send("crm", ANN)
    profile_id = await service.profile_id("email:ann@example.com")
    await service.send("crm", {"id": 1})
    answer = await service.http.post("/v1/context", json={"profile_id": profile_id})
    assert answer.status_code == 410


async def test_a_budget_below_the_smallest_text_is_a_422_problem_that_says_what_is_needed(service: Service) -> None:
    await service.send("crm", ANN)
    answer = await service.http.post("/v1/context", json={"identifier": "email:ann@example.com", "token_budget": 5})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:identity-graph:problem:budget-too-small")
    assert "takes" in answer.json()["detail"]
