"""A read is answered the same whether it goes FastAPI's way or not: bytes, status and headers."""

from collections.abc import AsyncIterator

import httpx
import pytest

from api.app import create_app
from api.direct_reads import DirectReads
from graph_model.catalogue.rules import Catalogue
from services.metrics import Metrics
from services.settings import Settings

from .conftest import ANN, Service, SetClock

JSON = {"Content-Type": "application/json"}
TWIN = {**ANN, "id": 2, "email": "other@example.com", "full_name": "Ann's Twin", "born": None}


@pytest.fixture
async def other_way(service: Service, catalogue: Catalogue, clock: SetClock) -> AsyncIterator[httpx.AsyncClient]:
    """The same application over the same store, in which all requests go FastAPI's way."""
    app = create_app(Settings(), catalogue, service.store, metrics=Metrics(), clock=clock)
    app.user_middleware = [each for each in app.user_middleware if each.cls is not DirectReads]  # type: ignore[comparison-overlap]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield http


async def _same(service: Service, other_way: httpx.AsyncClient, request: httpx.Request) -> int:
    content = request.read()
    answers = [
        await http.request(request.method, request.url, content=content, headers=request.headers)
        for http in (service.http, other_way)
    ]
    direct, other = ((answer.status_code, answer.headers, answer.content) for answer in answers)
    assert direct == other
    return answers[0].status_code


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("?identifier=email:ann@example.com", 200),
        ("?identifier=email%3AANN%40example.com", 200),
        ("?identifier=phone:%2B1+202+555+0123", 200),
        ("?identifier=email:ghost@example.com", 404),
        ("?identifier=email:nobody@example.com", 422),
        ("?identifier=email:nobody", 422),
        ("?identifier=", 422),
        ("?identifier", 422),
        ("?identifier=%ff%fe", 422),
        ("?identifier=email:ann@example.com&identifier=email:other@example.com", 200),
        ("?identifier=email:ann@example.com&more=1", 200),
        ("?more=1", 422),
        ("", 422),
        (f"?identifier=email:{'a' * 1_000}", 422),
        ("/nobody", 404),
        ("/no%2Fbody", 404),
        ("/", 404),
        ("/nobody/", 404),
        ("/nobody/history", 404),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_profiles_are_found_the_same_either_way(
    service: Service, other_way: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    await service.send("crm", ANN, TWIN)
    request = httpx.Request(method, f"http://localhost/v1/profiles{path}")
    assert await _same(service, other_way, request) == status


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/profiles/x"), ("POST", "/profiles"), ("GET", "/context")])
async def test_other_methods_are_refused_the_same_either_way(
    service: Service, other_way: httpx.AsyncClient, method: str, path: str
) -> None:
    assert await _same(service, other_way, httpx.Request(method, f"http://localhost/v1{path}")) == 405


@pytest.mark.parametrize("tag", [None, '"1"', '"2"', 'W/"1", "7"', "*"])
async def test_a_profile_is_read_the_same_either_way(
    service: Service, other_way: httpx.AsyncClient, tag: str | None
) -> None:
    await service.send("crm", ANN)
    profile_id = await service.profile_id("email:ann@example.com")
    headers = {} if tag is None else {"If-None-Match": tag}
    request = httpx.Request("GET", f"http://localhost/v1/profiles/{profile_id}", headers=headers)
    assert await _same(service, other_way, request) == (200 if tag in (None, '"2"') else 304)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"identifier":"email:ann@example.com"}', JSON, 200),
        (b'{"identifier":"email:ann@example.com"}', {**JSON, "Accept": "text/markdown"}, 200),
        (b'{"identifier":"email:ann@example.com"}', {"Content-Type": "application/ld+json"}, 200),
        (b'{"identifier":"email:ann@example.com"}', {}, 415),
        (b'{"identifier":"phone:+12025550123"}', JSON, 409),
        (b'{"identifier":"email:ann@example.com","token_budget":1}', JSON, 422),
        (b'{"identifier":"email:ann@example.com","token_budget":"100"}', JSON, 422),
        (b'{"identifier":"email:ann@example.com","token_budget":1e99}', JSON, 422),
        (b'{"identifier":"email:ann@example.com","profile_id":"x"}', JSON, 422),
        (b'{"identifier":"email:ann@example.com","more":[1,{}]}', JSON, 422),
        (b'{"profile_id":"nobody"}', JSON, 404),
        (b'{"profile_id":"nob\\ud800dy"}', JSON, 422),
        (b"{}", JSON, 422),
        (b"[]", JSON, 422),
        (b"null", JSON, 422),
        (b"7", JSON, 422),
        (b"NaN", JSON, 422),
        (b"{", JSON, 400),
        (b"\xff", JSON, 400),
        (b"", JSON, 422),
        (b"", {}, 422),
        (b"[" * 501, JSON, 413),
    ],
)
async def test_a_context_is_answered_the_same_either_way(
    service: Service, other_way: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int
) -> None:
    await service.send("crm", ANN, TWIN)
    request = httpx.Request("POST", "http://localhost/v1/context", content=body, headers=headers)
    assert await _same(service, other_way, request) == status
