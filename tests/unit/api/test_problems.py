import importlib
import pkgutil
import re

import httpx
import pytest
from structlog.testing import capture_logs

import api
import graph_model
import services
from api.app import create_app
from api.problems import PROBLEMS, problem_type
from graph_model.catalogue.rules import Catalogue
from graph_model.errors import IdentityGraphError
from services.metrics import Metrics
from services.settings import Settings
from services.stores.port.errors import StoreUnavailable
from services.stores.port.identity import Pulse
from services.stores.port.stored import StoredProfile
from services.stores.sqlite.store import SqliteStore

from .conftest import Service


def every_error() -> set[type[IdentityGraphError]]:
    for package in (graph_model, services, api):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found: set[type[IdentityGraphError]] = set()
    waiting = [IdentityGraphError]
    while waiting:
        error = waiting.pop()
        found.add(error)
        waiting.extend(error.__subclasses__())
    return {error for error in found if error.__module__.split(".")[0] in {"graph_model", "services", "api"}}


def test_every_error_of_the_product_has_a_problem_more_exact_than_that_of_the_root() -> None:
    exact = PROBLEMS.keys() - {IdentityGraphError}
    unmapped = {error.__name__ for error in every_error() if not exact & set(error.__mro__)}
    assert unmapped == {"IdentityGraphError"}


def test_only_problems_of_the_caller_are_told_in_the_errors_own_words() -> None:
    fixed_words_missing = [
        error.__name__
        for error in every_error()
        if problem_type(error).status >= 500 and not problem_type(error).detail
    ]
    assert sorted(fixed_words_missing) == ["NoEventStream", "NotReady"]


def test_a_problem_name_means_one_status() -> None:
    statuses = {(problem.slug, problem.status) for problem in PROBLEMS.values()}
    assert len(statuses) == len({slug for slug, _ in statuses})
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) for slug, _ in statuses)


async def test_an_unknown_address_is_a_404_problem(service: Service) -> None:
    answer = await service.http.get("/v2/people")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json().keys() == {"type", "title", "status", "detail"}


async def test_a_method_that_is_not_taken_is_a_405_problem_that_names_those_that_are(service: Service) -> None:
    answer = await service.http.delete("/v1/context")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["type"] == "urn:identity-graph:problem:method-not-allowed"


@pytest.mark.parametrize("body", [b'{"identifier": ', b"", b"[1]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000])
async def test_a_body_that_is_not_a_json_object_is_a_problem_and_no_failure(service: Service, body: bytes) -> None:
    answer = await service.http.post("/v1/context", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 413, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_without_the_header_of_json_is_a_415_problem_that_says_which_header_to_send(
    service: Service,
) -> None:
    body = b'{"identifier": "email:ann@example.com"}'
    for header in ({}, {"Content-Type": "application/x-www-form-urlencoded"}):
        answer = await service.http.post("/v1/context", content=body, headers=header)
        assert (answer.status_code, answer.json()["type"]) == (415, "urn:identity-graph:problem:not-sent-as-json")
        assert "send the header Content-Type: application/json" in answer.json()["detail"]


@pytest.mark.parametrize("body", [b'{"identifier": ', b"\xff\xfe", b"{'identifier': 1}"])
async def test_a_body_that_is_not_json_is_a_400_problem(service: Service, body: bytes) -> None:
    answer = await service.http.post("/v1/context", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:identity-graph:problem:unreadable-body")


async def test_an_unknown_field_is_told_with_those_that_are_expected_there(service: Service) -> None:
    body = {"source": "crm", "changes": [{"row": {"id": 1}, "rows": {}}], "topic": "crm"}
    answer = await service.http.post("/v1/changes", json=body)
    assert answer.json()["errors"] == [
        {"field": "body.changes.0.rows", "problem": "unknown field; expected one of: row, key, deleted"},
        {"field": "body.topic", "problem": "unknown field; expected one of: source, changes"},
    ]


async def test_a_field_at_fault_is_named_without_its_value(service: Service) -> None:
    answer = await service.http.post("/v1/context", json={"identifier": 17, "token_budget": "a@example.com"})
    assert [error["field"] for error in answer.json()["errors"]] == ["body.identifier", "body.token_budget"]
    assert "a@example.com" not in answer.text


async def test_neither_or_both_addresses_of_a_context_are_refused(service: Service) -> None:
    for asked in ({}, {"identifier": "email:a@example.com", "profile_id": "0" * 32}):
        answer = await service.http.post("/v1/context", json=asked)
        assert answer.json()["detail"] == "body: give either identifier or profile_id"


class BrokenStore(SqliteStore):
    failure: Exception

    async def read_profile(self, profile_id: str) -> StoredProfile | None:  # noqa: ARG002 - as the port says
        raise self.failure

    async def read_pulse(self) -> Pulse:
        raise self.failure


@pytest.fixture
def broken(store: SqliteStore, catalogue: Catalogue) -> httpx.AsyncClient:
    store.__class__ = BrokenStore
    app = create_app(Settings(), catalogue, store, metrics=Metrics())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_an_unforeseen_failure_is_a_500_problem_and_logged_by_its_type_only(
    broken: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BrokenStore, "failure", RuntimeError("ann@example.com broke it"), raising=False)
    with capture_logs() as logs:
        answer = await broken.get(f"/v1/profiles/{'0' * 32}")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:identity-graph:problem:internal-error")
    (entry,) = [entry for entry in logs if entry["event"] == "request failed"]
    assert entry["cause"] == "RuntimeError"
    assert entry["reason"].startswith("unforeseen RuntimeError at ")
    assert "ann@example.com" not in answer.text + str(logs)


async def test_a_store_that_does_not_answer_is_a_503_problem_that_says_when_to_try_again(
    broken: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BrokenStore, "failure", StoreUnavailable("ws://inside:8182 is away"), raising=False)
    answer = await broken.get(f"/v1/profiles/{'0' * 32}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "inside" not in answer.text


async def test_readiness_says_why_the_store_cannot_be_used(
    broken: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BrokenStore, "failure", StoreUnavailable("the disk is full"), raising=False)
    answer = await broken.get("/readyz")
    assert (answer.status_code, answer.json()["detail"]) == (503, "the disk is full")
