"""Explanations over HTTP: their shapes, their problems, and who may see values."""

import io
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import networkx as nx
import pytest
from pydantic import SecretStr

from api.app import create_app
from api.evidence_documents import EvidenceGraph, PairExplanation, ProfileExplanation, ProfileHistory
from graph_model.catalogue.rules import Catalogue
from services.metrics import Metrics
from services.settings import Settings
from services.stores.sqlite.store import SqliteStore

from .conftest import ANN, Service

TOKEN = "the steward's own"  # noqa: S105 - a test's own


@pytest.fixture
async def guarded(store: SqliteStore, catalogue: Catalogue) -> AsyncIterator[httpx.AsyncClient]:
    """The same store, served with a steward's token configured."""
    app = create_app(Settings(steward_token=SecretStr(TOKEN)), catalogue, store, metrics=Metrics())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield http


async def fill(service: Service) -> str:
    """Ann in two systems, and somebody else with her phone; answers her profile's id."""
    await service.send("crm", ANN, {"id": 2, "full_name": "Bob Fox", "mobile": "+1 202 555 0123"})
    await service.send("shop", {"id": 7, "mail": "ann@example.com"})
    return await service.profile_id("email:ann@example.com")


async def test_a_profile_is_explained_step_by_step(service: Service) -> None:
    profile_id = await fill(service)
    answer = await service.http.get(f"/v1/profiles/{profile_id}/explain")
    explained = ProfileExplanation.model_validate_json(answer.content)
    (step,) = explained.steps
    assert [record.source for record in step.records] == ["crm", "shop"]
    assert (step.kind, step.value, step.rule) == (
        "email",
        "ann@example.com",
        "email: joins up to 10 records, priority 90; 2 carry it",
    )
    assert [(value.kind, value.obstacle, value.holders) for value in explained.unused] == [("phone", "generic", 2)]


async def test_two_records_are_explained(service: Service) -> None:
    await fill(service)
    answer = await service.http.get("/v1/explain", params={"record": ["crm:1", "crm[2]"]})
    explained = PairExplanation.model_validate_json(answer.content)
    assert explained.relation == "unconnected"
    assert [(value.kind, value.obstacle) for value in explained.shared] == [("phone", "generic")]


async def test_a_record_that_has_lost_its_profile_is_a_500_problem_of_the_store(
    service: Service, tmp_path: Path
) -> None:
    await fill(service)
    with closing(sqlite3.connect(tmp_path / "graph.sqlite")) as connection, connection:
        connection.execute("UPDATE record SET profile_id = NULL")
    answer = await service.http.get("/v1/explain", params={"record": ["crm:1", "crm[2]"]})
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:identity-graph:problem:store-damaged")
    assert "identity-graph verify --repair" in answer.json()["detail"]


async def test_the_history_of_a_merge_names_ids_and_causes(service: Service) -> None:
    await service.send("crm", ANN)
    await service.send("shop", {"id": 7, "mail": "other@example.com"})
    former = await service.profile_id("email:other@example.com")
    await service.send("shop", {"id": 7, "mail": "ann@example.com"})
    survivor = await service.profile_id("email:ann@example.com")
    answer = await service.http.get(f"/v1/profiles/{survivor}/history")
    (step,) = ProfileHistory.model_validate_json(answer.content).steps
    assert set(step.ids_before) | set(step.ids_after) >= {former, survivor}
    assert [(cause.source, cause.key) for cause in step.causes] == [("shop", [7])]


async def test_an_absorbed_id_answers_where_its_records_are(service: Service) -> None:
    await service.send("crm", ANN)
    await service.send("shop", {"id": 7, "mail": "other@example.com"})
    ids = {await service.profile_id("email:ann@example.com"), await service.profile_id("email:other@example.com")}
    await service.send("shop", {"id": 7, "mail": "ann@example.com"})
    survivor = await service.profile_id("email:ann@example.com")
    (former,) = ids - {survivor}
    for part in ("explain", "history"):
        answer = await service.http.get(f"/v1/profiles/{former}/{part}")
        assert (answer.status_code, answer.json()["status"], answer.json()["merged_into"]) == (
            200,
            "absorbed",
            survivor,
        )
        assert answer.json()["now"] == [{"profile_id": survivor, "records": 1, "share": 1.0}]


