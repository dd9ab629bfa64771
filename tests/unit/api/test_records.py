"""One row as it was received, and rows side by side, over HTTP."""

import json
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import pytest
from pydantic import SecretStr

from api.app import create_app
from api.evidence_documents import PairExplanation, ProfileExplanation
from api.row_documents import RowComparison, RowDocument
from graph_model.catalogue.document import parse_catalogue
from graph_model.catalogue.rules import Catalogue
from services.metrics import Metrics
from services.settings import Settings
from services.stores.sqlite.store import SqliteStore

from .conftest import ANN, CATALOGUE, Service, SetClock

TOKEN = "the steward's own"  # noqa: S105 - a test's own

#: With a source whose key has two columns, one of them an identifier, and nested values.
WITH_ORDERS = f"""{CATALOGUE}
  orders:
    file: "orders*.csv"
    key: [shop, mail]
    columns:
      mail: {{identifier: email}}
      note: {{trait: note}}
"""


@pytest.fixture
def catalogue() -> Catalogue:
    return parse_catalogue(WITH_ORDERS, "catalogue.yaml")


@pytest.fixture
async def guarded(store: SqliteStore, catalogue: Catalogue) -> AsyncIterator[httpx.AsyncClient]:
    """The same store, served with a steward's token configured."""
    app = create_app(Settings(steward_token=SecretStr(TOKEN)), catalogue, store, metrics=Metrics())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield http


def encoded(*parts: str) -> str:
    """A key as the JSON array of its parts, as a path holds it."""
    return quote(json.dumps(parts, ensure_ascii=False), safe="")


async def row(service: Service, path: str) -> RowDocument:
    answer = await service.http.get(f"/v1/records/{path}")
    assert answer.status_code == 200, answer.text
    return RowDocument.model_validate_json(answer.content)


async def test_a_row_is_shown_as_it_was_received(service: Service) -> None:
    await service.send("crm", {**ANN, "email": "Ann@Example.com ", "note": None, "shoe_size": 38})
    found = await row(service, "crm/1")
    assert found.values == {
        "born": "1984-05-01",
        "email": "Ann@Example.com ",
        "full_name": "Ann Lee",
        "mobile": "+1 202 555 0123",
        "note": None,
    }
    assert (found.source, found.key, found.deleted, found.epoch) == ("crm", [1], False, 0)
    assert (found.observed_at, found.undated) == ("2026-11-20T08:00:00.000Z", False)
    assert found.accepted_at == "2026-11-21T10:00:00.000Z"
    assert found.profile_id == await service.profile_id("email:ann@example.com")


async def test_a_row_whose_source_does_not_say_when_has_the_time_of_acceptance(service: Service) -> None:
    await service.send("shop", {"id": 7, "mail": "ann@example.com"})
    found = await row(service, "shop/7")
    assert (found.undated, found.observed_at) == (True, "2026-11-21T10:00:00.000Z")


async def test_what_could_not_be_read_of_a_row_is_told(service: Service) -> None:
    await service.send("crm", {**ANN, "born": "7.3.84", "mobile": "abc"})
    found = await row(service, "crm/1")
    assert sorted(issue.column for issue in found.issues) == ["born", "mobile"]
    assert found.values is not None
    assert found.values["born"] == "7.3.84"


async def test_a_deleted_row_says_where_it_was_last(service: Service, clock: SetClock) -> None:
    await service.send("crm", ANN)
    profile_id = await service.profile_id("email:ann@example.com")
    clock.now += 60_000
    await service.send("crm", {"id": 1})
    found = await row(service, "crm/1")
    assert (found.deleted, found.values, found.profile_id) == (True, None, profile_id)
    assert found.observed_at == "2026-11-21T10:01:00.000Z"


@pytest.mark.parametrize("key", ["A-17", "a/b", "a b?c#d%", "ünï", "[x]", "a:b[c]", "..."])
async def test_a_key_of_one_column_is_the_rest_of_the_path(service: Service, key: str) -> None:
    await service.send("crm", {**ANN, "id": key})
    if not key.startswith("["):
        assert (await row(service, f"crm/{quote(key, safe='')}")).key == [key]
    assert (await row(service, f"crm/{encoded(key)}")).key == [key]


@pytest.mark.parametrize("written", ["1", "[1]", '["1"]', "1.0"])
async def test_a_number_names_its_row_however_it_is_written(service: Service, written: str) -> None:
    await service.send("crm", ANN)
    assert (await row(service, f"crm/{quote(written)}")).key == [1]


async def test_a_key_of_several_columns_is_a_json_array(service: Service) -> None:
    await service.send("orders", {"shop": "north/7", "mail": "ann@example.com"})
    found = await row(service, f"orders/{encoded('north/7', 'ann@example.com')}")
    assert found.key == ["north/7", "ann@example.com"]


