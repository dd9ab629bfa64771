import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson
import pytest

from api.documents import ProfileUpdate, Reset
from api.server import ApiServer, listen
from services.settings import ServerLimits

from .conftest import ANN, Service

BOB = {"id": 2, "full_name": "Bob Stone", "email": "bob@example.com", "updated_at": "2026-11-20T08:00:00Z"}


@dataclass(frozen=True)
class Told:
    """A server-sent event as it came."""

    id: str
    event: str
    data: bytes

    @property
    def update(self) -> ProfileUpdate:
        return ProfileUpdate.model_validate_json(self.data)


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[tuple[ApiServer, httpx.AsyncClient]]:
    """A real server: streams that do not end need one."""
    addresses: asyncio.Queue[str] = asyncio.Queue()
    server = ApiServer(service.app, addresses.put_nowait, ServerLimits())
    task = asyncio.create_task(server.serve(sockets=[listen("127.0.0.1", 0)]))
    async with httpx.AsyncClient(base_url=await addresses.get(), timeout=10) as http:
        yield server, http
    server.should_exit = True
    await task


@pytest.fixture
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with running(service) as (_, client):
        yield client


@asynccontextmanager
async def subscribed(
    http: httpx.AsyncClient, after: str | None = None, headers: Mapping[str, str] | None = None
) -> AsyncIterator[AsyncIterator[Told]]:
    params = {} if after is None else {"after": after}
    async with http.stream("GET", "/v1/profile-updates", params=params, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield told(answer)


async def told(answer: httpx.Response) -> AsyncIterator[Told]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if not line and fields:
            yield Told(fields["id"], fields["event"], fields["data"].encode())
            fields = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


async def test_a_change_is_told_as_a_cloud_event_with_the_whole_profile(
    service: Service, http: httpx.AsyncClient
) -> None:
    async with subscribed(http) as events:
        await service.send("crm", ANN)
        event = await anext(events)
    profile_id = await service.profile_id("email:ann@example.com")
    assert event.event == event.update.type == "identitygraph.profile.created.v1"
    assert event.update.subject == profile_id
    assert event.update.source == f"/identity-graph/{service.store.store_id}"
    profile = await http.get(f"/v1/profiles/{profile_id}")
    assert event.update.data["profile"] == profile.json()


async def test_without_a_cursor_the_stream_begins_now(service: Service, http: httpx.AsyncClient) -> None:
    await service.send("crm", ANN)
    async with subscribed(http) as events:
        await service.send("crm", BOB)
        assert await subject(service, await anext(events)) == "email:bob@example.com"


async def test_from_the_start_everything_kept_is_told_in_order(service: Service, http: httpx.AsyncClient) -> None:
    await service.send("crm", ANN)
    await service.send("crm", BOB)
    async with subscribed(http, "start") as events:
        assert await subject(service, await anext(events)) == "email:ann@example.com"
        assert await subject(service, await anext(events)) == "email:bob@example.com"


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_reader_goes_on_after_the_last_event_it_saw(
    service: Service, http: httpx.AsyncClient, by_header: bool
) -> None:
    await service.send("crm", ANN)
    async with subscribed(http, "start") as events:
        seen = (await anext(events)).id
    await service.send("crm", BOB)
    resumed = subscribed(http, headers={"Last-Event-ID": seen}) if by_header else subscribed(http, seen)
    async with resumed as events:
        assert await subject(service, await anext(events)) == "email:bob@example.com"


async def test_the_header_of_a_browser_that_reconnects_outranks_the_address(
    service: Service, http: httpx.AsyncClient
) -> None:
    await service.send("crm", ANN)
    async with subscribed(http, "start") as events:
        seen = (await anext(events)).id
    await service.send("crm", BOB)
    async with subscribed(http, "start", {"Last-Event-ID": seen}) as events:
        assert await subject(service, await anext(events)) == "email:bob@example.com"


async def test_a_cursor_older_than_what_is_kept_gets_one_reset_and_then_what_is_kept(
    service: Service, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    await service.send("crm", ANN)
    await service.send("crm", BOB)
    async with subscribed(http, "start") as events:
        first = await anext(events)
    forget_up_to(tmp_path / "graph.sqlite", int(first.id.rpartition("-")[2]))
    too_old = f"{first.id.rpartition('-')[0]}-0"
    async with subscribed(http, too_old) as events:
        reset = await anext(events)
        assert (reset.event, Reset.model_validate_json(reset.data).reason != "") == ("reset", True)
        assert await subject(service, await anext(events)) == "email:bob@example.com"
    async with subscribed(http, reset.id) as events:
        assert (await anext(events)).event != "reset"


async def test_who_wants_everything_is_told_that_there_is_more_than_events_tell(
    service: Service, http: httpx.AsyncClient
) -> None:
    await service.store.leave_gap()  # as a first load does
    await service.send("crm", ANN)
    async with subscribed(http, "start") as events:
        assert (await anext(events)).event == "reset"
        assert await subject(service, await anext(events)) == "email:ann@example.com"


async def test_a_stream_whose_next_events_are_gone_is_reset_once_and_waits(
    service: Service, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    await service.send("crm", ANN)
    await service.send("crm", BOB)
    async with subscribed(http, "start") as events:
        first = await anext(events)
        last = await anext(events)
    with closing(sqlite3.connect(tmp_path / "graph.sqlite")) as connection, connection:
        # What trimming by age does where an older event was never published.
        connection.execute("DELETE FROM outbox WHERE sequence > ?", (int(first.id.rpartition("-")[2]),))
    async with subscribed(http, first.id) as events:
        reset = await anext(events)
        assert (reset.event, reset.id) == ("reset", last.id)
        await service.send("crm", {**ANN, "id": 3, "email": "cleo@example.com", "mobile": None, "born": None})
        assert await subject(service, await anext(events)) == "email:cleo@example.com"


async def test_a_cursor_of_another_store_gets_a_reset(service: Service, http: httpx.AsyncClient) -> None:
    await service.send("crm", ANN)
    async with subscribed(http, f"{'0' * 32}-1") as events:
        assert (await anext(events)).event == "reset"


async def test_what_is_no_cursor_is_a_422_problem(service: Service) -> None:
    for cursor in ("7", "x-y", "-1", "0-1\u0662"):
        answer = await service.http.get("/v1/profile-updates", params={"after": cursor})
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:identity-graph:problem:invalid-cursor")


async def test_open_streams_end_cleanly_when_the_server_stops(service: Service) -> None:
    async with running(service) as (server, http), subscribed(http) as events:
        await service.send("crm", ANN)
        await anext(events)
        server.should_exit = True
        async with asyncio.timeout(5):
            assert [event async for event in events] == []


async def subject(service: Service, event: Told) -> str:
    """The e-mail of the profile that an event is about."""
    profile = await service.store.read_profile(event.update.subject)
    assert profile is not None
    document = orjson.loads(profile.document)
    return next(f"email:{entry['value']}" for entry in document["identifiers"] if entry["kind"] == "email")


def forget_up_to(path: Path, sequence: int) -> None:
    """Do to the outbox what trimming by age does."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("DELETE FROM outbox WHERE sequence <= ?", (sequence,))
    connection.close()