async def test_a_graph_is_node_link_data_unless_asked_otherwise(service: Service) -> None:
    profile_id = await fill(service)
    answer = await service.http.get(f"/v1/profiles/{profile_id}/graph")
    EvidenceGraph.model_validate_json(answer.content)
    graph = nx.node_link_graph(answer.json(), edges="edges")
    assert sorted(attributes["type"] for _, attributes in graph.nodes(data=True)).count("record") == 2


async def test_a_graph_comes_as_graphml(service: Service) -> None:
    profile_id = await fill(service)
    answer = await service.http.get(f"/v1/profiles/{profile_id}/graph", params={"format": "graphml"})
    assert answer.headers["content-type"] == "application/graphml+xml"
    assert "crm[1]" in nx.get_node_attributes(nx.read_graphml(io.BytesIO(answer.content)), "label").values()


async def test_a_graph_comes_as_dot(service: Service) -> None:
    profile_id = await fill(service)
    answer = await service.http.get(f"/v1/profiles/{profile_id}/graph", params={"format": "dot"})
    assert answer.headers["content-type"].startswith("text/vnd.graphviz")
    assert answer.text.startswith("graph evidence {")


@pytest.mark.parametrize(
    ("path", "status", "problem"),
    [
        ("/v1/profiles/nobody/explain", 404, "unknown-profile"),
        ("/v1/profiles/nobody/history", 404, "unknown-profile"),
        ("/v1/profiles/nobody/graph", 404, "unknown-profile"),
        ("/v1/profiles/nobody/graph?format=png", 422, "invalid-request"),
        ("/v1/explain?record=crm:1", 422, "invalid-request"),
        ("/v1/explain?record=crm:1&record=till:1", 422, "unreadable-record"),
        ("/v1/explain?record=crm:1&record=crm:999", 404, "unknown-record"),
    ],
)
async def test_what_cannot_be_explained_is_a_problem(service: Service, path: str, status: int, problem: str) -> None:
    await fill(service)
    answer = await service.http.get(path)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:identity-graph:problem:{problem}")


async def test_the_graph_of_a_profile_without_records_is_gone(service: Service) -> None:
    await service.send("crm", ANN)
    profile_id = await service.profile_id("email:ann@example.com")
    await service.send("crm", {"id": 1})
    assert (await service.http.get(f"/v1/profiles/{profile_id}/graph")).status_code == 410


async def test_callers_without_the_configured_token_get_masked_values(
    service: Service, guarded: httpx.AsyncClient
) -> None:
    profile_id = await fill(service)
    for path in (
        f"/v1/profiles/{profile_id}/explain",
        f"/v1/profiles/{profile_id}/graph",
        "/v1/explain?record=crm:1&record=shop:7",
    ):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
            answer = await guarded.get(path, headers=headers)
            assert answer.status_code == 200
            assert "ann@example.com" not in answer.text
            assert "a***@e***.c***" in answer.text


async def test_the_configured_token_shows_values(service: Service, guarded: httpx.AsyncClient) -> None:
    profile_id = await fill(service)
    answer = await guarded.get(f"/v1/profiles/{profile_id}/explain", headers={"Authorization": f"Bearer {TOKEN}"})
    assert "ann@example.com" in answer.text


async def test_without_a_configured_token_everybody_sees_values(service: Service) -> None:
    profile_id = await fill(service)
    assert "ann@example.com" in (await service.http.get(f"/v1/profiles/{profile_id}/explain")).text


async def test_what_stewards_decide_is_refused_without_the_token(guarded: httpx.AsyncClient) -> None:
    answer = await guarded.get("/v1/verdicts")
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:identity-graph:problem:not-a-steward")
    assert answer.headers["www-authenticate"] == "Bearer"
