import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from api.app import create_app
from api.documents import ChangesAnswer
from graph_model.catalogue.rules import Catalogue
from services.ingestion.claim import Publish
from services.ingestion.ingest import Committed
from services.metrics import Metrics
from services.settings import Settings
from services.stores.port.protocols import Outbox
from services.stores.sqlite.store import SqliteStore

from .conftest import ANN, Service


async def test_changes_are_in_force_when_the_answer_comes(service: Service) -> None:
    changes = [{"row": ANN}, {"row": ANN}, {"key": {"id": 2}, "deleted": True}]
    answer = await service.http.post("/v1/changes", json={"source": "crm", "changes": changes})
    assert ChangesAnswer.model_validate_json(answer.content).outcomes.applied == 1
    assert answer.json()["outcomes"] == {"applied": 1, "unchanged": 2, "stale": 0, "dead": 0}
    await service.profile_id("email:ann@example.com")


async def test_a_change_that_cannot_be_used_is_listed_and_costs_the_others_nothing(service: Service) -> None:
    changes = [{"row": {"email": "a@example.com"}}, {"row": ANN}, {"key": {"name": 1}, "deleted": True}]
    answer = await service.http.post("/v1/changes", json={"source": "crm", "changes": changes})
    body = answer.json()
    assert [rejected["index"] for rejected in body["rejected"]] == [0, 2]
    assert "key column 'id'" in body["rejected"][0]["reason"]
    assert (body["outcomes"]["applied"], body["outcomes"]["dead"]) == (1, 2)


async def test_values_that_no_store_can_keep_are_rejected(service: Service) -> None:
    body = '{"source": "crm", "changes": [{"row": {"id": 1, "note": %s}}, {"row": {"id": 2, "note": "\\ud800"}}'
    body += ', {"row": {"id": 3, "note": NaN}}]}'
    answer = await service.http.post(
        "/v1/changes", content=body % ("[" * 300 + "]" * 300), headers={"Content-Type": "application/json"}
    )
    assert [rejected["index"] for rejected in answer.json()["rejected"]] == [0, 1, 2]


async def test_a_column_whose_name_is_broken_costs_its_row_only(service: Service) -> None:
    body = '{"source": "crm", "changes": [{"row": {"id": 1, "\\ud800": 1}}, {"row": {"id": 2}}]}'
    answer = await service.http.post("/v1/changes", content=body, headers={"Content-Type": "application/json"})
    assert [rejected["index"] for rejected in answer.json()["rejected"]] == [0]


async def test_numbers_of_any_length_are_keys_and_values_beside_rows_that_are_rejected(service: Service) -> None:
    rows = '{"row": {"id": 123456789012345678901, "mail": "a@example.com"}}, '
    rows += (
        '{"row": {"id": 123456789012345678902, "mail": "b@example.com"}}, {"row": {"id": 1e30}}, {"row": {"id": NaN}}'
    )
    answer = await service.http.post(
        "/v1/changes",
        content=f'{{"source": "shop", "changes": [{rows}]}}',
        headers={"Content-Type": "application/json"},
    )
    assert [rejected["index"] for rejected in answer.json()["rejected"]] == [2, 3]
    assert await service.profile_id("email:a@example.com") != await service.profile_id("email:b@example.com")
    keys = {stored.record.address.key async for stored in service.store.scan_records()}
    assert keys == {'["123456789012345678901"]', '["123456789012345678902"]'}


