"""What every answer says, whom it is given to, and what HTTP itself asks for."""

import asyncio
import re
from base64 import b64encode
from hashlib import sha256

import httpx
import pytest

from api.hosts import KnownHosts
from api.server import ApiServer, listen
from services.settings import ServerLimits, Settings

from .conftest import ANN, Service

ADDRESSES = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/docs/assets/swagger-ui.css", "/v1/verdicts")


@pytest.mark.parametrize("path", [*ADDRESSES, "/", "/nothing", "/v1/context", "/v1/profiles?identifier=email:a"])
async def test_an_answer_is_what_it_says_and_loads_nothing(service: Service, path: str) -> None:
    headers = (await service.http.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_nobody_keeps_an_answer_unless_it_says_so(service: Service) -> None:
    await service.send("crm", ANN)
    found = await service.http.get("/v1/profiles", params={"identifier": "email:ann@example.com"})
    assert found.headers["cache-control"] == "no-store"
    profile = await service.http.get(f"/v1/profiles/{found.json()['profiles'][0]['profile_id']}")
    assert profile.headers["cache-control"] == "private, no-cache"
    assert (await service.http.get("/v1/profiles/nobody")).headers["cache-control"] == "no-store"


async def test_the_page_of_the_documentation_may_run_its_own_script_only(service: Service) -> None:
    answer = await service.http.get("/docs")
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


@pytest.mark.parametrize("path", ADDRESSES)
async def test_head_is_answered_as_get_without_a_body(service: Service, path: str) -> None:
    get, head = await service.http.get(path), await service.http.head(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    if path != "/metrics":  # what it counts has changed
        assert head.headers["content-length"] == get.headers["content-length"]


async def test_head_of_what_is_not_there_is_a_404(service: Service) -> None:
    assert (await service.http.head("/v1/profiles/nobody")).status_code == 404


async def test_head_of_the_stream_does_not_wait_for_events(service: Service) -> None:
    with listen("127.0.0.1", 0) as listening:
        server = ApiServer(service.app, lambda _address: None, ServerLimits())
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient(timeout=10) as http:
            for _ in range(2):  # the connection is good for more
                head = await http.head(f"{address}/v1/profile-updates")
                assert (head.status_code, head.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        server.should_exit = True
        await serving


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/verdicts", "GET, POST, HEAD"),
        ("DELETE", "/v1/verdicts", "GET, POST, HEAD"),
        ("HEAD", "/v1/context", "POST"),
        ("OPTIONS", "/v1/verdicts/1", "DELETE"),
        ("POST", "/healthz", "GET, HEAD"),
        ("POST", "/docs/assets/swagger-ui.css", "GET, HEAD"),
    ],
)
async def test_a_405_names_every_method_of_the_address(service: Service, method: str, path: str, allowed: str) -> None:
    answer = await service.http.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["/v1/profiles/", "/healthz/", "/docs/", "/docs/assets", "//evil.example/", "/"])
async def test_no_answer_leads_to_the_host_that_the_request_names(service: Service, path: str) -> None:
    answer = await service.http.get(path, headers={"Host": "evil.localhost"})
    assert "evil" not in answer.headers.get("location", "") + answer.text


async def test_a_request_for_another_host_is_refused_without_data(service: Service) -> None:
    await service.send("crm", ANN)
    path = f"/v1/profiles/{await service.profile_id('email:ann@example.com')}"
    for host in (
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "",
        "10.0.0.5",
    ):
        answer = await service.http.get(path, headers={"Host": host})
        assert (answer.status_code, answer.json()["type"]) == (421, "urn:identity-graph:problem:unknown-host"), host
        assert "IDENTITY_GRAPH_ALLOWED_HOSTS" in answer.json()["detail"]
    for host in ("localhost", "LOCALHOST:8080", "localhost.", "127.0.0.1:1", "127.9.9.9", "[::1]:8080", "a.localhost"):
        assert (await service.http.get(path, headers={"Host": host})).status_code == 200, host


def test_where_others_reach_the_service_every_address_is_known_and_no_name_but_its_own() -> None:
    known = KnownHosts.of(Settings(host="0.0.0.0"))  # noqa: S104 - as containers listen
    assert all(map(known.includes, ["localhost:80", "10.0.0.5:8080", "[2001:db8::1]:80", "127.0.0.1"]))
    assert not any(map(known.includes, ["evil.example", "api", "10.0.0.5.evil.example", "[evil.example]"]))
    assert KnownHosts.of(Settings(host="api.internal")).includes("api.internal:8080")


def test_the_operator_names_further_hosts() -> None:
    known = KnownHosts.of(Settings(allowed_hosts="Api.example, *.shop.example"))
    assert all(map(known.includes, ["api.example:443", "eu.shop.example", "a.b.shop.example", "localhost"]))
    assert not any(map(known.includes, ["shop.example", "evil.example", "evilshop.example", "x.api.example"]))
    assert KnownHosts.of(Settings(allowed_hosts="*")).includes("whatever.example")


def test_a_host_of_any_length_is_told_apart_at_once() -> None:
    known = KnownHosts.of(Settings())
    assert not any(map(known.includes, ["." * 10_000_000, "[" * 10_000_000, "a." * 5_000_000, ":" * 10_000_000]))
