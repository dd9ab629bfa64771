"""A running application goes on with the catalogue that comes into force, or says that it cannot."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.records.tasks import ReResolve
from services.maintenance.re_resolve import change_meaning
from services.stores.port.plan import TaskWrite
from services.stores.sqlite.store import SqliteStore

from .conftest import ANN, CATALOGUE, Service

EMAIL = "email: {normalise: email, holders: "
NEW = parse_catalogue(CATALOGUE.replace(f"{EMAIL}few", f"{EMAIL}1"), "new.yaml")
SHOP = {"id": 7, "mail": "ann@example.com"}


@pytest.fixture
async def elsewhere(service: Service, tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """The same store, open in the process that changes the catalogue."""
    store = await SqliteStore.open(tmp_path / "graph.sqlite", service.store.fingerprint)
    yield store
    await store.close()


async def unloadable(store: SqliteStore) -> None:
    await store.change_catalogue("a" * 64, TaskWrite(task_id="1", expected=None, task=ReResolve()))


async def test_a_change_that_meets_the_switch_is_brought_into_force_by_the_new_catalogue(
    service: Service, elsewhere: SqliteStore
) -> None:
    await service.send("crm", ANN)
    await change_meaning(elsewhere, NEW)
    await service.send("shop", SHOP)
    assert service.app.state.services.catalogue.fingerprint == NEW.fingerprint
    assert {stored.record.generation async for stored in elsewhere.scan_records()} >= {1}


async def test_a_verdict_that_meets_the_switch_is_given_under_the_new_catalogue(
    service: Service, elsewhere: SqliteStore
) -> None:
    await service.send("crm", ANN)
    await service.send("shop", SHOP)
    await change_meaning(elsewhere, NEW)
    records = [{"source": "crm", "key": [1]}, {"source": "shop", "key": [7]}]
    body = {"judgement": "same", "records": records, "reason": "called her", "author": "kim"}
    assert (await service.http.post("/v1/verdicts", json=body)).status_code == 201


async def test_numbers_of_acceptance_go_on_under_another_catalogue(service: Service, elsewhere: SqliteStore) -> None:
    await service.send("crm", ANN)
    await change_meaning(elsewhere, NEW)
    service.clock.now -= 3_600_000
    await service.send("crm", {**ANN, "full_name": "Ann Lee-Fox"})
    answer = await service.http.get(f"/v1/profiles/{await service.profile_id('email:ann@example.com')}")
    assert answer.json()["traits"]["name"]["value"] == "Ann Lee-Fox"


async def test_reads_go_on_while_the_catalogue_changes(service: Service, elsewhere: SqliteStore) -> None:
    await service.send("crm", ANN)
    profile = await service.profile_id("email:ann@example.com")
    await change_meaning(elsewhere, NEW)
    statuses = set()
    async with asyncio.timeout(10):
        while service.app.state.services.catalogue.fingerprint != NEW.fingerprint:
            await asyncio.sleep(0)
            statuses.add((await service.http.get(f"/v1/profiles/{profile}")).status_code)
            statuses.add((await service.http.get(f"/v1/profiles/{profile}/explain")).status_code)
    assert statuses <= {200}


async def test_what_cannot_be_loaded_is_a_503_problem_that_says_what_to_do(
    service: Service, elsewhere: SqliteStore
) -> None:
    await unloadable(elsewhere)
    await service.app.state.services.heartbeat.beat()
    for answer in (
        await service.http.get("/v1/profiles", params={"identifier": "email:ann@example.com"}),
        await service.http.post("/v1/changes", json={"source": "crm", "changes": [{"row": ANN}]}),
        await service.http.get("/v1/profile-updates"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:identity-graph:problem:catalogue-changed")
        assert "serve --catalogue FILE" in answer.json()["detail"]
    ready = await service.http.get("/readyz")
    assert (ready.status_code, "keeps no text" in ready.json()["detail"]) == (503, True)
    for path in ("/healthz", "/metrics", "/docs", "/openapi.json"):
        assert (await service.http.get(path)).status_code == 200


async def test_a_change_that_meets_a_switch_to_what_cannot_be_loaded_is_told_so(
    service: Service, elsewhere: SqliteStore
) -> None:
    await unloadable(elsewhere)
    answer = await service.http.post("/v1/changes", json={"source": "crm", "changes": [{"row": ANN}]})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:identity-graph:problem:catalogue-changed")
    assert "serve --catalogue FILE" in answer.json()["detail"]


async def test_a_read_that_stumbles_over_what_the_new_catalogue_has_stored_is_to_be_sent_again(
    service: Service, elsewhere: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown_kind(_profile_id: str) -> None:
        raise KeyError("a kind that only the new catalogue has")

    monkeypatch.setattr(service.store, "read_profile", unknown_kind)
    address = f"/v1/profiles/{'0' * 32}"
    assert (await service.http.get(address)).status_code == 500
    await change_meaning(elsewhere, NEW)
    answer = await service.http.get(address)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:identity-graph:problem:catalogue-changed")
    assert answer.headers["retry-after"] == "1"


async def test_work_owed_by_a_change_of_catalogue_is_done_beside_answering(
    service: Service, elsewhere: SqliteStore
) -> None:
    await service.send("crm", ANN)
    await service.send("shop", SHOP)
    await change_meaning(elsewhere, NEW)
    heartbeat = service.app.state.services.heartbeat
    await heartbeat.beat()
    async with asyncio.timeout(10):
        while heartbeat.tasks_owed:
            await heartbeat.next_beat()
    answer = await service.http.get("/v1/profiles", params={"identifier": "email:ann@example.com"})
    assert [len(profile["records"]) for profile in answer.json()["profiles"]] == [1, 1]