async def test_names_of_fields_with_broken_characters_are_a_problem_of_the_caller(service: Service) -> None:
    body = '{"source": "shop", "changes": [{"row": {"id": 1}}], "\\ud800": 1}'
    answer = await service.http.post("/v1/changes", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


async def test_changes_of_one_row_are_applied_in_the_order_given(service: Service) -> None:
    await service.send("shop", {"id": 1, "mail": "first@example.com"}, {"id": 1, "mail": "second@example.com"})
    await service.profile_id("email:second@example.com")


async def test_requests_that_come_together_all_take_effect(service: Service) -> None:
    rows = [{"id": n, "mail": "ann@example.com"} for n in range(8)]
    await asyncio.gather(*(service.send("shop", row) for row in rows))
    profile_id = await service.profile_id("email:ann@example.com")
    profile = (await service.http.get(f"/v1/profiles/{profile_id}")).json()
    assert len(profile["records"]) == len(rows)


async def test_a_row_without_event_time_was_observed_now(service: Service) -> None:
    await service.send("crm", {"id": 3, "full_name": "Cy"} | {"email": "cy@example.com"})
    profile_id = await service.profile_id("email:cy@example.com")
    profile = (await service.http.get(f"/v1/profiles/{profile_id}")).json()
    assert profile["traits"]["name"]["observed_at"] == "2026-11-21T10:00:00.000Z"


async def test_an_unknown_source_is_a_422_problem_that_names_the_sources(service: Service) -> None:
    answer = await service.http.post("/v1/changes", json={"source": "fax", "changes": [{"row": {"id": 1}}]})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:identity-graph:problem:unknown-source")
    assert answer.json()["detail"].endswith("billing, crm, shop")


async def test_a_source_that_kafka_feeds_is_a_409_problem_that_names_the_topic(service: Service) -> None:
    answer = await service.http.post("/v1/changes", json={"source": "billing", "changes": [{"row": {"id": 1}}]})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:identity-graph:problem:source-fed-by-topic")
    assert "billing.public.customers" in answer.json()["detail"]


async def test_a_body_that_is_not_valid_is_a_422_problem_that_names_each_field(service: Service) -> None:
    body = {"source": 1, "changes": [{"row": {"id": 1}, "deleted": True}], "extra": "secret"}
    answer = await service.http.post("/v1/changes", json=body)
    fields = [error["field"] for error in answer.json()["errors"]]
    assert (answer.status_code, fields) == (422, ["body.source", "body.changes.0", "body.extra"])
    assert "secret" not in answer.text


async def test_more_changes_than_one_request_may_carry_are_refused(service: Service) -> None:
    changes = [{"row": {"id": n}} for n in range(1_001)]
    answer = await service.http.post("/v1/changes", json={"source": "crm", "changes": changes})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.changes")


async def test_a_body_that_is_too_large_is_refused_unread(service: Service) -> None:
    answer = await service.http.post(
        "/v1/changes", content=b"[" + b" " * 11_000_000, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:identity-graph:problem:body-too-large")


async def test_a_body_that_turns_out_too_large_is_refused_while_it_comes(service: Service) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 1_000_000

    answer = await service.http.post("/v1/changes", content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:identity-graph:problem:body-too-large")


async def test_a_change_gets_through_whose_claim_was_taken(service: Service) -> None:
    await service.send("crm", ANN)
    await service.store.claim_outbox("api")
    await service.send("crm", {**ANN, "full_name": "Ann Fox"})


async def test_a_clock_that_was_set_two_days_forward_numbers_nothing(service: Service) -> None:
    await service.send("crm", ANN)
    service.clock.now += 2 * 24 * 3_600_000
    answer = await service.http.post("/v1/changes", json={"source": "crm", "changes": [{"row": ANN}]})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:identity-graph:problem:clock-ahead")
    assert "set it right" in answer.json()["detail"]


async def test_events_stay_in_the_outbox_of_the_embedded_store(service: Service) -> None:
    await service.send("crm", ANN)
    assert len(await service.store.read_outbox(0, 10)) == 1
    assert (await service.store.claim_outbox("api")).pending == ()


class Published:
    """Takes what the application publishes, as the Kafka publisher would."""

    def __init__(self) -> None:
        self.profiles: list[str] = []

    async def __call__(self, outbox: Outbox, committed: tuple[Committed, ...]) -> None:
        for commit in committed:
            self.profiles.extend(event.profile_id for event in commit.events)
            await outbox.acknowledge(commit.commit_id)


@asynccontextmanager
async def publishing(store: SqliteStore, catalogue: Catalogue, publish: Publish) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(), catalogue, store, metrics=Metrics(), publish=publish)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        yield http


async def test_events_are_published_before_the_answer_comes(store: SqliteStore, catalogue: Catalogue) -> None:
    published = Published()
    async with publishing(store, catalogue, published) as http:
        await http.post("/v1/changes", json={"source": "crm", "changes": [{"row": ANN}]})
        assert len(published.profiles) == 1


async def test_events_that_an_earlier_process_left_are_published_at_start(
    store: SqliteStore, catalogue: Catalogue
) -> None:
    async def broken(_outbox: Outbox, _committed: tuple[Committed, ...]) -> None:
        raise ConnectionError("the broker is away")

    async with publishing(store, catalogue, broken) as http:
        answer = await http.post("/v1/changes", json={"source": "crm", "changes": [{"row": ANN}]})
        assert answer.status_code == 500
    published = Published()
    async with publishing(store, catalogue, published):
        assert len(published.profiles) == 1
