import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import Request

from api.context import read_context
from api.documents import ContextAnswer
from api.request_documents import ContextRequest
from services.context.tokens import count_tokens
from services.stores.port.errors import StoreDamaged

from .conftest import ANN, Service

DAY = 24 * 3_600_000


async def test_a_context_has_text_account_and_exact_count(service: Service) -> None:
    await service.send("crm", ANN)
    answer = await service.http.post("/v1/context", json={"identifier": "email:ANN@example.com", "token_budget": 500})
    context = ContextAnswer.model_validate_json(answer.content)
    assert "- name: Ann Lee [crm, 2026-11-20, 1 day ago]\n" in context.text
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
    assert "[crm, 2026-11-20, 3 days ago]" in answer.json()["text"]


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


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*, application/json;q=0", "text/markdown"),
        ("text/*, text/markdown;q=0", "text/plain"),
        ("text/plain;q=0, */*", "application/json"),
        ("*/*;q=0, text/plain", "text/plain"),
        ("application/json;q=0.0, text/plain;q=0.1", "text/plain"),
        ("text/plain;q=0", "application/json"),
        ("application/json;q=0", "text/markdown"),
    ],
)
async def test_what_the_client_refuses_is_not_sent(service: Service, accept: str, media_type: str) -> None:
    assert await media_type_for(service, accept) == media_type


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*;q=0.1, text/plain", "text/plain"),
        ("text/*", "text/markdown"),
        ("text/plain;q=0.2, text/markdown;q=0.7, application/json;q=0.5", "text/markdown"),
        ("application/json;q=0.1, */*;q=0.5", "text/markdown"),
        ("text/*;q=0.9, text/markdown;q=0.3, */*;q=0.8", "text/plain"),
        ("text/plain, application/json", "text/plain"),
        ("*/*, text/plain", "application/json"),
        ("Text/Plain;Q=0.5, application/json;q=0.4", "text/plain"),
        ("text/plain; charset=utf-8", "text/plain"),
        ("text/plain ; q=0.5 , text/markdown\t;\tq=0.6", "text/markdown"),
        ("*", "application/json"),
    ],
)
async def test_the_client_gets_what_it_likes_best_and_the_more_exact_wish_counts(
    service: Service, accept: str, media_type: str
) -> None:
    assert await media_type_for(service, accept) == media_type


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (";;;", "application/json"),
        ("garbage, text/plain", "text/plain"),
        ("a/b/c, text/plain;q=0.5", "text/plain"),
        (", ,text/plain,", "text/plain"),
        ("text/plain;q=much", "text/plain"),
        ("application/json;q=0.9, text/plain;q=much", "text/plain"),
        ('text/plain;note="a,b";q=0.2', "text/plain"),
        ("/", "application/json"),
        ("text/plain;" * 1_000, "text/plain"),
        ("image/png," * 5_000 + "text/plain", "application/json"),
    ],
)
async def test_a_part_of_the_wish_that_cannot_be_read_is_passed_over(
    service: Service, accept: str, media_type: str
) -> None:
    assert await media_type_for(service, accept) == media_type


async def test_a_wish_may_come_in_several_headers(service: Service) -> None:
    await service.send("crm", ANN)
    headers = [("Accept", "application/json;q=0.5"), ("Accept", "text/plain")]
    answer = await service.http.post("/v1/context", json={"identifier": "email:ann@example.com"}, headers=headers)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "accept",
    [
        "*/*;q=0",
        "image/png, */*;q=0",
        "application/*;q=0, text/*;q=0",
        "application/json;q=0, text/markdown;q=0, text/plain;q=0",
    ],
)
async def test_who_refuses_all_that_there_is_gets_a_406_problem_that_names_it(service: Service, accept: str) -> None:
    asked = {"identifier": "email:ann@example.com"}
    answer = await service.http.post("/v1/context", json=asked, headers={"Accept": accept})
    assert (answer.status_code, answer.json()["type"]) == (406, "urn:identity-graph:problem:not-acceptable")
    assert "application/json, text/markdown, text/plain" in answer.json()["detail"]


async def media_type_for(service: Service, accept: str) -> str:
    await service.send("crm", ANN)
    asked = {"identifier": "email:ann@example.com"}
    answer = await service.http.post("/v1/context", json=asked, headers={"Accept": accept})
    assert answer.status_code == 200
    return answer.headers["content-type"].removesuffix("; charset=utf-8")


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


async def test_a_profile_that_cannot_be_read_is_named_by_the_error_and_a_500_problem_of_the_store(
    service: Service, tmp_path: Path
) -> None:
    await service.send("crm", ANN)
    profile_id = await service.profile_id("email:ann@example.com")
    with closing(sqlite3.connect(tmp_path / "graph.sqlite")) as connection, connection:
        connection.execute("UPDATE profile SET document = json_set(document, '$.created_at', 1)")
    answer = await service.http.post("/v1/context", json={"profile_id": profile_id})
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:identity-graph:problem:store-damaged")
    request = Request({"type": "http", "headers": [], "app": service.app})
    with pytest.raises(StoreDamaged, match=profile_id):
        await read_context(request, ContextRequest(profile_id=profile_id))