@pytest.mark.parametrize(
    ("path", "status", "problem"),
    [
        ("crm/99", 404, "unknown-record"),
        ("till/1", 422, "unreadable-record"),
        ("crm/%5B1,2%5D", 422, "unreadable-record"),
        ("orders/1", 422, "unreadable-record"),
        ("crm/%5Bnull%5D", 422, "unreadable-record"),
        ("crm/%FF", 404, "unknown-record"),
        ("crm/", 422, "unreadable-record"),
    ],
)
async def test_what_names_no_row_is_a_problem(service: Service, path: str, status: int, problem: str) -> None:
    await service.send("crm", ANN)
    answer = await service.http.get(f"/v1/records/{path}")
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:identity-graph:problem:{problem}")


async def test_values_are_masked_and_the_shape_stays_without_the_token(
    service: Service, guarded: httpx.AsyncClient
) -> None:
    await service.send("crm", {**ANN, "note": {"pets": ["Rex", 7, True, None]}})
    answer = await guarded.get("/v1/records/crm/1")
    found = RowDocument.model_validate_json(answer.content)
    assert found.values == {
        "born": "1***-0***-0***",
        "email": "a***@e***.c***",
        "full_name": "A*** L***",
        "mobile": "+1*** 2*** 5*** 0***",
        "note": {"pets": ["R***", "7***", "t***", None]},
    }
    told = await guarded.get("/v1/records/crm/1", headers={"Authorization": f"Bearer {TOKEN}"})
    assert told.json()["values"]["full_name"] == "Ann Lee"
    assert answer.headers["cache-control"] == "private, no-cache"


async def test_a_key_that_is_somebodys_is_masked_without_the_token(
    service: Service, guarded: httpx.AsyncClient
) -> None:
    await service.send("orders", {"shop": "north", "mail": "ann@example.com"})
    answer = await guarded.get(f"/v1/records/orders/{encoded('north', 'ann@example.com')}")
    assert answer.json()["key"] == ["north", "a***@e***.c***"]
    assert "ann" not in answer.text


async def test_two_rows_stand_side_by_side_in_their_explanation(service: Service) -> None:
    await service.send("crm", {**ANN, "email": "Ann@example.com"})
    await service.send("shop", {"id": 7, "mail": "ann@EXAMPLE.com", "tel": "+1 202 555 0199"})
    answer = await service.http.get("/v1/explain", params={"record": ["shop:7", "crm:1"]})
    compared = PairExplanation.model_validate_json(answer.content).comparison
    assert [record.source for record in compared.records] == ["shop", "crm"]
    assert shown(compared, "email") == (False, [["ann@EXAMPLE.com"], ["Ann@example.com"]])
    assert shown(compared, "phone") == (True, [["+1 202 555 0199"], ["+1 202 555 0123"]])
    assert shown(compared, "name") == (False, [[], ["Ann Lee"]])


async def test_the_rows_of_a_profile_stand_side_by_side_in_its_explanation(service: Service) -> None:
    await service.send("crm", ANN, {"id": 2, "full_name": "Bob Fox", "email": "ann@example.com"})
    profile_id = await service.profile_id("email:ann@example.com")
    explained = ProfileExplanation.model_validate_json(
        (await service.http.get(f"/v1/profiles/{profile_id}/explain")).content
    )
    assert shown(explained.comparison, "name") == (True, [["Ann Lee"], ["Bob Fox"]])
    (pair,) = explained.doubtful
    assert (pair.kind, pair.differing, [record.key for record in pair.records]) == ("email", ["name"], [[1], [2]])


async def test_rows_side_by_side_are_masked_without_the_token(service: Service, guarded: httpx.AsyncClient) -> None:
    await service.send("crm", ANN, {"id": 2, "full_name": "Bob Fox", "email": "ann@example.com"})
    profile_id = await service.profile_id("email:ann@example.com")
    for path in (f"/v1/profiles/{profile_id}/explain", "/v1/explain?record=crm:1&record=crm:2"):
        answer = await guarded.get(path)
        assert not [value for value in ("Ann", "Bob", "1984", "ann@") if value in answer.text]
        compared = RowComparison.model_validate(answer.json()["comparison"])
        assert shown(compared, "name") == (True, [["A*** L***"], ["B*** F***"]])


def shown(compared: RowComparison, field: str) -> tuple[bool, list[list[object]]]:
    line = next(line for line in compared.lines if line.field == field)
    return line.differs, [list(cell.values) for cell in line.cells]


async def test_the_operation_is_described(service: Service) -> None:
    operation = service.app.openapi()["paths"]["/v1/records/{source}/{key}"]["get"]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["source", "key"]
    assert {"200", "404", "422"} <= operation["responses"].keys()
